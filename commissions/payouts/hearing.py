"""What the provider tells about a transfer: the same facts as a look-up, at any time, in any order.

Separate from recording.py because nobody holds a lease here: the news may overtake the worker's own
answer, come long after it, or come twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.models import Payout, PayoutStatus
from commissions.payouts.approving import locked_payout
from commissions.payouts.following import follow, note_more
from commissions.payouts.leases import Progress, Sender, order_of, quarantine
from commissions.payouts.method import Transfer
from commissions.payouts.recording import standing, take_found

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
        # People look at it, and it is looked up again when they have.
        return note_more(session, sender, payout, found)
    found = standing(payout, order_of(payout), found)
    if not found:
        return Progress.LEFT
    if payout.transfer_ref is None and payout.status in _NOT_QUEUED:
        return quarantine(session, sender, payout, "never_sent", found)
    progress = take_found(session, sender, payout, order_of(payout), found)
    if progress is Progress.RECORDED:
        recorded = locked_payout(session, payout_id)
        for transfer in found:
            if transfer.ref == recorded.transfer_ref:
                progress = follow(session, sender, recorded, transfer)
    return progress
