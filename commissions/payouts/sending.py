"""Send one payout: at most once, and once in the end, whatever breaks on the way.

Claim, look up, mark, send, record: each step is a transaction of its own, and none is open while
the provider is asked. A process may die between any two steps; the next one begins again with the
look-up. `epochs.py` holds the rule for keys, the caller supplies transactions and both clocks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from commissions.errors import StaleState
from commissions.models import LastAnswer, Payout, PayoutStatus, payout_steps
from commissions.payouts import booking, epochs
from commissions.payouts.approving import locked_payout, payout_of
from commissions.payouts.attempts import log
from commissions.payouts.claims import what_changed
from commissions.payouts.halting import halt_payouts, is_halted
from commissions.payouts.method import (
    Answer,
    AnswerKind,
    LookUpFailed,
    Order,
    PayoutMethod,
    Transfer,
)
from commissions.payouts.returning import take_back
from commissions.rows import row_count

LEASE = timedelta(minutes=5)
"""How long one worker has a payout for itself, in wall time."""
CALL = timedelta(minutes=4)
"""Longest a send may take, retries included; less lease than this is left alone."""

_ANSWERS = {
    AnswerKind.SERVER_ERROR: LastAnswer.SAVED_FAILURE,
    AnswerKind.INSUFFICIENT_FUNDS: LastAnswer.SAVED_FAILURE,
    AnswerKind.CANNOT_RECEIVE: LastAnswer.REFUSED,
    AnswerKind.INVALID: LastAnswer.REFUSED,
}
_BLOCKING = (AnswerKind.CANNOT_RECEIVE, AnswerKind.INVALID)
_HALTING = (AnswerKind.UNAUTHORIZED, AnswerKind.KEY_MISUSED)


class Progress(StrEnum):
    """How far one pass came."""

    LEFT = "left"
    """Somebody else works on it, or it is not ready."""
    WAITING = "waiting"
    """Come back later."""
    NEW_EPOCH = "new_epoch"
    """Absence was proven; the next pass uses a new key."""
    BLOCKED = "blocked"
    QUARANTINED = "quarantined"
    RECORDED = "recorded"
    """The provider has it and the ledger says so."""


def _no_objection(_session: Session, _payout: Payout) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A worker's hands: transactions, clocks, ids and the host's own last check."""

    unit_of_work: Callable[[], AbstractContextManager[Session]]
    now: Callable[[], datetime]
    """Business time: ages of keys, the quiet rule."""
    wall: Callable[[], datetime]
    """Wall time: leases."""
    ids: Callable[[], int]
    by: str
    owner: str
    """Names this worker; no two live ones share it."""
    may_send: Callable[[Session, Payout], str] = field(default=_no_objection)
    """Asked in the marking transaction: code of what forbids sending now, or nothing."""


def advance(sender: Sender, payout_id: int, method: PayoutMethod) -> Progress:
    """One pass over one queued payout. Safe to call at any time, by anybody, again."""
    with sender.unit_of_work() as session:
        order = _claim(session, sender, payout_id, method.rail)
    if order is None:
        return Progress.LEFT
    looked_at = sender.now()
    try:
        found = method.look_up(order)
    except LookUpFailed:
        with sender.unit_of_work() as session:
            _release(session, sender, order, "look_up_failed")
        return Progress.WAITING
    with sender.unit_of_work() as session:
        progress = _judge(session, sender, order, found, looked_at)
    if progress is not None:
        return progress
    answer = method.send(order)
    with sender.unit_of_work() as session:
        return _take_answer(session, sender, order, answer)


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
        if found:
            return _take_found(session, sender, payout, order, found)
        _note_absence(session, sender, payout, looked_at)
    return Progress.WAITING


def _take_found(
    session: Session, sender: Sender, payout: Payout, order: Order, found: Sequence[Transfer]
) -> Progress:
    if len(found) > 1:
        return _quarantine(session, sender, payout, "several_transfers")
    return _take_transfer(session, sender, payout, order, found[0], "found")


def _note_absence(session: Session, sender: Sender, payout: Payout, looked_at: datetime) -> None:
    if payout.last_sent_at is None or looked_at - payout.last_sent_at < epochs.QUIET:
        return
    if payout.absent_seen_at is None:
        payout.absent_seen_at = looked_at
    elif looked_at - payout.absent_seen_at >= epochs.SECOND_LOOK:
        payout.absent_confirmed_at = looked_at
    session.flush()
    log(session, payout, "absent", by=sender.by, at=looked_at, ids=sender.ids)


