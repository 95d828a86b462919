"""Facts to rows and rows back to facts, word for word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, select
from sqlalchemy.orm import Session

from commissions.canonical import fingerprint, plain, read
from commissions.errors import NotFound
from commissions.facts import FACTS, KINDS, Fact, Loser, Party, Sale, SaleLine
from commissions.models import FactRow, SaleLineRow, SaleRow
from commissions.rows import table_of

_PLAIN_LINE_COLUMNS = (
    "key",
    "quantity",
    "list_amount",
    "discount_amount",
    "base_amount",
    "tax_amount",
    "cost_amount",
    "product_key",
    "variant_key",
    "commissionable",
    "source",
)
_PLAIN_SALE_COLUMNS = (
    "key",
    "currency",
    "placed_at",
    "paid_at",
    "plan_key",
    "channel",
    "customer_key",
    "new_customer",
)


@dataclass(frozen=True, slots=True)
class StoredSale:
    """A sale with the ids of its rows."""

    id: int
    sale: Sale
    line_ids: Mapping[str, int]
    request_hash: str
    part_of_id: int | None = None
    """The sale that its lines were added to; None for a sale of its own."""


def sale_row(sale: Sale) -> dict[str, Any]:
    """Columns of a sale, without id, actor and time."""
    row = {name: getattr(sale, name) for name in _PLAIN_SALE_COLUMNS}
    return {**row, "request_hash": fingerprint(sale)}


def line_row(line: SaleLine) -> dict[str, Any]:
    """Columns of a line, without ids and position."""
    return {
        **{name: getattr(line, name) for name in _PLAIN_LINE_COLUMNS},
        "category_keys": list(line.category_keys),
        "collection_keys": list(line.collection_keys),
        "seller_point_key": line.seller.point_key if line.seller else "",
        "seller": plain(line.seller),
        "upline": plain(line.upline),
        "losers": plain(line.losers),
    }


def stored_sales(session: Session, sale_ids: Iterable[int]) -> dict[int, StoredSale]:
    """Sales by id, with their lines in order. Two statements."""
    wanted = list(sale_ids)
    sales, lines = table_of(SaleRow), table_of(SaleLineRow)
    by_sale: dict[int, list[Mapping[Any, Any]]] = {}
    for line in session.execute(
        select(lines).where(lines.c.sale_id.in_(wanted)).order_by(lines.c.sale_id, lines.c.position)
    ):
        by_sale.setdefault(line.sale_id, []).append(line._mapping)
    return {
        row.id: _stored_sale(row._mapping, by_sale.get(row.id, []))
        for row in session.execute(select(sales).where(sales.c.id.in_(wanted)))
    }


def stored_sale(session: Session, sale_id: int) -> StoredSale:
    """One sale. Raises NotFound."""
    found = stored_sales(session, [sale_id])
    if sale_id not in found:
        raise NotFound(thing="commission_sale", id=sale_id)
    return found[sale_id]


def ids_of_sale(sale_key: str) -> CompoundSelect[int]:
    """SQL: ids of a sale and of the lines that were added to it."""
    sale, part = table_of(SaleRow), table_of(SaleRow).alias("part")
    own = select(sale.c.id).where(sale.c.key == sale_key)
    return own.union_all(select(part.c.id).where(part.c.part_of_id == own.scalar_subquery()))


def fact_row(fact: Fact) -> dict[str, Any]:
    """Columns of a fact, without id, actor and sequence."""
    return {
        "sale_key": fact.sale_key,
        "kind": KINDS[type(fact)],
        "key": fact.key,
        "request_hash": fingerprint(fact),
        "at": fact.at,
        "body": plain(fact),
    }


def stored_facts(session: Session, sale_keys: Iterable[str]) -> dict[str, list[Fact]]:
    """Facts by sale key, in the order of their arrival. One statement."""
    table = table_of(FactRow)
    found: dict[str, list[Fact]] = {}
    for row in session.execute(
        select(table.c.sale_key, table.c.kind, table.c.body)
        .where(table.c.sale_key.in_(list(sale_keys)))
        .order_by(table.c.sale_key, table.c.seq)
    ):
        found.setdefault(row.sale_key, []).append(read(FACTS[row.kind], row.body))
    return found


def _stored_sale(row: Mapping[Any, Any], lines: list[Mapping[Any, Any]]) -> StoredSale:
    values = {name: row[name] for name in _PLAIN_SALE_COLUMNS}
    sale = Sale(**values, lines=tuple(_line(line) for line in lines))
    line_ids = {line["key"]: line["id"] for line in lines}
    return StoredSale(row["id"], sale, line_ids, row["request_hash"], row["part_of_id"])


def _line(row: Mapping[Any, Any]) -> SaleLine:
    return SaleLine(
        **{name: row[name] for name in _PLAIN_LINE_COLUMNS},
        category_keys=tuple(row["category_keys"]),
        collection_keys=tuple(row["collection_keys"]),
        seller=_party(row["seller"]),
        upline=_party(row["upline"]),
        losers=tuple(read(Loser, loser) for loser in row["losers"]),
    )


def _party(data: Any) -> Party | None:
    return None if data is None else read(Party, data)
