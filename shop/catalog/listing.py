"""Lists for staff: products by filter, stock by place, movements.

Separate from queries.py, which serves buyers: staff see drafts, costs and figures. The export goes
through the same filter, so that it holds exactly what the list shows.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from shop.catalog.levels import available
from shop.catalog.models import ProductStatus
from shop.catalog.tables import (
    location,
    product,
    stock_level,
    stock_lot,
    stock_movement,
    stock_reservation,
    variant,
)
from shop.kernel.i18n import text_of
from shop.kernel.pages import Page

LOW_STOCK = 5


@dataclass(frozen=True, kw_only=True)
class ProductFilter:
    """What a list of products is narrowed to; empty fields do not narrow."""

    status: str = ""
    category_ids: Sequence[int] = ()
    vendor: str = ""
    text: str = ""
    """Part of a handle or SKU; words of titles are the search's business, see `found_ids`."""
    found_ids: Sequence[int] | None = None
    """Products that the search found for `text`; they count beside handles and SKUs."""
    sold_out: bool = False
    ids: Sequence[int] | None = None
    """Exactly these, as far as the other fields allow."""


class ProductRow(NamedTuple):
    """A product in the staff's list."""

    id: int
    slug: str
    title: dict[str, str]
    image_key: str
    status: str
    published_at: datetime | None
    amount: int | None
    sellable: bool
    vendor: str
    category_id: int | None
    variants: int
    units: int | None
    """On hand over all places; null if nothing is counted."""
    updated_at: datetime


class StockRow(NamedTuple):
    """A stock level in the staff's list."""

    id: int
    variant_id: int
    product_id: int
    title: dict[str, str]
    option_values: list[dict[str, str]]
    sku: str | None
    location_id: int
    location_name: dict[str, str]
    goods_owner: str
    on_hand: int
    committed: int
    reserved: int
    unavailable: int
    available: int

    @property
    def label(self) -> str:
        """The product with its options, as a line of text."""
        options = " / ".join(text_of(value) for value in self.option_values)
        return f"{text_of(self.title)} · {options}" if options else text_of(self.title)


class MovementRow(NamedTuple):
    """One movement of a level, newest first."""

    id: int
    kind: str
    quantity: int
    on_hand_change: int
    committed_change: int
    reserved_change: int
    unavailable_change: int
    reason_type: str
    reason_id: str
    note: str
    by: str
    at: datetime
    lot: str | None
    """Code of the lot; null if none was named."""


class HoldRow(NamedTuple):
    """A checkout that holds units right now."""

    order_id: int
    quantity: int
    expires_at: datetime


def products(
    session: Session, wanted: ProductFilter, *, after: str = "", limit: int = 50
) -> Page[ProductRow]:
    """Products by filter, the last made first; one statement."""
    counted = (
        select(func.count())
        .where(variant.c.product_id == product.c.id, variant.c.active)
        .correlate(product)
        .scalar_subquery()
    )
    units = (
        select(func.sum(stock_level.c.on_hand))
        .where(stock_level.c.variant_id == variant.c.id, variant.c.product_id == product.c.id)
        .correlate(product)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            product.c.id,
            product.c.slug,
            product.c.title,
            product.c.image_key,
            product.c.status,
            product.c.published_at,
            product.c.from_amount,
            product.c.sellable,
            product.c.vendor,
            product.c.category_id,
            counted,
            units,
            product.c.updated_at,
        )
        .where(*_conditions(wanted), *_older_than(product.c.id, after))
        .order_by(product.c.id.desc())
        .limit(limit + 1)
    )
    found = [_product_row(row) for row in rows]
    return Page(found[:limit], str(found[limit - 1].id) if len(found) > limit else "")


def product_ids(session: Session, wanted: ProductFilter, *, step: int = 200) -> Iterator[list[int]]:
    """Ids by filter, the first made first, in blocks of `step`; each block is one statement."""
    last = 0
    while True:
        block = list(
            session.scalars(
                select(product.c.id)
                .where(*_conditions(wanted), product.c.id > last)
                .order_by(product.c.id)
                .limit(step)
            )
        )
        if block:
            yield block
            last = block[-1]
        if len(block) < step:
            return


def count_by_status(session: Session) -> dict[str, int]:
    """How many products there are of each status."""
    rows = session.execute(select(product.c.status, func.count()).group_by(product.c.status))
    return dict.fromkeys(ProductStatus, 0) | {ProductStatus(row[0]): row[1] for row in rows}


