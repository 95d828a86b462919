"""Asking Stripe for a refund that was reserved: once, whatever the answers are.

A time-out may still land: the same key is used again. A 5xx is kept by Stripe and answered again
as long as the key lives, so that this key will never succeed: after a quiet time and two look-ups
without a trace a new key is taken (reliability §8, rows "time-out" and "5xx").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from shop.gateway import client
from shop.kernel import clock, jobs
from shop.kernel.db import reading, unit_of_work
from shop.payments import refunds
from shop.payments.models import Payment, Refund, RefundStatus

QUIET = timedelta(minutes=15)
"""After a 5xx: whatever that call set going has landed by then."""
APART = timedelta(minutes=2)
"""Between the two look-ups, so that a list that lags behind does not say "no" twice."""


@dataclass(frozen=True)
class _Asked:
    refund_id: int
    amount: int
    intent_id: str | None
    key_epoch: int
    broken_at: datetime | None
    absent_at: datetime | None


def send(payload: Mapping[str, Any]) -> None:
    """Job: ask for one refund; safe to run twice. Raises GatewayUnavailable to be tried again."""
    asked = _waiting(int(payload["refund_id"]))
    if asked is None:
        return
    found = _look_up(asked)
    if found is not None:
        refunds.record(found)
    elif asked.broken_at is None:
        _ask(asked)
    else:
        _go_on_with_a_new_key(asked, asked.broken_at)


def _waiting(refund_id: int) -> _Asked | None:
    with reading() as session:
        row = session.execute(
            select(
                Refund.id,
                Refund.amount,
                Payment.intent_id,
                Refund.key_epoch,
                Refund.broken_at,
                Refund.absent_at,
            )
            .join(Payment, Payment.id == Refund.payment_id)
            .where(
                Refund.id == refund_id,
                Refund.status == RefundStatus.PENDING,
                Refund.stripe_id.is_(None),
            )
        ).one_or_none()
    return _Asked(*row) if row else None


def _ask(asked: _Asked) -> None:
    try:
        found = client.create_refund(
            {
                "payment_intent": asked.intent_id,
                "amount": asked.amount,
                "metadata": {"refund_id": str(asked.refund_id), "app": "gridshop"},
            },
            key=f"refund:{asked.refund_id}:{asked.key_epoch}",
        )
    except client.GatewayRefused as error:
        refunds.settle(asked.refund_id, None, RefundStatus.FAILED, failure=error.reason)
    except client.GatewayBroken:
        _note(asked, {"broken_at": clock.now()}, again_in=QUIET)
    else:
        refunds.record(found)


def _go_on_with_a_new_key(asked: _Asked, broken_at: datetime) -> None:
    """The look-up of just now found nothing; the next step of the quiet rule."""
    now = clock.now()
    if now < broken_at + QUIET:
        _note(asked, {}, again_in=broken_at + QUIET - now)
    elif asked.absent_at is None:
        _note(asked, {"absent_at": now}, again_in=APART)
    elif now < asked.absent_at + APART:
        _note(asked, {}, again_in=asked.absent_at + APART - now)
    else:
        step = {"key_epoch": asked.key_epoch + 1, "broken_at": None, "absent_at": None}
        _note(asked, step, again_in=timedelta(0))


def _note(asked: _Asked, values: Mapping[str, Any], *, again_in: timedelta) -> None:
    """Keep what was learned of this key, and come back."""
    at = clock.now()
    with unit_of_work() as session:
        if values:
            # Of two workers at one refund only the first takes the step.
            session.execute(
                update(Refund)
                .where(Refund.id == asked.refund_id, Refund.key_epoch == asked.key_epoch)
                .values(**values)
            )
        payload = {"refund_id": str(asked.refund_id)}
        jobs.enqueue(session, refunds.SEND, payload, at=at, due_at=at + again_in)


def _look_up(asked: _Asked) -> dict[str, Any] | None:
    """A refund of ours that Stripe has already, though we never heard its answer."""
    for found in client.refunds_of(str(asked.intent_id)):
        if (found.get("metadata") or {}).get("refund_id") == str(asked.refund_id):
            return found
    return None
