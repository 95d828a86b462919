"""A storefront and its exceptions to the whole catalog; never a copy of it."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Base, Id, UtcDateTime


class Storefront(Base):
    __tablename__ = "storefront"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"), unique=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    owner_name: Mapped[str] = mapped_column(String(60), default="")
    """Whom buyers are shopping with, such as "Anna"."""
    greeting: Mapped[str] = mapped_column(Text, default="")
    picture_key: Mapped[str] = mapped_column(String(120), default="")
    accent: Mapped[str] = mapped_column(String(10), default="")
    """Name of one of the brand's accent colors; empty for the brand's own."""
    contact: Mapped[str] = mapped_column(String(120), default="")
    """How buyers ask the owner: a phone number or WeChat name that the owner chose to show."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StorefrontItem(Base):
    """An exception: a product that is pinned, hidden, or has the owner's own words."""

    __tablename__ = "storefront_item"

    storefront_id: Mapped[int] = mapped_column(ForeignKey("storefront.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    pinned_position: Mapped[int | None] = mapped_column(Integer)
    hidden: Mapped[bool] = mapped_column(Boolean, default=False)
    words: Mapped[str] = mapped_column(Text, default="")
