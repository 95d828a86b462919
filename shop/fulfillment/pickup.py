"""Pick-up at a store point: one ticket for each counter of an order, used up once.

The code opens nothing by itself: it must be shown at that counter to a signed-in clerk of it. It is
sealed for the buyer's order page and hashed for the look-up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, insert, select, update
from sqlalchemy.orm import Session

from shop.accounts import limits
from shop.catalog.models import Location
from shop.fulfillment import hand_over
from shop.fulfillment.errors import AlreadyCollected, NoSuchTicket, NothingLeft
from shop.fulfillment.models import PickupTicket
from shop.kernel import events, ids, signing
from shop.orders import timeline, turns
from shop.orders.events import OrderPlaced, ReadyForPickup
from shop.orders.models import Order, OrderContact, OrderLine, OrderStatus

CODE_LENGTH = 8
_TAIL = 4


@dataclass(frozen=True)
class Waiting:
    """Goods that wait at a counter, as its clerk sees them; the buyer's data is masked."""

    ticket_id: int
    order_id: int
    number: str
    buyer: str
    phone_tail: str
    status: str
    ready: bool
    lines: Sequence[OrderLine]
    """Only what lies at this counter and has not left it."""


def issue(session: Session, event: OrderPlaced) -> None:
    """When an order is placed: a ticket for each counter where lines wait."""
    if not event.picks_up:
        return
    places = session.scalars(
        select(OrderLine.location_id)
        .where(OrderLine.order_id == event.order_id, OrderLine.delivery == "pickup")
        .distinct()
        .order_by(OrderLine.location_id)
    ).all()
    for location_id in places:
        _write(session, event.order_id, location_id, at=event.at)


