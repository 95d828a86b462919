"""What an order's payments and refunds come to, and the status they mean."""

from sqlalchemy import case, func, select, true
from sqlalchemy.orm import Session

from shop.orders import statuses, turns
from shop.orders.statuses import Sums
from shop.orders.timeline import Step
from shop.payments.models import AttemptStatus, Payment, Refund, RefundStatus

OPEN = (AttemptStatus.PENDING, AttemptStatus.REQUIRES_ACTION, AttemptStatus.PROCESSING)
LIVE_REFUNDS = (RefundStatus.PENDING, RefundStatus.REQUIRES_ACTION, RefundStatus.SUCCEEDED)


def of_order(session: Session, order_id: int) -> Sums:
    """Sums over all attempts and refunds, one statement."""
    paid = (
        select(
            func.coalesce(func.sum(Payment.captured_amount), 0),
            func.coalesce(
                func.sum(
                    case((Payment.status == AttemptStatus.AUTHORIZED, Payment.amount), else_=0)
                ),
                0,
            ),
            func.coalesce(func.sum(case((Payment.status.in_(OPEN), 1), else_=0)), 0),
        )
        .where(Payment.order_id == order_id)
        .subquery()
    )
    back = (
        select(
            func.coalesce(func.sum(Refund.amount), 0),
            func.coalesce(func.sum(case((Refund.kind == "order", Refund.amount), else_=0)), 0),
        )
        .where(Refund.order_id == order_id, Refund.status.in_(LIVE_REFUNDS))
        .subquery()
    )
    # Each of the two is exactly one row.
    row = session.execute(select(paid, back).select_from(paid.join(back, true()))).one()
    return Sums(
        captured=int(row[0]),
        authorized=int(row[1]),
        attempt_open=bool(row[2]),
        refunded=int(row[3]),
        granted=int(row[4]),
    )


def store(session: Session, order_id: int) -> Step:
    """Recompute and store the order's payment status; waits for its turn at the order.

    Without the turn two that change different attempts would each read a sum without the other's.
    """
    turn = turns.take(session, order_id)
    return statuses.store_payment(session, turn, of_order(session, order_id))
