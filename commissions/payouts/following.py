"""What became of a recorded transfer since: it stands, it came back, or a part of it did.

The whole is booked at once. A part needs people: it may be owed again, or paid another way already.
Only its own payout waits for them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.models import Attempt, Payout, PayoutStatus
from commissions.payouts.attempts import log
from commissions.payouts.leases import Progress, Sender, quarantine
from commissions.payouts.method import Transfer
from commissions.payouts.returning import take_back

PARTLY = "partly_reversed"
_STANDS = (PayoutStatus.SENT, PayoutStatus.SETTLED)


def follow(session: Session, sender: Sender, payout: Payout, transfer: Transfer) -> Progress:
    """Book that the recorded transfer came back, or let people look at the part that did.

    The provider's sum of what came back only rises, so the same news told again changes nothing.
    """
    if payout.status not in _STANDS or transfer.back_amount <= payout.known_back_amount:
        return Progress.RECORDED
    if transfer.is_reversed and not payout.known_back_amount:
        by, at, ids = sender.by, sender.now(), sender.ids
        take_back(session, payout.id, event_key=transfer.ref, by=by, at=at, ids=ids)
        return Progress.RECORDED
    _note(session, sender, payout, transfer)
    return quarantine(session, sender, payout, PARTLY, [transfer], halts=False)


def note_more(
    session: Session, sender: Sender, payout: Payout, found: Sequence[Transfer]
) -> Progress:
    """More came back while people look at the payout: they must see it before they agree."""
    for transfer in found:
        if transfer.ref == payout.transfer_ref and transfer.back_amount > back_amount(
            session, payout
        ):
            _note(session, sender, payout, transfer)
    return Progress.LEFT


def back_amount(session: Session, payout: Payout) -> int:
    """How much of the payout's transfer came back, as far as the provider told."""
    told = session.scalars(
        select(Attempt.detail).where(Attempt.payout_id == payout.id, Attempt.event == PARTLY)
    )
    return max((int(one["amount"]) for one in told), default=0)


def _note(session: Session, sender: Sender, payout: Payout, transfer: Transfer) -> None:
    if transfer.back_amount <= back_amount(session, payout):
        return
    detail = {"transfer": transfer.ref, "amount": transfer.back_amount}
    log(session, payout, PARTLY, by=sender.by, at=sender.now(), ids=sender.ids, detail=detail)
