"""Results of what-if runs, as pages and files read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import Session

from commissions.models import SaleLineRow, SaleRow, Trial, TrialLine, TrialPeriod, TrialSum
from commissions.rows import table_of

_sum = table_of(TrialSum)


@dataclass(frozen=True, slots=True)
class TrialTotal:
    """One total, by the books and under the plan on trial, in minor units."""

    key: str
    currency: str
    lines: int
    base_amount: int
    now_amount: int
    then_amount: int
    cut_amount: int

    @property
    def change(self) -> int:
        return self.then_amount - self.now_amount


@dataclass(frozen=True, slots=True)
class Spread:
    """How many gain, lose and stay, and by how much together."""

    winners: int = 0
    won_amount: int = 0
    losers: int = 0
    lost_amount: int = 0
    same: int = 0


def latest_trials(session: Session, plan_key: str, *, limit: int = 50) -> Sequence[Trial]:
    """Runs, newest first."""
    return session.scalars(
        select(Trial).where(Trial.plan_key == plan_key).order_by(Trial.id.desc()).limit(limit)
    ).all()


def trial_totals(session: Session, trial_id: int, dimension: str) -> list[TrialTotal]:
    """All totals of one dimension, by key."""
    found = select(_sum).where(_sum.c.trial_id == trial_id, _sum.c.dimension == dimension)
    return _read(session, found.order_by(_sum.c.currency, _sum.c.key))


def extremes(
    session: Session, trial_id: int, dimension: str, *, winners: bool, limit: int = 10
) -> list[TrialTotal]:
    """Who gains most, or loses most."""
    change = _sum.c.then_amount - _sum.c.now_amount
    found = select(_sum).where(
        _sum.c.trial_id == trial_id,
        _sum.c.dimension == dimension,
        change > 0 if winners else change < 0,
    )
    order = change.desc() if winners else change
    return _read(session, found.order_by(order, _sum.c.key).limit(limit))


def spread(session: Session, trial_id: int, dimension: str) -> Spread:
    """Winners and losers of a dimension, counted; one statement."""
    change = _sum.c.then_amount - _sum.c.now_amount

    def count(which: Any) -> Any:
        return func.coalesce(func.count().filter(which), 0)

    def total(which: Any) -> Any:
        return func.coalesce(func.sum(change).filter(which), 0)

    row = session.execute(
        select(
            count(change > 0), total(change > 0), count(change < 0), total(change < 0),
            count(change == 0),
        ).where(_sum.c.trial_id == trial_id, _sum.c.dimension == dimension)
    ).one()  # fmt: skip
    return Spread(*(int(value) for value in row))


def most_cut(session: Session, trial_id: int, *, limit: int = 10) -> list[TrialTotal]:
    """Products of which the ceiling would have taken most."""
    found = select(_sum).where(
        _sum.c.trial_id == trial_id, _sum.c.dimension == "product", _sum.c.cut_amount > 0
    )
    return _read(session, found.order_by(_sum.c.cut_amount.desc(), _sum.c.key).limit(limit))


def trial_periods(
    session: Session, trial_id: int, *, limit: int = 20
) -> Sequence[Row[*tuple[Any, ...]]]:
    """What bands, caps and bonus would have added or taken, the largest amounts first."""
    table = table_of(TrialPeriod)
    return session.execute(
        select(table)
        .where(table.c.trial_id == trial_id, table.c.award_amount != 0)
        .order_by(func.abs(table.c.award_amount).desc(), table.c.id)
        .limit(limit)
    ).all()


def side_by_side(
    session: Session, one: int, other: int, dimension: str, *, limit: int = 200
) -> list[tuple[str, str, int, int]]:
    """Key, currency and both runs' amounts, the largest differences first."""
    left, right = _sum.alias("one"), _sum.alias("other")
    keys = _keys_of(one, other, dimension)
    a, b = func.coalesce(left.c.then_amount, 0), func.coalesce(right.c.then_amount, 0)
    rows = session.execute(
        select(keys.c.key, keys.c.currency, a, b)
        .join(left, _same(left, keys, one, dimension), isouter=True)
        .join(right, _same(right, keys, other, dimension), isouter=True)
        .order_by(func.abs(a - b).desc(), keys.c.key)
        .limit(limit)
    )
    return [(key, currency, int(x), int(y)) for key, currency, x, y in rows]


def _keys_of(one: int, other: int, dimension: str) -> Any:
    """Keys that either run knows."""
    return (
        select(_sum.c.key, _sum.c.currency)
        .where(_sum.c.trial_id.in_([one, other]), _sum.c.dimension == dimension)
        .distinct()
        .subquery()
    )


@dataclass(frozen=True, slots=True)
class TriedLine:
    """One beneficiary of one line, for a file."""

    sale_key: str
    line_key: str
    product_key: str
    placed_at: datetime
    role: str
    currency: str
    base_amount: int
    now_amount: int
    then_amount: int
    cut_amount: int


def tried_lines(session: Session, trial_id: int) -> Iterator[TriedLine]:
    """Every row of a result, role by role; streamed."""
    row, line, sale = table_of(TrialLine), table_of(SaleLineRow), table_of(SaleRow)
    found = session.execute(
        select(
            sale.c.key.label("sale_key"),
            line.c.key.label("line_key"),
            line.c.product_key,
            sale.c.placed_at,
            row.c.role,
            sale.c.currency,
            line.c.base_amount,
            row.c.now_amount,
            row.c.then_amount,
            row.c.cut_amount,
        )
        .join_from(row, line, line.c.id == row.c.line_id)
        .join(sale, sale.c.id == line.c.sale_id)
        .where(row.c.trial_id == trial_id)
        .order_by(row.c.role, row.c.line_id, row.c.part)
        .execution_options(yield_per=2000)
    )
    for one in found:
        yield TriedLine(**one._mapping)


def _same(side: Any, keys: Any, trial_id: int, dimension: str) -> Any:
    return and_(
        side.c.trial_id == trial_id,
        side.c.dimension == dimension,
        side.c.key == keys.c.key,
        side.c.currency == keys.c.currency,
    )


def _read(session: Session, statement: Any) -> list[TrialTotal]:
    return [
        TrialTotal(
            row.key,
            row.currency,
            row.line_count,
            row.base_amount,
            row.now_amount,
            row.then_amount,
            row.cut_amount,
        )
        for row in session.execute(statement)
    ]
