"""Orders that the point brought; buyers stay unnamed."""

from flask import Response, request

from shop.kernel import db
from shop.orders import queries
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.desk.routes import blueprint


@blueprint.get("/orders")
@access.desk_lead
def orders() -> Response:
    """Newest first."""
    with db.reading() as session:
        found = queries.of_point(
            session, current_actor().point_id or 0, after=request.args.get("after", "")
        )
    return render.page("desk/orders.html", page=found)
