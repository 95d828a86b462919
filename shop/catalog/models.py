"""Products and variants, their prices and pictures, and stock at locations."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Amount, Base, Id, Json, UtcDateTime, guards
from shop.kernel.incoming import IncomingFile

BRAND = "brand"
"""Owner of goods and seller of record when no point is: the brand itself."""


class ProductStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


class MediaStatus(StrEnum):
    WAITING = "waiting"
    """The picture lies elsewhere and a job will fetch it."""
    READY = "ready"
    FAILED = "failed"
    """Unreachable; pages show the placeholder, the address is kept for another try."""


class Category(Base):
    __tablename__ = "category"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[dict[str, str]] = mapped_column(Json)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    position: Mapped[int] = mapped_column(Integer, default=0)


class TaxClass(Base):
    """A kind of goods in tax law; `standard` exists from the start."""

    __tablename__ = "tax_class"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[dict[str, str]] = mapped_column(Json)


class TaxRate(Base):
    """The rate of a tax class in a region; the empty region is the default."""

    __tablename__ = "tax_rate"

    tax_class: Mapped[str] = mapped_column(ForeignKey("tax_class.code"), primary_key=True)
    region: Mapped[str] = mapped_column(String(20), primary_key=True)
    """Division code prefix, or empty."""
    rate_bps: Mapped[int] = mapped_column(Integer)

    __table_args__ = (CheckConstraint("rate_bps BETWEEN 0 AND 10000", name="a_rate"),)


class Product(Base):
    __tablename__ = "product"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    slug: Mapped[str] = mapped_column(String(200), unique=True)
    """The handle; in URLs and the key of imports."""
    title: Mapped[dict[str, str]] = mapped_column(Json)
    summary: Mapped[dict[str, str]] = mapped_column(Json)
    body: Mapped[dict[str, str]] = mapped_column(Json)
    """HTML, cleaned by allow-list when it was saved."""
    vendor: Mapped[str] = mapped_column(String(200), default="")
    product_type: Mapped[str] = mapped_column(String(200), default="")
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    tax_class: Mapped[str] = mapped_column(ForeignKey("tax_class.code"), default="standard")
    status: Mapped[str] = mapped_column(String(10))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Not sold before; null while unpublished."""
    option_names: Mapped[list[dict[str, str]]] = mapped_column(Json)
    """Names of up to three options, each by language; empty for a product with one variant."""
    tags: Mapped[list[str]] = mapped_column(Json)
    seo: Mapped[dict[str, Any]] = mapped_column(Json)
    extra: Mapped[dict[str, Any]] = mapped_column(Json)
    """Imported columns that have no room of their own yet."""
    commissionable: Mapped[bool] = mapped_column(Boolean, default=True)
    image_key: Mapped[str] = mapped_column(String(120), default="")
    """File key of the first picture's card size; empty shows the placeholder."""
    from_amount: Mapped[int | None] = mapped_column(Amount)
    """Lowest active variant's price in the brand's currency, for lists."""
    compare_at_amount: Mapped[int | None] = mapped_column(Amount)
    sellable: Mapped[bool] = mapped_column(Boolean, default=True)
    """False while no variant can be bought; kept by `catalog.stock`."""
    position: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer, default=1)
    """Rises with every change that a page shows."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_product_list", "status", "position", "id"),
        Index("ix_product_category", "category_id", "status", "position", "id"),
    )


class Media(Base):
    """A picture of a product, re-encoded and in several sizes."""

    __tablename__ = "media"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    alt: Mapped[dict[str, str]] = mapped_column(Json)
    status: Mapped[str] = mapped_column(String(10))
    source_url: Mapped[str] = mapped_column(Text, default="")
    sizes: Mapped[dict[str, str]] = mapped_column(Json)
    """File key by width in pixels: {"240": …, "480": …, "960": …}."""
    width: Mapped[int] = mapped_column(Integer, default=0)
    height: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str] = mapped_column(Text, default="")


class Variant(Base):
    """What is bought: a product in one combination of its options."""

    __tablename__ = "variant"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    sku: Mapped[str | None] = mapped_column(String(120), unique=True)
    barcode: Mapped[str] = mapped_column(String(60), default="")
    option_values: Mapped[list[dict[str, str]]] = mapped_column(Json)
    option_key: Mapped[str] = mapped_column(String(400))
    """The option values joined; unique in the product."""
    position: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    cost_amount: Mapped[int | None] = mapped_column(Amount)
    """What one unit costs the brand; staff only."""
    taxable: Mapped[bool] = mapped_column(Boolean, default=True)
    track_inventory: Mapped[bool] = mapped_column(Boolean, default=True)
    backorderable: Mapped[bool] = mapped_column(Boolean, default=False)
    weight_grams: Mapped[int] = mapped_column(Integer, default=0)
    requires_shipping: Mapped[bool] = mapped_column(Boolean, default=True)
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    extra: Mapped[dict[str, Any]] = mapped_column(Json)

    __table_args__ = (UniqueConstraint("product_id", "option_key"),)


class Price(Base):
    """What one unit of a variant costs in a currency; points never set prices."""

    __tablename__ = "price"

    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    amount: Mapped[int] = mapped_column(Amount)
    compare_at_amount: Mapped[int | None] = mapped_column(Amount)
    """The higher price that is crossed out; null for none."""

    __table_args__ = (CheckConstraint("amount >= 0", name="not_negative"),)


class Location(Base):
    """A place with stock: the brand's warehouse, or a store point's counter."""

    __tablename__ = "location"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[dict[str, str]] = mapped_column(Json)
    point_id: Mapped[int | None] = mapped_column(ForeignKey("point.id"), unique=True)
    """The store point that runs it; null for the brand's own."""
    ships: Mapped[bool] = mapped_column(Boolean, default=True)
    pickup_enabled: Mapped[bool] = mapped_column(Boolean, default=False)
    pickup_ready_minutes: Mapped[int] = mapped_column(Integer, default=120)
    pickup_instructions: Mapped[dict[str, str]] = mapped_column(Json)
    opening_hours: Mapped[dict[str, str]] = mapped_column(Json)
    phone: Mapped[str] = mapped_column(String(20), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    position: Mapped[int] = mapped_column(Integer, default=0)
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class StockLevel(Base):
    """How much of a variant is at a location; moves by conditional update only.

    available = on_hand - committed - reserved - unavailable
    """

    __tablename__ = "stock_level"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"))
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), index=True)
    goods_owner: Mapped[str] = mapped_column(String(40), default=BRAND)
    """`brand`, or `point:<id>` for a dealer's own stock."""
    on_hand: Mapped[int] = mapped_column(Integer, default=0)
    committed: Mapped[int] = mapped_column(Integer, default=0)
    """Placed, not handed over."""
    reserved: Mapped[int] = mapped_column(Integer, default=0)
    """Held by checkouts."""
    unavailable: Mapped[int] = mapped_column(Integer, default=0)
    """Damaged, in quality control, safety stock."""
    backorderable: Mapped[bool] = mapped_column(Boolean, default=False)

    __table_args__ = (
        UniqueConstraint("variant_id", "location_id", "goods_owner"),
        CheckConstraint("reserved >= 0", name="reserved"),
        CheckConstraint("committed >= 0", name="committed"),
        CheckConstraint("unavailable >= 0", name="unavailable"),
        CheckConstraint(
            "backorderable OR on_hand - committed - reserved - unavailable >= 0",
            name="never_oversold",
        ),
    )


