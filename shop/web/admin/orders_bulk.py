"""What staff do with several orders at once: print slips, hand to a carrier, take a file along.

Each order is handed over in a transaction of its own, so that one that cannot leave keeps no other.
"""

from dataclasses import dataclass
from typing import Any

from flask import Response, request

from commissions.errors import StaleState
from shop.fulfillment import hand_over
from shop.fulfillment import queries as fulfillments
from shop.fulfillment.errors import NothingLeft, NotPaid
from shop.fulfillment.queries import ToShip
from shop.kernel import clock, db
from shop.kernel.errors import ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import Words, say
from shop.orders import queries, turns
from shop.orders.models import OrderStatus
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import orders, orders_filter
from shop.web.admin.order_actions import ChangedMeanwhile
from shop.web.admin.routes import blueprint


@blueprint.get("/orders/slips")
@access.order_staff
def packing_slips() -> Any:
    """The slips of the chosen orders on one page, each on a sheet of its own."""
    chosen = orders_filter.chosen(request.args)
    if not chosen:
        return _nothing_ticked()
    with db.reading() as session:
        found = queries.by_ids(session, chosen)
    ready = [one for one in found if one.order.status == OrderStatus.PLACED]
    return render.page(
        "admin/orders/slips.html",
        slips=ready,
        left=[one.order.number for one in found if one not in ready],
    )


@blueprint.get("/orders/export/chosen")
@access.order_staff
def export_chosen_orders() -> Any:
    """The ticked orders only; nothing ticked is not everything."""
    return orders.export_orders() if orders_filter.chosen(request.args) else _nothing_ticked()


@blueprint.get("/orders/ship")
@access.order_staff
def ship_orders() -> Any:
    """What of the chosen orders would leave, with room for their tracking numbers."""
    chosen = orders_filter.chosen(request.args)
    if not chosen:
        return _nothing_ticked()
    return _page(chosen)


@blueprint.post("/orders/ship")
@access.order_staff
def hand_to_carrier() -> Any:
    """Hand over everything of these orders that waits; what cannot leave is named with why."""
    chosen = orders_filter.chosen(request.form)
    if not chosen:
        return _nothing_ticked()
    refused = {order_id: why for order_id in chosen if (why := _ship(order_id))}
    shipped = len(chosen) - len(refused)
    if refused:
        return _page(chosen, refused=refused, shipped=shipped)
    said = _l("Shipped: %(count)s orders. Each buyer has a message.", count=shipped)
    return render.back_to("admin.orders", say_so=said)


def _nothing_ticked() -> Any:
    return render.back_to("admin.orders", say_so=_l("Tick the orders first."), tone="warn")


@dataclass(frozen=True)
class Row:
    """One order of the page."""

    found: ToShip
    why_not: Words | str
    """Why it cannot leave; empty if it can."""


def _page(
    chosen: tuple[int, ...],
    *,
    refused: dict[int, Words | str] | None = None,
    shipped: int = 0,
) -> Response:
    why = refused or {}
    with db.reading() as session:
        found = fulfillments.to_ship(session, chosen)
    rows = [Row(one, why.get(one.order_id) or _why_not(one)) for one in found]
    if refused is not None:
        rows = [row for row in rows if row.found.order_id in why]
    return render.page(
        "admin/orders/ship.html",
        status=409 if refused else 200,
        rows=rows,
        ready=[row for row in rows if row.found.may_leave and row.found.lines],
        shipped=shipped,
        typed=request.form,
        chosen_name=orders_filter.CHOSEN,
    )


def _why_not(one: ToShip) -> Words | str:
    if not one.may_leave:
        return _l("It is not paid, or was canceled.")
    return "" if one.lines else _l("Nothing of it waits to be shipped.")


def _ship(order_id: int) -> Words | str:
    """Hand over what waits; says why if that is not possible."""
    try:
        with db.unit_of_work() as session:
            turns.take(session, order_id)
            (found,) = fulfillments.to_ship(session, [order_id])
            if request.form.get(f"seen-{order_id}") != str(found.handed_over):
                raise ChangedMeanwhile
            hand_over.ship(
                session,
                order_id,
                found.units,
                carrier=request.form.get("carrier", ""),
                tracking_number=request.form.get(f"tracking-{order_id}", ""),
                by=current_actor().key,
                at=clock.now(),
            )
    except (StaleState, ChangedMeanwhile):
        return _l("It changed since you looked. Please look again.")
    except NotPaid:
        return _l("It is not paid, or was canceled.")
    except NothingLeft:
        return _l("Nothing of it waits to be shipped.")
    except ShopError as error:
        if error.status >= 500:
            raise
        return say(error.message)
    return ""
