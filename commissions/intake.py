"""Sales and facts come in: stored once, in any order, before anything is computed from them.

Separate from crediting.py so that a caller can record a sale for good and put the calculation
into a savepoint: no commission error stops an order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from commissions.archive import StoredSale, fact_row, line_row, sale_row, stored_sale
from commissions.canonical import fingerprint
from commissions.errors import KeyReused
from commissions.facts import Fact, Sale
from commissions.models import FactRow, SaleHead, SaleLineRow, SaleRow
from commissions.rows import dialect_of, table_of, upsert, write
from commissions.versions import id_at

NO_PART: Mapping[str, Any] = {"part_of_id": None, "replaces_line_key": ""}
Head = Row[str, int | None, int, int | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Claim:
    """The right and the duty to credit a sale."""

    version_id: int | None
    """Plan version in force when the sale was placed, if there was one."""


@dataclass(frozen=True, slots=True)
class RecordedSale:
    """A sale in the books."""

    stored: StoredSale
    is_new: bool
    """False if it had been told before."""
    has_facts: bool
    """True if facts arrived before it."""
    claim: Claim | None = None
    """Set if whoever recorded it is to credit it as well."""

    @property
    def id(self) -> int:
        return self.stored.id


def record_sale(
    session: Session, sale: Sale, *, by: str, at: datetime, ids: Callable[[], int]
) -> RecordedSale:
    """Store a paid order, once. Told again with the same content it is found, not doubled.

    Raises KeyReused if the key came before with another content.
    """
    return _record(session, sale, {}, by=by, at=at, ids=ids)


def record_part(
    session: Session,
    sale: Sale,
    *,
    part_of_id: int,
    replaces: str,
    by: str,
    at: datetime,
    ids: Callable[[], int],
) -> RecordedSale:
    """Store lines that came to another sale later. Raises KeyReused."""
    part = {"part_of_id": part_of_id, "replaces_line_key": replaces}
    return _record(session, sale, {}, part, by=by, at=at, ids=ids)


def record_claimed_sale(
    session: Session, sale: Sale, *, by: str, at: datetime, ids: Callable[[], int]
) -> RecordedSale:
    """The same, claimed in the same statement for the caller, who credits it at once.

    `claim` is None if anything of the sale was known before. Raises KeyReused.
    """
    version_id = id_at(sale.plan_key, sale.placed_at).scalar_subquery()
    claim = {"credited_at": at, "version_id": version_id}
    return _record(session, sale, claim, by=by, at=at, ids=ids)


def _record(
    session: Session,
    sale: Sale,
    claim: Mapping[str, Any],
    part: Mapping[str, Any] = NO_PART,
    *,
    by: str,
    at: datetime,
    ids: Callable[[], int],
) -> RecordedSale:
    sale_id = ids()
    head = _head(session, sale.key, {"sale_id": sale_id, **claim})
    if head.sale_id != sale_id:
        return _known_sale(session, sale, head)
    row = {**sale_row(sale), **part, "id": sale_id, "at": at, "by": by}
    lines = [
        {**line_row(line), "id": ids(), "sale_id": sale_id, "position": position}
        for position, line in enumerate(sale.lines, start=1)
    ]
    write(session, SaleRow, [row])
    write(session, SaleLineRow, lines)
    line_ids = {str(line["key"]): int(line["id"]) for line in lines}
    stored = StoredSale(sale_id, sale, line_ids, row["request_hash"], row["part_of_id"])
    # Only this statement can have claimed it: nobody credits a sale before it is recorded.
    claimed = Claim(head.version_id) if head.credited_at is not None else None
    return RecordedSale(stored, is_new=True, has_facts=head.fact_count > 0, claim=claimed)


def store_facts(
    session: Session, facts: Sequence[Fact], *, by: str, ids: Callable[[], int]
) -> tuple[Head, list[Fact]]:
    """Store facts of one sale, each once; the head of the sale and the facts that are new.

    From here on the sale's row lock is held, so facts of one sale are worked off one by one.
    Raises KeyReused if a key came before with another content.
    """
    head = _head(session, facts[0].sale_key, {}, facts=len(facts))
    known = _known_hashes(session, facts)
    rows: list[dict[str, Any]] = []
    new: list[Fact] = []
    for seq, fact in enumerate(facts, start=head.fact_count - len(facts) + 1):
        row = fact_row(fact)
        name = (row["kind"], row["key"])
        if name not in known:
            known[name] = row["request_hash"]
            rows.append({**row, "id": ids(), "seq": seq, "by": by})
            new.append(fact)
        elif known[name] != row["request_hash"]:
            raise KeyReused(sale=fact.sale_key, kind=row["kind"], key=fact.key)
    write(session, FactRow, rows)
    return head, new


def _known_hashes(session: Session, facts: Sequence[Fact]) -> dict[tuple[str, str], str]:
    table = table_of(FactRow)
    rows = session.execute(
        select(table.c.kind, table.c.key, table.c.request_hash).where(
            table.c.sale_key == facts[0].sale_key,
            table.c.key.in_([fact.key for fact in facts]),
        )
    )
    return {(row.kind, row.key): row.request_hash for row in rows}


def _head(session: Session, sale_key: str, new: Mapping[str, Any], *, facts: int = 0) -> Head:
    """Count up and lock the head of a sale, making it if this is the first word of it.

    Of `new`, a head that was there takes no more than the id of its sale.
    """
    row = {"sale_key": sale_key, "sale_id": None, "fact_count": facts, **new}
    # Among the values may be a choice that the statement itself makes: which version is in force.
    return session.execute(_count_up(dialect_of(session)).values(row)).one()


@cache
def _count_up(dialect: str) -> ReturningInsert[Any]:
    table = table_of(SaleHead)
    statement = upsert(dialect, SaleHead)
    counted = statement.on_conflict_do_update(
        index_elements=["sale_key"],
        set_={
            "fact_count": table.c.fact_count + statement.excluded.fact_count,
            "sale_id": func.coalesce(table.c.sale_id, statement.excluded.sale_id),
        },
    )
    columns = ("sale_key", "sale_id", "fact_count", "version_id", "credited_at")
    return counted.returning(*(table.c[name] for name in columns))


def _known_sale(session: Session, sale: Sale, head: Head) -> RecordedSale:
    if head.sale_id is None:
        raise AssertionError("a sale's head names its sale")
    stored = stored_sale(session, head.sale_id)
    if stored.request_hash != fingerprint(sale):
        raise KeyReused(sale=sale.key)
    return RecordedSale(stored, is_new=False, has_facts=head.fact_count > 0)
