"""Products as Shopify's current CSV, with our own columns beside it; what goes out comes in again.

Streams: a block of products at a time, so that a large catalog does not fill the memory.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.catalog import listing, locations, stored
from shop.catalog.categories import CategoryTree, categories
from shop.catalog.csv_dialects import EXPORTED, OURS, TRACKER, TRANSLATED, header_of_extra
from shop.catalog.csv_read import with_formula_guard
from shop.catalog.drafts import ProductDraft, VariantDraft
from shop.catalog.listing import ProductFilter
from shop.catalog.models import BRAND
from shop.catalog.tables import media, product, stock_level, variant
from shop.kernel.i18n import LOCALES
from shop.kernel.money import to_decimal

BOM = "\ufeff"
"""Lets Excel read the file as UTF-8."""

Cells = dict[tuple[str, str], str]
"""Texts by field and language, as the reading side has them."""


@dataclass(frozen=True)
class _Context:
    currency: str
    tree: CategoryTree
    place_id: int | None
    file_url: Callable[[str], str]


def export(
    session: Session,
    wanted: ProductFilter,
    *,
    currency: str,
    file_url: Callable[[str], str],
) -> Iterator[str]:
    """The file line by line: UTF-8 with BOM, dialect B, our columns, what was kept in `extra`.

    `file_url` gives the public address of a stored picture.
    """
    context = _Context(currency, categories(session), locations.default_location(session), file_url)
    columns = _columns(session, wanted)
    yield BOM + _line(header for _key, header in columns)
    for block in listing.product_ids(session, wanted):
        for row in _block(session, block, context):
            yield _line(with_formula_guard(row.get(key, "")) for key, _header in columns)


def template() -> str:
    """An empty file with all columns that have a meaning."""
    return BOM + _line(header for _key, header in _fixed_columns())


def _columns(session: Session, wanted: ProductFilter) -> list[tuple[tuple[str, str], str]]:
    fixed = _fixed_columns()
    known = {key for key, _header in fixed}
    found: set[str] = set()
    for block in listing.product_ids(session, wanted):
        of_products = select(product.c.extra).where(product.c.id.in_(block))
        of_variants = select(variant.c.extra).where(variant.c.product_id.in_(block))
        for query in (of_products, of_variants):
            for extra in session.scalars(query):
                found.update(extra)
    more = sorted(key for key in found if (key, "") not in known and "." in key)
    return [*fixed, *(((key, ""), header_of_extra(key)) for key in more)]


def _fixed_columns() -> list[tuple[tuple[str, str], str]]:
    ours = [(field, header) for field, header in OURS if field != "problem"]
    columns = [((field, ""), header) for field, header in (*EXPORTED, *ours)]
    headers = dict((*EXPORTED, *ours))
    for language in LOCALES[1:]:
        columns += [((field, language), f"{headers[field]} ({language})") for field in TRANSLATED]
    return columns


def _block(session: Session, product_ids: Sequence[int], context: _Context) -> Iterator[Cells]:
    drafts = stored.drafts_of(session, product_ids, currency=context.currency)
    pictures = _pictures(session, product_ids, context)
    units = _units(session, drafts.values(), context.place_id)
    for product_id in product_ids:
        yield from _product(drafts[product_id], pictures.get(product_id, {}), units, context)


def _product(
    draft: ProductDraft,
    pictures: Mapping[int, Cells],
    units: Mapping[int, int],
    context: _Context,
) -> Iterator[Cells]:
    variants = [row for row in draft.variants if row.active]
    rows = list(zip_longest(variants, pictures.values()))
    for number, (one, picture) in enumerate(rows or [(None, None)]):
        cells: Cells = {("handle", ""): draft.slug}
        if one is not None:
            cells |= _variant(draft, one, pictures, units, context)
        if picture is not None:
            cells |= picture
        if number == 0:
            cells |= _first(draft, context)
        yield cells


def _first(draft: ProductDraft, context: _Context) -> Cells:
    """What only a product's first row holds."""
    cells: Cells = {
        ("vendor", ""): draft.vendor,
        ("type", ""): draft.product_type,
        ("tags", ""): ", ".join(draft.tags),
        ("published", ""): _flag(draft.published_at is not None),
        ("status", ""): draft.status,
        ("tax_code", ""): draft.extra.get("tax_code", draft.tax_class),
        ("gift_card", ""): _flag(False),
        ("commissionable", ""): _flag(draft.commissionable),
        ("position", ""): str(draft.position),
    }
    for field in ("title", "summary", "body"):
        cells |= _texts(field, getattr(draft, field))
    for part in ("title", "description"):
        cells |= _texts(f"seo.{part}", draft.seo.get(part) or {})
    for number, name in enumerate(draft.option_names, 1):
        cells |= _texts(f"option{number}.name", name)
    if not draft.option_names:
        cells["option1.name", ""] = "Title"
    cells |= _category(draft, context.tree)
    return cells | {(key, ""): str(text) for key, text in draft.extra.items() if "." in key}


