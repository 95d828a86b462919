"""What storefronts, carts and orders read of the catalog: row queries, few statements each.

The number of statements does not depend on how much the catalog holds; lists are keyset pages.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from shop.catalog import stock
from shop.catalog.allocation import Demand, Shortage, allocate, summed
from shop.catalog.categories import CategoryTree, categories
from shop.catalog.drafts import MAX_CATEGORY_DEPTH
from shop.catalog.levels import available
from shop.catalog.models import BRAND, MediaStatus, ProductStatus
from shop.catalog.tables import (
    category,
    location,
    media,
    price,
    product,
    stock_level,
    tax_rate,
    variant,
)
from shop.kernel.pages import Page

__all__ = [
    "Availability",
    "Card",
    "CartVariant",
    "CategoryTree",
    "Counter",
    "Picture",
    "ProductPage",
    "VariantRow",
    "cards",
    "categories",
    "counters",
    "product_page",
    "shortages",
    "variants_for_cart",
]

PAGE_SIZE = 24
LOW_STOCK = 5
"""So few units left are worth a word to the buyer."""
_PAGE_KEY = re.compile(r"(-?[0-9]{1,10})_([0-9]{1,19})")
_MAX_BRANCHES = 40
"""Category lists look into so many categories one by one; a larger subtree is filtered instead."""


class Card(NamedTuple):
    """A product in a list."""

    id: int
    slug: str
    title: dict[str, str]
    summary: dict[str, str]
    image_key: str
    amount: int | None
    """Lowest price of its variants."""
    compare_at_amount: int | None
    sellable: bool
    version: int
    position: int


_CARD = (
    product.c.id,
    product.c.slug,
    product.c.title,
    product.c.summary,
    product.c.image_key,
    product.c.from_amount,
    product.c.compare_at_amount,
    product.c.sellable,
    product.c.version,
    product.c.position,
)


class Availability:
    """States of a variant for a buyer."""

    IN = "in"
    LOW = "low"
    OUT = "out"
    BACKORDER = "backorder"


class VariantRow(NamedTuple):
    """A variant on its product's page."""

    id: int
    sku: str | None
    option_values: list[dict[str, str]]
    amount: int | None
    compare_at_amount: int | None
    media_id: int | None
    requires_shipping: bool
    weight_grams: int
    track_inventory: bool
    backorderable: bool
    rate_bps: int
    shippable: int
    """The most units that one location can ship."""
    at_counter: int
    """Units at the counter that the page was asked about."""
    anywhere: int
    """The most units that any one place has, counters included."""

    @property
    def state(self) -> str:
        """Whether it can be had in any way."""
        if not self.track_inventory or self.anywhere > LOW_STOCK:
            return Availability.IN
        if self.anywhere > 0:
            return Availability.LOW
        return Availability.BACKORDER if self.backorderable else Availability.OUT

    @property
    def is_sold_out(self) -> bool:
        return self.amount is None or self.state == Availability.OUT


class Picture(NamedTuple):
    """A picture of a product; without sizes, pages show the placeholder."""

    id: int
    sizes: dict[str, str]
    alt: dict[str, str]
    width: int
    height: int


@dataclass(frozen=True)
class ProductPage:
    """A product with all that its page shows."""

    id: int
    slug: str
    title: dict[str, str]
    summary: dict[str, str]
    body: dict[str, str]
    """Clean HTML."""
    vendor: str
    category_id: int | None
    category_slug: str | None
    category_name: dict[str, str] | None
    option_names: list[dict[str, str]]
    tags: list[str]
    seo: dict[str, Any]
    image_key: str
    sellable: bool
    version: int
    updated_at: datetime
    variants: Sequence[VariantRow] = ()
    pictures: Sequence[Picture] = ()


class CartVariant(NamedTuple):
    """Everything that a cart and an order need to know of a variant."""

    variant_id: int
    product_id: int
    slug: str
    title: dict[str, str]
    option_names: list[dict[str, str]]
    option_values: list[dict[str, str]]
    sku: str
    unit_amount: int | None
    """Price of one unit; null if it has none in this currency."""
    compare_at_amount: int | None
    tax_class: str
    rate_bps: int
    cost_amount: int | None
    """Of one unit."""
    commissionable: bool
    category_ids: list[int]
    """The product's own category first, then its ancestors."""
    image_key: str
    published: bool
    requires_shipping: bool
    backorderable: bool
    track_inventory: bool
    weight_grams: int
    available: int
    """Over all active locations."""