def stock(
    session: Session,
    *,
    location_id: int | None = None,
    product_id: int | None = None,
    low: bool = False,
    text: str = "",
    after: str = "",
    limit: int = 50,
) -> Page[StockRow]:
    """Stock levels, the last made first; `low` shows those with little or nothing left."""
    conditions: list[ColumnElement[bool]] = _older_than(stock_level.c.id, after)
    if location_id is not None:
        conditions.append(stock_level.c.location_id == location_id)
    if product_id is not None:
        conditions.append(variant.c.product_id == product_id)
    if low:
        conditions += [available <= LOW_STOCK, variant.c.active, variant.c.track_inventory]
    if text:
        part = text.strip()
        conditions.append(
            or_(
                variant.c.sku.icontains(part, autoescape=True),
                product.c.slug.icontains(part, autoescape=True),
            )
        )
    rows = session.execute(
        _stock_rows().where(*conditions).order_by(stock_level.c.id.desc()).limit(limit + 1)
    )
    found = [_stock_row(row) for row in rows]
    return Page(found[:limit], str(found[limit - 1].id) if len(found) > limit else "")


def stock_row(session: Session, level_id: int) -> StockRow | None:
    """One stock level."""
    row = session.execute(_stock_rows().where(stock_level.c.id == level_id)).one_or_none()
    return _stock_row(row) if row else None


def low_stock_count(session: Session) -> int:
    """How many levels on sale have little or nothing left; for the task list."""
    return session.scalars(
        select(func.count())
        .select_from(
            stock_level.join(variant, variant.c.id == stock_level.c.variant_id).join(
                product, product.c.id == variant.c.product_id
            )
        )
        .where(
            available <= LOW_STOCK,
            variant.c.active,
            variant.c.track_inventory,
            product.c.status == ProductStatus.ACTIVE.value,
        )
    ).one()


def movements(
    session: Session, level_id: int, *, after: str = "", limit: int = 50
) -> Page[MovementRow]:
    """What happened to a level, newest first."""
    columns = [stock_movement.c[name] for name in MovementRow._fields if name != "lot"]
    rows = session.execute(
        select(*columns, stock_lot.c.code)
        .select_from(stock_movement.outerjoin(stock_lot, stock_lot.c.id == stock_movement.c.lot_id))
        .where(
            stock_movement.c.stock_level_id == level_id, *_older_than(stock_movement.c.id, after)
        )
        .order_by(stock_movement.c.id.desc())
        .limit(limit + 1)
    )
    found = [MovementRow._make(row) for row in rows]
    return Page(found[:limit], str(found[limit - 1].id) if len(found) > limit else "")


def holds(session: Session, level_id: int) -> list[HoldRow]:
    """Checkouts that hold units of a level right now."""
    rows = session.execute(
        select(
            stock_reservation.c.order_id,
            stock_reservation.c.quantity,
            stock_reservation.c.expires_at,
        )
        .where(
            stock_reservation.c.stock_level_id == level_id,
            stock_reservation.c.status == "active",
        )
        .order_by(stock_reservation.c.expires_at, stock_reservation.c.id)
    )
    return [HoldRow._make(row) for row in rows]


def _conditions(wanted: ProductFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.status:
        conditions.append(product.c.status == wanted.status)
    if wanted.category_ids:
        conditions.append(product.c.category_id.in_(list(wanted.category_ids)))
    if wanted.vendor:
        conditions.append(product.c.vendor == wanted.vendor)
    if wanted.sold_out:
        conditions.append(~product.c.sellable)
    if wanted.ids is not None:
        conditions.append(product.c.id.in_(list(wanted.ids)))
    if wanted.text:
        part = wanted.text.strip()
        has_sku = exists().where(
            variant.c.product_id == product.c.id, variant.c.sku.icontains(part, autoescape=True)
        )
        conditions.append(
            or_(
                product.c.slug.icontains(part, autoescape=True),
                has_sku,
                product.c.id.in_(list(wanted.found_ids or ())),
            )
        )
    return conditions


def _older_than(column: ColumnElement[int], after: str) -> list[ColumnElement[bool]]:
    return [column < int(after)] if re.fullmatch(r"[0-9]{1,18}", after) else []


def _stock_rows() -> Select[Any]:
    return select(
        stock_level.c.id,
        variant.c.id,
        product.c.id,
        product.c.title,
        variant.c.option_values,
        variant.c.sku,
        location.c.id,
        location.c.name,
        stock_level.c.goods_owner,
        stock_level.c.on_hand,
        stock_level.c.committed,
        stock_level.c.reserved,
        stock_level.c.unavailable,
        available,
    ).select_from(
        stock_level.join(variant, variant.c.id == stock_level.c.variant_id)
        .join(product, product.c.id == variant.c.product_id)
        .join(location, location.c.id == stock_level.c.location_id)
    )


def _stock_row(row: Any) -> StockRow:
    return StockRow._make(row)


def _product_row(row: Any) -> ProductRow:
    return ProductRow._make(row)
