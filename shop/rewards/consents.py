"""Two people for what one must not do alone: the first asks, the second signs in and agrees.

The act itself runs where the second agrees, in one transaction with the end of the request; if the
engine refuses it, the request stays open and nothing happened.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial as bind

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commissions.models import Batch, BatchItem, LastAnswer, Payout, PayoutStatus
from commissions.payouts import approving, bank_file, halting, partial
from commissions.payouts.approving import NOTHING_LANDS_AFTER
from shop.kernel import ids, jobs
from shop.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from shop.kernel.words import Words, _l
from shop.rewards import corrections, law, payout_terms, reconciling, restores, taxes
from shop.rewards.models import CONSENT, Act, Consent, ConsentState
from shop.rewards.payout_stops import LOOK_AGAIN
from shop.rewards.reconciling import REVERSE_LATER


def ask(session: Session, act: Act, subject_id: int, *, reason: str, by: str, at: datetime) -> int:
    """Ask for a second person; returns the request.

    Raises Invalid without a reason, Conflict if it was asked for already or makes no sense now.
    """
    cleaned = reason.strip()[:500]
    if not cleaned:
        raise Invalid(_l("Please say why."), field="reason")
    objection = _OBJECTIONS[act](session, subject_id, at)
    if objection is not None:
        raise Conflict(objection)
    consent_id = ids.new()
    try:
        with session.begin_nested():
            session.add(
                Consent(
                    id=consent_id,
                    act=act,
                    subject_id=subject_id,
                    amount=_amount(session, act, subject_id),
                    reason=cleaned,
                    status=ConsentState.OPEN,
                    asked_by=by,
                    asked_at=at,
                    note="",
                )
            )
            session.flush()
    except IntegrityError as error:
        raise Conflict(_l("A second person was asked already.")) from error
    return consent_id


def agree(session: Session, consent_id: int, *, by: str, at: datetime) -> Consent:
    """The second person agrees, and the act happens.

    Raises Forbidden for the one who asked, NotFound, StaleState, and what the engine refuses.
    """
    asked = _open(session, consent_id)
    if asked.asked_by == by:
        raise Forbidden(_l("You asked for this. Another person must agree."))
    _decide(session, consent_id, ConsentState.AGREED, note="", by=by, at=at)
    _ACTS[Act(asked.act)](session, asked, by=by, at=at)
    return asked


def refuse(session: Session, consent_id: int, *, note: str, by: str, at: datetime) -> Consent:
    """The second person says no, with a reason.

    Raises Forbidden for the one who asked, Invalid without a reason.
    """
    asked = _open(session, consent_id)
    if asked.asked_by == by:
        raise Forbidden(_l("You asked for this. You can withdraw it."))
    if not note.strip():
        raise Invalid(_l("Please say why."), field="note")
    _decide(session, consent_id, ConsentState.REFUSED, note=note.strip()[:500], by=by, at=at)
    return asked


def withdraw(session: Session, consent_id: int, *, by: str, at: datetime) -> Consent:
    """Whoever asked needs it no more. Raises Forbidden for others."""
    asked = _open(session, consent_id)
    if asked.asked_by != by:
        raise Forbidden(_l("Only the person who asked can withdraw this."))
    _decide(session, consent_id, ConsentState.WITHDRAWN, note="", by=by, at=at)
    return asked


def open_ones(session: Session) -> Sequence[Consent]:
    """Requests that wait for a second person, oldest first."""
    return session.scalars(
        select(Consent).where(Consent.status == ConsentState.OPEN).order_by(Consent.id)
    ).all()


def latest_decided(session: Session, *, limit: int = 20) -> Sequence[Consent]:
    """The last decisions."""
    return session.scalars(
        select(Consent)
        .where(Consent.status != ConsentState.OPEN)
        .order_by(Consent.decided_at.desc(), Consent.id.desc())
        .limit(limit)
    ).all()


def nothing_lands(payout: Payout, *, at: datetime) -> bool:
    """Whether a payout that was sent can be void: refused or long ago, and proven absent."""
    if payout.last_sent_at is None or payout.absent_confirmed_at is None:
        return False
    refused = payout.last_answer is LastAnswer.REFUSED
    return refused or payout.last_sent_at <= at - NOTHING_LANDS_AFTER


def _amount(session: Session, act: Act, subject_id: int) -> int:
    """What is asked for is what people saw: more that comes meanwhile needs another request."""
    if act not in (Act.BOOK_PART, Act.ACCEPT_PART):
        return 0
    return partial.undecided_amount(session, session.get_one(Payout, subject_id))


def _open(session: Session, consent_id: int) -> Consent:
    found = session.get(Consent, consent_id)
    if found is None:
        raise NotFound(_l("There is no such request."))
    return found


def _decide(
    session: Session, consent_id: int, to: ConsentState, *, note: str, by: str, at: datetime
) -> None:
    moved = CONSENT.move(
        session,
        Consent,
        consent_id,
        to=to,
        by=by,
        at=at,
        ids=ids.new,
        expected=ConsentState.OPEN,
        note=note,
        also={"decided_by": by, "decided_at": at, "note": note},
    )
    if not moved:
        raise Conflict(_l("Somebody else changed this meanwhile. Please look at it again."))


def _resume(session: Session, asked: Consent, *, by: str, at: datetime) -> None:
    if (objection := reconciling.restore_objection(session)) is not None:
        raise Conflict(objection)
    restores.unblock(session)
    halting.resume_payouts(
        session, reason=asked.reason, by=asked.asked_by, second=by, at=at, ids=ids.new
    )


def _void(session: Session, asked: Consent, *, by: str, at: datetime) -> None:
    approving.void_after_send(
        session,
        asked.subject_id,
        by=asked.asked_by,
        second=by,
        at=at,
        ids=ids.new,
        reason=asked.reason,
    )


def _not_sent(session: Session, asked: Consent, *, by: str, at: datetime) -> None:
    bank_file.declare_not_sent(
        session,
        asked.subject_id,
        by=asked.asked_by,
        second=by,
        at=at,
        ids=ids.new,
        reason=asked.reason,
    )


def _clear(session: Session, asked: Consent, *, by: str, at: datetime) -> None:
    """What happened at Stripe meanwhile is looked up anew once people have looked."""
    approving.clear_quarantine(
        session,
        asked.subject_id,
        by=asked.asked_by,
        second=by,
        at=at,
        ids=ids.new,
        reason=asked.reason,
    )
    jobs.enqueue(session, LOOK_AGAIN, {"payout_id": str(asked.subject_id)}, at=at)


def _part(
    decide: Callable[..., None], session: Session, asked: Consent, *, by: str, at: datetime
) -> None:
    decide(
        session,
        asked.subject_id,
        amount=asked.amount,
        by=asked.asked_by,
        second=by,
        at=at,
        ids=ids.new,
        reason=asked.reason,
    )


def _terms(session: Session, asked: Consent, *, by: str, at: datetime) -> None:
    payout_terms.put_in_force(session, asked.subject_id, by=by, at=at)


def _case(session: Session, asked: Consent, *, by: str, at: datetime) -> None:
    corrections.carry_out(session, asked.subject_id, by=asked.asked_by, second=by, at=at)


def _reverse(session: Session, asked: Consent, *, by: str, at: datetime) -> None:
    """Stripe is asked by a job: no call is made while this transaction is open."""
    payload = {"payout_id": str(asked.subject_id)}
    jobs.enqueue(session, REVERSE_LATER, payload, at=at)


def _tax(session: Session, asked: Consent, *, by: str, at: datetime) -> None:
    taxes.put_in_force(session, asked.subject_id, by=by, at=at)


def _law(session: Session, asked: Consent, *, by: str, at: datetime) -> None:
    law.put_in_force(session, asked.subject_id, by=by, at=at)


_ACTS: Mapping[Act, Callable[..., None]] = {
    Act.RESUME: _resume,
    Act.VOID: _void,
    Act.NOT_SENT: _not_sent,
    Act.CLEAR: _clear,
    Act.BOOK_PART: bind(_part, partial.book_part),
    Act.ACCEPT_PART: bind(_part, partial.accept_part),
    Act.TERMS: _terms,
    Act.CASE: _case,
    Act.TAX: _tax,
    Act.LAW: _law,
    Act.REVERSE: _reverse,
}


def _not_halted(session: Session, _subject_id: int, _at: datetime) -> Words | None:
    if not halting.is_halted(session):
        return _l("Payouts are not halted.")
    return reconciling.restore_objection(session)


def _may_land(session: Session, payout_id: int, at: datetime) -> Words | None:
    payout = session.get(Payout, payout_id)
    if payout is None or payout.status is not PayoutStatus.BLOCKED:
        return _l("Only a held payout can be taken back this way.")
    if not nothing_lands(payout, at=at):
        return _l(
            "It may still arrive. Look for it twice, some minutes apart; without a definite refusal "
            "a day must have passed since it was sent."
        )
    return None


def _nothing_waits(session: Session, batch_id: int, _at: datetime) -> Words | None:
    waiting = session.scalar(
        select(Payout.id)
        .join(BatchItem, BatchItem.payout_id == Payout.id)
        .join(Batch, Batch.id == BatchItem.batch_id)
        .where(Batch.id == batch_id, Payout.status == PayoutStatus.SENDING)
        .limit(1)
    )
    return None if waiting else _l("No payout of this file waits for the bank.")


def _no_objection(_session: Session, _subject_id: int, _at: datetime) -> Words | None:
    return None  # whoever proposed it was told at once what is wrong with it


def _not_quarantined(session: Session, payout_id: int, _at: datetime) -> Words | None:
    payout = session.get(Payout, payout_id)
    if payout is None or payout.status is not PayoutStatus.QUARANTINED:
        return _l("The facts of this payout do not disagree.")
    return None


def _not_to_clear(session: Session, payout_id: int, at: datetime) -> Words | None:
    if _nothing_back(session, payout_id, at) is None:
        return _l("A part of it came back. Say first whether that is owed again.")
    return _not_quarantined(session, payout_id, at)


def _nothing_back(session: Session, payout_id: int, _at: datetime) -> Words | None:
    payout = session.get(Payout, payout_id)
    if payout is None or not partial.undecided_amount(session, payout):
        return _l("Nothing of this payout came back that nobody has decided about.")
    return None


_OBJECTIONS: Mapping[Act, Callable[[Session, int, datetime], Words | None]] = {
    Act.RESUME: _not_halted,
    Act.VOID: _may_land,
    Act.NOT_SENT: _nothing_waits,
    Act.CLEAR: _not_to_clear,
    Act.BOOK_PART: _nothing_back,
    Act.ACCEPT_PART: _nothing_back,
    Act.TERMS: _no_objection,
    Act.CASE: _no_objection,
    Act.TAX: _no_objection,
    Act.REVERSE: _not_quarantined,
    Act.LAW: _no_objection,
}
