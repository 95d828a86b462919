"""Messages on their way out, and the mailbox that stands in for mail and SMS in a demo."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Base, Id, UtcDateTime


class MailboxMessage(Base):
    """A mail or SMS that the demo delivered to its own mailbox page instead of the world."""

    __tablename__ = "mailbox_message"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    channel: Mapped[str] = mapped_column(String(10))
    """mail or sms."""
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(300), default="")
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_mailbox_recipient", "recipient", "id"),)
