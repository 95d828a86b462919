"""Seal the ledger in blocks, so that an edited, removed or slipped-in row is evident.

Separate from posting: sales do not wait for a hash. Only rows older than 15 wall minutes are
sealed, and no transaction lives that long, so nothing can still appear among them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import audit_trail
from commissions.models import Block, Posting
from commissions.rows import table_of, write

HORIZON = timedelta(minutes=15)
GENESIS = "0" * 64
"""Hash before the first block."""

PAGE = 2000

Sums = dict[str, dict[str, int]]
"""Currency → account → net credit."""

_COLUMNS = (
    "id",
    "key",
    "request_hash",
    "debit",
    "credit",
    "amount",
    "currency",
    "entry_id",
    "payout_id",
    "at",
    "recorded_at",
)


@dataclass
class Seal:
    """A hash over rows, with the sums of their accounts."""

    previous_hash: str
    row_count: int = 0
    first_id: int = 0
    last_id: int = 0
    sums: Sums = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._digest = hashlib.sha256(self.previous_hash.encode())

    def add(self, row: Mapping[Any, Any]) -> None:
        self._digest.update(bytes_of(row))
        self.first_id = self.first_id or row["id"]
        self.last_id = row["id"]
        self.row_count += 1
        accounts = self.sums.setdefault(row["currency"], {})
        accounts[row["credit"]] = accounts.get(row["credit"], 0) + row["amount"]
        accounts[row["debit"]] = accounts.get(row["debit"], 0) - row["amount"]

    @property
    def hash(self) -> str:
        return self._digest.hexdigest()


def bytes_of(row: Mapping[Any, Any]) -> bytes:
    """Canonical bytes of a posting: every column, in a fixed order, on both databases alike."""
    return "\x1f".join(map(_text, (row[name] for name in _COLUMNS))).encode() + b"\x1e"


def seal(
    session: Session,
    *,
    wall: datetime,
    by: str,
    ids: Callable[[], int],
    rows_per_block: int = 5000,
) -> list[int]:
    """Seal all rows older than 15 minutes of wall time; the numbers of the new blocks.

    Two sealers cannot both succeed: the second one's block would have the same predecessor.
    """
    last = last_block(session)
    number, previous_hash, last_id = (
        (last.number, last.hash, last.last_id) if last else (0, GENESIS, 0)
    )
    totals: Sums = last.house_totals if last else {}
    rows = _settled_rows(session, last_id, wall - HORIZON)
    sealed = []
    while chunk := list(islice(rows, rows_per_block)):
        block = Seal(previous_hash)
        for row in chunk:
            block.add(row)
        number, previous_hash = number + 1, block.hash
        totals = add_house(totals, block.sums)
        _write_block(session, number, block, totals, wall=wall, by=by)
        sealed.append(number)
    if sealed:
        note = f"{sealed[0]}-{sealed[-1]}"
        thing = ("commission_block", sealed[-1])
        audit_trail.record(
            session,
            "commission_block.sealed",
            thing=thing,
            by=by,
            at=wall,
            ids=ids,
            after={"head": previous_hash},
            note=note,
        )
    return sealed


def last_block(session: Session) -> Block | None:
    """The newest block; its hash is the head to export off the machine."""
    return session.scalars(select(Block).order_by(Block.number.desc()).limit(1)).first()


def house_totals(session: Session) -> Sums:
    """Balances of all accounts that are no payee's: sealed sums plus the tail behind them."""
    last = last_block(session)
    tail = Seal(GENESIS)
    for row in postings_after(session, last.last_id if last else 0):
        tail.add(row)
    return add_house(last.house_totals if last else {}, tail.sums)


def add_house(totals: Sums, sums: Sums) -> Sums:
    """Totals of house accounts with a block's sums added."""
    result = {currency: dict(accounts) for currency, accounts in totals.items()}
    for currency, accounts in sums.items():
        for account, amount in accounts.items():
            if not account.startswith("payee:"):
                known = result.setdefault(currency, {})
                known[account] = known.get(account, 0) + amount
    return result


def postings_after(session: Session, last_id: int) -> Iterator[Mapping[Any, Any]]:
    """Postings in the order of their ids, read page by page."""
    table = table_of(Posting)
    columns = [table.c[name] for name in _COLUMNS]
    while True:
        page = select(*columns).where(table.c.id > last_id).order_by(table.c.id).limit(PAGE)
        rows = session.execute(page).mappings().all()
        yield from rows
        if len(rows) < PAGE:
            return
        last_id = rows[-1]["id"]


def _settled_rows(session: Session, last_id: int, horizon: datetime) -> Iterator[Mapping[Any, Any]]:
    """Rows up to the first young one: ids follow time, so nothing older comes after it."""
    rows: Iterable[Mapping[Any, Any]] = postings_after(session, last_id)
    for row in rows:
        if row["recorded_at"] > horizon:
            return
        yield row


def _write_block(
    session: Session, number: int, block: Seal, totals: Sums, *, wall: datetime, by: str
) -> None:
    row = {
        "number": number,
        "first_id": block.first_id,
        "last_id": block.last_id,
        "row_count": block.row_count,
        "previous_hash": block.previous_hash,
        "hash": block.hash,
        "sums": block.sums,
        "house_totals": totals,
        "sealed_at": wall,
        "by": by,
    }
    write(session, Block, [row])


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return "" if value is None else str(value)