def due_payouts(session: Session, rail: str, *, wall: datetime, limit: int = 100) -> list[int]:
    """Payouts of a rail that wait for a worker, those of a dead one included, oldest first."""
    return list(
        session.scalars(
            select(Payout.id)
            .where(
                Payout.rail == rail,
                Payout.status.in_((PayoutStatus.QUEUED, PayoutStatus.SENDING)),
                _lease_is_free(wall),
            )
            .order_by(Payout.id)
            .limit(limit)
        )
    )


def _claim(session: Session, sender: Sender, payout_id: int, rail: str) -> Order | None:
    wall = sender.wall()
    lease = {"lease_owner": sender.owner, "lease_until": wall + LEASE}
    free = _lease_is_free(wall) & (Payout.rail == rail)
    try:
        moved = payout_steps.move(
            session,
            Payout,
            payout_id,
            to=PayoutStatus.SENDING,
            by=sender.by,
            at=sender.now(),
            ids=sender.ids,
            expected=PayoutStatus.QUEUED,
            also=lease,
            only_if=free,
        )
    except StaleState:
        return None
    if not moved:
        taking_over = (
            update(Payout)
            .where(Payout.id == payout_id, Payout.status == PayoutStatus.SENDING, free)
            .values(lease)
            .execution_options(synchronize_session=False)
        )
        if row_count(session, taking_over) == 0:
            return None
    return order_of(payout_of(session, payout_id))


def order_of(payout: Payout) -> Order:
    """What is sent; the same for every pass of one epoch."""
    return Order(
        payout_id=payout.id,
        group_key=payout.group_key,
        key=f"{payout.group_key}:{payout.epoch}",
        payee_key=payout.payee_key,
        amount=payout.net_amount,
        currency=payout.currency,
        destination_hash=payout.destination_hash,
        destination_sealed=payout.destination_sealed,
    )


def _judge(
    session: Session,
    sender: Sender,
    order: Order,
    found: Sequence[Transfer],
    looked_at: datetime,
) -> Progress | None:
    """Decide after the look-up; None means: marked, send now."""
    payout = locked_payout(session, order.payout_id)
    if not _is_mine(payout, sender):
        return Progress.LEFT
    if found:
        return _take_found(session, sender, payout, order, found)
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
    _release(session, sender, order, payout.status_reason)
    return Progress.NEW_EPOCH if step is epochs.Next.NEW_EPOCH else Progress.WAITING


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
        return _wait(session, sender, order, "halted")
    if payout.lease_until is None or payout.lease_until - sender.wall() < CALL:
        return _wait(session, sender, order, "lease_too_short")
    reason = _objection(session, sender, payout, now)
    if reason and payout.last_sent_at is not None:
        return _wait(session, sender, order, reason)  # an earlier send may land: keep looking
    if reason:
        return _block(session, sender, payout, reason)
    payout.last_sent_at = now
    payout.epoch_first_sent_at = payout.epoch_first_sent_at or now
    payout.last_answer = LastAnswer.UNKNOWN
    payout.absent_seen_at = None
    payout.absent_confirmed_at = None
    session.flush()
    log(session, payout, "marked", by=sender.by, at=now, ids=sender.ids)
    return None


def _objection(session: Session, sender: Sender, payout: Payout, now: datetime) -> str:
    if payout.approved_hash != payout.terms_hash or payout.approved_by is None:
        return "not_approved"
    return what_changed(session, payout, now) or sender.may_send(session, payout)


def _take_answer(session: Session, sender: Sender, order: Order, answer: Answer) -> Progress:
    payout = locked_payout(session, order.payout_id)
    detail = {"kind": answer.kind.value, "detail": answer.detail}
    now = sender.now()
    log(session, payout, "answered", by=sender.by, at=now, ids=sender.ids, detail=detail)
    if answer.kind is AnswerKind.DONE and answer.transfer is not None:
        return _take_transfer(session, sender, payout, order, answer.transfer, "recorded")
    if not _is_mine(payout, sender) or order != order_of(payout):
        return Progress.LEFT  # a later worker knows more than this late answer
    payout.last_answer = _ANSWERS.get(answer.kind, LastAnswer.UNKNOWN)
    session.flush()
    if answer.kind in _HALTING:
        reason = f"{answer.kind}:{payout.id}"
        halt_payouts(session, reason=reason, by=sender.by, at=now, ids=sender.ids)
    if answer.kind is AnswerKind.KEY_MISUSED:
        return _quarantine(session, sender, payout, answer.kind.value)
    if answer.kind in _BLOCKING:
        return _block(session, sender, payout, answer.kind.value)
    return _wait(session, sender, order, answer.kind.value)


