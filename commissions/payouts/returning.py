"""What happens to a payout after it was sent: it settles, or the money comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.models import Attempt, Payout, PayoutStatus, payout_steps
from commissions.payouts import booking
from commissions.payouts.approving import locked_payout
from commissions.payouts.attempts import log

Ids = Callable[[], int]


def settle(session: Session, payout_id: int, *, by: str, at: datetime, ids: Ids) -> bool:
    """The money arrived. False if that was known, or if it came back meanwhile."""
    if locked_payout(session, payout_id).status is not PayoutStatus.SENT:
        return False
    return payout_steps.move(
        session,
        Payout,
        payout_id,
        to=PayoutStatus.SETTLED,
        by=by,
        at=at,
        ids=ids,
        expected=PayoutStatus.SENT,
        also={"settled_at": at},
    )


def settle_arrived(
    session: Session,
    destination_hash: str,
    *,
    amount: int,
    currency: str,
    sent_until: datetime,
    by: str,
    at: datetime,
    ids: Ids,
) -> list[int]:
    """The payee's bank has this much: settle what it covers, oldest first; the ids of those.

    A bank's payment joins several transfers and names none of them. What it does not cover in whole
    stays sent, which is paid for everybody but the bank.
    """
    waiting = session.execute(
        select(Payout.id, Payout.net_amount)
        .where(
            Payout.destination_hash == destination_hash,
            Payout.currency == currency,
            Payout.status == PayoutStatus.SENT,
            Payout.sent_at <= sent_until,
        )
        .order_by(Payout.sent_at, Payout.id)
    ).all()
    settled, left = [], amount
    for payout_id, net_amount in waiting:
        if net_amount > left:
            break
        left -= net_amount
        if settle(session, payout_id, by=by, at=at, ids=ids):
            settled.append(payout_id)
    return settled


def note_bank_refusal(
    session: Session, destination_hash: str, *, event_key: str, by: str, at: datetime, ids: Ids
) -> list[int]:
    """The payee's bank sent its money back to the payee's account at the provider.

    The money is not ours again, so nothing is booked and nothing becomes payable: people see it on
    the latest payout, and a reversal of its transfer brings the money back. The ids of payouts that
    learned of it now.
    """
    latest = session.scalars(
        select(Payout)
        .where(
            Payout.destination_hash == destination_hash,
            Payout.status.in_((PayoutStatus.SENT, PayoutStatus.SETTLED)),
        )
        .order_by(Payout.id.desc())
        .limit(1)
    ).all()
    told = []
    for payout in latest:
        known = session.scalars(
            select(Attempt.detail).where(
                Attempt.payout_id == payout.id, Attempt.event == "bank_refused"
            )
        )
        if not any(one.get("event") == event_key for one in known):
            detail = {"event": event_key}
            log(session, payout, "bank_refused", by=by, at=at, ids=ids, detail=detail)
            told.append(payout.id)
    return told


def take_back(
    session: Session,
    payout_id: int,
    *,
    event_key: str,
    by: str,
    at: datetime,
    ids: Ids,
    status: PayoutStatus = PayoutStatus.REVERSED,
) -> bool:
    """The money came back after it was sent: compensating postings, entries payable again.

    `status` is REVERSED, or FAILED if the bank never paid it out. False if it is back already.
    Raises StaleState if it was never sent.
    """
    payout = locked_payout(session, payout_id)
    if payout.status in (PayoutStatus.FAILED, PayoutStatus.REVERSED):
        return False
    moved = payout_steps.move(
        session, Payout, payout_id, to=status, by=by, at=at, ids=ids, note=event_key
    )
    if moved:
        detail = {"event": event_key, "status": status.value}
        log(session, payout, "returned", by=by, at=at, ids=ids, detail=detail)
        booking.returned(session, payout, at=at, ids=ids)
    return moved
