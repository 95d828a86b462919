"""Accounts, staff roles, one-time codes and counted sign-in attempts."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Base, Id, Json, UtcDateTime


class StaffRole(StrEnum):
    """What a member of the brand's staff may do; one person may hold several."""

    ADMIN = "admin"
    """Staff, roles and brand settings."""
    CATALOG = "catalog"
    ORDERS = "orders"
    NETWORK = "network"
    FINANCE_MAKER = "finance_maker"
    """Prepares payouts and drafts plans; never approves what the same person made."""
    FINANCE_CHECKER = "finance_checker"
    """Approves what another person prepared."""


FINANCE = (StaffRole.FINANCE_MAKER, StaffRole.FINANCE_CHECKER)
"""Who prepares payouts, and who approves them: never one person."""


class Account(Base):
    """A person who can sign in: buyer, point owner, clerk or staff."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str | None] = mapped_column(String(20), unique=True)
    """E.164."""
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    """Normalized: trimmed, lower case."""
    locale: Mapped[str] = mapped_column(String(5), default="zh")
    password_hash: Mapped[str] = mapped_column(Text, default="")
    """argon2id; staff only."""
    totp_secret: Mapped[str] = mapped_column(Text, default="")
    """Sealed; empty until the second factor is set up."""
    totp_last_step: Mapped[int] = mapped_column(Id, default=0)
    """The last used 30-second step, so that a code works once."""
    session_version: Mapped[int] = mapped_column(Integer, default=1)
    """Part of the session's user id; one more signs out everywhere."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("phone IS NOT NULL OR email IS NOT NULL", name="has_a_contact"),
    )


class StaffMembership(Base):
    """A role that an account holds at the brand."""

    __tablename__ = "staff_membership"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    granted_by: Mapped[str] = mapped_column(String(80))

    __table_args__ = (
        # Whoever prepares payouts never approves them, not even by a role that was slipped in.
        Index(
            "uq_staff_membership_four_eyes",
            "account_id",
            unique=True,
            sqlite_where=role.in_(FINANCE),
            postgresql_where=role.in_(FINANCE),
        ),
    )


class Preference(Base):
    """How one person likes a page of the desk to be."""

    __tablename__ = "account_preference"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    """The page and what of it, such as `orders.columns`."""
    value: Mapped[list[str]] = mapped_column(Json)


class SignInCode(Base):
    """A one-time code that was sent to a contact; only its hash is kept."""

    __tablename__ = "sign_in_code"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    contact: Mapped[str] = mapped_column(String(254))
    purpose: Mapped[str] = mapped_column(String(20))
    """`sign_in` or `claim`."""
    code_hash: Mapped[str] = mapped_column(String(64), default="")
    """Empty until the sending job has made the code."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Wall time."""
    tries: Mapped[int] = mapped_column(Integer, default=0)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_sign_in_code_contact", "contact", "purpose", "id"),)


class AttemptCount(Base):
    """How often something was tried in a window, for limits that guard money and codes.

    Counted in the database, because counters in memory multiply with processes.
    """

    __tablename__ = "attempt_count"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    """A keyed hash of what is limited and of whom."""
    window_start: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    """Wall time, rounded down to the window."""
    tries: Mapped[int] = mapped_column(Integer, default=0)
