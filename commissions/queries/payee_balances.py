"""Money of one payee by where it stands: one row of running sums, and what is recent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, select
from sqlalchemy.orm import Session

from commissions.holds import is_held, is_open
from commissions.models import Balance, Entry, Payout, PayoutStatus, Release
from commissions.payouts.claims import is_claimed
from commissions.rows import table_of

_entry, _release, _payout = table_of(Entry), table_of(Release), table_of(Payout)

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


def balances(session: Session, payee_key: str, *, at: datetime) -> list[BalanceView]:
    """Balances of a payee, one per currency."""
    table = table_of(Balance)
    rows = session.execute(
        select(table).where(table.c.payee_key == payee_key).order_by(table.c.currency)
    ).all()
    return [_balance(session, row, at) for row in rows]


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
        # What came back and was booked stands among what is available.
        select(_payout.c.status, func.sum(_payout.c.amount - _payout.c.returned_amount))
        .where(_payout.c.payee_key == payee_key, _payout.c.currency == currency)
        .group_by(_payout.c.status)
    )
    return {status: int(amount) for status, amount in rows}