@dataclass(frozen=True)
class Counter:
    """A place where an order can be picked up."""

    location_id: int
    point_id: int | None
    name: dict[str, str]
    address: str
    phone: str
    opening_hours: dict[str, str]
    instructions: dict[str, str]
    ready_minutes: int
    missing: tuple[Shortage, ...]
    """What its own stock cannot give."""

    @property
    def covers(self) -> bool:
        return not self.missing


def cards(
    session: Session,
    *,
    at: datetime,
    category_ids: Sequence[int] | None = None,
    ids: Sequence[int] | None = None,
    hidden: Collection[int] = (),
    pinned: Sequence[int] = (),
    after: str = "",
    limit: int = PAGE_SIZE,
) -> Page[Card]:
    """One page of what is published; one statement.

    `ids` gives exactly these, in this order (search results). Otherwise `pinned` ones stand first
    on the first page, then all by position; `after` is the previous page's `next_key`.
    """
    shown = [
        product.c.status == ProductStatus.ACTIVE.value,
        product.c.published_at <= at,
        product.c.from_amount.is_not(None),
    ]
    if hidden:
        shown.append(product.c.id.not_in(sorted(hidden)))
    if ids is not None:
        return _exactly(session, ids, shown, limit)
    first_page = not (start := _start_of(after))
    pins = [id for id in pinned if id not in hidden]
    rest = [*shown]
    if start:
        rest.append(tuple_(product.c.position, product.c.id) > tuple_(*map(literal, start)))
    if pins:
        rest.append(product.c.id.not_in(pins))
    query = _ordered(rest, category_ids, limit + 1)
    if pins and first_page:
        in_category = [] if category_ids is None else [product.c.category_id.in_(category_ids)]
        wanted = select(*_CARD).where(product.c.id.in_(pins), *shown, *in_category)
        query = union_all(wanted, select(query.subquery()))  # type: ignore[assignment]
    found = [_card(row) for row in session.execute(query)]
    order = {id: place for place, id in enumerate(pins)} if first_page else {}
    found.sort(key=lambda card: (order.get(card.id, len(order)), card.position, card.id))
    page = found[:limit]
    more = len(found) > limit
    return Page(page, _key_of(page, order, start) if more and page else "")


def product_page(
    session: Session,
    *,
    slug: str | None = None,
    id: int | None = None,
    currency: str,
    at: datetime,
    counter_id: int | None = None,
    region: str = "",
) -> ProductPage | None:
    """A published product with its variants and pictures; three statements.

    None if there is none of this slug or id, or if it is not published. `counter_id` is the
    location whose own stock the page shows as pick-up.
    """
    key = product.c.slug == slug if slug is not None else product.c.id == id
    row = session.execute(
        select(
            product.c.id,
            product.c.slug,
            product.c.title,
            product.c.summary,
            product.c.body,
            product.c.vendor,
            product.c.category_id,
            category.c.slug,
            category.c.name,
            product.c.option_names,
            product.c.tags,
            product.c.seo,
            product.c.image_key,
            product.c.sellable,
            product.c.version,
            product.c.updated_at,
        )
        .select_from(product.outerjoin(category, category.c.id == product.c.category_id))
        .where(key, product.c.status == ProductStatus.ACTIVE.value, product.c.published_at <= at)
    ).one_or_none()
    if row is None:
        return None
    variants = session.execute(_variant_rows(row[0], currency, counter_id, region))
    pictures = session.execute(
        select(media.c.id, media.c.sizes, media.c.alt, media.c.width, media.c.height)
        .where(media.c.product_id == row[0], media.c.status == MediaStatus.READY.value)
        .order_by(media.c.position, media.c.id)
    )
    values: list[Any] = [
        *row,
        [VariantRow(*variant) for variant in variants],
        [Picture(*picture) for picture in pictures],
    ]
    return ProductPage(*values)


