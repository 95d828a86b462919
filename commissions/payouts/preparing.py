"""Prepare payouts: the maker's part. Claims what is payable, and notes why somebody gets nothing.

The amount always comes from the claimed entries, never from a request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from commissions import audit_trail
from commissions.canonical import fingerprint
from commissions.errors import CommissionError
from commissions.ledger import lock_balances
from commissions.models import Claim, Payout, PayoutStatus, Run, Skipped
from commissions.payouts import booking
from commissions.payouts.claims import (
    claimable_of,
    hash_of_items,
    is_payee_held,
    paid_before,
    payees_with_money,
)
from commissions.payouts.conditions import Conditions
from commissions.payouts.method import Destination
from commissions.rows import write

Ids = Callable[[], int]

SPLIT_WINDOW = timedelta(hours=24)
"""Payouts to one payee or one destination within this time count together for the limit."""
_GONE = (PayoutStatus.VOID, PayoutStatus.FAILED, PayoutStatus.REVERSED)


def _nothing(_payee_key: str, _currency: str, _amount: int) -> int:
    return 0


def _standard(_rail: str, _currency: str) -> Conditions:
    return Conditions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a run decides; supplied by the host."""

    destination_of: Callable[[str, str], Destination | None]
    """Payee and currency → where the money goes, or None."""
    conditions_of: Callable[[str, str], Conditions] = _standard
    """Rail and currency → minimum, fee and limit."""
    withhold: Callable[[str, str, int], int] = _nothing
    """Payee, currency and gross amount → tax that is kept, in minor units. What came back of an
    earlier payout was taxed there and is no part of the gross amount."""


class BalanceBroken(CommissionError):
    """The running balance is below what its entries say; run the audit."""

    code = "balance_broken"


def prepare_run(
    session: Session, policy: Policy, *, by: str, at: datetime, ids: Ids, note: str = ""
) -> Run:
    """One draft payout per payee and currency with enough to pay, in one transaction."""
    run = open_run(session, by=by, at=at, ids=ids, note=note)
    for payee_key, currency, _ in payees_with_money(session, at):
        prepare_payout(session, run, payee_key, currency, policy, by=by, at=at, ids=ids)
    return run


def open_run(session: Session, *, by: str, at: datetime, ids: Ids, note: str = "") -> Run:
    """A round of preparing; large ones call `prepare_payout` in a transaction per payee."""
    run = Run(id=ids(), at=at, by=by, note=note)
    session.add(run)
    session.flush()
    return run


def prepare_payout(
    session: Session,
    run: Run,
    payee_key: str,
    currency: str,
    policy: Policy,
    *,
    by: str,
    at: datetime,
    ids: Ids,
) -> Payout | None:
    """Claim everything payable of one payee, negative entries included; None with a note if not.

    Negative balances net first: nothing is paid at or below zero, or below the minimum. A payee
    that the run has dealt with is left alone, so a worker that was killed may begin again.
    """
    # Whoever opens a hold or prepares for the same payee waits here, and then sees what we did.
    lock_balances(session, [(payee_key, currency)])
    if _is_done(session, run.id, payee_key, currency):
        return None
    items = claimable_of(session, payee_key, currency, at)
    available = sum(amount for _, amount in items)
    destination = policy.destination_of(payee_key, currency)
    conditions = policy.conditions_of(destination.rail, currency) if destination else Conditions()
    reason = _why_not(session, payee_key, available, conditions.minimum, at)
    if reason or destination is None or destination.problem or destination.ready_at > at:
        why = reason or _why_not_there(destination)
        _skip(session, run, payee_key, currency, why, available, ids=ids)
        return None
    fresh = max(0, available - paid_before(session, payee_key, currency, at))
    fee = conditions.fee_of(fresh)
    withheld = policy.withhold(payee_key, currency, fresh) if fresh else 0
    if fee + withheld >= available:
        _skip(session, run, payee_key, currency, "eaten_by_deductions", available, ids=ids)
        return None
    payout = _draft(run, payee_key, currency, items, destination, fee, withheld, by, at, ids)
    recent = _recent_amount(session, payout, at)
    payout.approvals_needed = conditions.approvals_for(recent + available)
    payout.terms_hash = hash_of_terms(payout)
    session.add(payout)
    session.flush()
    claims = [
        {"payout_id": payout.id, "entry_id": entry_id, "amount": amount}
        for entry_id, amount in items
    ]
    write(session, Claim, claims)
    if not booking.reserve(session, payout, at=at, ids=ids):
        raise BalanceBroken(payee=payee_key, currency=currency)
    audit_trail.record(
        session,
        "commission_payout.prepared",
        thing=(Payout.__tablename__, payout.id),
        by=by,
        at=at,
        ids=ids,
        after={"status": "draft", "amount": payout.amount, "entries": len(items)},
    )
    return payout


