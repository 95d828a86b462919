"""Shipping rates, hand-overs and pick-up tickets."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Amount, Base, Id, Json, UtcDateTime


class FulfillmentKind(StrEnum):
    SHIPPING = "shipping"
    PICKUP = "pickup"
    DIGITAL = "digital"


class FulfillmentState(StrEnum):
    UNFULFILLED = "unfulfilled"
    READY_FOR_PICKUP = "ready_for_pickup"
    FULFILLED = "fulfilled"
    DELIVERED = "delivered"
    CANCELED = "canceled"


class ShippingRate(Base):
    """What shipping costs in a region; the longest matching division prefix wins."""

    __tablename__ = "shipping_rate"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    region: Mapped[str] = mapped_column(String(20), unique=True)
    """Division code prefix such as 65 (Xinjiang); empty for everywhere else."""
    name: Mapped[dict[str, str]] = mapped_column(Json)
    amount: Mapped[int | None] = mapped_column(Amount)
    """Null: not delivered there."""
    free_over_amount: Mapped[int | None] = mapped_column(Amount)
    tax_class: Mapped[str] = mapped_column(String(40), default="standard")
    days_min: Mapped[int] = mapped_column(Integer, default=2)
    days_max: Mapped[int] = mapped_column(Integer, default=4)
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (CheckConstraint("amount IS NULL OR amount >= 0", name="not_negative"),)


class Fulfillment(Base):
    """One parcel, or one hand-over at a counter."""

    __tablename__ = "fulfillment"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(20))
    location_id: Mapped[int | None] = mapped_column(ForeignKey("location.id"))
    point_id: Mapped[int | None] = mapped_column(ForeignKey("point.id"), index=True)
    carrier: Mapped[str] = mapped_column(String(60), default="")
    tracking_number: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ready_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handed_over_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handed_over_by: Mapped[str] = mapped_column(String(80), default="")
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_fulfillment_work", "status", "location_id", "id"),)


class FulfillmentLine(Base):
    __tablename__ = "fulfillment_line"

    fulfillment_id: Mapped[int] = mapped_column(ForeignKey("fulfillment.id"), primary_key=True)
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"), primary_key=True)
    units: Mapped[int] = mapped_column(Integer)

    __table_args__ = (CheckConstraint("units > 0", name="positive"),)


class PickupTicket(Base):
    """The buyer's right to collect lines of an order at one counter.

    The code is shown on the order page only; it is stored sealed for that page and hashed for the
    counter, and it is used up by one conditional update.
    """

    __tablename__ = "pickup_ticket"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    code_sealed: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20))
    """waiting, ready, used, canceled."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_by: Mapped[str] = mapped_column(String(80), default="")

    __table_args__ = (UniqueConstraint("order_id", "location_id"),)
