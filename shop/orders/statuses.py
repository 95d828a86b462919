"""Payment and fulfillment status: derived from amounts and units, then stored, by one writer.

They are stored so that lists can filter and sort by them (reference shop §3.1).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shop.orders.models import (
    FulfillmentStatus,
    Order,
    OrderLine,
    OrderStatus,
    PaymentStatus,
)
from shop.orders.timeline import Step
from shop.orders.turns import Turn


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What the gateway has said so far, in minor units, over all attempts of an order."""

    captured: int
    authorized: int = 0
    voided: bool = False
    attempt_open: bool = False
    refunded: int = 0
    """Refunds that are under way or done."""
    granted: int = 0
    """The part of them granted against the order; the rest returns overpayment."""


@dataclass(frozen=True)
class Units:
    """How far one line is."""

    delivery: str
    quantity: int
    fulfilled: int
    delivered: int
    canceled: int


def payment_status(total: int, sums: Sums) -> PaymentStatus:
    """The nine rules of reference shop §3.1, in their order."""
    net = sums.captured - sums.refunded
    owed = total - sums.granted
    if sums.captured == 0 and sums.authorized == 0:
        return _before_money(total, sums)
    if sums.captured == 0:
        return PaymentStatus.AUTHORIZED
    if sums.refunded > 0 and net <= 0:
        return PaymentStatus.REFUNDED
    if net > owed:
        return PaymentStatus.OVERCHARGED
    if net == owed:
        return PaymentStatus.PARTIALLY_REFUNDED if sums.granted > 0 else PaymentStatus.PAID
    return PaymentStatus.PARTIALLY_PAID


def _before_money(total: int, sums: Sums) -> PaymentStatus:
    if total == 0:
        return PaymentStatus.PAID
    if sums.voided:
        return PaymentStatus.VOIDED
    return PaymentStatus.PENDING if sums.attempt_open else PaymentStatus.NONE


def fulfillment_status(order_status: str, lines: Iterable[Units]) -> FulfillmentStatus:
    """How far the goods are; units given up before hand-over no longer count."""
    goods = [line for line in lines if line.delivery != "digital"]
    if not goods:
        return FulfillmentStatus.NOT_REQUIRED
    wanted = sum(line.quantity - line.canceled for line in goods)
    handed = sum(line.fulfilled for line in goods)
    arrived = sum(line.delivered for line in goods)
    if order_status in (OrderStatus.CANCELED, OrderStatus.EXPIRED) and handed == 0:
        return FulfillmentStatus.CANCELED
    if wanted == 0:
        return FulfillmentStatus.CANCELED
    if arrived >= wanted:
        return FulfillmentStatus.DELIVERED
    if handed >= wanted:
        return FulfillmentStatus.FULFILLED
    return FulfillmentStatus.PARTIALLY_FULFILLED if handed > 0 else FulfillmentStatus.UNFULFILLED


def payment_columns(sums: Sums, status: PaymentStatus) -> dict[str, Any]:
    """What is stored of them with the order."""
    return {
        "payment_status": status,
        "captured_amount": sums.captured,
        "refunded_amount": sums.refunded,
        "granted_amount": sums.granted,
    }


def store_payment(session: Session, turn: Turn, sums: Sums) -> Step:
    """Write the amounts and the payment status they mean for the order that has its turn."""
    status = payment_status(turn.total_amount, sums)
    columns = payment_columns(sums, status)
    session.execute(update(Order).where(Order.id == turn.order_id).values(**columns))
    return Step(turn.payment_status, status)


def store_fulfillment(session: Session, order_id: int, *, at: datetime) -> Step:
    """Write the fulfillment status that the lines mean now; `delivered_at` is set once."""
    known = session.execute(
        select(Order.status, Order.fulfillment_status).where(Order.id == order_id)
    ).one()
    status = fulfillment_status(known.status, _units(session, order_id))
    values = {"fulfillment_status": status}
    session.execute(update(Order).where(Order.id == order_id).values(**values))
    if status is FulfillmentStatus.DELIVERED:
        session.execute(
            update(Order)
            .where(Order.id == order_id, Order.delivered_at.is_(None))
            .values(delivered_at=at)
        )
    return Step(known.fulfillment_status, status)


def _units(session: Session, order_id: int) -> list[Units]:
    columns = (
        OrderLine.delivery,
        OrderLine.quantity,
        OrderLine.fulfilled_count,
        OrderLine.delivered_count,
        OrderLine.canceled_count,
    )
    return [
        Units(*row)
        for row in session.execute(select(*columns).where(OrderLine.order_id == order_id))
    ]
