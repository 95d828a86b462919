"""Tables around payouts: the brand's terms for each way, and work on a whole run with its progress."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Amount, Base, Id, Json, UtcDateTime, guards


class PayoutTerms(Base):
    """What one way of paying asks in one currency. A change is a new row that a second agrees to."""

    __tablename__ = "payout_terms"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    rail: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    minimum_amount: Mapped[int] = mapped_column(Amount)
    fee_amount: Mapped[int] = mapped_column(Amount)
    fee_bps: Mapped[int] = mapped_column(Integer)
    second_from_amount: Mapped[int | None] = mapped_column(Amount)
    """From this amount on two people must approve; null if one is always enough."""
    proposed_by: Mapped[str] = mapped_column(String(80))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    agreed_by: Mapped[str | None] = mapped_column(String(80))
    """Null until a second person agreed; it holds from then on."""
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_payout_terms_current",
            "rail",
            "currency",
            unique=True,
            sqlite_where=(agreed_at.is_not(None)) & (replaced_at.is_(None)),
            postgresql_where=(agreed_at.is_not(None)) & (replaced_at.is_(None)),
        ),
        CheckConstraint("agreed_by IS NULL OR agreed_by <> proposed_by", name="four_eyes"),
        CheckConstraint(
            "minimum_amount >= 1 AND fee_amount >= 0 AND fee_bps BETWEEN 0 AND 10000"
            " AND (second_from_amount IS NULL OR second_from_amount >= 1)",
            name="amounts",
        ),
    )


class PayerAccount(Base):
    """The brand's own account, which bank files draw on, and how they are written."""

    __tablename__ = "payer_account"

    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    label: Mapped[str] = mapped_column(String(120))
    """Masked, for people."""
    sealed: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(String(20))
    """Key of the format of bank files."""
    changed_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConnectAccount(Base):
    """A payee's account at Stripe and how far its owner is with it."""

    __tablename__ = "connect_account"

    payee_id: Mapped[int] = mapped_column(Id, ForeignKey("payee.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(80), unique=True)
    country: Mapped[str] = mapped_column(String(2))
    is_complete: Mapped[bool]
    can_receive: Mapped[bool]
    pays_out: Mapped[bool]
    due: Mapped[list[str]] = mapped_column(Json)
    """What Stripe still asks for, in its codes."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Reconciliation(Base):
    """One comparison of Stripe's transfers with the books; the newest is the watermark."""

    __tablename__ = "payout_reconciliation"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    transfer_count: Mapped[int] = mapped_column(Integer)
    findings: Mapped[list[dict[str, str]]] = mapped_column(Json)
    """Code, payout group and transfer of each disagreement."""
    by: Mapped[str] = mapped_column(String(80))


guards.insert_only(Reconciliation.__tablename__)


class FinanceAlert(Base):
    """Something about payouts that people of finance were told of; one is open for one thing."""

    __tablename__ = "finance_alert"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int] = mapped_column(Id)
    """The payout; 0 for payouts as a whole."""
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Null while it goes on."""

    __table_args__ = (
        Index(
            "uq_finance_alert_open",
            "code",
            "subject_id",
            unique=True,
            sqlite_where=ended_at.is_(None),
            postgresql_where=ended_at.is_(None),
        ),
    )


class PayoutMarker(Base):
    """How far this database is; the same stands in a file outside of it, which never goes back."""

    __tablename__ = "payout_marker"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    installation: Mapped[str] = mapped_column(String(60))
    """Which database this is, drawn at its first start."""
    count: Mapped[int] = mapped_column(Id)
    """Rises whenever money is about to leave, and every few minutes."""
    token: Mapped[str] = mapped_column(String(60))
    """Drawn with each step, so that two copies that went on apart differ."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Time of the last step: a copy of this database is no older."""
    restored_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """As of when the database was restored; null while nothing blocks payouts for that."""
    blocked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("id = 1", name="single"),
        CheckConstraint("(restored_to IS NULL) = (blocked_at IS NULL)", name="block"),
    )


class Step(StrEnum):
    """What is done with a whole run."""

    PREPARE = "prepare"
    APPROVE = "approve"
    SEND = "send"


class PayoutWork(Base):
    """One step over many payouts, worked off piece by piece."""

    __tablename__ = "payout_work"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    run_id: Mapped[int] = mapped_column(Id, index=True)
    step: Mapped[str] = mapped_column(String(10))
    total_count: Mapped[int] = mapped_column(Integer)
    done_count: Mapped[int] = mapped_column(Integer, default=0)
    """How far it is: the next piece begins here."""
    asked_by: Mapped[str] = mapped_column(String(80))
    account_id: Mapped[int] = mapped_column(Id)
    """0 for a command."""
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Null while it goes on."""

    __table_args__ = (
        Index(
            "uq_payout_work_open",
            "run_id",
            "step",
            unique=True,
            sqlite_where=finished_at.is_(None),
            postgresql_where=finished_at.is_(None),
        ),
    )


class PayoutWorkItem(Base):
    """One thing that a step was asked to do, frozen when somebody pressed the button."""

    __tablename__ = "payout_work_item"

    work_id: Mapped[int] = mapped_column(Id, ForeignKey("payout_work.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    subject: Mapped[str] = mapped_column(String(80))
    """The payee to prepare, or the payout."""
    detail: Mapped[str] = mapped_column(String(80))
    """The currency to prepare, the terms hash that was seen, or the way that the file goes."""
    refused: Mapped[str] = mapped_column(String(60), default="")
    """Code of why it was left; empty if it was done."""
