"""Payouts, what is in them, and who got none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from commissions.models import (
    Approval,
    Award,
    Claim,
    Entry,
    Payout,
    PayoutStatus,
    PeriodRow,
    Run,
    SaleLineRow,
    SaleRow,
    Skipped,
)
from commissions.rows import table_of

_entry, _claim = table_of(Entry), table_of(Claim)
_sale, _line = table_of(SaleRow), table_of(SaleLineRow)
_award, _period = table_of(Award), table_of(PeriodRow)


@dataclass(frozen=True, slots=True)
class RunTotal:
    """Payouts of one run that go the same way and stand at the same point."""

    run_id: int
    rail: str
    currency: str
    status: PayoutStatus
    count: int
    amount: int
    net_amount: int
    fee_amount: int
    withheld_amount: int


def payouts(
    session: Session,
    *,
    payee_key: str | None = None,
    statuses: Collection[PayoutStatus] = (),
    run_id: int | None = None,
    rail: str | None = None,
    only_if: ColumnElement[bool] | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[Payout]:
    """Payouts, newest first; `only_if` is a condition of the host's on them."""
    statement = select(Payout).order_by(Payout.id.desc()).limit(limit)
    if payee_key is not None:
        statement = statement.where(Payout.payee_key == payee_key)
    if statuses:
        statement = statement.where(Payout.status.in_(tuple(statuses)))
    if run_id is not None:
        statement = statement.where(Payout.run_id == run_id)
    if rail is not None:
        statement = statement.where(Payout.rail == rail)
    if only_if is not None:
        statement = statement.where(only_if)
    if before is not None:
        statement = statement.where(Payout.id < before)
    return session.scalars(statement).all()


def payout_items(
    session: Session, payout_id: int, *, after: int = 0, limit: int = 200
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Entries of a payout: id, amount, kind, role, cause, point, sale and line, oldest first.

    Sale and line are empty for a difference, which names its period instead.
    """
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
            func.coalesce(_sale.c.key, "").label("sale_key"),
            func.coalesce(_line.c.key, "").label("line_key"),
            func.coalesce(_period.c.period_key, "").label("period_key"),
        )
        .join(_entry, _entry.c.id == _claim.c.entry_id)
        .join(_sale, _sale.c.id == _entry.c.sale_id, isouter=True)
        .join(_line, _line.c.id == _entry.c.line_id, isouter=True)
        .join(_award, _award.c.id == _entry.c.award_id, isouter=True)
        .join(_period, _period.c.id == _award.c.period_id, isouter=True)
        .where(_claim.c.payout_id == payout_id, _entry.c.id > after)
        .order_by(_entry.c.id)
        .limit(limit)
    ).all()


def skipped(
    session: Session, run_id: int, *, after: int = 0, limit: int = 1000
) -> Sequence[Skipped]:
    """Who was not paid in a run, and why."""
    return session.scalars(
        select(Skipped)
        .where(Skipped.run_id == run_id, Skipped.id > after)
        .order_by(Skipped.id)
        .limit(limit)
    ).all()


def skipped_counts(session: Session, run_id: int) -> dict[str, int]:
    """How many got nothing in a run, by the code of why."""
    rows = session.execute(
        select(Skipped.reason, func.count())
        .where(Skipped.run_id == run_id)
        .group_by(Skipped.reason)
        .order_by(func.count().desc(), Skipped.reason)
    )
    return {row[0]: int(row[1]) for row in rows}


def runs(session: Session, *, before: int | None = None, limit: int = 20) -> Sequence[Run]:
    """Rounds of preparing, newest first."""
    statement = select(Run).order_by(Run.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(Run.id < before)
    return session.scalars(statement).all()


def totals_of_runs(session: Session, run_ids: Collection[int]) -> list[RunTotal]:
    """Payouts of runs, summed by run, rail, currency and status; one statement."""
    rows = session.execute(
        select(
            Payout.run_id,
            Payout.rail,
            Payout.currency,
            Payout.status,
            func.count(),
            func.sum(Payout.amount),
            func.sum(Payout.net_amount),
            func.sum(Payout.fee_amount),
            func.sum(Payout.withheld_amount),
        )
        .where(Payout.run_id.in_(sorted(run_ids)))
        .group_by(Payout.run_id, Payout.rail, Payout.currency, Payout.status)
        .order_by(Payout.run_id, Payout.rail, Payout.currency, Payout.status)
    )
    return [RunTotal(*row[:4], *map(int, row[4:])) for row in rows]


def approvals(session: Session, payout_ids: Collection[int]) -> Sequence[Approval]:
    """Who agreed to these payouts, oldest first."""
    return session.scalars(
        select(Approval)
        .where(Approval.payout_id.in_(sorted(payout_ids)))
        .order_by(Approval.payout_id, Approval.at, Approval.by)
    ).all()
