"""Everything that pages and reports read from the engine: balances, earnings, decisions, payouts.

Lists are keyset pages, newest first: pass the last id as `before`. The number of statements does
not depend on how much there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, select, true
from sqlalchemy.orm import Session

from commissions.decisions import Outcome
from commissions.holds import is_held, is_open
from commissions.models import (
    Balance,
    Claim,
    Entry,
    EntryKind,
    Hold,
    Payout,
    PayoutStatus,
    PlanVersion,
    Release,
    Ruling,
    SaleLineRow,
    SaleRow,
    Skipped,
)
from commissions.payouts.claims import is_claimed
from commissions.rows import table_of
from commissions.statuses import EntryStatus, status_of
from commissions.terms import Role

_entry, _release, _claim = table_of(Entry), table_of(Release), table_of(Claim)
_payout, _hold, _sale = table_of(Payout), table_of(Hold), table_of(SaleRow)
_line, _ruling = table_of(SaleLineRow), table_of(Ruling)

_ON_THE_WAY = (
    PayoutStatus.DRAFT,
    PayoutStatus.APPROVED,
    PayoutStatus.QUEUED,
    PayoutStatus.SENDING,
    PayoutStatus.BLOCKED,
    PayoutStatus.QUARANTINED,
)
_PAID = (PayoutStatus.SENT, PayoutStatus.SETTLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceView:
    """Money of one payee in one currency, in minor units."""

    currency: str
    expected_amount: int = 0
    """Sold, not delivered."""
    pending_amount: int = 0
    """Delivered, waiting for its day."""
    held_amount: int = 0
    """Due but for a hold."""
    available_amount: int = 0
    """Payable now; below zero it is a debt that later credit pays off first."""
    in_payout_amount: int = 0
    paid_amount: int = 0
    reserve_amount: int = 0
    """Held back for open disputes about what was paid already."""

    @property
    def debt_amount(self) -> int:
        return max(0, -self.available_amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """One earning with what became of it."""

    id: int
    sale_key: str
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """One answer about one line."""

    id: int
    line_key: str
    role: Role
    cause: str
    cause_key: str
    outcome: Outcome
    point_key: str
    amount: int
    forgone_amount: int
    currency: str
    version_number: int | None
    at: datetime


def balances(session: Session, payee_key: str, *, at: datetime) -> list[BalanceView]:
    """Balances of a payee, one per currency."""
    table = table_of(Balance)
    rows = session.execute(
        select(table).where(table.c.payee_key == payee_key).order_by(table.c.currency)
    ).all()
    return [_balance(session, row, at) for row in rows]


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
    session: Session, *, at: datetime, before: int | None = None, limit: int = 50
) -> list[Earning]:
    """Earnings of everybody, newest first."""
    return _earnings(session, true(), at, before, limit)


def earnings_of_sale(session: Session, sale_key: str, *, at: datetime) -> list[Earning]:
    """All earnings of a sale."""
    sale_id = select(_sale.c.id).where(_sale.c.key == sale_key).scalar_subquery()
    return _earnings(session, _entry.c.sale_id == sale_id, at, None, 10_000)


def earning(session: Session, entry_id: int, *, at: datetime) -> Earning | None:
    """The earning that an entry belongs to."""
    origin = select(_entry.c.origin_id).where(_entry.c.id == entry_id).scalar_subquery()
    found = _earnings(session, _entry.c.id == origin, at, None, 1)
    return found[0] if found else None


def entries_of(session: Session, origin_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Every entry of one earning, in the order of writing."""
    return session.execute(
        select(_entry).where(_entry.c.origin_id == origin_id).order_by(_entry.c.id)
    ).all()


def decisions_of_sale(session: Session, sale_key: str) -> list[DecisionView]:
    """Every decision of a sale, those that paid nothing included."""
    version = table_of(PlanVersion)
    rows = session.execute(
        select(_ruling, _line.c.key.label("line_key"), version.c.number)
        .join(_sale, _sale.c.id == _ruling.c.sale_id)
        .join(_line, _line.c.id == _ruling.c.line_id)
        .join(version, version.c.id == _ruling.c.version_id, isouter=True)
        .where(_sale.c.key == sale_key)
        .order_by(_line.c.position, _ruling.c.id)
    )
    return [
        DecisionView(
            id=row.id,
            line_key=row.line_key,
            role=row.role,
            cause=row.cause,
            cause_key=row.cause_key,
            outcome=row.outcome,
            point_key=row.point_key,
            amount=row.amount,
            forgone_amount=row.forgone_amount,
            currency=row.currency,
            version_number=row.number,
            at=row.at,
        )
        for row in rows
    ]


def sale_id_of(session: Session, sale_key: str) -> int | None:
    """The engine's id of a sale, for holds on it."""
    return session.scalar(select(_sale.c.id).where(_sale.c.key == sale_key))