class StockReservation(Base):
    """A checkout's time-limited hold on a stock level."""

    __tablename__ = "stock_reservation"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int] = mapped_column(Id)
    stock_level_id: Mapped[int] = mapped_column(ForeignKey("stock_level.id"))
    quantity: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(10))
    """`active`, `committed`, `released` or `expired`."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("order_id", "stock_level_id"),
        CheckConstraint("quantity > 0", name="positive"),
    )


class StockLot(Base):
    """A batch that can be traced, such as one slaughter day or one harvest."""

    __tablename__ = "stock_lot"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"))
    code: Mapped[str] = mapped_column(String(80))
    best_before: Mapped[Any | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("variant_id", "code"),)


class StockMovement(Base):
    """One change of a stock level; insert-only.

    `reason_type`, `reason_id` and `kind` name the cause once, so that nothing is restocked twice.
    """

    __tablename__ = "stock_movement"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    stock_level_id: Mapped[int] = mapped_column(ForeignKey("stock_level.id"))
    kind: Mapped[str] = mapped_column(String(20))
    """reserve, release, commit, hand_over, restock, return, adjust, receive or transfer."""
    quantity: Mapped[int] = mapped_column(Integer)
    on_hand_change: Mapped[int] = mapped_column(Integer, default=0)
    committed_change: Mapped[int] = mapped_column(Integer, default=0)
    reserved_change: Mapped[int] = mapped_column(Integer, default=0)
    unavailable_change: Mapped[int] = mapped_column(Integer, default=0)
    reason_type: Mapped[str] = mapped_column(String(30))
    reason_id: Mapped[str] = mapped_column(String(80))
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("stock_lot.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("stock_level_id", "reason_type", "reason_id", "kind"),
        Index("ix_stock_movement_level", "stock_level_id", "id"),
    )


guards.insert_only("stock_movement")


class ImportJob(IncomingFile, Base):
    """A catalog file on its way in: survives leaving the page, can be looked at and retried."""

    __tablename__ = "import_job"


class ImportRow(Base):
    """What happened to one product of an import."""

    __tablename__ = "import_row"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("import_job.id"), index=True)
    line: Mapped[int] = mapped_column(Integer)
    """First line of the product in the file, counted as an editor counts."""
    handle: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(10))
    """created, updated, unchanged, failed."""
    problems: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """Each {"line", "column", "code", "values"}."""
