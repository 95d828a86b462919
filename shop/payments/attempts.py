"""Attempts to pay an order: each is a row before anybody is called."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from shop.kernel import ids
from shop.kernel.money import exponent
from shop.payments.models import AttemptStatus, Payment

_MINIMUMS = {
    "USD": 50,
    "EUR": 50,
    "GBP": 30,
    "CNY": 400,
    "HKD": 400,
    "JPY": 50,
    "SGD": 50,
    "AUD": 50,
    "CAD": 50,
    "CHF": 50,
    "DKK": 250,
    "NOK": 300,
    "SEK": 300,
    "PLN": 200,
    "MXN": 1000,
    "TWD": 1600,
}
"""Stripe's smallest charges in minor units (docs.stripe.com/currencies)."""


def minimum_amount(currency: str) -> int:
    """The smallest amount that can be paid online, in minor units."""
    return _MINIMUMS.get(currency, 50 if exponent(currency) else 1)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt, with what the payment page must know of its order."""

    payment_id: int
    order_id: int
    attempt: int
    key_epoch: int
    url: str
    """Where to pay; empty until Stripe has made a page for it."""
    amount: int
    currency: str
    number: str
    locale: str
    email: str | None
    held_until: datetime
    """How long the order keeps its stock so far."""


def intend(
    session: Session,
    order_id: int,
    *,
    number: str,
    locale: str,
    email: str | None,
    amount: int,
    currency: str,
    expires_at: datetime,
    at: datetime,
) -> Attempt:
    """Write down that a new order is to be paid.

    Unique by order and attempt, so that two tabs share one attempt.
    """
    payment_id = ids.new()
    session.execute(
        insert(Payment).values(
            id=payment_id,
            order_id=order_id,
            attempt=1,
            key_epoch=0,
            method="stripe" if amount else "free",
            status=AttemptStatus.PENDING,
            currency=currency,
            amount=amount,
            captured_amount=0,
            refunded_amount=0,
            expires_at=expires_at,
            created_at=at,
        )
    )
    return Attempt(
        payment_id=payment_id,
        order_id=order_id,
        attempt=1,
        key_epoch=0,
        url="",
        amount=amount,
        currency=currency,
        number=number,
        locale=locale,
        email=email,
        held_until=expires_at,
    )
