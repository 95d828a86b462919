"""Orders: the list with its filters, the file of it, one order whole, its packing slip."""

from dataclasses import replace
from typing import Any

from flask import Response, abort, request, stream_with_context

from shop.fulfillment import queries as fulfillments
from shop.kernel import audit, clock, db, ids
from shop.kernel.i18n import locale
from shop.network import queries as network
from shop.orders import queries
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import orders_columns, orders_export, orders_filter, orders_page
from shop.web.admin.orders_columns import COLUMNS
from shop.web.admin.orders_filter import DELIVERIES, FULFILLMENTS, PAYMENTS, PERIODS, STATUSES, TABS
from shop.web.admin.routes import blueprint


@blueprint.get("/orders")
@access.order_staff
def orders() -> Response:
    """The list; everything that narrows it stands in the address."""
    wanted = _wanted()
    with db.reading() as session:
        page = queries.page(
            session, wanted, after=str(ids.read(request.args.get("after", "")) or "")
        )
        beside = queries.brought(session, [row.id for row in page.items])
        point = network.point(session, wanted.point_id) if wanted.point_id else None
        columns = orders_columns.of(session, current_actor().account_id or 0)
    return render.page(
        "admin/orders/list.html",
        page=page,
        beside=beside,
        wanted=wanted,
        point=point,
        tabs=TABS,
        tab=orders_filter.chosen_tab(request.args),
        periods=PERIODS,
        choices={"payment": PAYMENTS, "fulfillment": FULFILLMENTS, "status": STATUSES},
        deliveries=DELIVERIES,
        columns=columns,
        all_columns=COLUMNS,
        is_filtered=any(request.args.get(name) for name in request.args if name != "after"),
    )


@blueprint.get("/orders/export")
@access.order_staff
def export_orders() -> Response:
    """The same list as a file; who took it, and with which filter, is kept."""
    wanted, actor, at = _wanted(), current_actor(), clock.now()
    names = sorted(set(request.args) - {"text", orders_filter.CHOSEN})
    asked = {name: request.args[name][:80] for name in names if request.args[name]}
    if wanted.ids:
        asked["chosen"] = str(len(wanted.ids))
    with db.unit_of_work() as session:
        audit.record(session, "orders.exported", "order", "list", by=actor.key, at=at, after=asked)
    rows = orders_export.rows(wanted, tag=locale(), zone=render.current_brand().zone)
    answer = Response(stream_with_context(rows), mimetype="text/csv")
    name = f"orders-{render.stamp(at)}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/orders/<int:order_id>")
@access.order_staff
def order(order_id: int) -> Response:
    """One order with everything that happened to it."""
    return orders_page.show(order_id)


@blueprint.get("/orders/<int:order_id>/slip")
@access.order_staff
def packing_slip(order_id: int) -> Any:
    """What goes into the box; for printing, without prices."""
    with db.reading() as session:
        found = queries.by_id(session, order_id)
        if found is None:
            abort(404)
        tickets = fulfillments.tickets_of(session, order_id)
    return render.page("admin/orders/slip.html", found=found, tickets=tickets)


def _wanted() -> queries.Filter:
    wanted = orders_filter.read(
        request.args, zone=render.current_brand().zone, today=render.today()
    )
    return replace(wanted, ids=orders_filter.chosen(request.args))
