"""Payment attempts, their insert-only event log, refunds and disputes."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Amount, Base, Id, Json, UtcDateTime, guards


class AttemptStatus(StrEnum):
    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"


class RefundStatus(StrEnum):
    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class Payment(Base):
    """One attempt to pay an order; the amount is the order's."""

    __tablename__ = "payment"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    attempt: Mapped[int] = mapped_column(Integer)
    method: Mapped[str] = mapped_column(String(20), default="stripe")
    """stripe, free (nothing to pay) or offline."""
    status: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = mapped_column(Amount)
    captured_amount: Mapped[int] = mapped_column(Amount, default=0)
    refunded_amount: Mapped[int] = mapped_column(Amount, default=0)
    """Parent counter: reserved by a conditional update before Stripe is called."""
    session_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    intent_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    charge_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    method_type: Mapped[str] = mapped_column(String(30), default="")
    """card, alipay, wechat_pay … as the gateway names it."""
    url: Mapped[str] = mapped_column(Text, default="")
    """The hosted page."""
    key_epoch: Mapped[int] = mapped_column(Integer, default=0)
    """Part of the idempotency key of the Session; see `sessions.open_session`."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    captured_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("order_id", "attempt"),
        CheckConstraint("refunded_amount BETWEEN 0 AND captured_amount", name="refunded"),
        CheckConstraint("captured_amount >= 0", name="captured"),
    )


class PaymentEvent(Base):
    """What the gateway said about a payment; insert-only. Amounts are recomputed from it."""

    __tablename__ = "payment_event"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    type: Mapped[str] = mapped_column(String(30))
    """charge_success, charge_failure, refund_request, refund_success, charge_back, info …"""
    psp_reference: Mapped[str] = mapped_column(String(120))
    amount: Mapped[int] = mapped_column(Amount)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    details: Mapped[dict[str, Any]] = mapped_column(Json)

    __table_args__ = (UniqueConstraint("payment_id", "type", "psp_reference"),)


class Refund(Base):
    """Money back to the buyer, written down before the gateway is asked."""

    __tablename__ = "refund"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    status: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(12))
    """`order`: granted against the order. `overpayment`: gives back what was paid too much."""
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = mapped_column(Amount)
    shipping_amount: Mapped[int] = mapped_column(Amount, default=0)
    goodwill_amount: Mapped[int] = mapped_column(Amount, default=0)
    goodwill_spread: Mapped[bool] = mapped_column(default=False)
    """True: commissions share the goodwill; false: the brand bears it alone."""
    reason: Mapped[str] = mapped_column(String(40), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    stripe_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    key_epoch: Mapped[int] = mapped_column(Integer, default=0)
    """Part of the idempotency key; a new one where the old key can only repeat an error."""
    broken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When Stripe answered 5xx under the present key."""
    absent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was looked for after that, and not found."""
    failure: Mapped[str] = mapped_column(String(120), default="")
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("amount > 0", name="positive"),
        Index("ix_refund_status", "status", "id"),
    )


class RefundLine(Base):
    __tablename__ = "refund_line"

    refund_id: Mapped[int] = mapped_column(ForeignKey("refund.id"), primary_key=True)
    order_line_id: Mapped[int] = mapped_column(Id, primary_key=True)
    units: Mapped[int] = mapped_column(Integer)
    amount: Mapped[int] = mapped_column(Amount)
    """As paid, with tax."""
    base_amount: Mapped[int] = mapped_column(Amount)
    restock: Mapped[bool] = mapped_column(default=False)


class Dispute(Base):
    """A chargeback; never touches stock or the order's status."""

    __tablename__ = "dispute"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    stripe_id: Mapped[str] = mapped_column(String(120), unique=True)
    status: Mapped[str] = mapped_column(String(30))
    """needs_response, under_review, won, lost."""
    amount: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(60), default="")
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


guards.insert_only("payment_event")