def variants_for_cart(
    session: Session,
    variant_ids: Collection[int],
    *,
    currency: str,
    at: datetime,
    region: str = "",
) -> dict[int, CartVariant]:
    """Everything about these variants, by id, in one statement; unknown ids are absent.

    `region` is the division code of the ship-to address, for the tax rate.
    """
    if not variant_ids:
        return {}
    ancestors = [category.alias(f"category_{depth}") for depth in range(MAX_CATEGORY_DEPTH)]
    source: FromClause = variant.join(product, product.c.id == variant.c.product_id).outerjoin(
        price, and_(price.c.variant_id == variant.c.id, price.c.currency == currency)
    )
    source = source.outerjoin(media, media.c.id == variant.c.media_id)
    child: ColumnElement[Any] = product.c.category_id
    for ancestor in ancestors:
        source = source.outerjoin(ancestor, ancestor.c.id == child)
        child = ancestor.c.parent_id
    published = and_(
        variant.c.active,
        product.c.status == ProductStatus.ACTIVE.value,
        product.c.published_at <= at,
        price.c.amount.is_not(None),
    )
    rows = session.execute(
        select(
            variant.c.id,
            variant.c.product_id,
            product.c.slug,
            product.c.title,
            product.c.option_names,
            variant.c.option_values,
            func.coalesce(variant.c.sku, ""),
            price.c.amount,
            price.c.compare_at_amount,
            product.c.tax_class,
            _rate(region),
            variant.c.cost_amount,
            product.c.commissionable,
            product.c.image_key,
            media.c.sizes,
            func.coalesce(published, False),
            variant.c.requires_shipping,
            variant.c.backorderable,
            variant.c.track_inventory,
            variant.c.weight_grams,
            _units_anywhere(),
            *(ancestor.c.id for ancestor in ancestors),
        )
        .select_from(source)
        .where(variant.c.id.in_(sorted(variant_ids)))
    )
    return {row[0]: _cart_variant(tuple(row)) for row in rows}


def counters(
    session: Session,
    demands: Iterable[Demand],
    *,
    ids: Collection[int] | None = None,
    limit: int = 50,
) -> list[Counter]:
    """Places for pick-up in the brand's order, with what their own stock lacks; one statement.

    `ids` narrows the list to some locations. Whoever covers everything stands first.
    """
    wanted: dict[int, int] = {}
    for (variant_id, _location), units in summed(demands).items():
        wanted[variant_id] = wanted.get(variant_id, 0) + units
    places = (
        select(location)
        .where(
            location.c.active,
            location.c.pickup_enabled,
            true() if ids is None else location.c.id.in_(sorted(ids)),
        )
        .order_by(location.c.position, location.c.id)
        .limit(limit)
        .subquery()
    )
    rows = session.execute(
        select(
            places.c.id,
            places.c.point_id,
            places.c.name,
            places.c.address,
            places.c.phone,
            places.c.opening_hours,
            places.c.pickup_instructions,
            places.c.pickup_ready_minutes,
            variant.c.id,
            variant.c.track_inventory & ~variant.c.backorderable,
            available,
        )
        .select_from(
            places.outerjoin(variant, variant.c.id.in_(sorted(wanted))).outerjoin(
                stock_level,
                and_(
                    stock_level.c.location_id == places.c.id,
                    stock_level.c.variant_id == variant.c.id,
                ),
            )
        )
        .order_by(places.c.position, places.c.id)
    )
    return _counters([tuple(row) for row in rows], wanted)


def shortages(session: Session, demands: Iterable[Demand]) -> list[Shortage]:
    """What could not be had right now; one statement. A hint for pages: `stock.reserve` decides."""
    units = summed(demands)
    offered, counting = stock.shelves(session, units)
    return allocate(units, offered, counting, owner=BRAND).shortages


def _card(row: Iterable[Any]) -> Card:
    return Card(*row)


def _exactly(
    session: Session, ids: Sequence[int], shown: Sequence[ColumnElement[bool]], limit: int
) -> Page[Card]:
    order = {id: place for place, id in enumerate(ids)}
    query = select(*_CARD).where(product.c.id.in_(list(order)), *shown)
    found = sorted((_card(row) for row in session.execute(query)), key=lambda card: order[card.id])
    return Page(found[:limit])


