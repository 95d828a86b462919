"""PAY: one open Checkout Session for an order; no transaction is open while Stripe is called."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shop.catalog.models import StockReservation
from shop.gateway import client
from shop.gateway.client import GatewayRefused
from shop.kernel import brand as brands
from shop.kernel import clock, ids
from shop.kernel.brand import Brand
from shop.kernel.db import reading, unit_of_work
from shop.orders.models import Order, OrderContact, OrderStatus
from shop.payments.attempts import Attempt
from shop.payments.models import AttemptStatus, Payment

SESSION_LIFE = timedelta(minutes=31)
"""Stripe's least is 30 minutes; one more keeps the value valid while it travels."""
FRESH = timedelta(minutes=2)
"""A hold that was just made still outlives the Session and is not written again."""
_ENDED = (AttemptStatus.FAILED, AttemptStatus.EXPIRED, AttemptStatus.CANCELED)


def open_session(
    order_id: int, *, success_url: str, cancel_url: str, attempt: Attempt | None = None
) -> str:
    """Where the buyer pays now: the hosted page, or the order's own page if nothing is to be paid.

    `attempt` is the one that was written just now; without it the order's last one is read. Two
    tabs get the same Session: the attempt is one row, and its key makes Stripe answer alike.
    Raises GatewayUnavailable, GatewayRefused.
    """
    at = clock.now()
    if attempt is None:
        with unit_of_work() as session:
            attempt = _current(session, order_id, at)
    if attempt is None:
        return cancel_url
    if attempt.url:
        return attempt.url
    try:
        made = client.create_session(
            _params(attempt, brands.cached(), success_url, cancel_url, at),
            key=f"order:{order_id}:attempt:{attempt.attempt}:{attempt.key_epoch}",
        )
    except client.GatewayBroken:
        _take_new_key(attempt)
        raise
    except GatewayRefused:
        _mark_failed(attempt.payment_id)
        raise
    return _remember(attempt, str(made["id"]), str(made["url"]))


def _current(session: Session, order_id: int, at: datetime) -> Attempt | None:
    """The attempt to go on with; a new one if the last has ended. None if nothing is to be paid."""
    row = session.execute(
        select(
            Order.status,
            Order.number,
            Order.locale,
            Order.expires_at,
            OrderContact.email,
            Payment,
        )
        .join(Payment, Payment.order_id == Order.id)
        .outerjoin(OrderContact, OrderContact.order_id == Order.id)
        .where(Order.id == order_id)
        .order_by(Payment.attempt.desc())
        .limit(1)
    ).one_or_none()
    if row is None or row.status != OrderStatus.PENDING:
        return None
    payment: Payment = row.Payment
    if payment.status == AttemptStatus.SUCCEEDED or payment.amount == 0:
        return None
    over = payment.url and payment.expires_at <= at
    if payment.status in _ENDED or over:
        payment = _next_attempt(session, payment, at)
    return Attempt(
        payment_id=payment.id,
        order_id=order_id,
        attempt=payment.attempt,
        key_epoch=payment.key_epoch,
        url=payment.url,
        amount=payment.amount,
        currency=payment.currency,
        number=row.number,
        locale=row.locale,
        email=row.email,
        held_until=row.expires_at,
    )


def _next_attempt(session: Session, last: Payment, at: datetime) -> Payment:
    """Attempt n + 1 of the same order; its own hold on the stock goes on (test A7)."""
    following = Payment(
        id=ids.new(),
        order_id=last.order_id,
        attempt=last.attempt + 1,
        key_epoch=0,
        method="stripe",
        status=AttemptStatus.PENDING,
        currency=last.currency,
        amount=last.amount,
        captured_amount=0,
        refunded_amount=0,
        url="",
        method_type="",
        expires_at=at + SESSION_LIFE,
        created_at=at,
    )
    try:
        with session.begin_nested():
            session.add(following)
    except IntegrityError:  # the other tab was first: share its attempt
        return session.scalars(
            select(Payment).where(
                Payment.order_id == last.order_id, Payment.attempt == last.attempt + 1
            )
        ).one()
    return following


def _params(
    attempt: Attempt,
    brand: Brand,
    success_url: str,
    cancel_url: str,
    at: datetime,
) -> dict[str, object]:
    ours = {
        "order_id": str(attempt.order_id),
        "payment_id": str(attempt.payment_id),
        "app": "gridshop",
    }
    name = brand.name.get(attempt.locale) or next(iter(brand.name.values()), "")
    params: dict[str, object] = {
        "mode": "payment",
        "client_reference_id": str(attempt.order_id),
        "metadata": ours,
        "payment_intent_data": {"metadata": ours, "description": f"{name} {attempt.number}"},
        # Methods that do not take the currency are left out by Stripe without a word.
        "allowed_payment_method_types": list(brand.payment_methods),
        # Amount and currency come from the order row alone; the lines are on our own page.
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": attempt.currency.lower(),
                    "unit_amount": attempt.amount,
                    "product_data": {"name": f"{name} · {attempt.number}"},
                },
            }
        ],
        "success_url": success_url,
        "cancel_url": cancel_url,
        "expires_at": int((at + SESSION_LIFE).timestamp()),
        "locale": "zh" if attempt.locale == "zh" else "en",
    }
    if email := attempt.email or brand.receipt_email:
        params["customer_email"] = email
    return params


def _remember(attempt: Attempt, session_id: str, url: str) -> str:
    """Keep the Session with its attempt, and let the stock hold outlive it by some minutes."""
    at, payment_id, held_until = clock.now(), attempt.payment_id, attempt.held_until
    with unit_of_work() as session:
        order_id = session.execute(
            update(Payment)
            .where(Payment.id == payment_id, Payment.session_id.is_(None))
            .values(session_id=session_id, url=url, expires_at=at + SESSION_LIFE)
            .returning(Payment.order_id)
        ).scalar_one_or_none()
        if order_id is None:
            return session.execute(select(Payment.url).where(Payment.id == payment_id)).scalar_one()
        until = at + timedelta(minutes=brands.cached().hold_minutes)
        if until - held_until < FRESH:
            return url
        session.execute(
            update(Order)
            .where(
                Order.id == order_id, Order.status == OrderStatus.PENDING, Order.expires_at < until
            )
            .values(expires_at=until)
        )
        session.execute(
            update(StockReservation)
            .where(StockReservation.order_id == order_id, StockReservation.status == "active")
            .values(expires_at=until)
        )
    return url


def _take_new_key(attempt: Attempt) -> None:
    """After a 5xx, which Stripe repeats under the same key for a day.

    Should that call have made a Session after all, nobody knows its address, and it ends by itself.
    """
    with unit_of_work() as session:
        session.execute(
            update(Payment)
            .where(Payment.id == attempt.payment_id, Payment.key_epoch == attempt.key_epoch)
            .values(key_epoch=attempt.key_epoch + 1)
        )


def _mark_failed(payment_id: int) -> None:
    with unit_of_work() as session:
        session.execute(
            update(Payment)
            .where(Payment.id == payment_id, Payment.status == AttemptStatus.PENDING)
            .values(status=AttemptStatus.FAILED)
        )


def session_ids(order_id: int) -> list[str]:
    """Sessions of an order's attempts that may still end in money, oldest first."""
    with reading() as session:
        return [
            str(found)
            for found in session.scalars(
                select(Payment.session_id)
                .where(
                    Payment.order_id == order_id,
                    Payment.session_id.is_not(None),
                    Payment.status.not_in((*_ENDED, AttemptStatus.SUCCEEDED)),
                )
                .order_by(Payment.attempt)
            )
        ]
