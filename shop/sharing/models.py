"""Share links, live codes, touches, counted visits and the attribution of each order line."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Base, Id, Json, UtcDateTime, guards


class ShareLink(Base):
    """A short link /l/<code>; a link opened from a link knows its parent."""

    __tablename__ = "share_link"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"), index=True)
    target: Mapped[str] = mapped_column(String(300))
    """Path inside the site."""
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("share_link.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LiveCode(Base):
    """A printed code /q/<code> whose target can be changed for as long as it hangs on a wall."""

    __tablename__ = "live_code"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"), index=True)
    target: Mapped[str] = mapped_column(String(300))
    label: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Touch(Base):
    """One visit, scan or code that could earn the credit of a sale; insert-only."""

    __tablename__ = "touch"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    visitor: Mapped[str] = mapped_column(String(40))
    """Random name of the browser; nothing about the person."""
    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"))
    kind: Mapped[str] = mapped_column(String(12))
    """link, qr, storefront."""
    source: Mapped[str] = mapped_column(String(16), default="")
    """Code of the link or live code."""
    platform: Mapped[str] = mapped_column(String(12), default="")
    """Whose paid advertisement led here; empty for none."""
    campaign: Mapped[str] = mapped_column(String(40), default="")
    """Which of its campaigns, as the platform numbers them; empty if it did not say."""
    referrer: Mapped[str] = mapped_column(String(200), default="")
    """Host and path of the page that led here, without query; empty if unknown or our own."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_touch_visitor", "visitor", "at"),
        Index("ix_touch_point", "point_id", "at"),
    )


class LineAttribution(Base):
    """Which point brought an order line, frozen when the order was made; insert-only."""

    __tablename__ = "line_attribution"

    order_line_id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int] = mapped_column(Id, index=True)
    point_id: Mapped[int | None] = mapped_column(ForeignKey("point.id"), index=True)
    """The winner; null for a house sale."""
    kind: Mapped[str] = mapped_column(String(12))
    """storefront, touch, none."""
    touch_id: Mapped[int | None] = mapped_column(Id)
    upline_point_id: Mapped[int | None] = mapped_column(Id)
    """The point that managed the winner when the order was made; a later move earns nothing."""
    upline_contract: Mapped[str] = mapped_column(String(120), default="")
    losers: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """Each {"point", "kind", "reason"}, in order of priority."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class LostAttribution(Base):
    """A point that was in the running for a line and lost it; insert-only."""

    __tablename__ = "lost_attribution"

    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"), primary_key=True)
    order_line_id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int] = mapped_column(Id)
    reason: Mapped[str] = mapped_column(String(40))


class VisitCount(Base):
    """Visits of a storefront on a day of the brand's time zone."""

    __tablename__ = "visit_count"

    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    visits: Mapped[int] = mapped_column(Integer, default=0)
    visitors: Mapped[int] = mapped_column(Integer, default=0)


guards.insert_only("touch")
guards.insert_only("line_attribution")
guards.insert_only("lost_attribution")
