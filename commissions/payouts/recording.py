"""What the provider said, in the books: a transfer once, a refusal by its class."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from commissions.models import LastAnswer, Payout, PayoutStatus, payout_steps
from commissions.payouts import booking
from commissions.payouts.approving import locked_payout
from commissions.payouts.attempts import log
from commissions.payouts.following import follow
from commissions.payouts.halting import halt_payouts
from commissions.payouts.leases import (
    Progress,
    Sender,
    block_payout,
    is_mine,
    order_of,
    quarantine,
    wait,
)
from commissions.payouts.method import Answer, AnswerKind, Order, Transfer

_ANSWERS = {
    AnswerKind.SERVER_ERROR: LastAnswer.SAVED_FAILURE,
    AnswerKind.INSUFFICIENT_FUNDS: LastAnswer.SAVED_FAILURE,
    AnswerKind.CANNOT_RECEIVE: LastAnswer.REFUSED,
    AnswerKind.INVALID: LastAnswer.REFUSED,
}
_BLOCKING = (AnswerKind.CANNOT_RECEIVE, AnswerKind.INVALID)
_HALTING = (AnswerKind.UNAUTHORIZED, AnswerKind.KEY_MISUSED)


def take_answer(session: Session, sender: Sender, order: Order, answer: Answer) -> Progress:
    """Record what a send was answered, and leave the payout where its class belongs."""
    payout = locked_payout(session, order.payout_id)
    detail = {"kind": answer.kind.value, "detail": answer.detail}
    now = sender.now()
    log(session, payout, "answered", by=sender.by, at=now, ids=sender.ids, detail=detail)
    if answer.kind is AnswerKind.DONE and answer.transfer is not None:
        return _take_transfer(session, sender, payout, order, answer.transfer, "recorded")
    if not is_mine(payout, sender) or order != order_of(payout):
        return Progress.LEFT  # a later worker knows more than this late answer
    payout.last_answer = _ANSWERS.get(answer.kind, LastAnswer.UNKNOWN)
    session.flush()
    if answer.kind in _HALTING:
        reason = f"{answer.kind}:{payout.id}"
        halt_payouts(session, reason=reason, by=sender.by, at=now, ids=sender.ids)
    if answer.kind is AnswerKind.KEY_MISUSED:
        return quarantine(session, sender, payout, answer.kind.value)
    if answer.kind in _BLOCKING:
        return block_payout(session, sender, payout, answer.kind.value)
    return wait(session, sender, order, answer.kind.value)


def take_found(
    session: Session, sender: Sender, payout: Payout, order: Order, found: Sequence[Transfer]
) -> Progress:
    """Adopt the one transfer that a look-up found; several are a matter for people."""
    if len(found) > 1:
        return quarantine(session, sender, payout, "several_transfers", found)
    return _take_transfer(session, sender, payout, order, found[0], "found")


def standing(payout: Payout, order: Order, found: Sequence[Transfer]) -> list[Transfer]:
    """The transfers that count: what people took back of doubled or wrong ones does not any more."""
    live = [one for one in found if not one.is_reversed or one.ref == payout.transfer_ref]
    return live or [one for one in found if one.fits(order)]


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
        return quarantine(session, sender, payout, "transfer_differs", [transfer])
    if payout.transfer_ref is not None:
        if payout.transfer_ref == transfer.ref:
            return Progress.RECORDED
        return quarantine(session, sender, payout, "second_transfer", [transfer])
    if payout.status is PayoutStatus.VOID:
        return quarantine(session, sender, payout, "landed_after_void", [transfer])
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
    return follow(session, sender, locked_payout(session, payout.id), transfer)


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
