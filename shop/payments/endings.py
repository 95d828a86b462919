"""Ending an order that waits for its payment: never before Stripe has let go of it.

First the Session is expired, then Stripe is asked; if it turns out complete the order is finalised
instead, and only otherwise it ends and gives its stock back (reference shop §3.6).
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shop.gateway import client
from shop.kernel import clock
from shop.kernel.db import reading, unit_of_work
from shop.orders import end as ending
from shop.orders import turns
from shop.orders.models import Order, OrderStatus
from shop.payments import finalise, sessions, sums
from shop.payments.models import AttemptStatus, Payment

log = logging.getLogger(__name__)

POLL_AFTER = timedelta(minutes=3)
BATCH = 200


class Ended(StrEnum):
    ENDED = "ended"
    PLACED = "placed"
    WAITS = "waits"
    """Money is on its way: a late method is still processing."""


def give_up(order_id: int, *, to: OrderStatus, reason: str, by: str) -> Ended:
    """End a pending order, or find out that it was paid.

    Raises GatewayUnavailable: the order stays as it is and may be tried again.
    """
    for session_id in sessions.session_ids(order_id):
        if _let_go(session_id) in (AttemptStatus.PROCESSING, AttemptStatus.AUTHORIZED):
            return Ended.WAITS
    at = clock.now()
    with unit_of_work() as session:
        status = turns.take(session, order_id).status
        if status == OrderStatus.PLACED:
            return Ended.PLACED
        if status != OrderStatus.PENDING or _has_money(session, order_id):
            return Ended.ENDED
        session.execute(
            update(Payment)
            .where(Payment.order_id == order_id, Payment.status == AttemptStatus.PENDING)
            .values(status=AttemptStatus.EXPIRED)
        )
        sums.store(session, order_id)
        ending.end(session, order_id, to=to, reason=reason, by=by, at=at)
    return Ended.ENDED


def _let_go(session_id: str) -> AttemptStatus:
    try:
        client.expire_session(session_id)
    except client.GatewayRefused:
        log.info("the Session had ended already; looking at how")
    return finalise.by_session(session_id)


def _has_money(session: Session, order_id: int) -> bool:
    return bool(
        session.scalar(
            select(Payment.id).where(Payment.order_id == order_id, Payment.captured_amount > 0)
        )
    )


def sweep(_payload: object = None) -> None:
    """Job, each minute: pending orders whose hold is over are finalised or expired."""
    for order_id in _pending(expired=True):
        _try(order_id, _expire)


def poll(_payload: object = None) -> None:
    """Job: orders that were sent to pay some minutes ago, whose webhook may be lost (test B3)."""
    for order_id in _pending(expired=False):
        _try(order_id, _look)


def _expire(order_id: int) -> None:
    give_up(order_id, to=OrderStatus.EXPIRED, reason="not_paid_in_time", by="sweeper")


def _look(order_id: int) -> None:
    for session_id in sessions.session_ids(order_id):
        finalise.by_session(session_id)


def _try(order_id: int, work: Callable[[int], None]) -> None:
    try:
        work(order_id)
    except client.GatewayUnavailable:
        log.warning("Stripe does not answer; order %s is looked at again in a minute", order_id)
    except Exception:  # one broken order must not keep the others from being looked at
        log.exception("the sweeper stumbled over order %s", order_id)


def _pending(*, expired: bool) -> list[int]:
    now = clock.now()
    condition = Order.expires_at <= now if expired else Order.submitted_at <= now - POLL_AFTER
    with reading() as session:
        return list(
            session.scalars(
                select(Order.id)
                .where(Order.status == OrderStatus.PENDING, condition)
                .order_by(Order.expires_at, Order.id)
                .limit(BATCH)
            )
        )
