"""Reading the money of an order."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.payments.models import Dispute, Payment, Refund, RefundLine


@dataclass(frozen=True)
class Money:
    """Everything about the money of one order."""

    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    refund_lines: Sequence[RefundLine]
    disputes: Sequence[Dispute]


def of_order(session: Session, order_id: int) -> Money:
    """For staff; four statements."""
    return Money(
        session.scalars(
            select(Payment).where(Payment.order_id == order_id).order_by(Payment.attempt)
        ).all(),
        refunds_of(session, order_id),
        session.scalars(
            select(RefundLine)
            .join(Refund, Refund.id == RefundLine.refund_id)
            .where(Refund.order_id == order_id)
        ).all(),
        session.scalars(
            select(Dispute).where(Dispute.order_id == order_id).order_by(Dispute.id)
        ).all(),
    )


def refunds_of(session: Session, order_id: int) -> Sequence[Refund]:
    """An order's refunds, oldest first."""
    return session.scalars(
        select(Refund).where(Refund.order_id == order_id).order_by(Refund.id)
    ).all()
