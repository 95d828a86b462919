"""The second person: approve what was prepared, queue it, or take it back before it leaves."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import Session

from commissions import audit_trail
from commissions.errors import CommissionError, NotFound, StaleState
from commissions.models import (
    Approval,
    Claim,
    Entry,
    LastAnswer,
    Payout,
    PayoutStatus,
    payout_steps,
)
from commissions.payouts import booking
from commissions.payouts.claims import what_changed
from commissions.payouts.preparing import hash_of_terms
from commissions.plans import SamePerson, TermsChanged
from commissions.rows import write

Ids = Callable[[], int]

NOTHING_LANDS_AFTER = timedelta(hours=24)
"""A request sent longer ago than this does not arrive any more."""


class OwnPayout(CommissionError):
    """Nobody approves money to themselves."""

    code = "own_payout"


class CoolingDown(CommissionError):
    """The destination was changed a short while ago."""

    code = "destination_cooling_down"


class MayStillLand(CommissionError):
    """The payout was sent and could still arrive; it cannot be void."""

    code = "may_still_land"


def approve(
    session: Session,
    payout_id: int,
    *,
    expected_hash: str,
    by: str,
    at: datetime,
    ids: Ids,
    own_payees: Collection[str] = (),
) -> bool:
    """Agree to exactly what was seen: `expected_hash` is the payout's `terms_hash`.

    `own_payees` are those of the approver. True if the payout is approved by this; False if another
    person must agree as well, or if it was approved already.
    Raises SamePerson, OwnPayout, TermsChanged, CoolingDown and StaleState.
    """
    # Of two who agree at the same moment, the second must count the first one's approval.
    payout = locked_payout(session, payout_id)
    if by == payout.created_by:
        raise SamePerson(payout=payout_id, by=by)
    if payout.payee_key in own_payees:
        raise OwnPayout(payout=payout_id, by=by)
    if expected_hash != payout.terms_hash or payout.terms_hash != hash_of_terms(payout):
        raise TermsChanged(payout=payout_id)
    if payout.destination_ready_at > at:
        raise CoolingDown(payout=payout_id)
    changed = what_changed(session, payout, at)
    if payout.status is PayoutStatus.DRAFT and changed:
        raise TermsChanged(changed, payout=payout_id, reason=changed)
    if payout.status is PayoutStatus.DRAFT:
        _agree(session, payout, by=by, at=at, ids=ids)
        if not is_agreed(session, payout):
            return False
    agreed = {"approved_at": at, "approved_by": by, "approved_hash": expected_hash}
    return payout_steps.move(
        session,
        Payout,
        payout_id,
        to=PayoutStatus.APPROVED,
        by=by,
        at=at,
        ids=ids,
        expected=PayoutStatus.DRAFT,
        also=agreed,
    )


def is_agreed(session: Session, payout: Payout) -> bool:
    """Whether enough different people, none of them the maker, agreed to the payout as it is."""
    count = session.scalar(
        select(func.count()).where(
            Approval.payout_id == payout.id,
            Approval.terms_hash == payout.terms_hash,
            Approval.by != payout.created_by,
        )
    )
    return int(count or 0) >= payout.approvals_needed


def _agree(session: Session, payout: Payout, *, by: str, at: datetime, ids: Ids) -> None:
    row = {
        "payout_id": payout.id,
        "by": by,
        "maker": payout.created_by,
        "terms_hash": payout.terms_hash,
        "at": at,
    }
    known = select(Approval.by).where(Approval.payout_id == payout.id, Approval.by == by)
    if session.scalar(known) is not None:
        return
    write(session, Approval, [row])
    audit_trail.record(
        session,
        "commission_payout.agreed",
        thing=(Payout.__tablename__, payout.id),
        by=by,
        at=at,
        ids=ids,
        after={"terms": payout.terms_hash[:16]},
    )


def queue(session: Session, payout_id: int, *, by: str, at: datetime, ids: Ids) -> bool:
    """Let an approved, or a blocked and cleared, payout be sent. The host enqueues its job."""
    blocked = payout_of(session, payout_id).status is PayoutStatus.BLOCKED
    return payout_steps.move(
        session,
        Payout,
        payout_id,
        to=PayoutStatus.QUEUED,
        by=by,
        at=at,
        ids=ids,
        expected=PayoutStatus.BLOCKED if blocked else PayoutStatus.APPROVED,
        also={"status_reason": ""},
    )


def void(session: Session, payout_id: int, *, by: str, at: datetime, ids: Ids, reason: str) -> bool:
    """Take back a payout that was never sent; its entries are payable again.

    False if it was void already. Raises StaleState if it is being sent or has been.
    """
    never_sent = Payout.last_sent_at.is_(None)
    moved = payout_steps.move(
        session,
        Payout,
        payout_id,
        to=PayoutStatus.VOID,
        by=by,
        at=at,
        ids=ids,
        note=reason,
        only_if=never_sent,
    )
    if moved:
        booking.give_back(session, payout_of(session, payout_id), at=at, ids=ids)
    return moved


def void_after_send(
    session: Session,
    payout_id: int,
    *,
    by: str,
    second: str,
    at: datetime,
    ids: Ids,
    reason: str,
) -> bool:
    """Take back a blocked payout that was sent, under four eyes, when nothing can land any more.

    Needs a definite refusal or 24 hours since the last send, and a confirmed absence.
    Raises SamePerson, MayStillLand.
    """
    if by == second:
        raise SamePerson(payout=payout_id, by=by)
    nothing_lands = or_(
        Payout.last_answer == LastAnswer.REFUSED,
        Payout.last_sent_at <= at - NOTHING_LANDS_AFTER,
    )
    try:
        moved = payout_steps.move(
            session,
            Payout,
            payout_id,
            to=PayoutStatus.VOID,
            by=by,
            at=at,
            ids=ids,
            note=f"{reason} (with {second})",
            expected=PayoutStatus.BLOCKED,
            only_if=nothing_lands & Payout.absent_confirmed_at.is_not(None),
        )
    except StaleState as error:
        raise MayStillLand(payout=payout_id) from error
    if moved:
        booking.give_back(session, payout_of(session, payout_id), at=at, ids=ids)
    return moved


def clear_quarantine(
    session: Session,
    payout_id: int,
    *,
    by: str,
    second: str,
    at: datetime,
    ids: Ids,
    reason: str,
) -> bool:
    """Two people have looked at a payout whose facts disagreed.

    One that was sent stands as it did; another is held, and goes on or is taken back from there.
    False if that was done before. Raises SamePerson, StaleState.
    """
    if by == second:
        raise SamePerson(payout=payout_id, by=by)
    payout = payout_of(session, payout_id)
    was_sent = payout.transfer_ref is not None
    stands = PayoutStatus.SETTLED if payout.settled_at is not None else PayoutStatus.SENT
    return payout_steps.move(
        session,
        Payout,
        payout_id,
        to=stands if was_sent else PayoutStatus.BLOCKED,
        by=by,
        at=at,
        ids=ids,
        expected=PayoutStatus.QUARANTINED,
        note=f"{reason} (with {second})",
        also={"status_reason": ""} if was_sent else None,
    )


def void_outdated(
    session: Session, payee_key: str, *, current_hash: str, by: str, at: datetime, ids: Ids
) -> list[int]:
    """A payee's destination changed: take back what is on its way to another one.

    Payouts that were sent already stay; they are found or finished. The ids of those taken back.
    """
    waiting = (PayoutStatus.DRAFT, PayoutStatus.APPROVED, PayoutStatus.QUEUED)
    outdated = session.scalars(
        select(Payout.id)
        .where(
            Payout.payee_key == payee_key,
            Payout.destination_hash != current_hash,
            Payout.status.in_(waiting),
            Payout.last_sent_at.is_(None),
        )
        .order_by(Payout.id)
    ).all()
    return [
        payout_id
        for payout_id in outdated
        if void(session, payout_id, by=by, at=at, ids=ids, reason="destination_changed")
    ]


def void_of_point(
    session: Session, point_key: str, *, by: str, at: datetime, ids: Ids, reason: str
) -> list[int]:
    """Take back payouts with earnings of a point that were never sent; the ids of those.

    What other points of the same payee earned is payable again at once, in the next run.
    """
    waiting = (PayoutStatus.DRAFT, PayoutStatus.APPROVED, PayoutStatus.QUEUED, PayoutStatus.BLOCKED)
    has_some = exists(
        select(1)
        .select_from(Claim)
        .join(Entry, Entry.id == Claim.entry_id)
        .where(
            Claim.payout_id == Payout.id,
            Claim.released_at.is_(None),
            Entry.point_key == point_key,
        )
    )
    found = session.scalars(
        select(Payout.id)
        .where(Payout.status.in_(waiting), Payout.last_sent_at.is_(None), has_some)
        .order_by(Payout.id)
    ).all()
    return [
        payout_id
        for payout_id in found
        if void(session, payout_id, by=by, at=at, ids=ids, reason=reason)
    ]


def payout_of(session: Session, payout_id: int) -> Payout:
    """A payout as it stands in the database now. Raises NotFound."""
    payout = session.get(Payout, payout_id, populate_existing=True)
    if payout is None:
        raise NotFound(thing="commission_payout", id=payout_id)
    return payout


def locked_payout(session: Session, payout_id: int) -> Payout:
    """The same, with its row locked until the transaction ends. Raises NotFound."""
    session.execute(
        update(Payout)
        .where(Payout.id == payout_id)
        .values(epoch=Payout.epoch)
        .execution_options(synchronize_session=False)
    )
    return payout_of(session, payout_id)


def block(
    session: Session, payout_id: int, *, by: str, at: datetime, ids: Ids, reason: str
) -> bool:
    """A person stops a queued payout; `queue` lets it go on, `void` takes it back."""
    return payout_steps.move(
        session,
        Payout,
        payout_id,
        to=PayoutStatus.BLOCKED,
        by=by,
        at=at,
        ids=ids,
        expected=PayoutStatus.QUEUED,
        note=reason,
        also={"status_reason": reason},
    )
