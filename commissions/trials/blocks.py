"""Packed sales, kept: read once from their rows, read ever after as columns.

A block is a copy of what rows say. It serves as long as its sales and the number of facts that
were told of them are the same; after a late refund it is packed anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from commissions.archive import stored_facts, stored_sales
from commissions.models import Entry, EntryKind, SaleHead, SaleRow, TrialBlock
from commissions.rows import dialect_of, table_of, upsert
from commissions.terms import Role
from commissions.trials.deck import Deck, Now, Packer, packed, unpacked

SALES_PER_BLOCK = 16_000
_SALES_PER_READ = 500
_KEPT = (EntryKind.EARN, EntryKind.ADJUST, EntryKind.REVERSE)


@dataclass(frozen=True, slots=True)
class Block:
    """The next sales of a plan, and the row to keep if they had to be packed."""

    deck: Deck
    last_sale_id: int
    row: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What tells one picture of some sales from another."""

    first_sale_id: int
    last_sale_id: int
    sale_count: int
    fact_count: int
    credited_count: int


def blocks_after(
    session: Session, plan_key: str, after: int, *, size: int = SALES_PER_BLOCK
) -> Iterator[Block]:
    """All sales of a plan whose ids are larger, block by block.

    Their statements must see the same data: give a session with one picture of the database.
    """
    while (stamp := _stamp(session, plan_key, after, size)).sale_count:
        after = stamp.last_sale_id
        yield _known(session, plan_key, stamp) or _made(session, plan_key, stamp)


def keep(session: Session, block: Block, *, ids: Callable[[], int]) -> None:
    """Store what had to be packed, in the place of what it was before."""
    if block.row is None:
        return
    table, row = table_of(TrialBlock), block.row
    session.execute(
        delete(table).where(
            table.c.plan_key == row["plan_key"],
            table.c.first_sale_id <= row["last_sale_id"],
            table.c.last_sale_id >= row["first_sale_id"],
        )
    )
    # Two runs may pack the same sales at once; either copy serves.
    session.execute(
        upsert(dialect_of(session), TrialBlock).values(**row, id=ids()).on_conflict_do_nothing()
    )


def _stamp(session: Session, plan_key: str, after: int, size: int) -> _Stamp:
    sale, head = table_of(SaleRow), table_of(SaleHead)
    following = (
        select(sale.c.id)
        .where(sale.c.id > after, sale.c.plan_key == plan_key)
        .order_by(sale.c.id)
        .limit(size)
        .subquery()
    )
    first, last, count = session.execute(
        select(func.min(following.c.id), func.max(following.c.id), func.count())
    ).one()
    if not count:
        return _Stamp(after, after, 0, 0, 0)
    facts, credited = session.execute(
        select(func.coalesce(func.sum(head.c.fact_count), 0), func.count(head.c.credited_at)).where(
            head.c.sale_id.between(first, last)
        )
    ).one()
    return _Stamp(first, last, count, int(facts), credited)


def _known(session: Session, plan_key: str, stamp: _Stamp) -> Block | None:
    table = table_of(TrialBlock)
    same = [table.c[name] == value for name, value in asdict(stamp).items()]
    row = session.execute(
        select(table.c.names, table.c.columns).where(table.c.plan_key == plan_key, *same)
    ).first()
    if row is None:
        return None
    return Block(unpacked(row.names, row.columns), stamp.last_sale_id)


def _made(session: Session, plan_key: str, stamp: _Stamp) -> Block:
    deck = _pack(session, plan_key, stamp.first_sale_id, stamp.last_sale_id)
    names, columns = packed(deck)
    row = {
        "plan_key": plan_key,
        **asdict(stamp),
        "names": names,
        "columns": columns,
    }
    return Block(deck, stamp.last_sale_id, row)


def _pack(session: Session, plan_key: str, first: int, last: int) -> Deck:
    table = table_of(SaleRow)
    sale_ids = session.scalars(
        select(table.c.id)
        .where(table.c.plan_key == plan_key, table.c.id.between(first, last))
        .order_by(table.c.id)
    ).all()
    packer, now = Packer(), _earned(session, first, last)
    for start in range(0, len(sale_ids), _SALES_PER_READ):
        wanted = sale_ids[start : start + _SALES_PER_READ]
        sales = stored_sales(session, wanted)
        facts = stored_facts(session, [one.sale.key for one in sales.values()])
        for sale_id in wanted:
            stored = sales[sale_id]
            packer.add(stored, facts.get(stored.sale.key, []), now)
    return packer.deck()


def _earned(session: Session, first: int, last: int) -> Now:
    """What stands in the books for these sales: earned, adjusted and taken back."""
    table = table_of(Entry)
    origins: dict[int, tuple[int, Role, str]] = {}
    earned: Counter[tuple[int, Role, str]] = Counter()
    for row in session.execute(
        select(
            table.c.id,
            table.c.origin_id,
            table.c.line_id,
            table.c.role,
            table.c.kind,
            table.c.cause_key,
            table.c.amount,
        )
        .where(table.c.sale_id.between(first, last), table.c.kind.in_(_KEPT))
        .order_by(table.c.id)
    ):
        if row.kind is EntryKind.EARN:
            part = row.cause_key if row.role is Role.FULFILLER else ""
            origins[row.id] = (row.line_id, row.role, part)
        earned[origins[row.origin_id]] += row.amount
    return earned