def follow_lines(session: Session, order_id: int, *, fresh: int | None, at: datetime) -> None:
    """Lines of a placed order go another way: a ticket where they wait, none where nothing does.

    At the counter `fresh` goods are missing now, so that they are not ready before somebody says so.
    """
    left = OrderLine.quantity - OrderLine.canceled_count - OrderLine.fulfilled_count
    waiting = select(OrderLine.location_id).where(
        OrderLine.order_id == order_id, OrderLine.delivery == "pickup", left > 0
    )
    session.execute(
        update(PickupTicket)
        .where(
            PickupTicket.order_id == order_id,
            PickupTicket.status.in_(("waiting", "ready")),
            PickupTicket.location_id.not_in(waiting),
        )
        .values(status="canceled")
        .execution_options(synchronize_session=False)
    )
    if fresh is None:
        return
    kept = session.execute(
        update(PickupTicket)
        .where(
            PickupTicket.order_id == order_id,
            PickupTicket.location_id == fresh,
            PickupTicket.status.in_(("waiting", "ready")),
        )
        .values(status="waiting")
        .returning(PickupTicket.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if kept is None:
        _write(session, order_id, fresh, at=at)


def _write(session: Session, order_id: int, location_id: int | None, *, at: datetime) -> None:
    """A ticket with a code of its own; one that is over becomes a new one."""
    code = ids.short_code(CODE_LENGTH)
    values = {
        "code_hash": _hash(code),
        "code_sealed": signing.seal(code),
        "status": "waiting",
        "created_at": at,
        "used_at": None,
        "used_by": "",
    }
    here = (PickupTicket.order_id == order_id, PickupTicket.location_id == location_id)
    again = session.execute(
        update(PickupTicket)
        .where(*here, PickupTicket.status.in_(("used", "canceled")))
        .values(**values)
        .returning(PickupTicket.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if again is None:
        row = {"id": ids.new(), "order_id": order_id, "location_id": location_id, **values}
        session.execute(insert(PickupTicket).values(**row))


def mark_ready(session: Session, ticket_id: int, point_id: int, *, by: str, at: datetime) -> bool:
    """The goods lie at the counter; the buyer is told. False if they were ready before.

    Raises NoSuchTicket for another counter's.
    """
    order_id = session.execute(
        update(PickupTicket)
        .where(
            PickupTicket.id == ticket_id,
            PickupTicket.status == "waiting",
            PickupTicket.location_id.in_(_counters_of(point_id)),
        )
        .values(status="ready")
        .returning(PickupTicket.order_id)
    ).scalar_one_or_none()
    if order_id is None:
        _ticket_of(session, ticket_id, point_id)
        return False
    timeline.note(session, order_id, "ready_for_pickup", by=by, at=at)
    events.publish(session, ReadyForPickup(order_id, ticket_id, at))
    return True


def find(session: Session, code: str, point_id: int) -> Waiting:
    """The goods behind a code, for a clerk of that counter only.

    Raises NoSuchTicket (also for other counters, so that nobody learns of them) and
    AlreadyCollected with who and when.
    """
    ticket = session.scalars(
        select(PickupTicket).where(
            PickupTicket.code_hash == _hash(code),
            PickupTicket.location_id.in_(_counters_of(point_id)),
        )
    ).one_or_none()
    if ticket is None or ticket.status == "canceled":
        raise NoSuchTicket
    if ticket.status == "used":
        raise AlreadyCollected(ticket.used_at, ticket.used_by)
    return _waiting(session, ticket)


def find_by_buyer(session: Session, tail: str, name: str, point_id: int) -> list[Waiting]:
    """Without a code: the last four digits of the phone and the name, both must fit."""
    if len(tail) != _TAIL or not tail.isdigit() or not name.strip():
        raise NoSuchTicket
    tickets = session.scalars(
        select(PickupTicket)
        .join(OrderContact, OrderContact.order_id == PickupTicket.order_id)
        .where(
            PickupTicket.location_id.in_(_counters_of(point_id)),
            PickupTicket.status.in_(("waiting", "ready")),
            OrderContact.phone.endswith(tail, autoescape=True),
            OrderContact.name == name.strip(),
        )
        .order_by(PickupTicket.id)
    ).all()
    if not tickets:
        raise NoSuchTicket
    return [_waiting(session, ticket) for ticket in tickets]


def waiting_at(session: Session, point_id: int) -> list[Waiting]:
    """Everything that waits at a point's counter, oldest first."""
    tickets = session.scalars(
        select(PickupTicket)
        .where(
            PickupTicket.location_id.in_(_counters_of(point_id)),
            PickupTicket.status.in_(("waiting", "ready")),
        )
        .order_by(PickupTicket.id)
        .limit(100)
    ).all()
    waiting = [_waiting(session, ticket) for ticket in tickets]
    return [one for one in waiting if one.lines]  # all units of a ticket may be refunded


def ticket(session: Session, ticket_id: int, point_id: int) -> Waiting:
    """One ticket of this counter; raises NoSuchTicket, AlreadyCollected."""
    found = _ticket_of(session, ticket_id, point_id)
    if found.status == "canceled":
        raise NoSuchTicket
    if found.status == "used":
        raise AlreadyCollected(found.used_at, found.used_by)
    return _waiting(session, found)


def hand_out(
    session: Session,
    ticket_id: int,
    point_id: int,
    units: dict[int, int],
    *,
    by: str,
    at: datetime,
) -> int:
    """Hand units of the ticket's lines to the buyer; when nothing is left the ticket is used up.

    Raises NoSuchTicket, AlreadyCollected, NothingLeft, NotPaid. Two clerks who scan at the same
    moment: one wins the units, the other sees AlreadyCollected or NothingLeft (test G5).
    """
    found = ticket(session, ticket_id, point_id)
    allowed = {line.id: _left(line) for line in found.lines}
    if not units or any(
        line_id not in allowed or not 0 <= count <= allowed[line_id]
        for line_id, count in units.items()
    ):
        raise NothingLeft
    turns.take(session, found.order_id)
    complete = all(units.get(line_id, 0) == left for line_id, left in allowed.items())
    _use(session, ticket_id, complete=complete, by=by, at=at)
    return hand_over.over_the_counter(session, found.order_id, units, by=by, at=at)


def withdraw(session: Session, order_id: int) -> None:
    """The order was canceled: nothing waits at a counter any more."""
    session.execute(
        update(PickupTicket)
        .where(PickupTicket.order_id == order_id, PickupTicket.status.in_(("waiting", "ready")))
        .values(status="canceled")
    )


def code_of(found: PickupTicket) -> str:
    """The code for the buyer's order page; empty once it is used."""
    return signing.unseal(found.code_sealed) if found.status in ("waiting", "ready") else ""


def count_try(session: Session, point_id: int, account_id: int) -> None:
    """Guessing codes is limited for each clerk; raises TooManyTries beyond 60 in an hour."""
    limits.count(session, f"pickup:{point_id}:{account_id}", most=60, window=timedelta(hours=1))


def _use(session: Session, ticket_id: int, *, complete: bool, by: str, at: datetime) -> None:
    won = session.execute(
        update(PickupTicket)
        .where(PickupTicket.id == ticket_id, PickupTicket.status.in_(("waiting", "ready")))
        .values(
            status="used" if complete else "ready",
            used_at=at if complete else None,
            used_by=by if complete else "",
        )
        .returning(PickupTicket.id)
    ).one_or_none()
    if won is None:
        row = session.execute(
            select(PickupTicket.used_at, PickupTicket.used_by).where(PickupTicket.id == ticket_id)
        ).one()
        raise AlreadyCollected(row.used_at, row.used_by)


def _ticket_of(session: Session, ticket_id: int, point_id: int) -> PickupTicket:
    found = session.scalars(
        select(PickupTicket).where(
            PickupTicket.id == ticket_id, PickupTicket.location_id.in_(_counters_of(point_id))
        )
    ).one_or_none()
    if found is None:
        raise NoSuchTicket
    return found


def _waiting(session: Session, found: PickupTicket) -> Waiting:
    row = session.execute(
        select(Order.number, Order.status, OrderContact.name, OrderContact.phone)
        .outerjoin(OrderContact, OrderContact.order_id == Order.id)
        .where(Order.id == found.order_id)
    ).one()
    lines = session.scalars(
        select(OrderLine)
        .where(
            OrderLine.order_id == found.order_id,
            OrderLine.location_id == found.location_id,
            OrderLine.delivery == "pickup",
        )
        .order_by(OrderLine.position)
    ).all()
    return Waiting(
        ticket_id=found.id,
        order_id=found.order_id,
        number=row.number,
        buyer=_masked(row.name or ""),
        phone_tail=(row.phone or "")[-_TAIL:],
        status=found.status,
        ready=found.status == "ready" and row.status == OrderStatus.PLACED,
        lines=[line for line in lines if _left(line) > 0],
    )


def _left(line: OrderLine) -> int:
    return line.quantity - line.fulfilled_count - line.canceled_count


def _masked(name: str) -> str:
    return name[:1] + "＊" * max(1, len(name) - 1) if name else ""


def _counters_of(point_id: int) -> Select[int]:
    return select(Location.id).where(Location.point_id == point_id)


def _hash(code: str) -> str:
    cleaned = "".join(letter for letter in code.upper() if letter.isalnum())
    return signing.fingerprint(cleaned, purpose="pickup")
