"""What one person of finance wants to put right, word for word as the second person reads it."""

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Amount, Base, Id, guards


class CaseProposal(Base):
    """Written once; the request for a second person points here, and the case has its id as key."""

    __tablename__ = "case_proposal"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    point_id: Mapped[int | None] = mapped_column(ForeignKey("point.id"))
    """Null for a debt that no point stands behind."""
    payee_id: Mapped[int] = mapped_column(ForeignKey("payee.id"))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = mapped_column(Amount)
    """What the payee would gain; below zero what it would lose."""
    reason: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("order.id"))
    """Null if it concerns no order."""
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("commission_decision.id"))
    """The engine's decision that it would put right; null for everything else."""
    reverses_id: Mapped[int | None] = mapped_column(Id)
    """The engine's case that would be undone; null for everything else."""

    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint(
            "kind IN ('correction', 'reversal', 'write_off', 'repayment')", name="kind"
        ),
    )


guards.insert_only("case_proposal")
