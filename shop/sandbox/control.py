"""The sandbox from Python, for tests, replays and the demo: what a person does on its pages.

Every function takes the same verbs as the pages and the API, in a transaction of its own.
"""

from . import accounts, balances, disputes, refunds, sessions, transfers
from .agenda import catch_up
from .core import Sandbox, public
from .errors import Json
from .faults import Fault
from .ways_to_pay import Outcome


def pay(
    sandbox: Sandbox,
    session_id: str,
    *,
    method: str = "card",
    outcome: str = "success",
    email: str = "buyer@example.com",
) -> Json:
    """Pay on the hosted page and return the session; `email` counts where none was passed before.

    Raises Refused if the session is over or the choice is not offered.
    """
    catch_up(sandbox)
    with sandbox.transaction():
        session = sandbox.need("checkout.session", session_id)
        paid = sessions.pay(sandbox, session, method=method, outcome=Outcome(outcome), email=email)
        return public(paid)


def finish_action(sandbox: Sandbox, session_id: str, *, approve: bool = True) -> Json:
    """Confirm or refuse what the bank or wallet asked for after the outcome `action`."""
    catch_up(sandbox)
    with sandbox.transaction():
        session = sandbox.need("checkout.session", session_id)
        return public(sessions.finish_action(sandbox, session, approve=approve))


def expire_session(sandbox: Sandbox, session_id: str) -> Json:
    """End an open session before its time."""
    with sandbox.transaction():
        session = sandbox.need("checkout.session", session_id)
        return public(sessions.expire(sandbox, session))


def settle_payment(sandbox: Sandbox, payment_intent_id: str) -> Json:
    """Bring in a late payment now."""
    with sandbox.transaction():
        intent = sandbox.need("payment_intent", payment_intent_id)
        return public(sessions.settle_payment(sandbox, intent))


def fail_payment(sandbox: Sandbox, payment_intent_id: str) -> Json:
    """Let a late payment fail now."""
    with sandbox.transaction():
        intent = sandbox.need("payment_intent", payment_intent_id)
        return public(sessions.fail_payment(sandbox, intent))


def open_dispute(
    sandbox: Sandbox,
    charge_id: str,
    *,
    reason: str = "fraudulent",
    inquiry: bool = False,
    amount: int | None = None,
) -> Json:
    """Dispute a card charge; `amount` defaults to what was not refunded."""
    with sandbox.transaction():
        charge = sandbox.need("charge", charge_id)
        made = disputes.open_dispute(sandbox, charge, reason=reason, inquiry=inquiry, amount=amount)
        return public(made)


def decide_dispute(sandbox: Sandbox, dispute_id: str, *, outcome: str) -> Json:
    """Let the issuer decide: `won`, `lost`, or `warning_closed` for an inquiry."""
    with sandbox.transaction():
        made = sandbox.need("dispute", dispute_id)
        return public(disputes.decide(sandbox, made, outcome))


def settle_refund(sandbox: Sandbox, refund_id: str) -> Json:
    """Let a pending refund arrive."""
    with sandbox.transaction():
        return public(refunds.settle(sandbox, sandbox.need("refund", refund_id)))


def fail_refund(sandbox: Sandbox, refund_id: str) -> Json:
    """Let a refund come back."""
    with sandbox.transaction():
        return public(refunds.fail(sandbox, sandbox.need("refund", refund_id)))


def ask_for_refund_details(sandbox: Sandbox, refund_id: str) -> Json:
    """Let a pending refund wait for the buyer; from here it can be canceled over the API."""
    with sandbox.transaction():
        return public(refunds.ask_for_details(sandbox, sandbox.need("refund", refund_id)))


def top_up(sandbox: Sandbox, *, amount: int, currency: str) -> Json:
    """Add made-up money to the platform's available balance."""
    with sandbox.transaction():
        return public(balances.top_up(sandbox, amount=amount, currency=currency))


def onboard(sandbox: Sandbox, account_id: str) -> Json:
    """Fill in the sign-up form of a connected account."""
    with sandbox.transaction():
        return public(accounts.onboard(sandbox, sandbox.need("account", account_id)))


def restrict(sandbox: Sandbox, account_id: str) -> Json:
    """Hold a connected account back: no transfers to it, no payouts from it."""
    with sandbox.transaction():
        return public(accounts.restrict(sandbox, sandbox.need("account", account_id)))


def reverse_transfer(sandbox: Sandbox, transfer_id: str, *, amount: int | None = None) -> Json:
    """Take a transfer back from outside the shop and return the reversal."""
    with sandbox.transaction():
        made = sandbox.need("transfer", transfer_id)
        return public(transfers.reverse(sandbox, made, amount=amount, metadata={}))


def pay_out(sandbox: Sandbox, account_id: str, *, currency: str) -> Json:
    """Send a connected account's money to its bank and return the payout."""
    with sandbox.transaction():
        made = sandbox.need("account", account_id)
        return public(accounts.pay_out(sandbox, made, currency=currency))


def fail_payout(sandbox: Sandbox, payout_id: str) -> Json:
    """Let the bank send a payout back."""
    with sandbox.transaction():
        return public(accounts.fail_payout(sandbox, sandbox.need("payout", payout_id)))


def inject(
    sandbox: Sandbox,
    fault: str,
    *,
    path: str | None = None,
    method: str = "POST",
    times: int = 1,
) -> None:
    """Make the next API calls of this method and path prefix go wrong.

    `fault` is one of rate_limited, error_before, error_after, lost_before, lost_after.
    """
    sandbox.faults.order(Fault(fault), method=method, path=path, times=times)
