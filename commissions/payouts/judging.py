"""After the look-up: adopt what was found, wait, begin a new epoch, or mark and send."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from commissions.models import LastAnswer, Payout
from commissions.payouts import epochs
from commissions.payouts.approving import is_agreed, locked_payout
from commissions.payouts.attempts import log
from commissions.payouts.claims import what_changed
from commissions.payouts.halting import is_halted
from commissions.payouts.leases import Progress, Sender, block_payout, is_mine, release, wait
from commissions.payouts.method import Order, Transfer
from commissions.payouts.recording import standing, take_found

CALL = timedelta(minutes=4)
"""Longest a send may take, retries included; less lease than this is left alone."""


def judge(
    session: Session,
    sender: Sender,
    order: Order,
    found: Sequence[Transfer],
    looked_at: datetime,
) -> Progress | None:
    """Decide after the look-up; None means: marked, send now."""
    payout = locked_payout(session, order.payout_id)
    if not is_mine(payout, sender):
        return Progress.LEFT
    if counted := standing(payout, order, found):
        return take_found(session, sender, payout, order, counted)
    known = epochs.Epoch(
        first_sent_at=payout.epoch_first_sent_at,
        last_sent_at=payout.last_sent_at,
        last_answer=payout.last_answer,
        absent_seen_at=payout.absent_seen_at,
    )
    step = epochs.next_step(known, looked_at)
    if step is epochs.Next.SEND:
        return _mark(session, sender, payout, order)
    if step is epochs.Next.NOTE_ABSENCE:
        payout.absent_seen_at = looked_at
        log(session, payout, "absent", by=sender.by, at=looked_at, ids=sender.ids)
    if step is epochs.Next.NEW_EPOCH:
        _begin_epoch(session, sender, payout, looked_at)
    release(session, sender, order, payout.status_reason)
    return Progress.NEW_EPOCH if step is epochs.Next.NEW_EPOCH else Progress.WAITING


def note_absence(session: Session, sender: Sender, payout: Payout, looked_at: datetime) -> None:
    """A look-up for a blocked payout found nothing; the second one after the quiet time proves it."""
    if payout.last_sent_at is None or looked_at - payout.last_sent_at < epochs.QUIET:
        return
    if payout.absent_seen_at is None:
        payout.absent_seen_at = looked_at
    elif looked_at - payout.absent_seen_at >= epochs.SECOND_LOOK:
        payout.absent_confirmed_at = looked_at
    session.flush()
    log(session, payout, "absent", by=sender.by, at=looked_at, ids=sender.ids)


def _begin_epoch(session: Session, sender: Sender, payout: Payout, looked_at: datetime) -> None:
    payout.epoch += 1
    payout.epoch_first_sent_at = None
    payout.last_answer = None
    payout.absent_seen_at = None
    payout.absent_confirmed_at = looked_at
    session.flush()
    log(session, payout, "new_epoch", by=sender.by, at=looked_at, ids=sender.ids)


def _mark(session: Session, sender: Sender, payout: Payout, order: Order) -> Progress | None:
    """The last check, in the transaction that says "sent": from here on it may have landed."""
    now = sender.now()
    if is_halted(session):
        return wait(session, sender, order, "halted")
    if payout.lease_until is None or payout.lease_until - sender.wall() < CALL:
        return wait(session, sender, order, "lease_too_short")
    reason = _objection(session, sender, payout, now)
    if reason and payout.last_sent_at is not None:
        return wait(session, sender, order, reason)  # an earlier send may land: keep looking
    if reason:
        return block_payout(session, sender, payout, reason)
    payout.last_sent_at = now
    payout.epoch_first_sent_at = payout.epoch_first_sent_at or now
    payout.last_answer = LastAnswer.UNKNOWN
    payout.absent_seen_at = None
    payout.absent_confirmed_at = None
    session.flush()
    log(session, payout, "marked", by=sender.by, at=now, ids=sender.ids)
    sender.on_mark(session)
    return None


def _objection(session: Session, sender: Sender, payout: Payout, now: datetime) -> str:
    if payout.approved_hash != payout.terms_hash or not is_agreed(session, payout):
        return "not_approved"
    return what_changed(session, payout, now) or sender.may_send(session, payout)
