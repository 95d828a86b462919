"""The cart and its lines; what a visitor has typed so far stays with the cart."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Amount, Base, Id, Json, UtcDateTime


class Cart(Base):
    __tablename__ = "cart"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token: Mapped[str] = mapped_column(String(40), unique=True)
    """In the visitor's cookie; opens the cart."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    status: Mapped[str] = mapped_column(String(10))
    """active, completing, completed, merged, expired."""
    completing_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """A claim of five minutes; a stale one may be taken over."""
    point_id: Mapped[int | None] = mapped_column(Id)
    """The storefront that was visited last, for the banner and the way back."""
    visitor: Mapped[str] = mapped_column(String(40), default="")
    contact: Mapped[dict[str, Any]] = mapped_column(Json)
    """Draft of the buyer's contact and address, as typed."""
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """Shown exactly once."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_cart_reap", "status", "updated_at"),)


class CartLine(Base):
    """A variant that was added from a storefront; unique by variant and point."""

    __tablename__ = "cart_line"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    cart_id: Mapped[int] = mapped_column(ForeignKey("cart.id"))
    variant_id: Mapped[int] = mapped_column(Id)
    point_id: Mapped[int | None] = mapped_column(Id)
    quantity: Mapped[int] = mapped_column(Integer)
    unit_price_amount: Mapped[int] = mapped_column(Amount)
    """The price the buyer saw when adding."""
    pickup_location_id: Mapped[int | None] = mapped_column(Id)
    """Collected at this counter; null for shipping."""
    touch_id: Mapped[int | None] = mapped_column(Id)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_cart_line_cart", "cart_id"),
        # Null is a value here (the brand's own shop), and most databases let nulls repeat.
        Index(
            "uq_cart_line_point",
            "cart_id",
            "variant_id",
            "point_id",
            unique=True,
            sqlite_where=point_id.is_not(None),
            postgresql_where=point_id.is_not(None),
        ),
        Index(
            "uq_cart_line_brand",
            "cart_id",
            "variant_id",
            unique=True,
            sqlite_where=point_id.is_(None),
            postgresql_where=point_id.is_(None),
        ),
    )
