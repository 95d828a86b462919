"""What each type of Stripe's news means for payments: fetch the object, move forward."""

from collections.abc import Mapping
from typing import Any

from shop.gateway import client
from shop.gateway.inbox import NotYetKnown, Outcome
from shop.payments import disputes, finalise, refunds


def on_session(session_id: str, _account: str) -> Outcome:
    """checkout.session.*: the one way to learn that an order was paid."""
    try:
        finalise.by_session(session_id)
    except finalise.ForeignObject:
        return Outcome.IGNORED
    except finalise.UnknownPayment as error:
        raise NotYetKnown(session_id) from error
    return Outcome.PROCESSED


def on_intent(intent_id: str, _account: str) -> Outcome:
    """payment_intent.*: leads to the Session it belongs to; intents without one are not ours."""
    try:
        session_id = client.session_of_intent(intent_id)
    except client.GatewayRefused:
        return Outcome.IGNORED
    return on_session(session_id, "") if session_id else Outcome.IGNORED


def on_refund(refund_id: str, _account: str) -> Outcome:
    """refund.*: ours and those of the dashboard."""
    found = client.refund(refund_id)
    if refunds.record(found):
        return Outcome.PROCESSED
    return _ours_or_ignored(found)


def on_charge_refunded(charge_id: str, _account: str) -> Outcome:
    """charge.refunded names no refund: all of the payment are looked at."""
    charge = client.charge(charge_id)
    intent_id = charge.get("payment_intent")
    if not intent_id:
        return Outcome.IGNORED
    known = [refunds.record(found) for found in client.refunds_of(str(intent_id))]
    return Outcome.PROCESSED if any(known) else _ours_or_ignored(charge)


def on_dispute(dispute_id: str, _account: str) -> Outcome:
    """charge.dispute.*."""
    found = client.dispute(dispute_id)
    if disputes.record(found):
        return Outcome.PROCESSED
    return _ours_or_ignored(client.charge(str(found["charge"])))


def _ours_or_ignored(found: Mapping[str, Any]) -> Outcome:
    """For what no row of ours knows; raises NotYetKnown if it carries our name all the same."""
    if (found.get("metadata") or {}).get("app") == "gridshop":
        raise NotYetKnown(str(found["id"]))
    return Outcome.IGNORED
