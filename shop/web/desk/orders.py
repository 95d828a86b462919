"""Orders that the point brought; buyers stay unnamed."""

from flask import Response, request

from shop.kernel import db, ids
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
            session,
            current_actor().point_id or 0,
            after=str(ids.read(request.args.get("after", "")) or ""),
        )
    return render.page("desk/orders.html", page=found)
