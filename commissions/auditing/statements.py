"""Statements: numbered without gaps, carried over without a break, and equal to their postings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from commissions.auditing.finding import Finding
from commissions.models import Block, Posting, Series, Statement, StatementLine
from commissions.rows import table_of
from commissions.statements.closing import head_of, sums_in
from commissions.statements.sums import checksum_of

_PAGE = 500


def check(session: Session) -> Iterator[Finding]:
    """Statements that do not hold."""
    yield from _numbers(session)
    yield from _carried(session)
    yield from _lines(session)
    yield from _checksums(session)


def _numbers(session: Session) -> Iterator[Finding]:
    # A host counts series of its own here, such as invoices; those have no statement at all.
    rows = session.execute(
        select(Series.key, Series.last_number, func.count(Statement.id), func.max(Statement.number))
        .join(Statement, Statement.series == Series.key)
        .group_by(Series.key, Series.last_number)
        .order_by(Series.key)
    )
    for key, last, count, highest in rows:
        if (last, last) != (count, highest or 0):
            yield Finding("statement_number_gap", key, {"expected": last, "found": count})


def _carried(session: Session) -> Iterator[Finding]:
    before = aliased(Statement)
    rows = session.execute(
        select(Statement.id, before.closing_amount, Statement.opening_amount)
        .join(before, before.id == Statement.previous_id, isouter=True)
        .where(
            Statement.copy == 1,
            func.coalesce(before.closing_amount, 0) != Statement.opening_amount,
        )
    )
    for statement_id, closing, opening in rows:
        detail = {"expected": closing or 0, "found": opening}
        yield Finding("statement_not_carried", str(statement_id), detail)


def _lines(session: Session) -> Iterator[Finding]:
    """A line is its posting: same hash, same size, same source, sealed before it was closed."""
    line, posting = table_of(StatementLine), table_of(Posting)
    block, statement = table_of(Block), table_of(Statement)
    rows = session.execute(
        select(line.c.statement_id, line.c.position)
        .join(statement, statement.c.id == line.c.statement_id)
        .join(posting, posting.c.id == line.c.posting_id, isouter=True)
        .join(block, block.c.number == statement.c.block_number, isouter=True)
        .where(
            or_(
                posting.c.id.is_(None),
                posting.c.request_hash != line.c.request_hash,
                posting.c.amount != func.abs(line.c.amount),
                func.coalesce(posting.c.entry_id, 0) != func.coalesce(line.c.entry_id, 0),
                func.coalesce(posting.c.payout_id, 0) != func.coalesce(line.c.payout_id, 0),
                block.c.hash.is_(None),
                block.c.hash != statement.c.block_hash,
                posting.c.id > block.c.last_id,
            )
        )
        .order_by(line.c.statement_id, line.c.position)
    )
    for statement_id, position in rows:
        yield Finding("statement_line_differs", str(statement_id), {"line": position})


def _checksums(session: Session) -> Iterator[Finding]:
    table, after = table_of(Statement), 0
    while True:
        page = session.execute(
            select(table).where(table.c.id > after).order_by(table.c.id).limit(_PAGE)
        ).mappings()
        rows = [dict(row) for row in page]
        if not rows:
            return
        after = rows[-1]["id"]
        lines = _written(session, {row["original_id"] for row in rows})
        for row in rows:
            yield from _compare(row, lines.get(row["original_id"], []))


def _written(session: Session, statement_ids: set[int]) -> dict[int, list[tuple[int, str, int]]]:
    line = table_of(StatementLine)
    found: dict[int, list[tuple[int, str, int]]] = {}
    for row in session.execute(
        select(line.c.statement_id, line.c.posting_id, line.c.request_hash, line.c.amount)
        .where(line.c.statement_id.in_(sorted(statement_ids)))
        .order_by(line.c.statement_id, line.c.position)
    ):
        found.setdefault(row.statement_id, []).append(
            (row.posting_id, row.request_hash, row.amount)
        )
    return found


def _compare(row: dict[str, Any], lines: list[tuple[int, str, int]]) -> Iterator[Finding]:
    moved = sum(amount for _posting, _hash, amount in lines)
    if (row["closing_amount"] - row["opening_amount"], row["line_count"]) != (moved, len(lines)):
        yield Finding("statement_sum_differs", str(row["id"]), {"found": moved})
    if checksum_of(head_of(row), sums_in(row), lines) != row["checksum"]:
        yield Finding("statement_checksum_differs", str(row["id"]))
