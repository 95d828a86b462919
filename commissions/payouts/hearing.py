"""What the provider tells about a transfer: the same facts as a look-up, at any time, in any order.

Separate from recording.py because nobody holds a lease here: the news may overtake the worker's own
answer, come long after it, or come twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.models import Attempt, Payout, PayoutStatus, payout_steps
from commissions.payouts.approving import locked_payout
from commissions.payouts.attempts import log
from commissions.payouts.halting import halt_payouts
from commissions.payouts.leases import Progress, Sender, order_of, quarantine
from commissions.payouts.method import Transfer
from commissions.payouts.recording import standing, take_found
from commissions.payouts.returning import take_back

_NOT_QUEUED = (PayoutStatus.DRAFT, PayoutStatus.APPROVED)


def hear(
    session: Session, sender: Sender, group_key: str, found: Sequence[Transfer]
) -> Progress | None:
    """Move a payout on to what its transfers say, never back; None for an unknown group.

    `found` are all transfers of the group as the provider shows them now.
    """
    payout_id = session.scalar(select(Payout.id).where(Payout.group_key == group_key))
    if payout_id is None:
        return None
    payout = locked_payout(session, payout_id)
    if payout.status is PayoutStatus.QUARANTINED:
        return Progress.LEFT  # people look at it, and it is looked up again when they have
    found = standing(payout, order_of(payout), found)
    if not found:
        return Progress.LEFT
    if payout.transfer_ref is None and payout.status in _NOT_QUEUED:
        return quarantine(session, sender, payout, "never_sent")
    progress = take_found(session, sender, payout, order_of(payout), found)
    if progress is Progress.RECORDED:
        recorded = locked_payout(session, payout_id)
        for transfer in found:
            if transfer.ref == recorded.transfer_ref:
                _follow(session, sender, recorded, transfer)
    return progress


def _follow(session: Session, sender: Sender, payout: Payout, transfer: Transfer) -> None:
    """What became of the recorded transfer since: taken back in whole, or in part."""
    now = sender.now()
    if transfer.is_reversed:
        if payout_steps.allows(payout.status, PayoutStatus.REVERSED):
            take_back(
                session, payout.id, event_key=transfer.ref, by=sender.by, at=now, ids=sender.ids
            )
    elif transfer.reversed_amount and not _knows_part(session, payout, transfer):
        # Part of it is neither here nor there: people take the rest back, or pay it again by hand.
        detail = {"transfer": transfer.ref, "amount": transfer.reversed_amount}
        log(session, payout, "partly_reversed", by=sender.by, at=now, ids=sender.ids, detail=detail)
        reason = f"partly_reversed:{payout.id}"
        halt_payouts(session, reason=reason, by=sender.by, at=now, ids=sender.ids)


def _knows_part(session: Session, payout: Payout, transfer: Transfer) -> bool:
    """The same news a second time must not halt what two people have let go on."""
    told = session.scalars(
        select(Attempt.detail).where(
            Attempt.payout_id == payout.id, Attempt.event == "partly_reversed"
        )
    )
    return any(one.get("amount") == transfer.reversed_amount for one in told)
