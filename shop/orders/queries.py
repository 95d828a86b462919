"""Reading orders: one whole, lists for buyers, points and staff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import Session

from shop.kernel.pages import Page
from shop.network.models import Point
from shop.orders.models import Order, OrderContact, OrderEvent, OrderLine, OrderStatus
from shop.sharing.models import LineAttribution, LostAttribution
from shop.storefront.models import Storefront

PAGE_SIZE = 50


@dataclass(frozen=True)
class WholeOrder:
    """An order with everything that its pages show."""

    order: Order
    contact: OrderContact
    lines: Sequence[OrderLine]
    shops: Mapping[int, str]
    """Name of the storefront by point id."""
    events: Sequence[OrderEvent] = ()


@dataclass(frozen=True)
class OrderRow:
    """One row of a list."""

    id: int
    number: str
    token: str
    status: str
    payment_status: str
    fulfillment_status: str
    dispute_status: str
    currency: str
    total_amount: int
    task: str
    submitted_at: datetime
    placed_at: datetime | None
    buyer: str


@dataclass(frozen=True)
class Filter:
    """What the list of staff shows; every field comes from the address."""

    text: str = ""
    status: str = ""
    payment: str = ""
    fulfillment: str = ""
    delivery: str = ""
    waits: str = ""
    """Delivery of which units still wait to be handed over: `shipping` or `pickup`."""
    task: str = ""
    """A task, or `any`."""
    dispute: str = ""
    point_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    ids: Sequence[int] = field(default_factory=tuple)
    """Single orders that somebody chose; empty for all."""


def by_token(session: Session, token: str) -> WholeOrder | None:
    """The order behind its page's token."""
    return _whole(session, Order.token == token)


def any_exists(session: Session) -> bool:
    """Whether there is an order at all; the currency is fixed from then on."""
    return session.scalar(select(Order.id).limit(1)) is not None


def id_of_number(session: Session, number: str) -> int | None:
    """The order that somebody typed the number of."""
    found: int | None = session.scalar(
        select(Order.id).where(Order.number == number.strip().upper())
    )
    return found


def by_id(session: Session, order_id: int, *, with_events: bool = False) -> WholeOrder | None:
    """One order for staff."""
    found = _whole(session, Order.id == order_id)
    if found is None or not with_events:
        return found
    events = session.scalars(
        select(OrderEvent).where(OrderEvent.order_id == order_id).order_by(OrderEvent.id)
    ).all()
    return WholeOrder(found.order, found.contact, found.lines, found.shops, events)


def by_ids(session: Session, order_ids: Sequence[int]) -> list[WholeOrder]:
    """Several orders for staff, oldest first; two statements."""
    rows = session.execute(
        select(Order, OrderContact)
        .join(OrderContact, OrderContact.order_id == Order.id)
        .where(Order.id.in_(order_ids))
        .order_by(Order.id)
    ).all()
    lines: dict[int, list[OrderLine]] = {}
    for line in session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id.in_(order_ids))
        .order_by(OrderLine.order_id, OrderLine.position)
    ):
        lines.setdefault(line.order_id, []).append(line)
    return [WholeOrder(order, contact, lines.get(order.id, []), {}) for order, contact in rows]


def page(
    session: Session, wanted: Filter, *, after: str = "", limit: int = PAGE_SIZE
) -> Page[OrderRow]:
    """Orders, newest first."""
    conditions = _conditions(wanted)
    if after.isdigit():
        conditions.append(Order.id < int(after))
    rows: Any = session.execute(
        select(*_ROW, OrderContact.name)
        .outerjoin(OrderContact, OrderContact.order_id == Order.id)
        .where(*conditions)
        .order_by(Order.id.desc())
        .limit(limit + 1)
    ).all()
    items = [OrderRow(*row) for row in rows[:limit]]
    return Page(items, str(items[-1].id) if len(rows) > limit else "")


@dataclass(frozen=True)
class Brought:
    """What a list shows beside an order: its ways of delivery, its units and who brought it."""

    deliveries: tuple[str, ...]
    units: int
    points: Mapping[int, str]
    """Names of the points by id; empty for a house sale."""


def brought(session: Session, order_ids: Sequence[int]) -> dict[int, Brought]:
    """For a page of orders; one statement."""
    rows: Any = session.execute(
        select(OrderLine.order_id, OrderLine.delivery, OrderLine.quantity, Point.id, Point.name)
        .outerjoin(LineAttribution, LineAttribution.order_line_id == OrderLine.id)
        .outerjoin(Point, Point.id == LineAttribution.point_id)
        .where(OrderLine.order_id.in_(order_ids))
        .order_by(OrderLine.order_id, OrderLine.position)
    ).all()
    found: dict[int, Brought] = {}
    for order_id, delivery, quantity, point_id, name in rows:
        one = found.get(order_id, Brought((), 0, {}))
        found[order_id] = Brought(
            tuple(dict.fromkeys((*one.deliveries, delivery))),
            one.units + quantity,
            {**one.points, point_id: name} if point_id else one.points,
        )
    return found


