"""The Core statements of the hot paths, built once.

Separate from queries.py because building a statement costs SQLAlchemy more than the database takes
to answer it; every value is a bound parameter, named in the docstring.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    FromClause,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from shop.catalog.drafts import MAX_CATEGORY_DEPTH
from shop.catalog.levels import available
from shop.catalog.models import BRAND, MediaStatus, ProductStatus
from shop.catalog.tables import (
    category,
    location,
    media,
    price,
    stock_level,
    tax_rate,
    variant,
)
from shop.catalog.tables import product as product_table

_MAX_BRANCHES = 40
"""Category lists look into so many categories one by one; a larger subtree is filtered instead."""

_CARD = (
    product_table.c.id,
    product_table.c.slug,
    product_table.c.title,
    product_table.c.summary,
    product_table.c.image_key,
    product_table.c.from_amount,
    product_table.c.compare_at_amount,
    product_table.c.sellable,
    product_table.c.version,
    product_table.c.position,
)


def _shown(*, hides: bool) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        product_table.c.status == ProductStatus.ACTIVE.value,
        product_table.c.published_at <= bindparam("at", type_=product_table.c.published_at.type),
        product_table.c.from_amount.is_not(None),
    ]
    if hides:
        conditions.append(product_table.c.id.not_in(bindparam("hidden", expanding=True)))
    return conditions


@cache
def exact_cards(*, hides: bool) -> Select[Any]:
    """Cards by id: `ids`, `at`, `hidden` if it hides."""
    return select(*_CARD).where(
        product_table.c.id.in_(bindparam("ids", expanding=True)), *_shown(hides=hides)
    )


@cache
def cards(
    *, branches: int | None, is_first: bool, hides: bool, pins: bool
) -> Select[Any] | CompoundSelect[Any]:
    """One page of a list: `at`, `limit`, and as asked for `after_position` and `after_id` (not on
    the first page), `hidden`, `pins`, and `category_0` … for each of the branches.

    Each category is walked along its own index and then merged, so that a large shop sorts no more
    rows than a small one.
    """
    shown = _shown(hides=hides)
    conditions = list(shown)
    if not is_first:
        start = tuple_(
            bindparam("after_position", type_=product_table.c.position.type),
            bindparam("after_id", type_=product_table.c.id.type),
        )
        conditions.append(tuple_(product_table.c.position, product_table.c.id) > start)
    if pins:
        conditions.append(product_table.c.id.not_in(bindparam("pins", expanding=True)))
    in_category = [
        product_table.c.category_id == bindparam(f"category_{n}", type_=product_table.c.id.type)
        for n in range(branches or 0)
    ]

    def rows(*more: ColumnElement[bool]) -> Select[Any]:
        return (
            select(*_CARD)
            .where(*conditions, *more)
            .order_by(product_table.c.position, product_table.c.id)
            .limit(bindparam("limit"))
        )

    query = rows() if branches is None else rows(or_(false(), *in_category))
    if branches and 1 < branches <= _MAX_BRANCHES:
        merged = union_all(
            *(select(rows(category).subquery()) for category in in_category)
        ).subquery()
        query = select(merged).order_by(merged.c.position, merged.c.id).limit(bindparam("limit"))
    if not (pins and is_first):
        return query
    wanted = select(*_CARD).where(
        product_table.c.id.in_(bindparam("pins", expanding=True)),
        *shown,
        true() if branches is None else or_(false(), *in_category),
    )
    return union_all(wanted, select(query.subquery()))


@cache
def product() -> Select[Any]:
    """What a product's page shows of its row: `id`."""
    columns = product_table.c
    return select(
        columns.id,
        columns.slug,
        columns.title,
        columns.summary,
        columns.body,
        columns.vendor,
        columns.category_id,
        columns.option_names,
        columns.tags,
        columns.seo,
        columns.image_key,
        columns.sellable,
        columns.version,
        columns.updated_at,
    ).where(columns.id == bindparam("id", type_=columns.id.type))


@cache
def variants_of_product() -> Select[Any]:
    """A published product's variants with prices and what is there: `slug`, `at`, `currency`,
    `region`, `counter` (a location, or None). The first two columns are the product and its version.
    """

    def most(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.max(case((condition, available), else_=0)), 0)

    at_counter = location.c.id == bindparam("counter", type_=BigInteger)
    return (
        select(
            product_table.c.id,
            product_table.c.version,
            variant.c.id,
            variant.c.sku,
            variant.c.option_values,
            price.c.amount,
            price.c.compare_at_amount,
            variant.c.media_id,
            variant.c.requires_shipping,
            variant.c.weight_grams,
            variant.c.track_inventory,
            variant.c.backorderable,
            _rate(),
            most(location.c.ships),
            most(location.c.pickup_enabled & at_counter),
            most(location.c.pickup_enabled),
            most(or_(location.c.ships, location.c.pickup_enabled)),
        )
        .select_from(
            # Not a join inside a join: SQLite would read the whole of it first.
            variant.join(product_table, product_table.c.id == variant.c.product_id)
            .outerjoin(price, _in_currency())
            .outerjoin(stock_level, stock_level.c.variant_id == variant.c.id)
            .outerjoin(location, (location.c.id == stock_level.c.location_id) & location.c.active)
        )
        .where(
            product_table.c.slug == bindparam("slug", type_=product_table.c.slug.type),
            product_table.c.status == ProductStatus.ACTIVE.value,
            product_table.c.published_at
            <= bindparam("at", type_=product_table.c.published_at.type),
            variant.c.active,
        )
        .group_by(product_table.c.id, variant.c.id, price.c.amount, price.c.compare_at_amount)
        .order_by(variant.c.position, variant.c.id)
    )


