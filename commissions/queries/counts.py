"""Periods as people follow them: how far a point is, and which lines a difference counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commissions.models import Award, Counted, Entry, PeriodRow, RuleRow, SaleLineRow, SaleRow
from commissions.rows import table_of
from commissions.terms import Period, Role

_period, _counted, _award = table_of(PeriodRow), table_of(Counted), table_of(Award)
_rule, _entry = table_of(RuleRow), table_of(Entry)
_sale, _line = table_of(SaleRow), table_of(SaleLineRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodView:
    """How far a beneficiary is under one rule in one period; amounts in minor units."""

    id: int
    role: Role
    rule_name: str
    period: Period
    period_key: str
    currency: str
    payee_key: str
    base_amount: int
    """Net delivered sales so far."""
    line_amount: int
    """What their lines earn."""
    award_amount: int
    """What the period adds to that; below zero for a cap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedLine:
    """One line in the count of a difference, with its net sales in minor units."""

    sale_key: str
    line_key: str
    base_amount: int
    delivered_at: datetime


def periods_of_point(
    session: Session, point_key: str, *, before: int | None = None, limit: int = 50
) -> list[PeriodView]:
    """Periods in which a point has something counted, newest first. One statement."""
    statement = (
        select(_period, _rule.c.role, _rule.c.name, _rule.c.period)
        .join(_rule, _rule.c.id == _period.c.rule_id)
        .where(_period.c.point_key == point_key)
        .order_by(_period.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(_period.c.id < before)
    return [
        PeriodView(
            id=row.id,
            role=row.role,
            rule_name=row.name,
            period=row.period,
            period_key=row.period_key,
            currency=row.currency,
            payee_key=row.payee_key,
            base_amount=row.base_amount,
            line_amount=row.line_amount,
            award_amount=row.award_amount,
        )
        for row in session.execute(statement)
    ]


def counted_lines(session: Session, entry_id: int, *, limit: int = 200) -> Sequence[CountedLine]:
    """The lines that a difference counted, with what each had left at that moment.

    Empty for an entry that is no difference. One statement.
    """
    base = func.sum(_counted.c.base_amount)
    rows = session.execute(
        select(
            _sale.c.key.label("sale_key"),
            _line.c.key.label("line_key"),
            base.label("base_amount"),
            func.max(_counted.c.delivered_at).label("delivered_at"),
        )
        .join(_award, _award.c.id == _entry.c.award_id)
        .join(
            _counted,
            (_counted.c.period_id == _award.c.period_id) & (_counted.c.seq <= _award.c.seq),
        )
        .join(_sale, _sale.c.id == _counted.c.sale_id)
        .join(_line, _line.c.id == _counted.c.line_id)
        .where(_entry.c.id == entry_id)
        .group_by(_sale.c.key, _line.c.key, _line.c.id)
        .having(base != 0)
        .order_by(_line.c.id)
        .limit(limit)
    )
    return [
        CountedLine(
            sale_key=row.sale_key,
            line_key=row.line_key,
            base_amount=int(row.base_amount),
            delivered_at=row.delivered_at,
        )
        for row in rows
    ]
