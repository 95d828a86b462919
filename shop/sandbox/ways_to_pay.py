"""The cards and wallets of the sandbox, and what each choice leads to.

API calls choose by Stripe's test tokens (`pm_card_visa`), the hosted page by method and outcome.
"""

from dataclasses import dataclass
from enum import StrEnum

from .core import Sandbox
from .errors import Json, Refused
from .shapes.payment_method import payment_method


class Outcome(StrEnum):
    """What becomes of a payment."""

    SUCCESS = "success"
    DECLINE = "decline"
    ACTION = "action"
    LATE_SUCCESS = "late_success"
    LATE_FAILURE = "late_failure"
    DISPUTE = "dispute"
    REFUND_PENDING = "refund_pending"
    REFUND_FAILS = "refund_fails"


FOR_ALL = (
    Outcome.SUCCESS,
    Outcome.DECLINE,
    Outcome.ACTION,
    Outcome.LATE_SUCCESS,
    Outcome.LATE_FAILURE,
)
OUTCOMES = {
    "card": (*FOR_ALL, Outcome.DISPUTE),
    "alipay": (*FOR_ALL, Outcome.REFUND_PENDING, Outcome.REFUND_FAILS),
    "wechat_pay": (*FOR_ALL, Outcome.REFUND_PENDING, Outcome.REFUND_FAILS),
}
"""Wallets know no disputes, and their refunds take time; cards are refunded at once."""


@dataclass(frozen=True)
class ActedCard:
    """One of Stripe's test cards."""

    brand: str
    last4: str
    outcome: Outcome = Outcome.SUCCESS
    decline_code: str = "generic_decline"
    refund_plan: str | None = None
    available_at_once: bool = False


CARDS = {
    "pm_card_visa": ActedCard("visa", "4242"),
    "pm_card_mastercard": ActedCard("mastercard", "4444"),
    "pm_card_unionpay": ActedCard("unionpay", "0005"),
    "pm_card_bypassPending": ActedCard("visa", "0077", available_at_once=True),
    "pm_card_chargeDeclined": ActedCard("visa", "0002", Outcome.DECLINE),
    "pm_card_visa_chargeDeclined": ActedCard("visa", "0002", Outcome.DECLINE),
    "pm_card_chargeDeclinedInsufficientFunds": ActedCard(
        "visa", "9995", Outcome.DECLINE, "insufficient_funds"
    ),
    "pm_card_visa_chargeDeclinedInsufficientFunds": ActedCard(
        "visa", "9995", Outcome.DECLINE, "insufficient_funds"
    ),
    "pm_card_chargeDeclinedExpiredCard": ActedCard("visa", "0069", Outcome.DECLINE, "expired_card"),
    "pm_card_authenticationRequired": ActedCard("visa", "3184", Outcome.ACTION),
    "pm_card_threeDSecure2Required": ActedCard("visa", "3220", Outcome.ACTION),
    "pm_card_createDispute": ActedCard("visa", "0259", Outcome.DISPUTE),
    "pm_card_pendingRefund": ActedCard("visa", "7726", refund_plan="late"),
    "pm_card_refundFail": ActedCard("visa", "5126", refund_plan="fails"),
}

PAGE_CARDS = {
    Outcome.DECLINE: "pm_card_chargeDeclined",
    Outcome.ACTION: "pm_card_threeDSecure2Required",
    Outcome.DISPUTE: "pm_card_createDispute",
}

REFUND_PLANS = {Outcome.REFUND_PENDING: "stays", Outcome.REFUND_FAILS: "fails"}


def method_from_token(sandbox: Sandbox, token: str, *, email: str | None = None) -> Json:
    """Return a payment method for a test token, or the existing one of this id.

    Raises Refused for an id that names neither.
    """
    if token in CARDS:
        return _new_card(sandbox, CARDS[token], email)
    found = sandbox.store.load(token)
    if found is None or found["object"] != "payment_method":
        raise Refused(
            f"No such PaymentMethod: '{token}'", code="resource_missing", param="payment_method"
        )
    return found


def method_from_page(sandbox: Sandbox, kind: str, outcome: Outcome, *, email: str | None) -> Json:
    """Return a payment method that leads to the outcome that was picked on the hosted page."""
    if kind == "card":
        card = CARDS[PAGE_CARDS.get(outcome, "pm_card_visa")]
        return _new_card(sandbox, card, email, outcome)
    method = payment_method(
        sandbox.new_id("pm"), kind=kind, card=None, email=email, now=sandbox.now()
    )
    method["_outcome"] = outcome.value
    method["_refund_plan"] = REFUND_PLANS.get(outcome, "late")
    return sandbox.add(method)


def _new_card(
    sandbox: Sandbox, card: ActedCard, email: str | None, outcome: Outcome | None = None
) -> Json:
    facts = {
        "brand": card.brand,
        "last4": card.last4,
        "fingerprint": sandbox.store.scramble(f"card:{card.last4}", 16),
    }
    method = payment_method(
        sandbox.new_id("pm"), kind="card", card=facts, email=email, now=sandbox.now()
    )
    method["_outcome"] = (outcome or card.outcome).value
    method["_decline_code"] = card.decline_code
    method["_refund_plan"] = card.refund_plan
    method["_available_at_once"] = card.available_at_once
    return sandbox.add(method)
