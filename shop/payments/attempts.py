"""Attempts to pay an order: each is a row before anybody is called."""

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


def intend(
    session: Session,
    order_id: int,
    *,
    amount: int,
    currency: str,
    expires_at: datetime,
    at: datetime,
    attempt: int = 1,
) -> int:
    """Write down that the order is to be paid; returns the payment's id.

    Unique by order and attempt, so that two tabs share one attempt.
    """
    payment_id = ids.new()
    session.execute(
        insert(Payment).values(
            id=payment_id,
            order_id=order_id,
            attempt=attempt,
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
    return payment_id