def _take_transfer(
    session: Session,
    sender: Sender,
    payout: Payout,
    order: Order,
    transfer: Transfer,
    event: str,
) -> Progress:
    """The provider has it: compare, then move the books, once."""
    if not transfer.fits(order):
        return _quarantine(session, sender, payout, "transfer_differs")
    if payout.transfer_ref is not None:
        if payout.transfer_ref == transfer.ref:
            return Progress.RECORDED
        return _quarantine(session, sender, payout, "second_transfer")
    if payout.status is PayoutStatus.VOID:
        return _quarantine(session, sender, payout, "landed_after_void")
    now = sender.now()
    _walk_to_sending(session, sender, payout)
    moved = payout_steps.move(
        session,
        Payout,
        payout.id,
        to=PayoutStatus.SENT,
        by=sender.by,
        at=now,
        ids=sender.ids,
        expected=PayoutStatus.SENDING,
        also={
            "transfer_ref": transfer.ref,
            "sent_at": now,
            "lease_until": None,
            "lease_owner": "",
            "status_reason": "",
        },
        only_if=Payout.transfer_ref.is_(None),
    )
    if not moved:
        return Progress.LEFT
    detail = {"transfer": transfer.ref}
    log(session, payout, event, by=sender.by, at=now, ids=sender.ids, detail=detail)
    booking.transferred(session, payout, at=now, ids=sender.ids)
    if transfer.is_reversed:
        take_back(session, payout.id, event_key=transfer.ref, by=sender.by, at=now, ids=sender.ids)
    return Progress.RECORDED


def _walk_to_sending(session: Session, sender: Sender, payout: Payout) -> None:
    """An answer that came late finds its payout back in the queue, or blocked."""
    path = {
        PayoutStatus.BLOCKED: (PayoutStatus.QUEUED, PayoutStatus.SENDING),
        PayoutStatus.QUEUED: (PayoutStatus.SENDING,),
    }
    for status in path.get(payout.status, ()):
        payout_steps.move(
            session,
            Payout,
            payout.id,
            to=status,
            by=sender.by,
            at=sender.now(),
            ids=sender.ids,
            note="late answer",
        )


def _wait(session: Session, sender: Sender, order: Order, reason: str) -> Progress:
    _release(session, sender, order, reason)
    return Progress.WAITING


def _release(session: Session, sender: Sender, order: Order, reason: str) -> None:
    """Give the lease back: the payout waits in the queue for the next pass."""
    payout = locked_payout(session, order.payout_id)
    if _is_mine(payout, sender):
        _leave_sending(session, sender, payout, PayoutStatus.QUEUED, reason)


def _block(session: Session, sender: Sender, payout: Payout, reason: str) -> Progress:
    _leave_sending(session, sender, payout, PayoutStatus.BLOCKED, reason)
    return Progress.BLOCKED


def _quarantine(session: Session, sender: Sender, payout: Payout, reason: str) -> Progress:
    """Facts disagree: stop everything and let people look."""
    now = sender.now()
    code = f"{reason}:{payout.id}"
    halt_payouts(session, reason=code, by=sender.by, at=now, ids=sender.ids)
    detail = {"reason": reason}
    log(session, payout, "quarantined", by=sender.by, at=now, ids=sender.ids, detail=detail)
    if payout_steps.allows(payout.status, PayoutStatus.QUARANTINED):
        _leave_sending(session, sender, payout, PayoutStatus.QUARANTINED, reason)
    return Progress.QUARANTINED


def _leave_sending(
    session: Session, sender: Sender, payout: Payout, to: PayoutStatus, reason: str
) -> None:
    session.flush()
    payout_steps.move(
        session,
        Payout,
        payout.id,
        to=to,
        by=sender.by,
        at=sender.now(),
        ids=sender.ids,
        expected=payout.status,
        note=reason,
        also={"status_reason": reason, "lease_until": None, "lease_owner": ""},
    )


def _is_mine(payout: Payout, sender: Sender) -> bool:
    return payout.status is PayoutStatus.SENDING and payout.lease_owner == sender.owner


def _lease_is_free(wall: datetime) -> ColumnElement[bool]:
    return or_(Payout.lease_until.is_(None), Payout.lease_until <= wall)
