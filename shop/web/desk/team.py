"""The points below the one that somebody manages: how each is doing."""

from datetime import datetime, time, timedelta

from flask import Response, request

from shop.kernel import db
from shop.network import queries as network
from shop.network.queries import PointFilter
from shop.orders import figures
from shop.sharing import visits
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.desk.routes import blueprint

DAYS = 30


@blueprint.get("/team")
@access.desk_manager
def team() -> Response:
    """The whole part of the tree below the chosen point, with the figures of the last days."""
    text = request.args.get("q", "").strip()[:80]
    until = render.today()
    since = until - timedelta(days=DAYS - 1)
    wanted = PointFilter(text=text, within=current_actor().point_id, deep=True)
    with db.reading() as session:
        page = network.page(session, wanted, after=request.args.get("after", ""))
        ids = [row.id for row in page.items]
        begin = datetime.combine(since, time(), render.current_brand().zone)
        return render.page(
            "desk/team.html",
            page=page,
            text=text,
            days=DAYS,
            sold=figures.sold_by(session, ids, since=begin),
            visits=visits.of_points(session, ids, since=since, until=until),
        )