def payouts(
    session: Session,
    *,
    payee_key: str | None = None,
    status: PayoutStatus | None = None,
    run_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[Payout]:
    """Payouts, newest first."""
    statement = select(Payout).order_by(Payout.id.desc()).limit(limit)
    if payee_key is not None:
        statement = statement.where(Payout.payee_key == payee_key)
    if status is not None:
        statement = statement.where(Payout.status == status)
    if run_id is not None:
        statement = statement.where(Payout.run_id == run_id)
    if before is not None:
        statement = statement.where(Payout.id < before)
    return session.scalars(statement).all()


def payout_items(
    session: Session, payout_id: int, *, after: int = 0, limit: int = 200
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Entries of a payout: id, amount, kind, role, cause, point, sale and line, oldest first."""
    return session.execute(
        select(
            _entry.c.id,
            _claim.c.amount,
            _entry.c.origin_id,
            _entry.c.kind,
            _entry.c.role,
            _entry.c.cause,
            _entry.c.point_key,
            _entry.c.at,
            _sale.c.key.label("sale_key"),
            _line.c.key.label("line_key"),
        )
        .join(_entry, _entry.c.id == _claim.c.entry_id)
        .join(_sale, _sale.c.id == _entry.c.sale_id)
        .join(_line, _line.c.id == _entry.c.line_id)
        .where(_claim.c.payout_id == payout_id, _entry.c.id > after)
        .order_by(_entry.c.id)
        .limit(limit)
    ).all()


def skipped(session: Session, run_id: int) -> Sequence[Skipped]:
    """Who was not paid in a run, and why."""
    return session.scalars(
        select(Skipped).where(Skipped.run_id == run_id).order_by(Skipped.payee_key)
    ).all()


def open_holds(
    session: Session, *, at: datetime, after: int = 0, limit: int = 100
) -> Sequence[Hold]:
    """Holds that count now, oldest first: the review list."""
    return session.scalars(
        select(Hold).where(is_open(at), Hold.id > after).order_by(Hold.id).limit(limit)
    ).all()


def refused_decisions(
    session: Session, *, before: int | None = None, limit: int = 50
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Decisions that paid an actual candidate nothing, newest first, with sale and line."""
    statement = (
        select(_ruling, _sale.c.key.label("sale_key"), _line.c.key.label("line_key"))
        .join(_sale, _sale.c.id == _ruling.c.sale_id)
        .join(_line, _line.c.id == _ruling.c.line_id)
        .where(_ruling.c.outcome != Outcome.PAID, _ruling.c.point_key != "")
        .order_by(_ruling.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(_ruling.c.id < before)
    return session.execute(statement).all()


def _balance(session: Session, row: Row[*tuple[Any, ...]], at: datetime) -> BalanceView:
    mine = and_(_entry.c.payee_key == row.payee_key, _entry.c.currency == row.currency)
    pending = _sum(session, _pending(row.payee_key, row.currency, at))
    held = _sum(session, _held(mine, at)) if _any_hold(session, at) else 0
    paid = _paid_by_status(session, row.payee_key, row.currency)
    return BalanceView(
        currency=row.currency,
        expected_amount=row.expected_amount,
        pending_amount=pending,
        held_amount=held,
        available_amount=row.earned_amount - row.expected_amount - pending - held,
        in_payout_amount=sum(paid.get(status, 0) for status in _ON_THE_WAY),
        paid_amount=sum(paid.get(status, 0) for status in _PAID),
        reserve_amount=row.reserve_amount,
    )


def _pending(payee_key: str, currency: str, at: datetime) -> Select[int]:
    return (
        select(func.coalesce(func.sum(_entry.c.amount), 0))
        .join(_release, _release.c.entry_id == _entry.c.origin_id)
        .where(
            _release.c.payee_key == payee_key,
            _release.c.currency == currency,
            _release.c.available_at > at,
        )
    )


def _held(mine: ColumnElement[bool], at: datetime) -> Select[int]:
    due = exists(
        select(1).where(_release.c.entry_id == _entry.c.origin_id, _release.c.available_at <= at)
    )
    takes = and_(_entry.c.amount < 0, is_claimed(_entry.c.origin_id))
    return select(func.coalesce(func.sum(_entry.c.amount), 0)).where(
        mine, is_held(_entry, at), due, ~is_claimed(_entry.c.id), ~takes
    )


def _any_hold(session: Session, at: datetime) -> bool:
    return bool(session.scalar(select(exists(select(1).where(is_open(at))))))


def _sum(session: Session, statement: Select[int]) -> int:
    return int(session.execute(statement).scalar_one())


def _paid_by_status(session: Session, payee_key: str, currency: str) -> dict[PayoutStatus, int]:
    rows = session.execute(
        select(_payout.c.status, func.sum(_payout.c.amount))
        .where(_payout.c.payee_key == payee_key, _payout.c.currency == currency)
        .group_by(_payout.c.status)
    )
    return {status: int(amount) for status, amount in rows}


def _earnings(
    session: Session, which: ColumnElement[bool], at: datetime, before: int | None, limit: int
) -> list[Earning]:
    statement = (
        select(
            _entry,
            _sale.c.key.label("sale_key"),
            _line.c.key.label("line_key"),
            _line.c.product_key,
            _line.c.variant_key,
            _release.c.delivered_at,
            _release.c.available_at,
        )
        .join(_sale, _sale.c.id == _entry.c.sale_id)
        .join(_line, _line.c.id == _entry.c.line_id)
        .join(_release, _release.c.entry_id == _entry.c.id, isouter=True)
        .where(which, _entry.c.kind == EntryKind.EARN)
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
    earned = sums.get(EntryKind.EARN, 0) + sums.get(EntryKind.ADJUST, 0)
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
    )