def _variant(
    draft: ProductDraft,
    one: VariantDraft,
    pictures: Mapping[int, Cells],
    units: Mapping[int, int],
    context: _Context,
) -> Cells:
    cells: Cells = {
        ("sku", ""): one.sku or "",
        ("barcode", ""): one.barcode,
        ("price", ""): _amount(one.amount, context.currency),
        ("compare_at", ""): _amount(one.compare_at_amount, context.currency),
        ("cost", ""): _amount(one.cost_amount, context.currency),
        ("taxable", ""): _flag(one.taxable),
        ("tracker", ""): one.extra.get("tracker", TRACKER) if one.track_inventory else "",
        ("quantity", ""): str(units.get(one.id or 0, "")),
        ("continue", ""): "CONTINUE" if one.backorderable else "DENY",
        ("grams", ""): str(one.weight_grams),
        ("requires_shipping", ""): _flag(one.requires_shipping),
    }
    for number, value in enumerate(one.option_values, 1):
        cells |= _texts(f"option{number}.value", value)
    if not draft.option_names:
        cells["option1.value", ""] = "Default Title"
    if one.media_id is not None and one.media_id in pictures:
        cells["variant_image", ""] = pictures[one.media_id]["image", ""]
    kept = {(key, ""): str(text) for key, text in one.extra.items() if key != "tracker"}
    return cells | kept


def _category(draft: ProductDraft, tree: CategoryTree) -> Cells:
    path = tree.path_to(draft.category_id)
    cells: Cells = {}
    for language in LOCALES:
        names = [row.name.get(language, "") for row in path]
        if path and all(names):
            cells["category", _column(language)] = " > ".join(names)
    if path and ("category", "") not in cells:
        fallback = [next(iter(row.name.values()), row.slug) for row in path]
        cells["category", ""] = " > ".join(fallback)
    return cells


def _texts(field: str, texts: Mapping[str, str]) -> Cells:
    return {(field, _column(language)): text for language, text in texts.items()}


def _column(language: str) -> str:
    """The first language stands in the columns without a language."""
    return "" if language == LOCALES[0] else language


def _pictures(
    session: Session, product_ids: Sequence[int], context: _Context
) -> dict[int, dict[int, Cells]]:
    rows = session.execute(
        select(
            media.c.product_id,
            media.c.id,
            media.c.source_url,
            media.c.sizes,
            media.c.position,
            media.c.alt,
        )
        .where(media.c.product_id.in_(product_ids))
        .order_by(media.c.product_id, media.c.position, media.c.id)
    )
    found: dict[int, dict[int, Cells]] = {}
    for product_id, media_id, source, sizes, position, alt in rows:
        url = source or context.file_url(sizes["960"])
        cells: Cells = {("image", ""): url, ("image_position", ""): str(position)}
        found.setdefault(product_id, {})[media_id] = cells | _texts("image_alt", alt)
    return found


def _units(
    session: Session, drafts: Iterable[ProductDraft], place_id: int | None
) -> dict[int, int]:
    variant_ids = [row.id for draft in drafts for row in draft.variants if row.track_inventory]
    rows = session.execute(
        select(stock_level.c.variant_id, stock_level.c.on_hand).where(
            stock_level.c.variant_id.in_(variant_ids),
            stock_level.c.location_id == place_id,
            stock_level.c.goods_owner == BRAND,
        )
    )
    return {row[0]: row[1] for row in rows}


def _amount(amount: int | None, currency: str) -> str:
    return "" if amount is None else f"{to_decimal(amount, currency):f}"


def _flag(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def _line(cells: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