@cache
def pictures_of_product() -> Select[Any]:
    """A product's pictures that are there: `product_id`."""
    return (
        select(media.c.id, media.c.sizes, media.c.alt, media.c.width, media.c.height)
        .where(
            media.c.product_id == bindparam("product_id", type_=media.c.product_id.type),
            media.c.status == MediaStatus.READY.value,
        )
        .order_by(media.c.position, media.c.id)
    )


@cache
def cart_variants() -> Select[Any]:
    """Everything about variants in carts: `ids`, `currency`, `region`, `at`.

    The last columns are the category and its ancestors, as many as the tree is deep.
    """
    return _cart_variants(
        variant.join(product_table, product_table.c.id == variant.c.product_id)
    ).where(variant.c.id.in_(bindparam("ids", expanding=True)))


def cart_variants_beside(
    source: FromClause, variant_id: ColumnElement[int], region: ColumnElement[str] | None = None
) -> Select[Any]:
    """The same beside rows that name variants; empty where one is gone.

    `region` is where the rows themselves say it.
    """
    return _cart_variants(
        source.outerjoin(variant, variant.c.id == variant_id).outerjoin(
            product_table, product_table.c.id == variant.c.product_id
        ),
        region,
    )


def _cart_variants(source: FromClause, region: ColumnElement[str] | None = None) -> Select[Any]:
    columns = product_table.c
    ancestors = [category.alias(f"category_{depth}") for depth in range(MAX_CATEGORY_DEPTH)]
    source = source.outerjoin(price, _in_currency()).outerjoin(
        media, media.c.id == variant.c.media_id
    )
    child: ColumnElement[Any] = columns.category_id
    for ancestor in ancestors:
        source = source.outerjoin(ancestor, ancestor.c.id == child)
        child = ancestor.c.parent_id
    published = and_(
        variant.c.active,
        columns.status == ProductStatus.ACTIVE.value,
        columns.published_at <= bindparam("at", type_=columns.published_at.type),
        price.c.amount.is_not(None),
    )
    return select(
        variant.c.id,
        variant.c.product_id,
        columns.slug,
        columns.title,
        columns.option_names,
        variant.c.option_values,
        func.coalesce(variant.c.sku, ""),
        price.c.amount,
        price.c.compare_at_amount,
        columns.tax_class,
        _rate(region),
        variant.c.cost_amount,
        columns.commissionable,
        columns.image_key,
        media.c.sizes,
        func.coalesce(published, false()),
        variant.c.requires_shipping,
        variant.c.backorderable,
        variant.c.track_inventory,
        variant.c.weight_grams,
        _units_anywhere(),
        *(ancestor.c.id for ancestor in ancestors),
    ).select_from(source)


@cache
def shelves() -> Select[Any]:
    """What stands where, the brand's best location first: `variants`, `asked` (locations)."""
    return (
        select(
            variant.c.id,
            variant.c.track_inventory,
            variant.c.backorderable,
            stock_level.c.id,
            location.c.id,
            stock_level.c.goods_owner,
            available.label("available"),
            stock_level.c.backorderable,
            location.c.ships,
        )
        .select_from(
            variant.outerjoin(stock_level, stock_level.c.variant_id == variant.c.id).outerjoin(
                location,
                (location.c.id == stock_level.c.location_id)
                & location.c.active
                & or_(
                    location.c.ships,
                    location.c.pickup_enabled
                    & location.c.id.in_(bindparam("asked", expanding=True)),
                ),
            )
        )
        .where(variant.c.id.in_(bindparam("variants", expanding=True)))
        .order_by(
            location.c.position,
            location.c.id,
            stock_level.c.goods_owner != BRAND,
            stock_level.c.id,
        )
    )


def _in_currency() -> ColumnElement[bool]:
    return and_(
        price.c.variant_id == variant.c.id,
        price.c.currency == bindparam("currency", type_=price.c.currency.type),
    )


def _rate(region: ColumnElement[str] | None = None) -> ColumnElement[int]:
    """The rate of the row's tax class in `region`: the longest matching division prefix wins."""
    if region is None:
        region = bindparam("region", type_=String)
    best: ScalarSelect[int] = (
        select(tax_rate.c.rate_bps)
        .where(
            tax_rate.c.tax_class == product_table.c.tax_class,
            tax_rate.c.region == func.substr(region, 1, func.length(tax_rate.c.region)),
        )
        .order_by(func.length(tax_rate.c.region).desc())
        .limit(1)
        .correlate_except(tax_rate)
        .scalar_subquery()
    )
    return case((variant.c.taxable, func.coalesce(best, 0)), else_=0)


def at_counters(variant_id: ColumnElement[int]) -> ColumnElement[str]:
    """What counters can hand out of a variant, as `location:units`, divided by commas."""
    there = cast(location.c.id, String) + ":" + cast(available, String)
    found: ScalarSelect[str] = (
        select(func.aggregate_strings(there, ","))
        .where(
            stock_level.c.variant_id == variant_id,
            stock_level.c.location_id == location.c.id,
            location.c.active,
            location.c.pickup_enabled,
            available > 0,
        )
        .correlate_except(stock_level, location)
        .scalar_subquery()
    )
    return func.coalesce(found, "")


def _units_anywhere() -> ColumnElement[int]:
    units: ScalarSelect[int] = (
        select(func.coalesce(func.sum(available), 0))
        .where(
            stock_level.c.variant_id == variant.c.id,
            stock_level.c.location_id == location.c.id,
            location.c.active,
        )
        .correlate(variant)
        .scalar_subquery()
    )
    return units
