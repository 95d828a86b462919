"""Settings of the rules, signals with an end, cases that wait for a person, and who is left alone."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Base, Id, Json, UtcDateTime


class Verdict(StrEnum):
    """How a case stands."""

    OPEN = "open"
    RELEASED = "released"
    """A person found nothing wrong; what was held is let go."""
    UPHELD = "upheld"
    """A person found it true; what follows is decided and booked by hand, with two people."""


class AbuseSetting(Base):
    """How the brand has set one rule, for all or for a group; without a row it is the default."""

    __tablename__ = "abuse_setting"
    __table_args__ = (
        CheckConstraint("action IN ('off', 'flag', 'hold', 'reject')", name="action"),
    )

    rule: Mapped[str] = mapped_column(String(20), primary_key=True)
    group_key: Mapped[str] = mapped_column(String(40), primary_key=True, default="")
    """Group of points; empty for all that have no row of their own."""
    action: Mapped[str] = mapped_column(String(10))
    numbers: Mapped[dict[str, int]] = mapped_column(Json)
    words: Mapped[list[str]] = mapped_column(Json)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(80))


class AbuseSignal(Base):
    """A personal signal of one order as a keyed hash; forgotten when its time is over."""

    __tablename__ = "abuse_signal"
    __table_args__ = (Index("ix_abuse_signal_seen", "point_id", "kind", "hash"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), primary_key=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    """account, address, card, device, email, phone; `seen` says that the order was looked at."""
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the order was made."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AccountDevice(Base):
    """A browser in which somebody who works at a point signed in; forgotten when its time is over."""

    __tablename__ = "account_device"
    __table_args__ = (Index("ix_account_device_hash", "hash"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Keyed hash of the random name in the browser's cookie."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AllowedPair(Base):
    """Two payees of whom a person said that they may be alike, as a family is."""

    __tablename__ = "abuse_allowed_pair"
    __table_args__ = (CheckConstraint("payee_id < other_id", name="ordered"),)

    payee_id: Mapped[int] = mapped_column(ForeignKey("payee.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("payee.id"), primary_key=True)
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))


class AbuseCase(Base):
    """One rule that was met by one order or point, with its deadline and what people said."""

    __tablename__ = "abuse_case"
    __table_args__ = (
        UniqueConstraint("rule", "point_id", "identity"),
        Index("ix_abuse_case_queue", "status", "due_at"),
        Index("ix_abuse_case_point", "point_id", "id"),
        CheckConstraint("action IN ('flag', 'hold', 'reject')", name="action"),
        CheckConstraint("status IN ('open', 'released', 'upheld')", name="status"),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    rule: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(10))
    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("order.id"), index=True)
    """Null for a rule about a point or an application."""
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), unique=True)
    """Null unless it is about somebody who wants to become this point."""
    about: Mapped[str] = mapped_column(Text, default="")
    """The code that leaked, or the other payees; empty for everything else."""
    identity: Mapped[str] = mapped_column(String(64))
    """What makes it the same case when it is met again: the order, the day, or what it is about."""
    kinds: Mapped[list[str]] = mapped_column(Json)
    numbers: Mapped[dict[str, Any]] = mapped_column(Json)
    status: Mapped[str] = mapped_column(String(10), default=Verdict.OPEN)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """After it a hold counts no more, whether anybody looked or not."""
    extended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Null as long as it was not extended; once is all."""
    answer: Mapped[str] = mapped_column(Text, default="")
    """What the point said, once."""
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str] = mapped_column(String(80), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    """Why it was decided as it was."""
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Null while it is open."""
    decided_by: Mapped[str] = mapped_column(String(80), default="")
