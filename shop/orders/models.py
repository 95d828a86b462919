"""Orders with frozen copies of everything they were made of."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Amount, Base, Id, Json, UtcDateTime, guards


class OrderStatus(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    PLACED = "placed"
    EXPIRED = "expired"
    CANCELED = "canceled"


class PaymentStatus(StrEnum):
    NONE = "none"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    OVERCHARGED = "overcharged"
    VOIDED = "voided"


class FulfillmentStatus(StrEnum):
    UNFULFILLED = "unfulfilled"
    PARTIALLY_FULFILLED = "partially_fulfilled"
    FULFILLED = "fulfilled"
    DELIVERED = "delivered"
    ON_HOLD = "on_hold"
    BACKORDER = "backorder"
    NOT_REQUIRED = "not_required"
    CANCELED = "canceled"


class DisputeStatus(StrEnum):
    NONE = "none"
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"


class Order(Base):
    """What a buyer was promised, for which money."""

    __tablename__ = "order"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    """Short and random; for people."""
    token: Mapped[str] = mapped_column(String(40), unique=True)
    """Opens the order page; at least 128 random bits."""
    cart_id: Mapped[int | None] = mapped_column(Id, unique=True)
    """The idempotency key of checkout: one cart yields at most one order, for good."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    status: Mapped[str] = mapped_column(String(10))
    payment_status: Mapped[str] = mapped_column(String(20))
    fulfillment_status: Mapped[str] = mapped_column(String(20))
    dispute_status: Mapped[str] = mapped_column(String(20), default=DisputeStatus.NONE)
    currency: Mapped[str] = mapped_column(String(3))
    tax_included: Mapped[bool] = mapped_column(Boolean)
    lines_amount: Mapped[int] = mapped_column(Amount)
    """Sum of the lines as shown."""
    shipping_amount: Mapped[int] = mapped_column(Amount)
    shipping_tax_amount: Mapped[int] = mapped_column(Amount)
    tax_amount: Mapped[int] = mapped_column(Amount)
    """All tax, shipping's included; inside or on top of the lines as `tax_included` says."""
    total_amount: Mapped[int] = mapped_column(Amount)
    captured_amount: Mapped[int] = mapped_column(Amount, default=0)
    refunded_amount: Mapped[int] = mapped_column(Amount, default=0)
    """Refunds that are under way or done."""
    granted_amount: Mapped[int] = mapped_column(Amount, default=0)
    """The part of them granted against the order; the rest gave overpayment back."""
    territory: Mapped[str] = mapped_column(String(20), default="")
    """Division code of the ship-to address, frozen."""
    locale: Mapped[str] = mapped_column(String(5))
    picks_up: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whether a line is collected at a counter."""
    note: Mapped[str] = mapped_column(Text, default="")
    end_reason: Mapped[str] = mapped_column(String(40), default="")
    payer_hash: Mapped[str] = mapped_column(String(64), default="")
    """Keyed hash of the card or wallet that paid; emptied when its time is over."""
    device_hash: Mapped[str] = mapped_column(String(64), default="")
    """Keyed hash of the browser that ordered; emptied like the payer's."""
    task: Mapped[str] = mapped_column(String(40), default="")
    """A thing only a person can decide, such as `paid_but_unfillable`; empty for none."""
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    placed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("total_amount >= 0", name="total"),
        CheckConstraint("refunded_amount >= 0", name="refunded"),
        Index("ix_order_list", "status", "id"),
        Index(
            "ix_order_open",
            "expires_at",
            sqlite_where=status == OrderStatus.PENDING,
            postgresql_where=status == OrderStatus.PENDING,
        ),
        Index("ix_order_task", "task", sqlite_where=task != "", postgresql_where=task != ""),
    )


class OrderLine(Base):
    """A frozen copy of what was bought, where it comes from, and what happened to it since."""

    __tablename__ = "order_line"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    product_id: Mapped[int] = mapped_column(Id)
    variant_id: Mapped[int] = mapped_column(Id)
    category_ids: Mapped[list[str]] = mapped_column(Json)
    """The product's category and its ancestors, as decimal strings."""
    title: Mapped[dict[str, str]] = mapped_column(Json)
    options: Mapped[list[dict[str, str]]] = mapped_column(Json)
    sku: Mapped[str] = mapped_column(String(120), default="")
    image_key: Mapped[str] = mapped_column(String(120), default="")
    commissionable: Mapped[bool] = mapped_column(Boolean, default=True)
    quantity: Mapped[int] = mapped_column(Integer)
    unit_price_amount: Mapped[int] = mapped_column(Amount)
    discount_amount: Mapped[int] = mapped_column(Amount, default=0)
    line_amount: Mapped[int] = mapped_column(Amount)
    """unit price × quantity - discount, as shown."""
    tax_rate_bps: Mapped[int] = mapped_column(Integer)
    tax_amount: Mapped[int] = mapped_column(Amount)
    base_amount: Mapped[int] = mapped_column(Amount)
    """Really paid for the goods before tax: the base of commissions."""
    cost_amount: Mapped[int | None] = mapped_column(Amount)
    """Of the whole line."""
    point_id: Mapped[int | None] = mapped_column(Id, index=True)
    """The storefront it was added from; null for the brand's own shop."""
    delivery: Mapped[str] = mapped_column(String(10))
    """shipping, pickup or digital."""
    location_id: Mapped[int | None] = mapped_column(Id)
    stock_level_id: Mapped[int | None] = mapped_column(Id)
    goods_owner: Mapped[str] = mapped_column(String(40))
    seller_of_record: Mapped[str] = mapped_column(String(40))
    fulfilled_count: Mapped[int] = mapped_column(Integer, default=0)
    delivered_count: Mapped[int] = mapped_column(Integer, default=0)
    canceled_count: Mapped[int] = mapped_column(Integer, default=0)
    """Units given up before they were handed over."""
    refunded_count: Mapped[int] = mapped_column(Integer, default=0)
    refunded_amount: Mapped[int] = mapped_column(Amount, default=0)
    """With tax, as paid."""
    refunded_base_amount: Mapped[int] = mapped_column(Amount, default=0)

    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("fulfilled_count + canceled_count <= quantity", name="fulfilled"),
        CheckConstraint("delivered_count <= fulfilled_count", name="delivered"),
        CheckConstraint("refunded_count BETWEEN 0 AND quantity", name="refunded_units"),
        CheckConstraint("refunded_base_amount BETWEEN 0 AND base_amount", name="refunded_base"),
    )


class OrderContact(Base):
    """All personal data of an order, in one row that can be emptied."""

    __tablename__ = "order_contact"

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))
    country: Mapped[str] = mapped_column(String(2), default="CN")
    province: Mapped[str] = mapped_column(String(40), default="")
    city: Mapped[str] = mapped_column(String(40), default="")
    district: Mapped[str] = mapped_column(String(40), default="")
    division_code: Mapped[str] = mapped_column(String(20), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    postal_code: Mapped[str] = mapped_column(String(20), default="")
    consent_version: Mapped[str] = mapped_column(String(20), default="")
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_order_contact_phone", "phone"),
        Index("ix_order_contact_email", "email"),
    )


class OrderEvent(Base):
    """One line of an order's timeline; insert-only."""

    __tablename__ = "order_event"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    """A code that pages translate, such as `placed`, `refund_reserved`, `note`."""
    values: Mapped[dict[str, Any]] = mapped_column(Json)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


guards.insert_only("order_event")
