"""No posting was edited, removed or slipped in: rows have their hash and blocks their chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.auditing.finding import Finding
from commissions.ledger import Movement
from commissions.models import Block
from commissions.rows import table_of
from commissions.sealing import GENESIS, Seal, Sums, add_house, postings_after


def check(session: Session) -> Iterator[tuple[int, Iterable[Finding]]]:
    """Blocks one by one, then the tail: how many postings, and what is wrong with them."""
    table = table_of(Block)
    rows = postings_after(session, 0)
    row = next(rows, None)
    previous = GENESIS
    totals: Sums = {}
    blocks = session.execute(select(table).order_by(table.c.number)).mappings().all()
    for number, block in enumerate(blocks, start=1):
        seal = Seal(previous)
        findings = []
        while row is not None and row["id"] <= block["last_id"]:
            seal.add(row)
            findings += _of_row(row)
            row = next(rows, None)
        totals = add_house(totals, seal.sums)
        findings += _of_block(block, seal, totals, number)
        yield seal.row_count, findings
        previous = block["hash"]
    while row is not None:
        yield 1, _of_row(row)
        row = next(rows, None)


def _of_row(row: Mapping[Any, Any]) -> list[Finding]:
    movement = Movement(
        **{name: row[name] for name in ("key", "debit", "credit", "amount", "currency")},
        **{name: row[name] for name in ("at", "entry_id", "payout_id")},
    )
    if movement.request_hash == row["request_hash"]:
        return []
    return [Finding("posting_altered", row["key"])]


def _of_block(block: Mapping[Any, Any], seal: Seal, totals: Sums, number: int) -> list[Finding]:
    expected = {
        "number": number,
        "first_id": seal.first_id,
        "last_id": seal.last_id,
        "row_count": seal.row_count,
        "previous_hash": seal.previous_hash,
        "hash": seal.hash,
        "sums": seal.sums,
        "house_totals": totals,
    }
    wrong = [column for column, value in expected.items() if block[column] != value]
    return [Finding("block_broken", str(block["number"]), {"columns": wrong})] if wrong else []
