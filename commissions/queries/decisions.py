"""Decisions and single entries as they were written, and the lists people review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from commissions.archive import ids_of_sale
from commissions.decisions import Outcome
from commissions.holds import is_open
from commissions.models import Entry, Hold, PlanVersion, Ruling, SaleLineRow, SaleRow
from commissions.rows import table_of
from commissions.terms import Role

_entry, _ruling = table_of(Entry), table_of(Ruling)
_sale, _line = table_of(SaleRow), table_of(SaleLineRow)
_first = table_of(SaleRow).alias("first_sale")
_SALE_KEY = func.coalesce(_first.c.key, _sale.c.key).label("sale_key")
"""Of the first sale, for lines that were added to it."""


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


def decisions_of_sale(session: Session, sale_key: str) -> list[DecisionView]:
    """Every decision of a sale, those that paid nothing included."""
    version = table_of(PlanVersion)
    rows = session.execute(
        select(_ruling, _line.c.key.label("line_key"), version.c.number)
        .join(_sale, _sale.c.id == _ruling.c.sale_id)
        .join(_line, _line.c.id == _ruling.c.line_id)
        .join(version, version.c.id == _ruling.c.version_id, isouter=True)
        .where(_sale.c.id.in_(ids_of_sale(sale_key)))
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


def refused_decisions(
    session: Session, *, before: int | None = None, limit: int = 50
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Decisions that paid an actual candidate nothing, newest first, with sale and line."""
    statement = (
        select(_ruling, _SALE_KEY, _line.c.key.label("line_key"))
        .join(_sale, _sale.c.id == _ruling.c.sale_id)
        .join(_first, _first.c.id == _sale.c.part_of_id, isouter=True)
        .join(_line, _line.c.id == _ruling.c.line_id)
        .where(_ruling.c.outcome != Outcome.PAID, _ruling.c.point_key != "")
        .order_by(_ruling.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(_ruling.c.id < before)
    return session.execute(statement).all()


def entries_of(session: Session, origin_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Every entry of one earning, in the order of writing."""
    return session.execute(
        select(_entry).where(_entry.c.origin_id == origin_id).order_by(_entry.c.id)
    ).all()


def open_holds(
    session: Session, *, at: datetime, after: int = 0, limit: int = 100
) -> Sequence[Hold]:
    """Holds that count now, oldest first: the review list."""
    return session.scalars(
        select(Hold).where(is_open(at), Hold.id > after).order_by(Hold.id).limit(limit)
    ).all()


def sale_id_of(session: Session, sale_key: str) -> int | None:
    """The engine's id of a sale, for holds on it."""
    return session.scalar(select(_sale.c.id).where(_sale.c.key == sale_key))
