"""What happens to a demo order's goods and money: shipped, collected, delivered, given back."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from shop.catalog.models import Location
from shop.fulfillment import hand_over as goods
from shop.fulfillment import pickup
from shop.fulfillment.models import PickupTicket
from shop.kernel import clock, db
from shop.orders.models import OrderLine
from shop.payments import refunds
from shop.payments.refunds import Units, Wanted


def hand_over(order_id: int, *, by: str) -> None:
    """Ship what is shipped, and hand the rest over at its counter against the ticket."""
    at = clock.now()
    with db.unit_of_work() as session:
        for ticket_id, location_id, point_id in _tickets(session, order_id):
            units = _left(session, order_id, OrderLine.location_id == location_id)
            if units and point_id is not None:
                pickup.hand_out(session, ticket_id, point_id, units, by=by, at=at)
        units = _left(session, order_id, OrderLine.delivery == "shipping")
        if units:
            goods.ship(
                session,
                order_id,
                units,
                carrier="顺丰速运",
                tracking_number=f"SF{order_id % 10**10:010d}",
                by=by,
                at=at,
            )


def make_ready(order_id: int, *, by: str) -> None:
    """The goods of an order lie at their counter, and the buyer is told."""
    with db.unit_of_work() as session:
        for ticket_id, _location_id, point_id in _tickets(session, order_id):
            if point_id is not None:
                pickup.mark_ready(session, ticket_id, point_id, by=by, at=clock.now())


def deliver(order_id: int, *, by: str) -> None:
    """What was shipped arrives."""
    with db.unit_of_work() as session:
        for fulfillment_id in goods.on_their_way(session, order_id):
            goods.deliver(session, fulfillment_id, by=by, at=clock.now())


def refund(order_id: int, *, units: int, by: str) -> None:
    """Give back one unit of the first line, or up to `units` of every line."""
    with db.unit_of_work() as session:
        lines = session.scalars(
            select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)
        ).all()
        wanted = [Units(line.id, min(units, line.quantity - line.refunded_count)) for line in lines]
        chosen = wanted if units > 1 else wanted[:1]
        if any(one.units for one in chosen):
            refunds.reserve(session, order_id, Wanted(lines=chosen), by=by, at=clock.now())


def _tickets(session: Session, order_id: int) -> list[tuple[int, int, int | None]]:
    rows = session.execute(
        select(PickupTicket.id, PickupTicket.location_id, Location.point_id)
        .join(Location, Location.id == PickupTicket.location_id)
        .where(PickupTicket.order_id == order_id, PickupTicket.status.in_(("waiting", "ready")))
        .order_by(PickupTicket.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _left(session: Session, order_id: int, which: ColumnElement[bool]) -> dict[int, int]:
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order_id, which))
    left = {line.id: line.quantity - line.fulfilled_count - line.canceled_count for line in lines}
    return {line_id: units for line_id, units in left.items() if units}
