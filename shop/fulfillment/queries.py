"""Reading parcels, tickets and work lists."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.catalog.models import Location
from shop.fulfillment import pickup
from shop.fulfillment.hand_over import MAY_LEAVE
from shop.fulfillment.models import Fulfillment, FulfillmentLine, PickupTicket, ShippingRate
from shop.orders.models import Order, OrderLine, OrderStatus


@dataclass(frozen=True)
class Parcel:
    """One hand-over with what was in it."""

    fulfillment: Fulfillment
    units: Mapping[int, int]
    """By order line."""
    place: Mapping[str, str]


@dataclass(frozen=True)
class Ticket:
    """The buyer's ticket for one counter; `code` is empty once it is used."""

    ticket: PickupTicket
    code: str
    location: Location


def of_order(session: Session, order_id: int) -> list[Parcel]:
    """All hand-overs of an order, oldest first; two statements."""
    rows = session.execute(
        select(Fulfillment, Location.name)
        .outerjoin(Location, Location.id == Fulfillment.location_id)
        .where(Fulfillment.order_id == order_id)
        .order_by(Fulfillment.id)
    ).all()
    lines = session.execute(
        select(FulfillmentLine.fulfillment_id, FulfillmentLine.order_line_id, FulfillmentLine.units)
        .join(Fulfillment, Fulfillment.id == FulfillmentLine.fulfillment_id)
        .where(Fulfillment.order_id == order_id)
    ).all()
    units: dict[int, dict[int, int]] = {}
    for fulfillment_id, line_id, count in lines:
        units.setdefault(fulfillment_id, {})[line_id] = count
    return [Parcel(one, units.get(one.id, {}), name or {}) for one, name in rows]


def tickets_of(session: Session, order_id: int) -> list[Ticket]:
    """The buyer's tickets."""
    rows = session.execute(
        select(PickupTicket, Location)
        .join(Location, Location.id == PickupTicket.location_id)
        .where(PickupTicket.order_id == order_id)
        .order_by(PickupTicket.id)
    )
    return [Ticket(found, pickup.code_of(found), location) for found, location in rows]


@dataclass(frozen=True)
class ToShip:
    """What of an order still waits for a carrier."""

    order_id: int
    number: str
    may_leave: bool
    """Placed and paid."""
    handed_over: int
    """Units of the order that left before; a page that shows another figure is old."""
    lines: tuple[OrderLine, ...]
    """Lines with units that wait to be shipped."""

    @property
    def units(self) -> dict[int, int]:
        """Waiting units by line."""
        return {
            line.id: line.quantity - line.fulfilled_count - line.canceled_count
            for line in self.lines
        }


def to_ship(session: Session, order_ids: Collection[int]) -> list[ToShip]:
    """Of these orders, oldest first; one statement."""
    rows = session.execute(
        select(Order.id, Order.number, Order.status, Order.payment_status, OrderLine)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.id.in_(sorted(order_ids)))
        .order_by(Order.id, OrderLine.position)
    ).all()
    found = []
    for (order_id, number, status, paid), group in groupby(rows, key=lambda row: tuple(row[:4])):
        lines = [row[4] for row in group]
        found.append(
            ToShip(
                order_id,
                number,
                status == OrderStatus.PLACED and paid in MAY_LEAVE,
                sum(line.fulfilled_count for line in lines),
                tuple(
                    line
                    for line in lines
                    if line.delivery == "shipping"
                    and line.fulfilled_count + line.canceled_count < line.quantity
                ),
            )
        )
    return found


@dataclass(frozen=True)
class Counter:
    """Where a buyer collects, and how far it is; without the code, which the order page shows."""

    ticket_id: int
    status: str
    name: Mapping[str, str]
    address: str
    phone: str
    opening_hours: Mapping[str, str]


def counters_of(session: Session, order_id: int) -> list[Counter]:
    """The places where goods of an order wait or waited."""
    rows = session.execute(
        select(
            PickupTicket.id,
            PickupTicket.status,
            Location.name,
            Location.address,
            Location.phone,
            Location.opening_hours,
        )
        .join(Location, Location.id == PickupTicket.location_id)
        .where(PickupTicket.order_id == order_id)
        .order_by(PickupTicket.id)
    )
    return [Counter(*row) for row in rows]


def rates(session: Session) -> Sequence[ShippingRate]:
    """All shipping rates, the general one first."""
    return session.scalars(select(ShippingRate).order_by(ShippingRate.region)).all()


def ids_of(session: Session, order_id: int) -> set[int]:
    """The ids of an order's hand-overs."""
    return set(session.scalars(select(Fulfillment.id).where(Fulfillment.order_id == order_id)))
