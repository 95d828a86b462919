"""Holds: why earnings may not be paid yet. Each has a reason, an owner and an end.

A hold counts by comparison with the clock, so a missed job cannot keep money back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from commissions import audit_trail
from commissions.ledger import lock_balances
from commissions.models import Entry, Hold
from commissions.rows import row_count, table_of, write


@dataclass(frozen=True, slots=True, kw_only=True)
class On:
    """What a hold lies on: exactly one of the four."""

    entry_id: int | None = None
    sale_id: int | None = None
    point_key: str | None = None
    payee_key: str | None = None

    def __post_init__(self) -> None:
        given = (self.entry_id, self.sale_id, self.point_key, self.payee_key)
        if sum(target is not None for target in given) != 1:
            raise ValueError("a hold lies on one entry, one sale, one point or one payee")


def open_hold(
    session: Session,
    on: On,
    *,
    key: str,
    reason: str,
    owner: str,
    until: datetime | None,
    by: str,
    at: datetime,
    ids: Callable[[], int],
    note: str = "",
) -> bool:
    """Keep earnings back; False if a hold of this key was opened before.

    `until` is the deadline after which it no longer counts; None for one that ends with its cause.
    Payouts being prepared for the same payees wait for this transaction.
    """
    table = table_of(Hold)
    lock_balances(session, _payees(session, on))
    if session.scalar(select(table.c.id).where(table.c.key == key)) is not None:
        return False
    row = {
        "id": ids(),
        "key": key,
        "entry_id": on.entry_id,
        "sale_id": on.sale_id,
        "point_key": on.point_key,
        "payee_key": on.payee_key,
        "reason": reason,
        "owner": owner,
        "opened_at": at,
        "expires_at": until,
        "extended_at": None,
        "released_at": None,
        "note": note,
    }
    write(session, Hold, [row])
    _tell(session, "opened", key, by=by, at=at, ids=ids, note=reason)
    return True


def close_hold(
    session: Session, key: str, *, by: str, at: datetime, ids: Callable[[], int], note: str = ""
) -> bool:
    """Let go; False if there is no open hold of this key."""
    table = table_of(Hold)
    closing = (
        update(table)
        .where(table.c.key == key, table.c.released_at.is_(None))
        .values(released_at=at)
    )
    if row_count(session, closing) == 0:
        return False
    _tell(session, "closed", key, by=by, at=at, ids=ids, note=note)
    return True


def extend_hold(
    session: Session,
    key: str,
    *,
    until: datetime,
    by: str,
    at: datetime,
    ids: Callable[[], int],
    note: str,
) -> bool:
    """Move the deadline of a hold that still counts, once and with a reason.

    False if there is none, if it ends with its cause, or if it was extended before: nothing is
    kept back for ever.
    """
    table = table_of(Hold)
    extending = (
        update(table)
        .where(
            table.c.key == key,
            table.c.expires_at.is_not(None),
            table.c.extended_at.is_(None),
            is_open(at),
        )
        .values(expires_at=until, extended_at=at)
    )
    if row_count(session, extending) == 0:
        return False
    _tell(session, "extended", key, by=by, at=at, ids=ids, note=note)
    return True


def is_held(entry: Table, at: datetime) -> ColumnElement[bool]:
    """SQL: an open hold lies on this entry's origin, sale, point or payee."""
    hold = table_of(Hold)
    lies_on = (
        hold.c.entry_id == entry.c.origin_id,
        hold.c.sale_id == entry.c.sale_id,
        hold.c.point_key == entry.c.point_key,
        hold.c.payee_key == entry.c.payee_key,
    )
    # One look-up each, so that each finds its index over open holds.
    return or_(*(exists(select(1).where(target, is_open(at))) for target in lies_on))


def is_open(at: datetime) -> ColumnElement[bool]:
    """SQL: a hold counts at this moment."""
    hold = table_of(Hold)
    in_time = or_(hold.c.expires_at.is_(None), hold.c.expires_at > at)
    return and_(hold.c.released_at.is_(None), in_time)


def _payees(session: Session, on: On) -> Iterable[tuple[str, str]]:
    entry = table_of(Entry)
    wanted = {
        "origin_id": on.entry_id,
        "sale_id": on.sale_id,
        "point_key": on.point_key,
        "payee_key": on.payee_key,
    }
    conditions = [entry.c[name] == value for name, value in wanted.items() if value is not None]
    rows = session.execute(
        select(entry.c.payee_key, entry.c.currency).where(*conditions).distinct()
    )
    return [(row.payee_key, row.currency) for row in rows]


def _tell(
    session: Session,
    verb: str,
    key: str,
    *,
    by: str,
    at: datetime,
    ids: Callable[[], int],
    note: str,
) -> None:
    thing = ("commission_hold", key)
    audit_trail.record(
        session, f"commission_hold.{verb}", thing=thing, by=by, at=at, ids=ids, note=note
    )