def hash_of_terms(payout: Payout) -> str:
    """What an approval is bound to: amounts, currency, destination, items, approvals needed."""
    return fingerprint(
        [
            payout.payee_key,
            payout.currency,
            payout.amount,
            payout.net_amount,
            payout.fee_amount,
            payout.withheld_amount,
            payout.rail,
            payout.destination_hash,
            payout.items_hash,
            payout.approvals_needed,
        ]
    )


def _is_done(session: Session, run_id: int, payee_key: str, currency: str) -> bool:
    made = exists(
        select(1).where(
            Payout.run_id == run_id, Payout.payee_key == payee_key, Payout.currency == currency
        )
    )
    noted = exists(
        select(1).where(
            Skipped.run_id == run_id, Skipped.payee_key == payee_key, Skipped.currency == currency
        )
    )
    return bool(session.scalar(select(or_(made, noted))))


def _recent_amount(session: Session, payout: Payout, at: datetime) -> int:
    """What goes to the same payee or the same destination already: a split is one amount."""
    same = or_(
        Payout.payee_key == payout.payee_key, Payout.destination_hash == payout.destination_hash
    )
    found = session.scalar(
        select(func.sum(Payout.amount)).where(
            same,
            Payout.currency == payout.currency,
            Payout.created_at > at - SPLIT_WINDOW,
            Payout.status.not_in(_GONE),
        )
    )
    return int(found or 0)


def _why_not_there(destination: Destination | None) -> str:
    if destination is None:
        return "no_destination"
    return destination.problem or "destination_cooling_down"


def _why_not(session: Session, payee_key: str, available: int, minimum: int, at: datetime) -> str:
    if is_payee_held(session, payee_key, at):
        return "held"
    if available < 0:
        return "in_debt"
    if available == 0:
        return "nothing_available"
    return "below_minimum" if available < minimum else ""


def _draft(
    run: Run,
    payee_key: str,
    currency: str,
    items: list[tuple[int, int]],
    destination: Destination,
    fee: int,
    withheld: int,
    by: str,
    at: datetime,
    ids: Ids,
) -> Payout:
    payout_id = ids()
    amount = sum(amount for _, amount in items)
    return Payout(
        id=payout_id,
        run_id=run.id,
        payee_key=payee_key,
        currency=currency,
        amount=amount,
        net_amount=amount - fee - withheld,
        fee_amount=fee,
        withheld_amount=withheld,
        rail=destination.rail,
        status=PayoutStatus.DRAFT,
        status_reason="",
        destination_label=destination.label,
        destination_hash=destination.hash,
        destination_sealed=destination.sealed,
        destination_ready_at=destination.ready_at,
        items_hash=hash_of_items(items),
        group_key=f"payout:{payout_id}",
        epoch=0,
        lease_owner="",
        created_at=at,
        created_by=by,
    )


def _skip(
    session: Session,
    run: Run,
    payee_key: str,
    currency: str,
    reason: str,
    available: int,
    *,
    ids: Ids,
) -> None:
    row = {
        "id": ids(),
        "run_id": run.id,
        "payee_key": payee_key,
        "currency": currency,
        "reason": reason,
        "available_amount": available,
    }
    write(session, Skipped, [row])