@dataclass(frozen=True)
class ExportLine:
    """One order line with its order and contact, as the file of an export holds it."""

    order: Order
    contact: OrderContact | None
    line: OrderLine
    point: str


def export(session: Session, wanted: Filter, *, after: int, limit: int) -> list[ExportLine]:
    """The next orders of a list with all their lines, newest first; `after` 0 begins."""
    conditions = _conditions(wanted)
    if after:
        conditions.append(Order.id < after)
    chosen = (
        select(Order.id)
        .outerjoin(OrderContact, OrderContact.order_id == Order.id)
        .where(*conditions)
        .order_by(Order.id.desc())
        .limit(limit)
        .subquery()
    )
    rows: Any = session.execute(
        select(Order, OrderContact, OrderLine, Point.name)
        .join(chosen, chosen.c.id == Order.id)
        .outerjoin(OrderContact, OrderContact.order_id == Order.id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .outerjoin(LineAttribution, LineAttribution.order_line_id == OrderLine.id)
        .outerjoin(Point, Point.id == LineAttribution.point_id)
        .order_by(Order.id.desc(), OrderLine.position)
    )
    return [ExportLine(row[0], row[1], row[2], row[3] or "") for row in rows]


def of_account(session: Session, account_id: int, *, limit: int = 50) -> list[OrderRow]:
    """A buyer's orders, newest first; carts that were never paid are left out."""
    rows: Any = session.execute(
        select(*_ROW, OrderContact.name)
        .outerjoin(OrderContact, OrderContact.order_id == Order.id)
        .where(Order.account_id == account_id, Order.status != OrderStatus.EXPIRED)
        .order_by(Order.id.desc())
        .limit(limit)
    )
    return [OrderRow(*row) for row in rows]


def of_point(
    session: Session, point_id: int, *, after: str = "", limit: int = 30
) -> Page[tuple[OrderRow, int]]:
    """Placed orders that a point brought, with what its lines came to; buyers stay unnamed."""
    conditions: list[ColumnElement[bool]] = [
        LineAttribution.point_id == point_id,
        Order.placed_at.is_not(None),
    ]
    if after.isdigit():
        conditions.append(Order.id < int(after))
    rows: Any = session.execute(
        select(*_ROW, func.sum(OrderLine.line_amount))
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(LineAttribution, LineAttribution.order_line_id == OrderLine.id)
        .where(*conditions)
        .group_by(*_ROW)
        .order_by(Order.id.desc())
        .limit(limit + 1)
    ).all()
    items = [(OrderRow(*(*row[: len(_ROW)], "")), int(row[len(_ROW)])) for row in rows[:limit]]
    return Page(items, str(items[-1][0].id) if len(rows) > limit else "")


@dataclass(frozen=True)
class LostLine:
    """A line that a point was in the running for; the buyer and the order stay unnamed."""

    order_line_id: int
    title: dict[str, str]
    quantity: int
    placed_at: datetime | None
    reason: str


def lost_by_point(
    session: Session, point_id: int, *, after: str = "", limit: int = 30
) -> Page[LostLine]:
    """Placed lines that went to somebody else or to nobody, newest first; one statement."""
    conditions: list[ColumnElement[bool]] = [
        LostAttribution.point_id == point_id,
        Order.placed_at.is_not(None),
    ]
    if after.isdigit():
        conditions.append(LostAttribution.order_line_id < int(after))
    rows = session.execute(
        select(
            OrderLine.id,
            OrderLine.title,
            OrderLine.quantity,
            Order.placed_at,
            LostAttribution.reason,
        )
        .join(OrderLine, OrderLine.id == LostAttribution.order_line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(*conditions)
        .order_by(LostAttribution.order_line_id.desc())
        .limit(limit + 1)
    ).all()
    items = [LostLine(*row) for row in rows[:limit]]
    return Page(items, str(items[-1].order_line_id) if len(rows) > limit else "")


@dataclass(frozen=True)
class PointLine:
    """A line of a placed order as the point sees it that brought it, or was in its running."""

    order_line_id: int
    order_id: int
    number: str
    """Empty for whoever did not bring the line."""
    title: dict[str, str]
    options: list[dict[str, str]]
    quantity: int
    placed_at: datetime | None


def line_of_point(session: Session, point_id: int, order_line_id: int) -> PointLine | None:
    """One line, if it concerns this point; None if it does not, or is not placed."""
    found = _lines_of_point(session, point_id, OrderLine.id == order_line_id)
    return found[0] if found else None


def lines_of_point(session: Session, point_id: int, order_id: int) -> list[PointLine]:
    """The lines of an order that a point brought."""
    found = _lines_of_point(session, point_id, OrderLine.order_id == order_id)
    return [one for one in found if one.number]


def _lines_of_point(session: Session, point_id: int, which: ColumnElement[bool]) -> list[PointLine]:
    won = LineAttribution.point_id == point_id
    lost = (
        select(LostAttribution.order_line_id)
        .where(LostAttribution.order_line_id == OrderLine.id, LostAttribution.point_id == point_id)
        .exists()
    )
    rows = session.execute(
        select(
            OrderLine.id,
            OrderLine.order_id,
            case((won, Order.number), else_=""),
            OrderLine.title,
            OrderLine.options,
            OrderLine.quantity,
            Order.placed_at,
        )
        .join(Order, Order.id == OrderLine.order_id)
        .join(LineAttribution, LineAttribution.order_line_id == OrderLine.id)
        .where(which, Order.placed_at.is_not(None), or_(won, lost))
        .order_by(OrderLine.position)
    )
    return [PointLine(*row) for row in rows]


def credits_of(session: Session, order_id: int) -> dict[int, LineAttribution]:
    """Who brought each line, by line id."""
    rows = session.scalars(select(LineAttribution).where(LineAttribution.order_id == order_id))
    return {row.order_line_id: row for row in rows}


_ROW = (
    Order.id,
    Order.number,
    Order.token,
    Order.status,
    Order.payment_status,
    Order.fulfillment_status,
    Order.dispute_status,
    Order.currency,
    Order.total_amount,
    Order.task,
    Order.submitted_at,
    Order.placed_at,
)


def _whole(session: Session, condition: ColumnElement[bool]) -> WholeOrder | None:
    row = session.execute(
        select(Order, OrderContact)
        .join(OrderContact, OrderContact.order_id == Order.id)
        .where(condition)
    ).one_or_none()
    if row is None:
        return None
    lines: Sequence[Any] = session.execute(
        select(OrderLine, Storefront.name, Point.name)
        .outerjoin(Point, Point.id == OrderLine.point_id)
        .outerjoin(Storefront, Storefront.point_id == OrderLine.point_id)
        .where(OrderLine.order_id == row[0].id)
        .order_by(OrderLine.position)
    ).all()
    shops = {line.point_id: store or point for line, store, point in lines if line.point_id}
    return WholeOrder(row[0], row[1], [line for line, *_ in lines], shops)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    plain = {
        Order.status: wanted.status,
        Order.payment_status: wanted.payment,
        Order.fulfillment_status: wanted.fulfillment,
        Order.dispute_status: wanted.dispute,
        Order.task: "" if wanted.task == "any" else wanted.task,
    }
    conditions.extend(column == value for column, value in plain.items() if value)
    if wanted.task == "any":
        conditions.append(Order.task != "")
    if not (wanted.status or wanted.task or wanted.text or wanted.ids):
        # Carts that were never paid are not what staff look for, unless they ask.
        conditions.append(Order.status.not_in((OrderStatus.EXPIRED, OrderStatus.DRAFT)))
    if wanted.ids:
        conditions.append(Order.id.in_(wanted.ids))
    if wanted.since:
        conditions.append(Order.submitted_at >= wanted.since)
    if wanted.until:
        conditions.append(Order.submitted_at < wanted.until)
    if wanted.delivery:
        conditions.append(_has_line(OrderLine.delivery == wanted.delivery))
    if wanted.waits:
        conditions.append(Order.status == OrderStatus.PLACED)
        conditions.append(
            _has_line(
                (OrderLine.delivery == wanted.waits)
                & (OrderLine.fulfilled_count + OrderLine.canceled_count < OrderLine.quantity)
            )
        )
    if wanted.point_id is not None:
        conditions.append(
            exists().where(
                LineAttribution.order_id == Order.id,
                LineAttribution.point_id == wanted.point_id,
            )
        )
    if wanted.text:
        conditions.append(_matches(wanted.text.strip()))
    return conditions


def _has_line(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(OrderLine.order_id == Order.id, condition)


def _matches(text: str) -> ColumnElement[bool]:
    """Number, contact or SKU; names by their beginning."""
    return or_(
        Order.number == text.upper(),
        OrderContact.email == text.lower(),
        OrderContact.phone.endswith(text, autoescape=True) if len(text) >= 4 else Order.id == 0,
        OrderContact.name.startswith(text, autoescape=True),
        _has_line(OrderLine.sku == text),
    )
