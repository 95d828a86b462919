"""What rewards hears of money that left for payees: payouts go forward, whoever learns it first."""

import logging

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.models import Payout, PayoutStatus
from commissions.payouts import approving, hearing, returning
from commissions.payouts.method import AnswerKind
from shop.gateway.events import AccountChanged, BankPaymentSeen, TransfersSeen
from shop.gateway.inbox import NotYetKnown
from shop.kernel import ids, jobs
from shop.network import destinations
from shop.network.destinations import DestinationChanged
from shop.network.models import Rail
from shop.rewards import connect_accounts, keys, payouts
from shop.rewards.connect_rail import of_stripe

log = logging.getLogger(__name__)

BY = "stripe"


def on_transfers(session: Session, event: TransfersSeen) -> None:
    """Record, take back, or halt: what the transfers of one payout say now.

    Raises NotYetKnown for a group of ours without a payout.
    """
    found = [of_stripe(one) for one in event.transfers]
    if hearing.hear(session, payouts.hands(BY), event.group, found) is None:
        raise NotYetKnown(event.group)


def on_bank_payment(session: Session, event: BankPaymentSeen) -> None:
    """The payee's own bank has the money, or sent it back to the payee's account at Stripe."""
    destination = _hash_of(event.account_id)
    if event.is_paid:
        returning.settle_arrived(
            session,
            destination,
            amount=event.amount,
            currency=event.currency,
            sent_until=event.made_at,
            by=BY,
            at=event.at,
            ids=ids.new,
        )
        return
    for payout_id in returning.note_bank_refusal(
        session, destination, event_key=event.payment_id, by=BY, at=event.at, ids=ids.new
    ):
        log.error("the bank of payout %s's payee sent money back", payout_id)


def on_account(session: Session, event: AccountChanged) -> None:
    """An account that can receive again: what was held for that is sent after all.

    Its approval stands, and the look-up and the quiet time before each send do as well.
    """
    connect_accounts.note(session, event)
    if not event.can_receive:
        return
    waiting = session.scalars(
        select(Payout.id)
        .where(
            Payout.destination_hash == _hash_of(event.account_id),
            Payout.status == PayoutStatus.BLOCKED,
            Payout.status_reason == AnswerKind.CANNOT_RECEIVE.value,
        )
        .order_by(Payout.id)
    ).all()
    for payout_id in waiting:
        approving.queue(session, payout_id, by=BY, at=event.at, ids=ids.new)
    if waiting:
        jobs.enqueue(session, payouts.SEND, at=event.at, key=payouts.SEND)


def on_destination(session: Session, event: DestinationChanged) -> None:
    """The payee's money goes elsewhere now: what is on its way to the old place is taken back."""
    place = destinations.current(session, [event.payee_id])[event.payee_id]
    approving.void_outdated(
        session,
        keys.payee(event.payee_id),
        current_hash=place.hash,
        by="destination",
        at=event.at,
        ids=ids.new,
    )


def _hash_of(account_id: str) -> str:
    return destinations.hash_of(Rail.CONNECT, {"account_id": account_id})
