"""The one Stripe client; nothing else in the shop imports stripe.

No network call happens inside a transaction: every function here must be called with none open.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import stripe

from shop.kernel.errors import ShopError
from shop.kernel.words import _l

API_VERSION = "2026-10-28.endive"
_client: stripe.StripeClient | None = None


class GatewayUnavailable(ShopError):
    """Stripe did not answer, or answered that it cannot now; the same call may be repeated."""

    code = "payment_unavailable"
    status = 503

    def __init__(self) -> None:
        super().__init__(
            _l("The payment page does not answer at the moment. Please try again shortly."),
            retry_after=5,
        )


class GatewayBusy(GatewayUnavailable):
    """Another call with the same key is under way; nothing was saved under it."""


class GatewayRateLimited(GatewayUnavailable):
    """Not executed."""


class GatewayBroken(GatewayUnavailable):
    """A 5xx: the outcome is unknown, and Stripe replays this answer as long as the key lives."""


class GatewayRefused(ShopError):
    """Stripe understood and said no; repeating the same call cannot help."""

    code = "payment_refused"
    status = 422

    def __init__(self, reason: str, message: str = "") -> None:
        self.reason = reason
        """Stripe's code, such as `charge_already_refunded`."""
        self.detail = message
        super().__init__(_l("The payment provider refused: %(reason)s.", reason=reason))


def use(secret_key: str, *, api_base: str = "", transport: stripe.HTTPClient | None = None) -> None:
    """Talk to Stripe with this key; `api_base` leads to the sandbox, `transport` past the network."""
    global _client
    arguments: dict[str, Any] = {"stripe_version": API_VERSION, "max_network_retries": 2}
    if api_base:
        arguments["base_addresses"] = {"api": api_base}
    if transport is not None:
        arguments["http_client"] = transport
        arguments["max_network_retries"] = 0
    _client = stripe.StripeClient(secret_key, **arguments)


def _v1() -> Any:
    if _client is None:
        raise RuntimeError("no Stripe key is set")
    return _client.v1


def create_session(params: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """A new Checkout Session; the same `key` gives the same Session again."""
    return _call(lambda: _v1().checkout.sessions.create(dict(params), {"idempotency_key": key}))


def session(session_id: str) -> dict[str, Any]:
    """A Checkout Session with its payment and charge."""
    expand = {"expand": ["payment_intent.latest_charge"]}
    return _call(lambda: _v1().checkout.sessions.retrieve(session_id, expand))


def expire_session(session_id: str) -> None:
    """End an open Session.

    Raises GatewayRefused if it is complete or expired already; fetch it then.
    """
    _call(lambda: _v1().checkout.sessions.expire(session_id))


def session_of_intent(intent_id: str) -> str | None:
    """The Session that a PaymentIntent belongs to."""
    found = _call(lambda: _v1().checkout.sessions.list({"payment_intent": intent_id, "limit": 1}))
    return str(found["data"][0]["id"]) if found["data"] else None


def charge(charge_id: str) -> dict[str, Any]:
    return _call(lambda: _v1().charges.retrieve(charge_id))


def create_refund(params: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Money back; the same `key` gives the same refund again."""
    return _call(lambda: _v1().refunds.create(dict(params), {"idempotency_key": key}))


def refund(refund_id: str) -> dict[str, Any]:
    return _call(lambda: _v1().refunds.retrieve(refund_id))


def refunds_of(intent_id: str) -> list[dict[str, Any]]:
    """All refunds of a payment, newest first."""
    found = _call(lambda: _v1().refunds.list({"payment_intent": intent_id, "limit": 100}))
    return list(found["data"])


def dispute(dispute_id: str) -> dict[str, Any]:
    return _call(lambda: _v1().disputes.retrieve(dispute_id))


def create_transfer(params: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    return _call(lambda: _v1().transfers.create(dict(params), {"idempotency_key": key}))


def transfers_of(group: str) -> list[dict[str, Any]]:
    """All transfers of a group, all pages."""
    found: list[dict[str, Any]] = []
    params: dict[str, Any] = {"transfer_group": group, "limit": 100}
    while True:
        page = _call(lambda: _v1().transfers.list(dict(params)))
        found.extend(page["data"])
        if not page["has_more"]:
            return found
        params["starting_after"] = found[-1]["id"]


def transfers_since(moment: datetime) -> list[dict[str, Any]]:
    """All transfers made at or after a moment, all pages, newest first."""
    found: list[dict[str, Any]] = []
    params: dict[str, Any] = {"created": {"gte": int(moment.timestamp())}, "limit": 100}
    while True:
        page = _call(lambda: _v1().transfers.list(dict(params)))
        found.extend(page["data"])
        if not page["has_more"]:
            return found
        params["starting_after"] = found[-1]["id"]


def reverse_transfer(transfer_id: str, *, key: str) -> dict[str, Any]:
    """Take a whole transfer back from the connected account."""
    options = {"idempotency_key": key}
    return _call(lambda: _v1().transfers.reversals.create(transfer_id, {}, options))


def transfer(transfer_id: str) -> dict[str, Any]:
    return _call(lambda: _v1().transfers.retrieve(transfer_id))


def bank_payment(payout_id: str, *, account: str) -> dict[str, Any]:
    """Money on its way from a connected account to its owner's bank; Stripe calls it a payout."""
    options = {"stripe_account": account}
    return _call(lambda: _v1().payouts.retrieve(payout_id, {}, options))


def create_account(params: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    return _call(lambda: _v1().accounts.create(dict(params), {"idempotency_key": key}))


def account(account_id: str) -> dict[str, Any]:
    return _call(lambda: _v1().accounts.retrieve(account_id))


def account_link(params: Mapping[str, Any]) -> str:
    """Where a payee finishes the set-up of an account."""
    return str(_call(lambda: _v1().account_links.create(dict(params)))["url"])


def _call(call: Any) -> dict[str, Any]:
    try:
        found = call()
    except stripe.APIConnectionError as error:
        raise GatewayUnavailable from error
    except stripe.RateLimitError as error:
        raise GatewayRateLimited from error
    except stripe.StripeError as error:
        if error.http_status == 409:
            raise GatewayBusy from error
        if error.http_status is None or error.http_status >= 500:
            raise GatewayBroken from error
        reason = error.code or type(error).__name__
        raise GatewayRefused(reason, error.user_message or "") from error
    plain: dict[str, Any] = found.to_dict()
    return plain
