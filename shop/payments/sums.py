"""What an order's payments and refunds come to, and the status they mean."""

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from shop.orders import statuses
from shop.orders.models import PaymentStatus
from shop.orders.statuses import Sums
from shop.payments.models import AttemptStatus, Payment, Refund, RefundStatus

OPEN = (AttemptStatus.PENDING, AttemptStatus.REQUIRES_ACTION, AttemptStatus.PROCESSING)
LIVE_REFUNDS = (RefundStatus.PENDING, RefundStatus.REQUIRES_ACTION, RefundStatus.SUCCEEDED)


def of_order(session: Session, order_id: int) -> Sums:
    """Sums over all attempts and refunds, two statements."""
    paid = session.execute(
        select(
            func.coalesce(func.sum(Payment.captured_amount), 0),
            func.coalesce(
                func.sum(
                    case((Payment.status == AttemptStatus.AUTHORIZED, Payment.amount), else_=0)
                ),
                0,
            ),
            func.coalesce(func.sum(case((Payment.status.in_(OPEN), 1), else_=0)), 0),
        ).where(Payment.order_id == order_id)
    ).one()
    back = session.execute(
        select(
            func.coalesce(func.sum(Refund.amount), 0),
            func.coalesce(func.sum(case((Refund.kind == "order", Refund.amount), else_=0)), 0),
        ).where(Refund.order_id == order_id, Refund.status.in_(LIVE_REFUNDS))
    ).one()
    return Sums(
        captured=int(paid[0]),
        authorized=int(paid[1]),
        attempt_open=bool(paid[2]),
        refunded=int(back[0]),
        granted=int(back[1]),
    )


def store(session: Session, order_id: int) -> PaymentStatus:
    """Recompute and store the order's payment status."""
    return statuses.store_payment(session, order_id, of_order(session, order_id))
