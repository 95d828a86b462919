"""Statements for pages: lists, lines, and each point's part."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, aliased

from commissions.models import ORIGINS, Entry, EntryKind, SaleRow, Statement, StatementLine


@dataclass(frozen=True, slots=True)
class Part:
    """What one point brought in a period."""

    point_key: str
    earned_amount: int
    reversed_amount: int
    held_amount: int
    """Net of what was let go of."""

    @property
    def amount(self) -> int:
        return self.earned_amount - self.reversed_amount - self.held_amount


def statements(
    session: Session,
    *,
    payee_keys: Collection[str] = (),
    before: int | None = None,
    limit: int = 50,
) -> Sequence[Statement]:
    """Statements with their copies, newest first; of everybody unless payees are named."""
    found = select(Statement).order_by(Statement.id.desc()).limit(limit)
    if payee_keys:
        found = found.where(Statement.payee_key.in_(sorted(payee_keys)))
    if before is not None:
        found = found.where(Statement.id < before)
    return session.scalars(found).all()


def statement(session: Session, statement_id: int) -> Statement | None:
    return session.get(Statement, statement_id)


def lines(
    session: Session, found: Statement, *, after: int = 0, limit: int = 100_000
) -> Sequence[StatementLine]:
    """Lines in their order; a copy has those of its first issue."""
    return session.scalars(
        select(StatementLine)
        .where(StatementLine.statement_id == found.original_id, StatementLine.position > after)
        .order_by(StatementLine.position)
        .limit(limit)
    ).all()


def sale_keys(session: Session, found: Statement) -> dict[int, str]:
    """The sale behind each entry of a statement; entries of a period have none. One statement."""
    first = aliased(SaleRow)
    rows = session.execute(
        select(Entry.id, func.coalesce(first.key, SaleRow.key))
        .join(StatementLine, StatementLine.entry_id == Entry.id)
        .join(SaleRow, SaleRow.id == Entry.sale_id)
        .join(first, first.id == SaleRow.part_of_id, isouter=True)
        .where(StatementLine.statement_id == found.original_id)
    )
    return {row[0]: row[1] for row in rows}


def parts(session: Session, found: Statement) -> list[Part]:
    """Each point's part, largest first. One statement."""
    return parts_of(session, [found])[found.original_id]


def parts_of(
    session: Session, found: Collection[Statement], point_keys: Collection[str] | None = None
) -> dict[int, list[Part]]:
    """The same for several statements by their first issue, of some points only. One statement."""
    line = StatementLine

    def total(*kinds: EntryKind) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((line.kind.in_(kinds), line.amount), else_=0)), 0)

    reverse, reserve = total(EntryKind.REVERSE), total(EntryKind.RESERVE)
    # What came back of a payout is no earning: it was earned before it was paid.
    earned = total(*(kind for kind in ORIGINS if kind is not EntryKind.RETURNED), EntryKind.ADJUST)
    originals = sorted({one.original_id for one in found})
    query = (
        select(line.statement_id, line.point_key, earned, reverse, reserve)
        .where(line.statement_id.in_(originals), line.entry_id.is_not(None))
        .group_by(line.statement_id, line.point_key)
    )
    if point_keys is not None:
        query = query.where(line.point_key.in_(sorted(point_keys)))
    shares: dict[int, list[Part]] = {original: [] for original in originals}
    for row in session.execute(query):
        shares[row[0]].append(Part(row[1], int(row[2]), -int(row[3]), -int(row[4])))
    for some in shares.values():
        some.sort(key=lambda part: (-part.amount, part.point_key))
    return shares
