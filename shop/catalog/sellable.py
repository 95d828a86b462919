"""Whether a product can be bought at all: one column that lists and cached pages read.

Separate from stock.py because prices and publication of variants decide it too. Stock touches a
product's row only when a variant crosses between some and none, so that not every sale writes it.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, true, update
from sqlalchemy.orm import Session

from shop.catalog.levels import Moved, available
from shop.catalog.tables import location, product, stock_level, variant


def follow(session: Session, moved: Iterable[Moved]) -> None:
    """After changes of levels: raise the version of products with a variant that crossed."""
    changes: dict[int, int] = {}
    crossed = set()
    for move in moved:
        changes[move.variant_id] = changes.get(move.variant_id, 0) + move.change
        if move.crossed:
            crossed.add(move.variant_id)
    if not crossed:
        return
    # Two sales may empty two levels of one variant at once, and neither would see the other's:
    # whoever comes second waits here and reads afterwards.
    product_ids = _lock_products(session, crossed)
    left = session.execute(_units(crossed)).all()
    if any((units > 0) != (units - changes[variant_id] > 0) for variant_id, units in left):
        for product_id in product_ids:
            session.execute(
                update(product)
                .where(product.c.id == product_id)
                .values(sellable=_is_sellable(), version=product.c.version + 1)
            )


def refresh(session: Session, product_ids: Collection[int]) -> list[int]:
    """Set the column of these products by what is true now; returns those that changed."""
    return _refresh(session, product.c.id.in_(sorted(product_ids)))


def refresh_all(session: Session) -> list[int]:
    """The same for every product; for the nightly check."""
    return _refresh(session, true())


def _refresh(session: Session, which: ColumnElement[bool]) -> list[int]:
    is_sellable = _is_sellable()
    changed = session.scalars(
        update(product)
        .where(which, product.c.sellable != is_sellable)
        .values(sellable=is_sellable, version=product.c.version + 1)
        .returning(product.c.id)
    )
    return sorted(changed)


def _lock_products(session: Session, variant_ids: Collection[int]) -> list[int]:
    product_ids = sorted(
        set(session.scalars(select(variant.c.product_id).where(variant.c.id.in_(variant_ids))))
    )
    for product_id in product_ids:
        session.execute(
            update(product).where(product.c.id == product_id).values(version=product.c.version)
        )
    return product_ids


def _units(variant_ids: Collection[int]) -> Select[int, int]:
    """Available units of variants whose stock decides: counted, and not sold beyond it."""
    return (
        select(variant.c.id, func.coalesce(func.sum(available), 0))
        .join(stock_level, stock_level.c.variant_id == variant.c.id)
        .join(location, location.c.id == stock_level.c.location_id)
        .where(
            variant.c.id.in_(variant_ids),
            variant.c.track_inventory,
            ~variant.c.backorderable,
            location.c.active,
        )
        .group_by(variant.c.id)
    )


def _is_sellable() -> ColumnElement[bool]:
    in_stock = exists().where(
        stock_level.c.variant_id == variant.c.id,
        location.c.id == stock_level.c.location_id,
        location.c.active,
        available > 0,
    )
    return exists().where(
        variant.c.product_id == product.c.id,
        variant.c.active,
        or_(~variant.c.track_inventory, variant.c.backorderable, in_stock),
    )
