"""Holds that people open and close: earnings that must not be paid before somebody has looked.

Holds of disputes end with their dispute and are left alone here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import holds as engine
from commissions import queries
from commissions.holds import On
from commissions.models import Hold, SaleRow
from commissions.payouts import approving
from commissions.queries import Earning
from shop.kernel import ids
from shop.kernel.errors import Conflict, Invalid, NotFound
from shop.kernel.words import _l
from shop.rewards import earnings, keys, payouts

BY_HAND = "manual:"
"""Beginning of the keys of holds that people opened."""
OF_REVIEW = "abuse:"
"""Beginning of the keys of holds that a rule against abuse opened; its case follows."""
REASONS = ("check", "abuse", "agreement")
LONGER = timedelta(days=14)


class Lies(StrEnum):
    """What a hold lies on."""

    EARNING = "earning"
    SALE = "sale"
    POINT = "point"
    PAYEE = "payee"


def hold(
    session: Session,
    found: Earning,
    on: Lies,
    *,
    reason: str,
    until: datetime,
    note: str,
    once: str,
    by: str,
    at: datetime,
) -> bool:
    """Keep an earning back, or all of its sale, point or payee; False for the same form again.

    Raises Invalid for an unknown reason, a deadline that has passed, or without a note.
    """
    if reason not in REASONS:
        raise Invalid(_l("Please choose a reason."), field="reason")
    if until <= at:
        raise Invalid(_l("The deadline must lie ahead."), field="until")
    if not note.strip():
        raise Invalid(_l("Please write down what has to be looked at."), field="note")
    return engine.open_hold(
        session,
        _target(session, found, on),
        key=f"{BY_HAND}{once}",
        reason=reason,
        owner=by,
        until=until,
        by=by,
        at=at,
        ids=ids.new,
        note=note.strip()[:500],
    )


def stop_point(
    session: Session, point_id: int, *, until: datetime, note: str, by: str, at: datetime
) -> int:
    """Keep back all that a point earned and was not paid; how many unsent payouts that takes back.

    It stays owed: after the deadline it is paid, unless two people have put it right before.
    """
    engine.open_hold(
        session,
        On(point_key=keys.point(point_id)),
        key=f"{BY_HAND}point:{point_id}:{at.isoformat()}",
        reason="check",
        owner=by,
        until=until,
        by=by,
        at=at,
        ids=ids.new,
        note=note,
    )
    taken_back = approving.void_of_point(
        session, keys.point(point_id), by=by, at=at, ids=ids.new, reason="point_stopped"
    )
    return len(taken_back)


def extend(session: Session, hold_id: int, *, note: str, by: str, at: datetime) -> None:
    """Two weeks more for a hold that a person opened; once.

    Raises NotFound, Invalid without a note, Conflict if it was extended, released or is over.
    """
    found = _by_hand(session, hold_id)
    if not note.strip():
        raise Invalid(_l("Please write down why it takes longer."), field="note")
    until = (found.expires_at or at) + LONGER
    why = note.strip()[:500]
    if not engine.extend_hold(session, found.key, until=until, by=by, at=at, ids=ids.new, note=why):
        raise Conflict(_l("It was extended already, released, or its deadline has passed."))


@dataclass(frozen=True)
class Standing:
    """A hold that counts now, with the name of what it lies on."""

    hold: Hold
    on: Lies
    name: str
    """Number of the order, or name of the point or payee; empty for a single earning."""
    order_id: int | None

    @property
    def is_by_hand(self) -> bool:
        """Opened by a person, who may also release it."""
        return self.hold.key.startswith(BY_HAND)

    @property
    def review_id(self) -> int | None:
        """The review that decides it, if a rule opened it."""
        _before, mark, rest = self.hold.key.partition(OF_REVIEW)
        return ids.read(rest.partition(":")[0]) if mark else None


def standing(session: Session, *, at: datetime) -> list[Standing]:
    """All holds that count now, oldest first; four statements."""
    holds = queries.open_holds(session, at=at)
    sales = _sale_keys(session, [one.sale_id for one in holds if one.sale_id is not None])
    numbers = earnings.order_numbers(session, sales.values())
    points = earnings.point_names(session, [one.point_key or "" for one in holds])
    payees = payouts.names_of(
        session, [keys.number(one.payee_key) for one in holds if one.payee_key is not None]
    )
    found = []
    for one in holds:
        if one.sale_id is not None:
            key = sales[one.sale_id]
            found.append(Standing(one, Lies.SALE, numbers.get(key, "?"), keys.number(key)))
        elif one.point_key is not None:
            found.append(Standing(one, Lies.POINT, points.get(one.point_key, "?"), None))
        elif one.payee_key is not None:
            name = payees.get(keys.number(one.payee_key), "?")
            found.append(Standing(one, Lies.PAYEE, name, None))
        else:
            found.append(Standing(one, Lies.EARNING, "", None))
    return found


def _sale_keys(session: Session, sale_ids: Sequence[int]) -> dict[int, str]:
    rows = session.execute(select(SaleRow.id, SaleRow.key).where(SaleRow.id.in_(sale_ids)))
    return {row.id: row.key for row in rows}


def release(session: Session, hold_id: int, *, note: str, by: str, at: datetime) -> None:
    """Let go of a hold that a person opened.

    Raises NotFound, Invalid without a note, Conflict if it was released before.
    """
    found = _by_hand(session, hold_id)
    if not note.strip():
        raise Invalid(_l("Please write down what you found."), field="note")
    if not engine.close_hold(
        session, found.key, by=by, at=at, ids=ids.new, note=note.strip()[:500]
    ):
        raise Conflict(_l("Somebody else has released it already."))


def _by_hand(session: Session, hold_id: int) -> Hold:
    found = session.get(Hold, hold_id)
    if found is None or not found.key.startswith(BY_HAND):
        raise NotFound(_l("There is no such hold."))
    return found


def _target(session: Session, found: Earning, on: Lies) -> On:
    if on is Lies.EARNING:
        return On(entry_id=found.id)
    if on is Lies.SALE:
        if not found.sale_key:
            raise Invalid(_l("This earning belongs to no single order."), field="on")
        return On(sale_id=queries.sale_id_of(session, found.sale_key))
    if on is Lies.POINT:
        return On(point_key=found.point_key)
    return On(payee_key=found.payee_key)
