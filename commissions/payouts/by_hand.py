"""Payouts on rails without a network: cash, a credit note, a bank transfer typed by a person.

They claim, are approved and post exactly as the others, so nothing is paid twice over two ways.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from commissions.errors import CommissionError
from commissions.models import Payout, PayoutStatus, payout_steps
from commissions.payouts import booking
from commissions.payouts.approving import is_agreed, locked_payout
from commissions.payouts.attempts import log
from commissions.payouts.claims import what_changed
from commissions.payouts.halting import is_halted

Ids = Callable[[], int]


class Halted(CommissionError):
    """Payouts are halted."""

    code = "payouts_halted"


class ClaimChanged(CommissionError):
    """Entries of the payout were reversed or held since it was approved; void and prepare anew."""

    code = "claim_changed"


def register_by_hand(
    session: Session, payout_id: int, *, reference: str, by: str, at: datetime, ids: Ids
) -> bool:
    """A person paid an approved payout; `reference` is on the receipt and unique per rail.

    False if it was registered already. Raises Halted, ClaimChanged, StaleState.
    """
    payout = locked_payout(session, payout_id)
    ref = f"{payout.rail}:{reference}"
    if payout.transfer_ref == ref:
        return False
    begin_sending(session, payout, by=by, at=at, ids=ids)
    finish_sending(session, payout, transfer_ref=ref, by=by, at=at, ids=ids)
    return True


def begin_sending(session: Session, payout: Payout, *, by: str, at: datetime, ids: Ids) -> None:
    """From approved to sending on a rail without a network, after the last check."""
    if is_halted(session):
        raise Halted(payout=payout.id)
    changed = what_changed(session, payout, at)
    if changed or payout.approved_hash != payout.terms_hash or not is_agreed(session, payout):
        raise ClaimChanged(changed, payout=payout.id, reason=changed)
    if payout.status is not PayoutStatus.QUEUED:
        payout_steps.move(
            session,
            Payout,
            payout.id,
            to=PayoutStatus.QUEUED,
            by=by,
            at=at,
            ids=ids,
            expected=PayoutStatus.APPROVED,
        )
    payout_steps.move(
        session,
        Payout,
        payout.id,
        to=PayoutStatus.SENDING,
        by=by,
        at=at,
        ids=ids,
        expected=PayoutStatus.QUEUED,
        also={"last_sent_at": at, "epoch_first_sent_at": at, "absent_confirmed_at": None},
    )
    log(session, payout, "marked", by=by, at=at, ids=ids)


def finish_sending(
    session: Session, payout: Payout, *, transfer_ref: str, by: str, at: datetime, ids: Ids
) -> None:
    """From sending to sent, with the books."""
    payout_steps.move(
        session,
        Payout,
        payout.id,
        to=PayoutStatus.SENT,
        by=by,
        at=at,
        ids=ids,
        expected=PayoutStatus.SENDING,
        also={"transfer_ref": transfer_ref, "sent_at": at},
    )
    log(session, payout, "recorded", by=by, at=at, ids=ids, detail={"transfer": transfer_ref})
    booking.transferred(session, payout, at=at, ids=ids)
