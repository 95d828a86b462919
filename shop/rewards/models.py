"""What one person of finance asked for and a second must agree to."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Amount, Base, Id, UtcDateTime
from shop.kernel.states import Machine


class Act(StrEnum):
    """Acts on money that nobody does alone."""

    RESUME = "resume"
    """Let payouts be sent again after a halt."""
    VOID = "void"
    """Take back a payout that was sent and did not arrive."""
    NOT_SENT = "not_sent"
    """The bank did not take a file."""
    CLEAR = "clear"
    """People have looked at a payout whose facts disagreed."""
    BOOK_PART = "book_part"
    """A part of a payout that came back is owed again."""
    ACCEPT_PART = "accept_part"
    """Nothing is owed for a part of a payout that came back."""
    TERMS = "terms"
    """Change minimum, fee or limit of a way of paying."""
    CASE = "case"
    """Put an earning right by hand, or end a debt."""
    REVERSE = "reverse"
    """Take the later of two transfers of one payout back at Stripe."""
    TAX = "tax"
    """Put a withholding table in force."""
    LAW = "law"
    """Put a profile of the law in force."""


class ConsentState(StrEnum):
    OPEN = "open"
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


CONSENT = Machine[ConsentState](
    {
        ConsentState.OPEN: {ConsentState.AGREED, ConsentState.REFUSED, ConsentState.WITHDRAWN},
        ConsentState.AGREED: set(),
        ConsentState.REFUSED: set(),
        ConsentState.WITHDRAWN: set(),
    }
)


class Consent(Base):
    """One request; the act happens in the transaction in which the second person agrees."""

    __tablename__ = "second_consent"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    act: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int] = mapped_column(Id)
    """The payout, the bank file, the terms, the table, the profile or the case; 0 for payouts as a whole."""
    amount: Mapped[int] = mapped_column(Amount, default=0)
    """What exactly is agreed to, in minor units, for an act that is about an amount; else 0."""
    reason: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(12), default=ConsentState.OPEN)
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(80))
    """Null while it is open."""
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
    """Why it was refused."""

    __table_args__ = (
        Index(
            "uq_second_consent_open",
            "act",
            "subject_id",
            unique=True,
            sqlite_where=status == ConsentState.OPEN,
            postgresql_where=status == ConsentState.OPEN,
        ),
        CheckConstraint(
            "status NOT IN ('agreed', 'refused') OR decided_by <> asked_by", name="four_eyes"
        ),
    )
