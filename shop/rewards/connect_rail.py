"""The Connect rail: a payout is one Stripe transfer, looked up by its group before each send."""

from collections.abc import Mapping, Sequence
from typing import Any

from commissions.payouts.method import Answer, AnswerKind, LookUpFailed, Order, Transfer
from shop.gateway import client
from shop.network import destinations
from shop.network.models import Rail
from shop.rewards.throttle import Bucket

RAIL = "connect"
_LOOKING, _SENDING = Bucket(20, 20), Bucket(20, 20)
"""Requests per second to each of the two endpoints, a fifth of what Stripe allows."""
_INSUFFICIENT = ("balance_insufficient", "insufficient_funds")
_CANNOT_RECEIVE = (
    "insufficient_capabilities_for_transfer",
    "account_invalid",
    "resource_missing",
    "transfers_not_allowed",
)


class ConnectRail:
    """A `PayoutMethod` over Stripe's transfers."""

    rail = RAIL

    def look_up(self, order: Order) -> Sequence[Transfer]:
        """All transfers of the payout's group; raises LookUpFailed if Stripe cannot be asked."""
        _LOOKING.take()
        try:
            return [of_stripe(found) for found in client.transfers_of(order.group_key)]
        except (client.GatewayUnavailable, client.GatewayRefused) as error:
            raise LookUpFailed(str(error)) from error

    def send(self, order: Order) -> Answer:
        """Create the transfer under the epoch's key; the answer is sorted by what it means."""
        account = destinations.unsealed(order.destination_sealed)["account_id"]
        _SENDING.take()
        try:
            made = client.create_transfer(
                {
                    "amount": order.amount,
                    "currency": order.currency.lower(),
                    "destination": account,
                    "transfer_group": order.group_key,
                    "metadata": {
                        "payout_id": str(order.payout_id),
                        "app": "gridshop",
                    },
                },
                key=order.key,
            )
        except client.GatewayBusy:
            return Answer(kind=AnswerKind.BUSY)
        except client.GatewayRateLimited:
            return Answer(kind=AnswerKind.RATE_LIMITED)
        except client.GatewayBroken:
            return Answer(kind=AnswerKind.SERVER_ERROR)
        except client.GatewayUnavailable:
            return Answer(kind=AnswerKind.UNKNOWN)
        except client.GatewayRefused as error:
            return Answer(kind=_meaning(error.reason), detail=error.reason)
        return Answer(kind=AnswerKind.DONE, transfer=of_stripe(made))


def _meaning(reason: str) -> AnswerKind:
    if reason in _INSUFFICIENT:
        return AnswerKind.INSUFFICIENT_FUNDS
    if reason in _CANNOT_RECEIVE:
        return AnswerKind.CANNOT_RECEIVE
    if reason in ("AuthenticationError", "PermissionError"):
        return AnswerKind.UNAUTHORIZED
    if reason == "IdempotencyError":
        return AnswerKind.KEY_MISUSED
    return AnswerKind.INVALID


def of_stripe(found: Mapping[str, Any]) -> Transfer:
    """A transfer in the engine's words."""
    # The account that really got it: our own metadata would only repeat what we wanted.
    account = {"account_id": str(found.get("destination") or "")}
    return Transfer(
        ref=str(found["id"]),
        group_key=str(found.get("transfer_group") or ""),
        amount=int(found["amount"]),
        currency=str(found["currency"]).upper(),
        destination_hash=destinations.hash_of(Rail.CONNECT, account),
        is_reversed=bool(found.get("reversed")),
        reversed_amount=int(found.get("amount_reversed") or 0),
    )
