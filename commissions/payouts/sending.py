"""Send one payout: at most once, and once in the end, whatever breaks on the way.

Claim, look up, mark, send, record: each step is a transaction of its own, and none is open while
the provider is asked. A process may die between any two steps; the next one begins again with the
look-up. `epochs.py` holds the rule for keys, the caller supplies transactions and both clocks.
"""

from __future__ import annotations

from commissions.models import PayoutStatus
from commissions.payouts.approving import locked_payout, payout_of
from commissions.payouts.judging import judge, note_absence
from commissions.payouts.leases import Progress, Sender, claim, due_payouts, order_of, release
from commissions.payouts.method import LookUpFailed, PayoutMethod
from commissions.payouts.recording import standing, take_answer, take_found

__all__ = ["Progress", "Sender", "advance", "confirm_absence", "due_payouts"]


def advance(sender: Sender, payout_id: int, method: PayoutMethod) -> Progress:
    """One pass over one queued payout. Safe to call at any time, by anybody, again."""
    with sender.unit_of_work() as session:
        order = claim(session, sender, payout_id, method.rail)
    if order is None:
        return Progress.LEFT
    looked_at = sender.now()
    try:
        found = method.look_up(order)
    except LookUpFailed:
        with sender.unit_of_work() as session:
            release(session, sender, order, "look_up_failed")
        return Progress.WAITING
    with sender.unit_of_work() as session:
        progress = judge(session, sender, order, found, looked_at)
    if progress is not None:
        return progress
    sender.before_call()
    answer = method.send(order)
    with sender.unit_of_work() as session:
        return take_answer(session, sender, order, answer)


def confirm_absence(sender: Sender, payout_id: int, method: PayoutMethod) -> Progress:
    """Look for a blocked payout's transfer, so that two people may void it.

    The second look-up without a result after the quiet time proves the absence; a transfer that
    turns up is recorded.
    """
    with sender.unit_of_work() as session:
        payout = payout_of(session, payout_id)
        order = order_of(payout)
        if payout.status is not PayoutStatus.BLOCKED or payout.last_sent_at is None:
            return Progress.LEFT
    looked_at = sender.now()
    found = method.look_up(order)
    with sender.unit_of_work() as session:
        payout = locked_payout(session, payout_id)
        if payout.status is not PayoutStatus.BLOCKED or order != order_of(payout):
            return Progress.LEFT
        if counted := standing(payout, order, found):
            return take_found(session, sender, payout, order, counted)
        note_absence(session, sender, payout, looked_at)
    return Progress.WAITING
