"""What happens to a payout after it was sent: it settles, or the money comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from commissions.models import Payout, PayoutStatus, payout_steps
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
    )


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
