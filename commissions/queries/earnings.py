"""Earnings with what became of them: reversals, release, hold, payout.

Separate from decisions.py because people think in earnings, each with its net and its status.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, select, true
from sqlalchemy.orm import Session

from commissions.archive import ids_of_sale
from commissions.holds import is_held, is_open
from commissions.models import (
    ORIGINS,
    Award,
    Case,
    Claim,
    Entry,
    EntryKind,
    Hold,
    Payout,
    PayoutStatus,
    PeriodRow,
    Release,
    SaleLineRow,
    SaleRow,
)
from commissions.rows import table_of
from commissions.statuses import PAID, EntryStatus, status_of
from commissions.terms import Role

_entry, _release, _claim = table_of(Entry), table_of(Release), table_of(Claim)
_payout, _hold = table_of(Payout), table_of(Hold)
_sale, _line = table_of(SaleRow), table_of(SaleLineRow)
_first = table_of(SaleRow).alias("first_sale")
_award, _period = table_of(Award), table_of(PeriodRow)
_case, _case_sale = table_of(Case), table_of(SaleRow).alias("case_sale")
_EARNED = (*ORIGINS, EntryKind.ADJUST)
_OF_LINE = {
    "sale_key": func.coalesce(_first.c.key, _sale.c.key),
    "line_key": _line.c.key,
    "product_key": _line.c.product_key,
    "variant_key": _line.c.variant_key,
    "period_key": _period.c.period_key,
    "case_note": _case.c.note,
    "about_sale_key": _case_sale.c.key,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """One earning with what became of it, one difference of a whole period, or one correction."""

    id: int
    sale_key: str
    """The first sale's, for lines that were added to it. Empty for a difference, like the other
    keys of the line."""
    line_key: str
    product_key: str
    variant_key: str
    point_key: str
    payee_key: str
    role: Role
    currency: str
    earned_amount: int
    reversed_amount: int
    reserved_amount: int
    net_amount: int
    base_amount: int
    hold_days: int
    at: datetime
    delivered_at: datetime | None
    available_at: datetime | None
    status: EntryStatus
    hold_reason: str
    hold_until: datetime | None
    payout_id: int | None
    period_key: str = ""
    """Which period a difference belongs to; empty for an earning of a line."""
    case_id: int | None = None
    """What people did by hand; None for everything else."""
    case_kind: str = ""
    case_reason: str = ""
    case_note: str = ""
    """Why, in plain words."""
    about_sale_key: str = ""
    """The sale that a correction concerns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which earnings a list shows; empty asks nothing."""

    point_key: str = ""
    sale_key: str = ""
    status: EntryStatus | None = None
    since: datetime | None = None
    until: datetime | None = None


def earnings_of_point(
    session: Session, point_key: str, *, at: datetime, before: int | None = None, limit: int = 50
) -> list[Earning]:
    """Earnings of a point."""
    return _earnings(session, _entry.c.point_key == point_key, at, before, limit)


def earnings_of_payee(
    session: Session, payee_key: str, *, at: datetime, before: int | None = None, limit: int = 50
) -> list[Earning]:
    """Earnings of a payee, over all its points."""
    return _earnings(session, _entry.c.payee_key == payee_key, at, before, limit)


def latest_earnings(
    session: Session,
    *,
    at: datetime,
    wanted: Wanted | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Earning]:
    """Earnings of everybody, or those that are wanted, newest first."""
    which = _conditions(wanted, at) if wanted else true()
    return _earnings(session, which, at, before, limit)


def earnings_of_sale(session: Session, sale_key: str, *, at: datetime) -> list[Earning]:
    """All earnings of a sale, those of lines that were added later included."""
    which = _entry.c.sale_id.in_(ids_of_sale(sale_key))
    return _earnings(session, which, at, None, 10_000)


def earning(session: Session, entry_id: int, *, at: datetime) -> Earning | None:
    """The earning that an entry belongs to."""
    origin = select(_entry.c.origin_id).where(_entry.c.id == entry_id).scalar_subquery()
    found = _earnings(session, _entry.c.id == origin, at, None, 1)
    return found[0] if found else None


def lines_of_entries(session: Session, entry_ids: Collection[int]) -> dict[int, str]:
    """Keys of the lines that entries belong to; entries of a whole period have none."""
    rows = session.execute(
        select(_entry.c.id, _line.c.key)
        .join(_line, _line.c.id == _entry.c.line_id)
        .where(_entry.c.id.in_(sorted(entry_ids)))
    )
    return {row.id: row.key for row in rows}


def _conditions(wanted: Wanted, at: datetime) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if wanted.point_key:
        conditions.append(_entry.c.point_key == wanted.point_key)
    if wanted.sale_key:
        conditions.append(_entry.c.sale_id.in_(ids_of_sale(wanted.sale_key)))
    if wanted.since is not None:
        conditions.append(_entry.c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(_entry.c.at < wanted.until)
    if wanted.status is not None:
        conditions.append(_stands_at(wanted.status, at))
    return and_(*conditions)


def _stands_at(status: EntryStatus, at: datetime) -> ColumnElement[bool]:
    """`status_of` in SQL, in the same order; a test holds the two together."""
    claims = select(1).where(_claim.c.entry_id == _entry.c.id, _claim.c.released_at.is_(None))
    paid = exists(
        claims.join(_payout, _payout.c.id == _claim.c.payout_id).where(_payout.c.status.in_(PAID))
    )
    other = _entry.alias("other")
    kept = (*_EARNED, EntryKind.REVERSE)
    net = (
        select(func.sum(other.c.amount))
        .where(other.c.origin_id == _entry.c.id, other.c.kind.in_(kept))
        .scalar_subquery()
    )
    free, held = ~exists(claims), is_held(_entry, at)
    open_ones = and_(free, net != 0, ~held)
    return {
        EntryStatus.PAID: paid,
        EntryStatus.IN_PAYOUT: and_(exists(claims), ~paid),
        EntryStatus.REVERSED: and_(free, net == 0),
        EntryStatus.HELD: and_(free, net != 0, held),
        EntryStatus.EXPECTED: and_(open_ones, _release.c.available_at.is_(None)),
        EntryStatus.AVAILABLE: and_(open_ones, _release.c.available_at <= at),
        EntryStatus.PENDING: and_(open_ones, _release.c.available_at > at),
    }[status]


def _earnings(
    session: Session, which: ColumnElement[bool], at: datetime, before: int | None, limit: int
) -> list[Earning]:
    statement = (
        select(
            _entry,
            *(func.coalesce(column, "").label(name) for name, column in _OF_LINE.items()),
            _release.c.delivered_at,
            _release.c.available_at,
        )
        .join(_sale, _sale.c.id == _entry.c.sale_id, isouter=True)
        .join(_first, _first.c.id == _sale.c.part_of_id, isouter=True)
        .join(_line, _line.c.id == _entry.c.line_id, isouter=True)
        .join(_award, _award.c.id == _entry.c.award_id, isouter=True)
        .join(_period, _period.c.id == _award.c.period_id, isouter=True)
        .join(_case, _case.c.id == _entry.c.case_id, isouter=True)
        .join(_case_sale, _case_sale.c.id == _case.c.sale_id, isouter=True)
        .join(_release, _release.c.entry_id == _entry.c.id, isouter=True)
        .where(which, _entry.c.kind.in_(ORIGINS))
        .order_by(_entry.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(_entry.c.id < before)
    rows = session.execute(statement).all()
    ids = [row.id for row in rows]
    sums, claims = _sums(session, ids), _claims(session, ids)
    holds = _holds(session, ids, at)
    return [_earning(row, sums[row.id], claims.get(row.id), holds.get(row.id), at) for row in rows]


def _sums(session: Session, origin_ids: Iterable[int]) -> dict[int, dict[EntryKind, int]]:
    rows = session.execute(
        select(_entry.c.origin_id, _entry.c.kind, func.sum(_entry.c.amount))
        .where(_entry.c.origin_id.in_(list(origin_ids)))
        .group_by(_entry.c.origin_id, _entry.c.kind)
    )
    sums: dict[int, dict[EntryKind, int]] = {}
    for origin_id, kind, amount in rows:
        sums.setdefault(origin_id, {})[kind] = int(amount)
    return sums


def _claims(session: Session, entry_ids: Iterable[int]) -> dict[int, tuple[int, PayoutStatus]]:
    rows = session.execute(
        select(_claim.c.entry_id, _payout.c.id, _payout.c.status)
        .join(_payout, _payout.c.id == _claim.c.payout_id)
        .where(_claim.c.entry_id.in_(list(entry_ids)), _claim.c.released_at.is_(None))
    )
    return {entry_id: (payout_id, status) for entry_id, payout_id, status in rows}


def _holds(
    session: Session, entry_ids: Iterable[int], at: datetime
) -> dict[int, tuple[str, datetime | None]]:
    lies_on = (
        (_hold.c.entry_id == _entry.c.id)
        | (_hold.c.sale_id == _entry.c.sale_id)
        | (_hold.c.point_key == _entry.c.point_key)
        | (_hold.c.payee_key == _entry.c.payee_key)
    )
    rows = session.execute(
        select(_entry.c.id, _hold.c.reason, _hold.c.expires_at)
        .join(_hold, and_(is_open(at), lies_on))
        .where(_entry.c.id.in_(list(entry_ids)))
        .order_by(_hold.c.id.desc())
    )
    return {entry_id: (reason, expires_at) for entry_id, reason, expires_at in rows}


def _earning(
    row: Row[*tuple[Any, ...]],
    sums: Mapping[EntryKind, int],
    claim: tuple[int, PayoutStatus] | None,
    hold: tuple[str, datetime | None] | None,
    at: datetime,
) -> Earning:
    earned = sum(sums.get(kind, 0) for kind in _EARNED)
    reverse, reserve = sums.get(EntryKind.REVERSE, 0), sums.get(EntryKind.RESERVE, 0)
    status = status_of(
        net_amount=earned + reverse,
        available_at=row.available_at,
        is_held=hold is not None,
        payout_status=claim[1] if claim else None,
        at=at,
    )
    return Earning(
        id=row.id,
        sale_key=row.sale_key,
        line_key=row.line_key,
        product_key=row.product_key,
        variant_key=row.variant_key,
        point_key=row.point_key,
        payee_key=row.payee_key,
        role=row.role,
        currency=row.currency,
        earned_amount=earned,
        reversed_amount=-reverse,
        reserved_amount=-reserve,
        net_amount=earned + reverse + reserve,
        base_amount=row.base_amount,
        hold_days=row.hold_days,
        at=row.at,
        delivered_at=row.delivered_at,
        available_at=row.available_at,
        status=status,
        hold_reason=hold[0] if hold else "",
        hold_until=hold[1] if hold else None,
        payout_id=claim[0] if claim else None,
        period_key=row.period_key,
        case_id=row.case_id,
        case_kind=row.trace["case"]["kind"] if row.case_id else "",
        case_reason=row.trace["case"]["reason"] if row.case_id else "",
        case_note=row.case_note,
        about_sale_key=row.about_sale_key,
    )