def _ordered(
    conditions: Sequence[ColumnElement[bool]], category_ids: Sequence[int] | None, limit: int
) -> Select[Any]:
    """The next rows by position. Each category is walked along its own index and then merged."""

    def rows(*more: ColumnElement[bool]) -> Select[Any]:
        return (
            select(*_CARD)
            .where(*conditions, *more)
            .order_by(product.c.position, product.c.id)
            .limit(limit)
        )

    if category_ids is None:
        return rows()
    if len(category_ids) == 1 or len(category_ids) > _MAX_BRANCHES:
        return rows(product.c.category_id.in_(category_ids))
    branches = union_all(
        *(select(rows(product.c.category_id == id).subquery()) for id in category_ids)
    ).subquery()
    return select(branches).order_by(branches.c.position, branches.c.id).limit(limit)


def _start_of(after: str) -> tuple[int, int] | None:
    found = _PAGE_KEY.fullmatch(after)
    if found is None:  # a key that nobody made: begin at the beginning
        return None
    position, id = int(found[1]), int(found[2])
    return (position, id) if id < 2**63 else None


def _key_of(page: Sequence[Card], pinned: dict[int, int], start: tuple[int, int] | None) -> str:
    last = next((card for card in reversed(page) if card.id not in pinned), None)
    if last is not None:
        return f"{last.position}_{last.id}"
    return "{}_{}".format(*start) if start else f"{-(2**31)}_0"


def _variant_rows(
    product_id: int, currency: str, counter_id: int | None, region: str
) -> Select[Any]:
    def most(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.max(case((condition, available), else_=0)), 0)

    at_counter = location.c.id == counter_id if counter_id is not None else literal(False)
    return (
        select(
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
            _rate(region),
            most(location.c.ships),
            most(location.c.pickup_enabled & at_counter),
            most(or_(location.c.ships, location.c.pickup_enabled)),
        )
        .select_from(
            variant.join(product, product.c.id == variant.c.product_id)
            .outerjoin(
                price, and_(price.c.variant_id == variant.c.id, price.c.currency == currency)
            )
            .outerjoin(
                stock_level.join(location, location.c.id == stock_level.c.location_id),
                (stock_level.c.variant_id == variant.c.id) & location.c.active,
            )
        )
        .where(variant.c.product_id == product_id, variant.c.active)
        .group_by(variant.c.id, price.c.amount, price.c.compare_at_amount, product.c.tax_class)
        .order_by(variant.c.position, variant.c.id)
    )


def _rate(region: str) -> ColumnElement[int]:
    """The rate of the row's tax class in a region: the longest matching division prefix wins."""
    best: ScalarSelect[int] = (
        select(tax_rate.c.rate_bps)
        .where(
            tax_rate.c.tax_class == product.c.tax_class,
            tax_rate.c.region == func.substr(literal(region), 1, func.length(tax_rate.c.region)),
        )
        .order_by(func.length(tax_rate.c.region).desc())
        .limit(1)
        .correlate(product)
        .scalar_subquery()
    )
    return case((variant.c.taxable, func.coalesce(best, 0)), else_=0)


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


def _cart_variant(row: tuple[Any, ...]) -> CartVariant:
    image_key, sizes = row[13], row[14] or {}
    category_ids = [id for id in row[21:] if id is not None]
    picture = sizes.get("480") or image_key
    values = [*row[:13], category_ids, picture, bool(row[15]), *row[16:20], int(row[20])]
    return CartVariant._make(values)


def _counters(rows: Sequence[tuple[Any, ...]], wanted: dict[int, int]) -> list[Counter]:
    details: dict[int, tuple[Any, ...]] = {}
    most: dict[int, dict[int, int]] = {}
    for row in rows:
        details[row[0]] = row[:8]
        found = most.setdefault(row[0], {})
        variant_id, limited, units = row[8], row[9], row[10]
        if variant_id is not None:
            there = (units or 0) if limited else wanted[variant_id]
            found[variant_id] = max(found.get(variant_id, 0), there)
    places = []
    for location_id, detail in details.items():
        values: list[Any] = [*detail, _missing(location_id, wanted, most[location_id])]
        places.append(Counter(*values))
    return sorted(places, key=lambda place: not place.covers)


def _missing(
    location_id: int, wanted: Mapping[int, int], there: Mapping[int, int]
) -> tuple[Shortage, ...]:
    return tuple(
        Shortage(variant_id, location_id, units, there.get(variant_id, 0))
        for variant_id, units in sorted(wanted.items())
        if there.get(variant_id, 0) < units
    )
