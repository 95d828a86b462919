"""Who works on a payout now, and how it is left: waiting, blocked, or quarantined.

Separate from sending.py because every step ends in one of these.
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
from commissions.models import Payout, PayoutStatus, payout_steps
from commissions.payouts.approving import locked_payout, payout_of
from commissions.payouts.attempts import log
from commissions.payouts.halting import halt_payouts
from commissions.payouts.method import Order, Transfer
from commissions.rows import row_count

LEASE = timedelta(minutes=5)
"""How long one worker has a payout for itself, in wall time."""


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
    may_send: Callable[[Session, Payout], str] = field(default=lambda _session, _payout: "")
    """Asked in the marking transaction: code of what forbids sending now, or nothing."""
    on_mark: Callable[[Session], None] = field(default=lambda _session: None)
    """Told in the marking transaction that money is about to leave."""
    before_call: Callable[[], None] = field(default=lambda: None)
    """Told after its commit and before the call; what it raises lets nothing leave."""


def due_payouts(session: Session, rail: str, *, wall: datetime, limit: int = 100) -> list[int]:
    """Payouts of a rail that wait for a worker, those of a dead one included, oldest first."""
    return list(
        session.scalars(
            select(Payout.id)
            .where(
                Payout.rail == rail,
                Payout.status.in_((PayoutStatus.QUEUED, PayoutStatus.SENDING)),
                lease_is_free(wall),
            )
            .order_by(Payout.id)
            .limit(limit)
        )
    )


def claim(session: Session, sender: Sender, payout_id: int, rail: str) -> Order | None:
    """Take the lease of a queued payout, or of one whose worker died; None if it is taken."""
    wall = sender.wall()
    lease = {"lease_owner": sender.owner, "lease_until": wall + LEASE}
    free = lease_is_free(wall) & (Payout.rail == rail)
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


def wait(session: Session, sender: Sender, order: Order, reason: str) -> Progress:
    """Leave the payout in the queue, with the code of what it waits for."""
    release(session, sender, order, reason)
    return Progress.WAITING


def release(session: Session, sender: Sender, order: Order, reason: str) -> None:
    """Give the lease back: the payout waits in the queue for the next pass."""
    payout = locked_payout(session, order.payout_id)
    if is_mine(payout, sender):
        _leave_sending(session, sender, payout, PayoutStatus.QUEUED, reason)


def block_payout(session: Session, sender: Sender, payout: Payout, reason: str) -> Progress:
    """Leave the payout to a person, with the code of what stands in the way."""
    _leave_sending(session, sender, payout, PayoutStatus.BLOCKED, reason)
    return Progress.BLOCKED


def quarantine(
    session: Session,
    sender: Sender,
    payout: Payout,
    reason: str,
    found: Sequence[Transfer] = (),
    *,
    halts: bool = True,
) -> Progress:
    """Facts disagree: let people look at what was `found`, and unless it is clear, stop everything."""
    now = sender.now()
    if halts:
        code = f"{reason}:{payout.id}"
        halt_payouts(session, reason=code, by=sender.by, at=now, ids=sender.ids)
    detail = {"reason": reason, "found": [_shown(payout, one) for one in found]}
    log(session, payout, "quarantined", by=sender.by, at=now, ids=sender.ids, detail=detail)
    if payout_steps.allows(payout.status, PayoutStatus.QUARANTINED):
        _leave_sending(session, sender, payout, PayoutStatus.QUARANTINED, reason)
    return Progress.QUARANTINED


def _shown(payout: Payout, transfer: Transfer) -> dict[str, str | int | bool]:
    """What people compare with the payout; no account, only whether it is the payee's."""
    return {
        "transfer": transfer.ref,
        "amount": transfer.amount,
        "currency": transfer.currency,
        "back": transfer.back_amount,
        "same_place": transfer.destination_hash == payout.destination_hash,
    }


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


def is_mine(payout: Payout, sender: Sender) -> bool:
    """Whether this worker still has the payout."""
    return payout.status is PayoutStatus.SENDING and payout.lease_owner == sender.owner


def lease_is_free(wall: datetime) -> ColumnElement[bool]:
    """SQL: nobody alive works on the payout."""
    return or_(Payout.lease_until.is_(None), Payout.lease_until <= wall)
