"""Prepare payouts: the maker's part. Claims what is payable, and notes why somebody gets nothing.

The amount always comes from the claimed entries, never from a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

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
    payees_with_money,
)
from commissions.payouts.method import Destination
from commissions.rows import write

Ids = Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduction:
    """What is kept from a gross amount, in minor units."""

    fee: int = 0
    withheld: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a run decides; supplied by the host."""

    destination_of: Callable[[str, str], Destination | None]
    """Payee and currency → where the money goes, or None."""
    minimum: Mapping[str, int] = field(default_factory=dict)
    """Least gross amount per currency."""
    deduct: Callable[[str, str, int], Deduction] = lambda _payee, _currency, _amount: Deduction()
    """Payee, currency, gross amount → fee and withheld tax."""


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

    Negative balances net first: nothing is paid at or below zero, or below the minimum.
    """
    # Whoever opens a hold or prepares for the same payee waits here, and then sees what we did.
    lock_balances(session, [(payee_key, currency)])
    items = claimable_of(session, payee_key, currency, at)
    available = sum(amount for _, amount in items)
    destination = policy.destination_of(payee_key, currency)
    reason = _why_not(session, payee_key, available, policy.minimum.get(currency, 1), at)
    if reason or destination is None or destination.ready_at > at:
        why = reason or ("no_destination" if destination is None else "destination_cooling_down")
        _skip(session, run, payee_key, currency, why, available, ids=ids)
        return None
    deduction = policy.deduct(payee_key, currency, available)
    if deduction.fee + deduction.withheld >= available:
        _skip(session, run, payee_key, currency, "eaten_by_deductions", available, ids=ids)
        return None
    payout = _draft(run, payee_key, currency, items, destination, deduction, by, at, ids)
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
    """What an approval is bound to: amounts, currency, destination and items."""
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
        ]
    )


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
    deduction: Deduction,
    by: str,
    at: datetime,
    ids: Ids,
) -> Payout:
    payout_id = ids()
    amount = sum(amount for _, amount in items)
    payout = Payout(
        id=payout_id,
        run_id=run.id,
        payee_key=payee_key,
        currency=currency,
        amount=amount,
        net_amount=amount - deduction.fee - deduction.withheld,
        fee_amount=deduction.fee,
        withheld_amount=deduction.withheld,
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
    payout.terms_hash = hash_of_terms(payout)
    return payout


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
