"""Today at a glance: visits, orders, earnings, and what waits."""

from datetime import datetime, time, timedelta

from flask import Response

from shop.fulfillment import pickup
from shop.kernel import clock, db
from shop.orders import figures
from shop.rewards import earnings as rewards
from shop.sharing import visits
from shop.storefront import queries as storefronts
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.desk.routes import blueprint


@blueprint.get("/")
@access.desk
def today() -> Response:
    """The desk's front page."""
    point_id = current_actor().point_id or 0
    day = render.today()
    since = datetime.combine(day, time(), render.current_brand().zone)
    with db.reading() as session:
        return render.page(
            "desk/today.html",
            visits=visits.of_day(session, point_id, day),
            week=visits.of_days(session, point_id, since=day - timedelta(days=6), until=day),
            sold=figures.sold(session, point_id, since=since),
            balance=rewards.balance(session, point_id, at=clock.now()),
            waiting=pickup.waiting_at(session, point_id),
            front=storefronts.of_point(session, point_id),
        )
