"""Saves products as drafts say, many in a few statements, and only what differs.

Separate from edit.py and importer.py, which both end here: one way to write, so that a version
rises, lists stay sorted by price and news goes out in the same manner.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, and_, bindparam, delete, insert, select, true, update
from sqlalchemy.orm import Session

from shop.catalog import sellable
from shop.catalog.drafts import ProductDraft, VariantDraft, priced
from shop.catalog.events import ProductsChanged
from shop.catalog.levels import available
from shop.catalog.models import MediaStatus
from shop.catalog.tables import media, price, product, stock_level, variant
from shop.kernel import events, ids
from shop.kernel.errors import Conflict
from shop.kernel.words import _l

_PRODUCT_FIELDS = tuple(
    field.name
    for field in fields(ProductDraft)
    if field.name not in {"id", "variants", "updated_at"}
)
_VARIANT_FIELDS = tuple(
    field.name
    for field in fields(VariantDraft)
    if field.name not in {"id", "amount", "compare_at_amount"}
)


@dataclass(frozen=True)
class Save:
    """A product as it was (None: new) and as it is to be: a tidy draft without problems."""

    before: ProductDraft | None
    after: ProductDraft

    @property
    def is_change(self) -> bool:
        return self.before is None or self.before != self.after


def save(
    session: Session, saves: Iterable[Save], *, currency: str, by: str, at: datetime
) -> list[int]:
    """Write what differs; returns the ids of products that are new or changed.

    New products and variants get their ids, which the drafts carry afterwards. Variants that a
    draft leaves out are switched off, because orders and stock know them. Raises Conflict if
    somebody else saved a product meanwhile, IntegrityError if a handle or SKU was taken.
    """
    changes = [one for one in saves if one.is_change]
    if not changes:
        return []
    _give_ids(changes)
    _follow_backorders(session, changes)
    _insert(session, product, [_new_row(one.after, at) for one in changes if one.before is None])
    for one in changes:
        if one.before is not None:
            _update_product(session, one.before, one.after, at)
    _save_variants(session, changes)
    _save_prices(session, changes, currency)
    product_ids = sorted(one.after.id for one in changes if one.after.id is not None)
    refresh_pictures(session, product_ids)
    sellable.refresh(session, product_ids)
    events.publish(session, ProductsChanged(tuple(product_ids), at))
    return product_ids


def refresh_pictures(session: Session, product_ids: Sequence[int]) -> None:
    """Let each product show its first picture that is there in lists."""
    rows = session.execute(
        select(media.c.product_id, media.c.sizes)
        .where(media.c.product_id.in_(product_ids), media.c.status == MediaStatus.READY.value)
        .order_by(media.c.product_id, media.c.position.desc(), media.c.id.desc())
    )
    keys = dict.fromkeys(product_ids, "") | {row[0]: row[1].get("480", "") for row in rows}
    shown = session.execute(
        select(product.c.id, product.c.image_key).where(product.c.id.in_(product_ids))
    ).all()
    for id, key in shown:
        if key != keys[id]:
            session.execute(
                update(product)
                .where(product.c.id == id)
                .values(image_key=keys[id], version=product.c.version + 1)
            )


def _give_ids(changes: Sequence[Save]) -> None:
    new = [one.after for one in changes if one.after.id is None]
    for draft, id in zip(new, ids.block(len(new)), strict=True):
        draft.id = id
    nameless = [variant for one in changes for variant in one.after.variants if variant.id is None]
    for row, id in zip(nameless, ids.block(len(nameless)), strict=True):
        row.id = id


def _row(draft: ProductDraft) -> dict[str, Any]:
    shown = priced(draft.variants)
    return {
        "id": draft.id,
        **{name: getattr(draft, name) for name in _PRODUCT_FIELDS},
        "from_amount": shown.amount if shown else None,
        "compare_at_amount": shown.compare_at_amount if shown else None,
    }


def _new_row(draft: ProductDraft, at: datetime) -> dict[str, Any]:
    fresh = {"image_key": "", "sellable": True, "version": 1, "created_at": at, "updated_at": at}
    return {**_row(draft), **fresh}


def _update_product(
    session: Session, before: ProductDraft, after: ProductDraft, at: datetime
) -> None:
    seen = before.updated_at or at
    saved = session.execute(
        update(product)
        .where(product.c.id == before.id, product.c.updated_at == seen)
        .values(
            **_row(after),
            version=product.c.version + 1,
            # Always later, or a second editor of the same moment would not be noticed.
            updated_at=max(at, seen + timedelta(microseconds=1)),
        )
        .returning(product.c.id)
    ).one_or_none()
    if saved is None:
        raise Conflict(_l("Somebody else changed this product meanwhile. Please look at it again."))


def _variant_row(draft: ProductDraft, position: int, row: VariantDraft) -> dict[str, Any]:
    return {
        "id": row.id,
        "product_id": draft.id,
        "position": position,
        "option_key": row.option_key,
        **{name: getattr(row, name) for name in _VARIANT_FIELDS},
    }


def _save_variants(session: Session, changes: Sequence[Save]) -> None:
    new, changed = [], []
    for one in changes:
        before = {row["id"]: row for row in _variant_rows(one.before)}
        rows = _variant_rows(one.after)
        new += [row for row in rows if row["id"] not in before]
        changed += [row for row in rows if row["id"] in before and row != before[row["id"]]]
        kept = {row["id"] for row in rows}
        left_out = [row for id, row in before.items() if id not in kept]
        changed += [
            {**row, "active": False, "position": len(rows) + place}
            for place, row in enumerate(left_out)
        ]
    _update(session, variant, changed)
    _insert(session, variant, new)


def _variant_rows(draft: ProductDraft | None) -> list[dict[str, Any]]:
    if draft is None:
        return []
    return [_variant_row(draft, position, row) for position, row in enumerate(draft.variants)]


def _save_prices(session: Session, changes: Sequence[Save], currency: str) -> None:
    new, changed, gone = [], [], []
    for one in changes:
        before = _prices(one.before)
        after = _prices(one.after)
        for variant_id, amounts in after.items():
            row = {"variant_id": variant_id, "currency": currency, **amounts}
            if variant_id not in before:
                new.append(row)
            elif before[variant_id] != amounts:
                changed.append(row)
        still = {row.id for row in one.after.variants}
        gone += [id for id in before if id not in after and id in still]
    _insert(session, price, new)
    _update(session, price, changed)
    if gone:
        session.execute(
            delete(price).where(price.c.variant_id.in_(gone), price.c.currency == currency)
        )


def _prices(draft: ProductDraft | None) -> dict[int, dict[str, int | None]]:
    return {
        row.id: {"amount": row.amount, "compare_at_amount": row.compare_at_amount}
        for row in (draft.variants if draft else ())
        if row.id is not None and row.amount is not None
    }


def _follow_backorders(session: Session, changes: Sequence[Save]) -> None:
    """Levels know whether they may fall below zero, because their own check guards it.

    Levels come before products, as in a sale, so that the two never wait for each other. A level
    that is below zero stays as it is; a sale looks at the variant.
    """
    wanted: dict[bool, list[int]] = {True: [], False: []}
    for one in changes:
        before = {row.id: row.backorderable for row in (one.before.variants if one.before else ())}
        for row in one.after.variants:
            if row.id in before and before[row.id] != row.backorderable:
                wanted[row.backorderable].append(row.id or 0)
    for allowed, variant_ids in wanted.items():
        if variant_ids:
            session.execute(
                update(stock_level)
                .where(
                    stock_level.c.variant_id.in_(sorted(variant_ids)),
                    true() if allowed else available >= 0,
                )
                .values(backorderable=allowed)
            )


def _insert(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.execute(insert(table), rows)


def _update(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows by primary key; all rows name the same columns."""
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    values = [name for name in rows[0] if name not in key]
    session.execute(
        update(table)
        .where(and_(*(table.c[name] == bindparam(f"key_{name}") for name in key)))
        .values({name: bindparam(f"new_{name}") for name in values}),
        [
            {
                **{f"key_{name}": row[name] for name in key},
                **{f"new_{name}": row[name] for name in values},
            }
            for row in rows
        ],
    )
