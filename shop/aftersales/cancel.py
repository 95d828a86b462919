"""Cancel a paid order whose goods have not left the shelf.

Separate from a refund: canceling ends the promise as a whole, gives all its units back to the shelf
and all its money back to the buyer. An order that was never paid ends in `payments.endings`.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shop.catalog import stock
from shop.fulfillment import pickup
from shop.kernel import events, ids
from shop.orders import statuses, timeline, turns
from shop.orders.errors import AlreadyHandedOver, NoSuchOrder, NotCancelable
from shop.orders.events import OrderCalledOff
from shop.orders.models import Order, OrderLine, OrderStatus
from shop.orders.states import ORDER
from shop.orders.timeline import Step
from shop.payments import refunds
from shop.payments.refunds import Units, Wanted

REASON = "canceled_by_brand"


def cancel(
    session: Session, order_id: int, *, by: str, at: datetime, reason: str = REASON, note: str = ""
) -> bool:
    """Bring a placed order to `canceled`: stock back, full refund reserved; False if it was before.

    Raises AlreadyHandedOver as soon as one unit has left, NotCancelable for an order that is not
    placed, NoSuchOrder.
    """
    turns.take(session, order_id)
    order = session.execute(
        select(Order).where(Order.id == order_id).execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if order is None:
        raise NoSuchOrder
    if order.status == OrderStatus.CANCELED and order.placed_at is not None:
        return False
    if order.status != OrderStatus.PLACED:
        raise NotCancelable(order.number)
    number = order.number
    given_up = _give_up_units(session, order_id, number)
    moved = ORDER.move(
        session, Order, order_id, to=OrderStatus.CANCELED, by=by, at=at, ids=ids.new, note=reason,
        expected=OrderStatus.PLACED, also={"end_reason": reason},
    )  # fmt: skip
    if not moved:
        return False
    _restock(session, given_up, by=by, at=at)
    pickup.withdraw(session, order_id)
    steps = {
        "order": Step(OrderStatus.PLACED, OrderStatus.CANCELED),
        "goods": statuses.store_fulfillment(session, order_id, at=at),
    }
    timeline.note(
        session, order_id, "canceled", by=by, at=at, steps=steps, reason=reason, text=note[:500]
    )
    # Before the refund: where goodwill has given everything back there is none to tell it.
    events.publish(session, OrderCalledOff(order_id, at))
    _refund_all(session, order_id, given_up, reason=reason, by=by, at=at)
    return True


def _give_up_units(session: Session, order_id: int, number: str) -> Sequence[OrderLine]:
    """Win every unit that has not left, or refuse; returns the lines as they stood before.

    The condition on `fulfilled_count` decides against a hand-over at the same moment.
    """
    lines = session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position)
        .execution_options(populate_existing=True)
    ).all()
    for line in lines:
        session.expunge(line)
    won = session.execute(
        update(OrderLine)
        .where(OrderLine.order_id == order_id, OrderLine.fulfilled_count == 0)
        .values(canceled_count=OrderLine.quantity)
        .returning(OrderLine.id)
        .execution_options(synchronize_session=False)
    ).all()
    if len(won) < len(lines):
        raise AlreadyHandedOver(number)
    return lines


def _restock(session: Session, lines: Sequence[OrderLine], *, by: str, at: datetime) -> None:
    """Units that a refund gave up before went back to the shelf then."""
    waiting = [
        (line.stock_level_id, line.id, line.quantity - line.canceled_count)
        for line in lines
        if line.stock_level_id is not None and line.canceled_count < line.quantity
    ]
    for level_id, line_id, units in sorted(waiting):
        stock.uncommit(session, level_id, units, reason_id=f"cancel:{line_id}", at=at, by=by)


def _refund_all(
    session: Session,
    order_id: int,
    lines: Sequence[OrderLine],
    *,
    reason: str,
    by: str,
    at: datetime,
) -> None:
    """What was granted against the order first; what was paid too much is a refund of its own."""
    units = tuple(
        Units(line.id, line.quantity - line.refunded_count)
        for line in lines
        if line.refunded_count < line.quantity
    )
    order = _fresh(session, order_id)
    left = order.captured_amount - order.refunded_amount
    if left == 0 and not units:
        return
    shipping = min(refunds.shipping_left(session, order), left)
    if order.total_amount > order.granted_amount and left:
        wanted = Wanted(
            lines=units, shipping_amount=shipping, reason=reason, only_what_is_left=True
        )
        refunds.reserve(session, order_id, wanted, by=by, at=at)
    order = _fresh(session, order_id)
    over = order.captured_amount - order.refunded_amount
    if over:
        wanted = Wanted(overpayment_amount=over, reason=reason)
        refunds.reserve(session, order_id, wanted, by=by, at=at)


def _fresh(session: Session, order_id: int) -> Order:
    """The order as it stands now; counters were moved by statements past the loaded row."""
    return session.execute(
        select(Order).where(Order.id == order_id).execution_options(populate_existing=True)
    ).scalar_one()
