"""Products, places and stock that are valid by default, written straight into the tables."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from shop.catalog import sellable, stock
from shop.catalog.models import (
    BRAND,
    Category,
    Location,
    Price,
    Product,
    ProductStatus,
    StockLevel,
    TaxClass,
    TaxRate,
    Variant,
)
from shop.kernel import ids

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
BY = "user:1"


def make_tax(
    session: Session, rates: Mapping[str, int] | None = None, *, code: str = "standard"
) -> None:
    """A tax class with rates by region; the empty region is the default."""
    if session.get(TaxClass, code) is None:
        session.execute(insert(TaxClass).values(code=code, name={"zh": "标准", "en": "Standard"}))
    for region, rate_bps in (rates or {}).items():
        session.execute(insert(TaxRate).values(tax_class=code, region=region, rate_bps=rate_bps))


def make_location(session: Session, code: str = "main", **values: Any) -> int:
    """A warehouse that ships; pass `pickup_enabled=True, ships=False` for a counter."""
    row = {
        "id": ids.new(),
        "code": code,
        "name": {"zh": "仓库", "en": "Warehouse"},
        "ships": True,
        "pickup_enabled": False,
        "pickup_instructions": {},
        "opening_hours": {},
        "position": 0,
        "active": True,
    }
    session.execute(insert(Location).values(**{**row, **values}))
    return int({**row, **values}["id"])


def make_category(session: Session, slug: str, parent_id: int | None = None) -> int:
    category_id = ids.new()
    session.execute(
        insert(Category).values(
            id=category_id,
            slug=slug,
            name={"zh": slug, "en": slug},
            parent_id=parent_id,
            position=0,
        )
    )
    return category_id


def make_product(session: Session, slug: str = "honey", **values: Any) -> int:
    """A published product without variants."""
    make_tax(session, code=values.get("tax_class", "standard"))
    row = {
        "id": ids.new(),
        "slug": slug,
        "title": {"zh": "野蜂蜜", "en": "Wild honey"},
        "summary": {"zh": "来自山里", "en": "From the mountains"},
        "body": {"zh": "<p>好</p>", "en": "<p>Good</p>"},
        "status": ProductStatus.ACTIVE.value,
        "published_at": LONG_AGO,
        "option_names": [],
        "tags": [],
        "seo": {},
        "extra": {},
        "from_amount": 1000,
        "sellable": True,
        "version": 1,
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
    }
    session.execute(insert(Product).values(**{**row, **values}))
    return int({**row, **values}["id"])


def make_variant(
    session: Session,
    product_id: int | None = None,
    *,
    amount: int = 1000,
    currency: str = "CNY",
    options: Sequence[str] = (),
    stock_at: Mapping[int, int] | None = None,
    **values: Any,
) -> int:
    """A variant with a price; `stock_at` gives units on hand by location."""
    variant_id = ids.new()
    if product_id is None:
        product_id = make_product(session, f"product-{variant_id}")
    row = {
        "id": variant_id,
        "product_id": product_id,
        "sku": f"SKU-{variant_id}",
        "option_values": [{"zh": option, "en": option} for option in options],
        "option_key": "\x1f".join(options),
        "position": 0,
        "extra": {},
    }
    session.execute(insert(Variant).values(**{**row, **values}))
    session.execute(insert(Price).values(variant_id=variant_id, currency=currency, amount=amount))
    for location_id, on_hand in (stock_at or {}).items():
        stock_up(session, variant_id, location_id, on_hand)
    sellable.refresh(session, [product_id])
    return variant_id


def stock_up(
    session: Session, variant_id: int, location_id: int, units: int, *, owner: str = BRAND
) -> int:
    """Goods arrive; returns the level's id."""
    if units == 0:
        return stock.level_of(session, variant_id, location_id, goods_owner=owner)
    return stock.receive(
        session,
        variant_id,
        location_id,
        units,
        goods_owner=owner,
        reason_id=f"made:{ids.new()}",
        at=LONG_AGO,
        by=BY,
    )


def figures(session: Session, level_id: int) -> tuple[int, int, int, int]:
    """On hand, committed, reserved and unavailable of a level."""
    row = session.execute(
        select(
            StockLevel.on_hand, StockLevel.committed, StockLevel.reserved, StockLevel.unavailable
        ).where(StockLevel.id == level_id)
    ).one()
    return (row[0], row[1], row[2], row[3])
