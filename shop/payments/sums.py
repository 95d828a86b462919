"""What an order's payments and refunds come to, and the status they mean."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, select
from sqlalchemy.orm import Session, aliased

from shop.orders import statuses, turns
from shop.orders.statuses import Sums
from shop.orders.timeline import Step
from shop.payments.models import AttemptStatus, Payment, Refund, RefundStatus

OPEN = (AttemptStatus.PENDING, AttemptStatus.REQUIRES_ACTION, AttemptStatus.PROCESSING)
LIVE_REFUNDS = (RefundStatus.PENDING, RefundStatus.REQUIRES_ACTION, RefundStatus.SUCCEEDED)

_attempt = aliased(Payment)
# Under a name of its own, so that it can be summed beside a change of one payment.


def of_order(session: Session, order_id: int) -> Sums:
    """Sums over all attempts and refunds, one statement."""
    return read(session.execute(select(*_columns(order_id, _attempt.order_id == order_id))).one())


def of_the_others(payment: Payment) -> Sequence[ColumnElement[int]]:
    """Columns for `read`: the same sums without this attempt, for the statement that changes it.

    The order's turn must be held, so that no other attempt changes meanwhile.
    """
    others = and_(_attempt.order_id == payment.order_id, _attempt.id != payment.id)
    return _columns(payment.order_id, others)


def read(row: Row[*tuple[Any, ...]]) -> Sums:
    """From a row with these columns."""
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


def _columns(order_id: int, attempts: ColumnElement[bool]) -> list[ColumnElement[int]]:
    authorized = case((_attempt.status == AttemptStatus.AUTHORIZED, _attempt.amount), else_=0)
    is_open = case((_attempt.status.in_(OPEN), 1), else_=0)
    granted = case((Refund.kind == "order", Refund.amount), else_=0)
    back = and_(Refund.order_id == order_id, Refund.status.in_(LIVE_REFUNDS))
    return [
        *(_total(one, attempts) for one in (_attempt.captured_amount, authorized, is_open)),
        *(_total(one, back) for one in (Refund.amount, granted)),
    ]


def _total(amount: Any, which: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.coalesce(func.sum(amount), 0)).where(which).scalar_subquery()
