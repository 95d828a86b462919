"""An order goes another way than it was bought: collected instead of shipped, or the other way round.

Only the way changes. Prices, discounts, tax and the shipping that was paid stay as they were bought
(test D8); what shipping costs no more is a refund of its own.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from shop.catalog import stock
from shop.catalog.allocation import Allocation, allocate
from shop.catalog.models import Location
from shop.fulfillment import pickup
from shop.fulfillment.errors import NothingLeft, NotPaid
from shop.fulfillment.hand_over import MAY_LEAVE
from shop.kernel import audit, events, ids
from shop.kernel.errors import Conflict, Invalid
from shop.kernel.words import _l
from shop.orders import timeline, turns
from shop.orders.events import Rerouted
from shop.orders.models import Order, OrderContact, OrderLine, OrderStatus


def counters(session: Session) -> Sequence[Location]:
    """Open places where buyers collect."""
    return session.scalars(
        select(Location)
        .where(Location.pickup_enabled, Location.active)
        .order_by(Location.position, Location.id)
    ).all()


def reroute(
    session: Session,
    order_id: int,
    line_ids: Collection[int],
    *,
    to: int | None,
    by: str,
    at: datetime,
) -> None:
    """Lines of which nothing has left are collected at the counter `to`, or shipped if it is None.

    Their goods are promised from there instead. Raises NotPaid, NothingLeft, OutOfStock, Invalid
    for a place or an address that does not do, Conflict if that is their way already.
    """
    turn = turns.take(session, order_id)
    if turn.status != OrderStatus.PLACED or turn.payment_status not in MAY_LEAVE:
        raise NotPaid
    _check_way(session, order_id, to)
    lines = [line for line in _lines(session, order_id, line_ids) if not _goes(line, to)]
    if not lines:
        raise Conflict(_l("These goods go that way already."))
    plan = _places(session, lines, to)
    promises: dict[int, int] = defaultdict(int)
    for line in lines:
        place = plan[line.id]
        if line.stock_level_id is not None:
            promises[line.stock_level_id] -= _waiting(line)
        if place.stock_level_id is not None:
            promises[place.stock_level_id] += _waiting(line)
        _turn_over(session, line, place, to)
    reason = str(ids.new())
    moves = {level_id: count for level_id, count in promises.items() if count}
    stock.promise_elsewhere(session, moves, reason_id=reason, at=at, by=by)
    pickup.follow_lines(session, order_id, fresh=to, at=at)
    collects = exists().where(OrderLine.order_id == order_id, OrderLine.delivery == "pickup")
    session.execute(
        update(Order)
        .where(Order.id == order_id)
        .values(picks_up=collects)
        .execution_options(synchronize_session=False)
    )
    moved = [str(line.id) for line in lines]
    kind = "rerouted_to_address" if to is None else "rerouted_to_counter"
    timeline.note(session, order_id, kind, by=by, at=at, lines=moved, location=str(to or ""))
    events.publish(session, Rerouted(order_id, to is not None, at))
    audit.record(
        session, "order.rerouted", "order", order_id, by=by, at=at,
        after={"lines": moved, "location": str(to or "")},
    )  # fmt: skip


def _check_way(session: Session, order_id: int, to: int | None) -> None:
    if to is not None:
        if to not in {one.id for one in counters(session)}:
            raise Invalid(_l("Nobody can collect there. Please choose another place."), field="to")
        return
    address = session.scalar(select(OrderContact.address).where(OrderContact.order_id == order_id))
    if not address:
        raise Invalid(_l("There is no address yet. Write it into the contact first."), field="to")


def _lines(session: Session, order_id: int, line_ids: Collection[int]) -> list[OrderLine]:
    lines = session.scalars(
        select(OrderLine)
        .where(
            OrderLine.order_id == order_id,
            OrderLine.id.in_(sorted(line_ids)),
            OrderLine.delivery != "digital",
            OrderLine.fulfilled_count == 0,
            OrderLine.canceled_count < OrderLine.quantity,
        )
        .order_by(OrderLine.id)
        .execution_options(populate_existing=True)
    ).all()
    if not lines or len(lines) != len(set(line_ids)):
        raise NothingLeft
    return list(lines)


def _goes(line: OrderLine, to: int | None) -> bool:
    if to is None:
        return line.delivery == "shipping"
    return line.delivery == "pickup" and line.location_id == to


def _waiting(line: OrderLine) -> int:
    return line.quantity - line.canceled_count


def _places(session: Session, lines: Sequence[OrderLine], to: int | None) -> dict[int, Allocation]:
    """Where each line's goods come from now; of the owner that they were sold for."""
    units: dict[tuple[int, int | None], int] = defaultdict(int)
    for line in lines:
        units[line.variant_id, to] += _waiting(line)
    shelves, counting = stock.shelves(session, units)
    owners = {(line.variant_id, line.goods_owner) for line in lines}
    ours = [one for one in shelves if (one.variant_id, one.goods_owner) in owners]
    plan = allocate(units, ours, counting, owner=lines[0].goods_owner)
    if plan.shortages:
        raise stock.OutOfStock(plan.shortages)
    return {line.id: plan.places[line.variant_id, to] for line in lines}


def _turn_over(session: Session, line: OrderLine, place: Allocation, to: int | None) -> None:
    won = session.execute(
        update(OrderLine)
        .where(
            OrderLine.id == line.id,
            OrderLine.fulfilled_count == 0,
            OrderLine.canceled_count == line.canceled_count,
        )
        .values(
            delivery="shipping" if to is None else "pickup",
            location_id=place.location_id if to is None else to,
            stock_level_id=place.stock_level_id,
        )
        .returning(OrderLine.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if won is None:
        raise NothingLeft
