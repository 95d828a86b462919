"""Connect's news: fetch what an event names, and tell whoever listens what stands there now."""

from datetime import UTC, datetime

from shop.gateway import client
from shop.gateway.events import AccountChanged, BankPaymentSeen, TransfersSeen
from shop.gateway.inbox import Outcome
from shop.kernel import clock, events
from shop.kernel.db import unit_of_work
from shop.kernel.events import Event

_ENDED = ("paid", "failed")


def on_transfer(transfer_id: str, _account: str) -> Outcome:
    """transfer.*: all transfers of its group, so that a doubled one is seen too."""
    found = client.transfer(transfer_id)
    group = str(found.get("transfer_group") or "")
    if (found.get("metadata") or {}).get("app") != "gridshop" or not group:
        return Outcome.IGNORED
    return _tell(TransfersSeen(group, tuple(client.transfers_of(group)), clock.now()))


def on_bank_payment(payment_id: str, account: str) -> Outcome:
    """payout.* of a connected account; those of our own account are the brand's bank's matter."""
    if not account:
        return Outcome.IGNORED
    found = client.bank_payment(payment_id, account=account)
    if found["status"] not in _ENDED:
        return Outcome.IGNORED  # another event comes when it has ended
    return _tell(
        BankPaymentSeen(
            account,
            payment_id,
            found["status"] == "paid",
            int(found["amount"]),
            str(found["currency"]).upper(),
            datetime.fromtimestamp(int(found["created"]), UTC),
            clock.now(),
        )
    )


def on_account(account_id: str, account: str) -> Outcome:
    """account.updated: what counts is whether it can receive now, stale news or fresh."""
    return _tell(fetched(account or account_id))


def fetched(account_id: str) -> AccountChanged:
    """An account as it stands at Stripe now. Raises GatewayUnavailable, GatewayRefused."""
    found = client.account(account_id)
    asked = found.get("requirements") or {}
    return AccountChanged(
        account_id,
        (found.get("capabilities") or {}).get("transfers") == "active",
        clock.now(),
        bool(found.get("details_submitted")),
        bool(found.get("payouts_enabled")),
        tuple(asked.get("currently_due") or ()),
    )


def _tell(event: Event) -> Outcome:
    with unit_of_work() as session:
        events.publish(session, event)
    return Outcome.PROCESSED
