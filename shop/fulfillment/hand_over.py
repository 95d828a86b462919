"""Goods leave the shelf: to a carrier, or over a counter.

Each hand-over first wins the units on the order line by a conditional update, so that two people
never hand out the same goods; then it takes them off the stock and tells whoever listens.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from shop.catalog import stock
from shop.catalog.models import Location
from shop.fulfillment.errors import NothingLeft, NotPaid
from shop.fulfillment.models import (
    Fulfillment,
    FulfillmentKind,
    FulfillmentLine,
    FulfillmentState,
)
from shop.fulfillment.states import FULFILLMENT
from shop.kernel import audit, events, ids
from shop.orders import statuses, timeline, turns
from shop.orders.errors import NoSuchOrder
from shop.orders.events import Delivered, HandedOver, LineUnits
from shop.orders.models import Order, OrderLine, OrderStatus, PaymentStatus
from shop.orders.timeline import Step

MAY_LEAVE = (
    PaymentStatus.PAID,
    PaymentStatus.AUTHORIZED,
    PaymentStatus.PARTIALLY_REFUNDED,
    PaymentStatus.OVERCHARGED,
)


def ship(
    session: Session,
    order_id: int,
    units: Mapping[int, int],
    *,
    carrier: str,
    tracking_number: str,
    by: str,
    at: datetime,
) -> int:
    """Hand units of lines to a carrier; returns the parcel's id.

    Raises NotPaid, NothingLeft, NoSuchOrder.
    """
    fulfillment_id, step = _leave(
        session,
        order_id,
        units,
        kind=FulfillmentKind.SHIPPING,
        by=by,
        at=at,
        carrier=carrier.strip()[:60],
        tracking_number=tracking_number.strip()[:80],
    )
    timeline.note(
        session,
        order_id,
        "shipped",
        by=by,
        at=at,
        steps={"goods": step},
        fulfillment=str(fulfillment_id),
        carrier=carrier.strip()[:60],
        tracking=tracking_number.strip()[:80],
    )
    return fulfillment_id


def over_the_counter(
    session: Session, order_id: int, units: Mapping[int, int], *, by: str, at: datetime
) -> int:
    """Hand units to the buyer in person: handed over and delivered at once.

    The caller has checked the buyer's right (a ticket, or phone tail and name).
    """
    fulfillment_id, step = _leave(
        session, order_id, units, kind=FulfillmentKind.PICKUP, by=by, at=at
    )
    timeline.note(
        session,
        order_id,
        "collected",
        by=by,
        at=at,
        steps={"goods": step},
        fulfillment=str(fulfillment_id),
    )
    deliver(session, fulfillment_id, by=by, at=at)
    return fulfillment_id


def deliver(session: Session, fulfillment_id: int, *, by: str, at: datetime) -> bool:
    """The goods arrived; False if that was known before."""
    moved = FULFILLMENT.move(
        session,
        Fulfillment,
        fulfillment_id,
        to=FulfillmentState.DELIVERED,
        by=by,
        at=at,
        ids=ids.new,
        also={"delivered_at": at},
    )
    if not moved:
        return False
    lines = session.execute(
        select(FulfillmentLine.order_line_id, FulfillmentLine.units)
        .where(FulfillmentLine.fulfillment_id == fulfillment_id)
        .order_by(FulfillmentLine.order_line_id)
    ).all()
    order_id = session.execute(
        select(Fulfillment.order_id).where(Fulfillment.id == fulfillment_id)
    ).scalar_one()
    turns.take(session, order_id)
    for line_id, units in lines:
        session.execute(
            update(OrderLine)
            .where(OrderLine.id == line_id)
            .values(delivered_count=OrderLine.delivered_count + units)
            .execution_options(synchronize_session=False)
        )
    step = statuses.store_fulfillment(session, order_id, at=at)
    timeline.note(
        session,
        order_id,
        "delivered",
        by=by,
        at=at,
        steps={"goods": step},
        fulfillment=str(fulfillment_id),
    )
    told = tuple(LineUnits(*line) for line in lines)
    events.publish(session, Delivered(order_id, key_of(fulfillment_id), told, at))
    return True


def key_of(fulfillment_id: int) -> str:
    """The name by which events call a hand-over."""
    return f"fulfillment:{fulfillment_id}"


def _leave(
    session: Session,
    order_id: int,
    units: Mapping[int, int],
    *,
    kind: FulfillmentKind,
    by: str,
    at: datetime,
    carrier: str = "",
    tracking_number: str = "",
) -> tuple[int, Step]:
    turns.take(session, order_id)
    _may_leave(session, order_id)
    wanted = {line_id: count for line_id, count in sorted(units.items()) if count}
    lines = {
        line.id: line
        for line in session.scalars(
            select(OrderLine).where(
                OrderLine.order_id == order_id, OrderLine.id.in_(sorted(wanted))
            )
        )
    }
    if not wanted or lines.keys() != wanted.keys() or min(wanted.values()) < 0:
        raise NothingLeft
    location_id, point_id = _place(session, lines)
    fulfillment_id = ids.new()
    session.execute(
        insert(Fulfillment).values(
            id=fulfillment_id,
            order_id=order_id,
            kind=kind,
            status=FulfillmentState.FULFILLED,
            location_id=location_id,
            point_id=point_id,
            carrier=carrier,
            tracking_number=tracking_number,
            created_at=at,
            handed_over_at=at,
            handed_over_by=by,
        )
    )
    session.execute(
        insert(FulfillmentLine),
        [
            {"fulfillment_id": fulfillment_id, "order_line_id": line_id, "units": count}
            for line_id, count in wanted.items()
        ],
    )
    for line_id, count in sorted(wanted.items(), key=lambda one: _shelf(lines[one[0]])):
        _win_units(session, line_id, count)
        level = lines[line_id].stock_level_id
        if level is not None:
            reason = f"{key_of(fulfillment_id)}:{line_id}"
            stock.hand_over(session, level, count, reason_id=reason, at=at, by=by)
    step = statuses.store_fulfillment(session, order_id, at=at)
    audit.record(
        session,
        "goods.handed_over",
        "order",
        order_id,
        by=by,
        at=at,
        after={"fulfillment": str(fulfillment_id), "lines": {str(k): v for k, v in wanted.items()}},
    )
    told = tuple(LineUnits(line_id, count) for line_id, count in wanted.items())
    collected = kind is FulfillmentKind.PICKUP
    events.publish(
        session, HandedOver(order_id, key_of(fulfillment_id), point_id, told, at, collected)
    )
    return fulfillment_id, step


def _shelf(line: OrderLine) -> tuple[int, int]:
    """Shelves are taken in one order, so that two parcels never wait for each other."""
    return line.stock_level_id or 0, line.id


def _win_units(session: Session, line_id: int, count: int) -> None:
    won = session.execute(
        update(OrderLine)
        .where(
            OrderLine.id == line_id,
            OrderLine.fulfilled_count + OrderLine.canceled_count + count <= OrderLine.quantity,
        )
        .values(fulfilled_count=OrderLine.fulfilled_count + count)
        .returning(OrderLine.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if won is None:
        raise NothingLeft


def _may_leave(session: Session, order_id: int) -> None:
    row = session.execute(
        select(Order.status, Order.payment_status).where(Order.id == order_id)
    ).one_or_none()
    if row is None:
        raise NoSuchOrder
    if row.status != OrderStatus.PLACED or row.payment_status not in MAY_LEAVE:
        raise NotPaid


def _place(session: Session, lines: Mapping[int, OrderLine]) -> tuple[int | None, int | None]:
    """Where the goods lie, and which point runs that place."""
    places = {line.location_id for line in lines.values()}
    location_id = next(iter(places)) if len(places) == 1 else None
    if location_id is None:
        return None, None
    point_id = session.execute(
        select(Location.point_id).where(Location.id == location_id)
    ).scalar_one_or_none()
    return location_id, point_id


def on_their_way(session: Session, order_id: int) -> list[int]:
    """Parcels of an order that have left and not arrived."""
    return list(
        session.scalars(
            select(Fulfillment.id)
            .where(
                Fulfillment.order_id == order_id,
                Fulfillment.status == FulfillmentState.FULFILLED,
            )
            .order_by(Fulfillment.id)
        )
    )
