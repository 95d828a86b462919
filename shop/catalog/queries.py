"""What storefronts, carts and orders read of the catalog: row queries, few statements each.

The number of statements does not depend on how much the catalog holds; lists are keyset pages.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Select,
    and_,
    select,
    true,
)
from sqlalchemy.orm import Session

from shop.catalog import statements, stock
from shop.catalog.allocation import Demand, Shortage, allocate, summed
from shop.catalog.categories import CategoryTree, categories
from shop.catalog.levels import available
from shop.catalog.models import BRAND, ProductStatus
from shop.catalog.tables import (
    location,
    price,
    product,
    stock_level,
    variant,
)
from shop.kernel.kept import Kept, Shelf
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
    "cart_variant",
    "categories",
    "counters",
    "on_sale",
    "open_counters",
    "product_page",
    "shortages",
    "variants_for_cart",
]

PAGE_SIZE = 24
LOW_STOCK = 5
"""So few units left are worth a word to the buyer."""
_PAGE_KEY = re.compile(r"(-?[0-9]{1,10})_([0-9]{1,19})")


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
    at_counters: int
    """The most units that any one counter can hand out."""
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
    values: dict[str, Any] = {"at": at}
    if hidden:
        values["hidden"] = sorted(hidden)
    if ids is not None:
        return _exactly(session, ids, values, limit)
    values["limit"] = limit + 1
    start = _start_of(after)
    pins = [id for id in pinned if id not in hidden]
    if pins:
        values["pins"] = pins
    if start:
        values |= {"after_position": start[0], "after_id": start[1]}
    if category_ids is not None:
        values |= {f"category_{n}": id for n, id in enumerate(category_ids)}
    query = statements.cards(
        branches=None if category_ids is None else len(category_ids),
        is_first=start is None,
        hides=bool(hidden),
        pins=bool(pins),
    )
    found = [_card(row) for row in session.execute(query, values)]
    order = {id: place for place, id in enumerate(pins)} if start is None else {}
    found.sort(key=lambda card: (order.get(card.id, len(order)), card.position, card.id))
    page = found[:limit]
    more = len(found) > limit
    return Page(page, _key_of(page, order, start) if more and page else "")


def product_page(
    session: Session,
    *,
    slug: str,
    currency: str,
    at: datetime,
    counter_id: int | None = None,
    region: str = "",
) -> ProductPage | None:
    """A published product with its variants and pictures; one statement.

    Two more where this process did not show this version before. None if there is none of this slug, or
    nothing of it to choose. `counter_id` is the location whose own stock the page shows as pick-up.
    """
    values = {"slug": slug, "at": at, "currency": currency, "region": region}
    rows = session.execute(statements.variants_of_product(), {**values, "counter": counter_id})
    found = rows.all()
    if not found:
        return None
    product_id, version = found[0][:2]
    page = _shown.get((product_id, version))
    if page is None:
        page = _read_page(session, product_id)
        _shown.put((product_id, version), page)
    return replace(page, variants=[VariantRow(*row[2:]) for row in found])


_shown = Shelf[tuple[int, int], ProductPage]()
# By product and version: whoever changes what a page shows raises the version with it.


def _read_page(session: Session, product_id: int) -> ProductPage:
    row = session.execute(statements.product(), {"id": product_id}).one()
    pictures = session.execute(statements.pictures_of_product(), {"product_id": product_id})
    details: list[Any] = [*row, (), tuple(Picture(*picture) for picture in pictures)]
    return ProductPage(*details)


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
    values = {"ids": sorted(variant_ids), "currency": currency, "region": region, "at": at}
    rows = session.execute(statements.cart_variants(), values)
    return {row[0]: cart_variant(tuple(row)) for row in rows}


def on_sale(variant_id: int, *, currency: str, at: datetime) -> Select[int]:
    """The price of a variant that is sold now; no row if it is not. For inserts that need both."""
    return (
        select(price.c.amount)
        .select_from(
            variant.join(product, product.c.id == variant.c.product_id).join(
                price, (price.c.variant_id == variant.c.id) & (price.c.currency == currency)
            )
        )
        .where(
            variant.c.id == variant_id,
            variant.c.active,
            product.c.status == ProductStatus.ACTIVE.value,
            product.c.published_at <= at,
            price.c.amount.is_not(None),
        )
    )


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


open_counters = Kept(lambda session: tuple(counters(session, [], limit=10_000)))
"""Every place for pick-up in the brand's order; what stands there is not looked at."""


def shortages(session: Session, demands: Iterable[Demand]) -> list[Shortage]:
    """What could not be had right now; one statement. A hint for pages: `stock.reserve` decides."""
    units = summed(demands)
    offered, counting = stock.shelves(session, units)
    return allocate(units, offered, counting, owner=BRAND).shortages


def _card(row: Iterable[Any]) -> Card:
    return Card(*row)


def _exactly(
    session: Session, ids: Sequence[int], values: dict[str, Any], limit: int
) -> Page[Card]:
    order = {id: place for place, id in enumerate(ids)}
    query = statements.exact_cards(hides="hidden" in values)
    rows = session.execute(query, {**values, "ids": list(order)})
    found = sorted((_card(row) for row in rows), key=lambda card: order[card.id])
    return Page(found[:limit])


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


def cart_variant(row: tuple[Any, ...]) -> CartVariant:
    """From a row of `statements.cart_variants`, or of the one beside other tables."""
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
