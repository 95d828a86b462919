"""What people did by hand: corrections, and what became of debts. Never changed; a reversal is new."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from commissions.arithmetic import MAX_AMOUNT
from commissions.guards import insert_only
from commissions.schema import Amount, Base, Choice, Id, PrimaryId


class CaseKind(StrEnum):
    """What a case does."""

    CORRECTION = "correction"
    """Gives to a point, or takes from it."""
    REVERSAL = "reversal"
    """Undoes a correction."""
    WRITE_OFF = "write_off"
    """The brand gives up a debt, or a part of it."""
    INVOICE = "invoice"
    """A debt was sent as an invoice. Moves nothing."""
    REPAYMENT = "repayment"
    """The payee brought back what it owed."""
    RETURNED = "returned"
    """A part of a payout came back from the provider, or (negative) the rest did as well."""


class Reason(StrEnum):
    """Why something was put right by hand."""

    ORDER_CANCELED = "order_canceled"
    FRAUD = "fraud"
    TERMS_VIOLATION = "terms_violation"
    TRACKING_ERROR = "tracking_error"
    PAYMENT_FAILED = "payment_failed"
    INELIGIBLE = "ineligible"
    DUPLICATE = "duplicate"
    GOODWILL = "goodwill"
    OTHER = "other"


class Case(Base):
    """One thing that people agreed on, in plain words. All but an invoice have their entry."""

    __tablename__ = "commission_case"
    __table_args__ = (
        Index(None, "payee_key", "currency", "id"),
        Index(None, "kind", "id"),
        Index(None, "payout_id"),
        CheckConstraint(
            f"amount <> 0 AND amount BETWEEN -{MAX_AMOUNT} AND {MAX_AMOUNT}", name="amount"
        ),
        CheckConstraint("second IS NULL OR second <> by", name="four_eyes"),
        CheckConstraint("kind = 'invoice' OR second IS NOT NULL", name="two_people"),
        CheckConstraint("(kind = 'reversal') = (reverses_id IS NOT NULL)", name="reversal"),
        CheckConstraint(
            "kind IN ('correction', 'reversal', 'returned') OR amount > 0",
            name="debts_are_positive",
        ),
        CheckConstraint("(kind = 'returned') = (payout_id IS NOT NULL)", name="returned"),
        CheckConstraint("line_id IS NULL OR sale_id IS NOT NULL", name="line_of_sale"),
    )

    id: Mapped[PrimaryId]
    key: Mapped[str] = mapped_column(unique=True)
    request_hash: Mapped[str]
    kind: Mapped[CaseKind] = mapped_column(Choice(CaseKind))
    point_key: Mapped[str]
    payee_key: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(Amount)
    """What the payee gains, below zero what it loses; the debt that an invoice asks for."""
    reason: Mapped[Reason] = mapped_column(Choice(Reason))
    note: Mapped[str]
    """Why, in plain words; the point may read it."""
    sale_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_sale.id"))
    """Null for a case that concerns no sale."""
    line_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_sale_line.id"))
    """Null for a case that concerns no single line."""
    decision_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_decision.id"))
    """The decision that it puts right; null if it is about none."""
    reverses_id: Mapped[int | None] = mapped_column(
        Id, ForeignKey("commission_case.id"), unique=True
    )
    """Null but for a reversal."""
    payout_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_payout.id"))
    """Null but for what came back of a payout."""
    hold_days: Mapped[int]
    by: Mapped[str]
    second: Mapped[str | None]
    """Who agreed; null for an invoice, which moves no money."""
    at: Mapped[datetime]


insert_only(Case.__tablename__)
