"""What the engine was told, word for word. Insert-only, but for the head that counts a sale."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from commissions.guards import insert_only
from commissions.schema import Amount, Base, Id, Json, PrimaryId


class SaleHead(Base):
    """Counter of one sale's facts. Its row lock is what puts facts of one sale in a row."""

    __tablename__ = "commission_sale_head"

    sale_key: Mapped[str] = mapped_column(primary_key=True)
    sale_id: Mapped[int | None] = mapped_column(Id)
    """Null while facts came before their sale."""
    fact_count: Mapped[int]
    version_id: Mapped[int | None] = mapped_column(Id)
    """Plan version in force at `placed_at`; null before crediting, or if there was none."""
    credited_at: Mapped[datetime | None]
    """Null until the calculator ran; a job repeats what failed."""

    __table_args__ = (
        Index(None, "sale_id"),
        Index(
            "ix_commission_sale_head_uncredited",
            "sale_id",
            sqlite_where=text("credited_at IS NULL"),
            postgresql_where=text("credited_at IS NULL"),
        ),
    )


class SaleRow(Base):
    """A paid order."""

    __tablename__ = "commission_sale"
    __table_args__ = (
        Index(None, "placed_at"),
        Index(
            "ix_commission_sale_part_of_id",
            "part_of_id",
            sqlite_where=text("part_of_id IS NOT NULL"),
            postgresql_where=text("part_of_id IS NOT NULL"),
        ),
        CheckConstraint("part_of_id IS NULL OR part_of_id <> id", name="part_of_another"),
    )

    id: Mapped[PrimaryId]
    key: Mapped[str] = mapped_column(unique=True)
    request_hash: Mapped[str]
    plan_key: Mapped[str]
    currency: Mapped[str]
    channel: Mapped[str]
    customer_key: Mapped[str]
    new_customer: Mapped[bool]
    placed_at: Mapped[datetime]
    paid_at: Mapped[datetime]
    part_of_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_sale.id"))
    """The sale that these lines were added to; null for a sale of its own."""
    replaces_line_key: Mapped[str] = mapped_column(default="")
    """Line of that sale that was exchanged for these; empty for an addition."""
    at: Mapped[datetime]
    by: Mapped[str]


class SaleLineRow(Base):
    """One line of a sale, with its winner and its losers."""

    __tablename__ = "commission_sale_line"
    __table_args__ = (
        UniqueConstraint("sale_id", "key"),
        Index(None, "seller_point_key", "sale_id"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("base_amount >= 0", name="base"),
    )

    id: Mapped[PrimaryId]
    sale_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_sale.id"))
    position: Mapped[int]
    key: Mapped[str]
    quantity: Mapped[int]
    list_amount: Mapped[int] = mapped_column(Amount)
    discount_amount: Mapped[int] = mapped_column(Amount)
    base_amount: Mapped[int] = mapped_column(Amount)
    tax_amount: Mapped[int] = mapped_column(Amount)
    cost_amount: Mapped[int | None] = mapped_column(Amount)
    """Null if the cost is unknown."""
    product_key: Mapped[str]
    variant_key: Mapped[str]
    category_keys: Mapped[list[str]] = mapped_column(Json)
    collection_keys: Mapped[list[str]] = mapped_column(Json)
    commissionable: Mapped[bool]
    source: Mapped[str]
    seller_point_key: Mapped[str]
    """Empty for a house sale."""
    seller: Mapped[dict[str, Any] | None] = mapped_column(Json)
    upline: Mapped[dict[str, Any] | None] = mapped_column(Json)
    losers: Mapped[list[dict[str, Any]]] = mapped_column(Json)


class FactRow(Base):
    """Anything that happened to a sale after it was paid; may arrive before the sale itself."""

    __tablename__ = "commission_fact"
    __table_args__ = (
        UniqueConstraint("sale_key", "kind", "key"),
        UniqueConstraint("sale_key", "seq"),
    )

    id: Mapped[PrimaryId]
    sale_key: Mapped[str]
    kind: Mapped[str]
    key: Mapped[str]
    seq: Mapped[int]
    """Order of arrival within the sale."""
    request_hash: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(Json)


for _model in (SaleRow, SaleLineRow, FactRow):
    insert_only(_model.__tablename__)
