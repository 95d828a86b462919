"""The inbox: every verified piece of news from outside, stored once."""

from datetime import datetime

from sqlalchemy import Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Base, Id, UtcDateTime


class InboxEvent(Base):
    """Ids, type, time and body hash only; the object itself is fetched when it is worked off."""

    __tablename__ = "inbox_event"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    provider: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[str] = mapped_column(String(120))
    type: Mapped[str] = mapped_column(String(80))
    object_id: Mapped[str] = mapped_column(String(120), default="")
    account: Mapped[str] = mapped_column(String(120), default="")
    """Connected account the news is about; empty for our own."""
    body_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the provider says it happened."""
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(10))
    """received, processed, ignored, failed, dead."""
    tries: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("provider", "event_id"),
        Index("ix_inbox_event_status", "status", "id"),
    )
