"""Compare what the provider has with what the books say; a disagreement halts all sending.

Also catches the one case that no key can: a process that slept through its lease before its call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.models import Payout, PayoutStatus
from commissions.payouts.halting import halt_payouts
from commissions.payouts.leases import order_of
from commissions.payouts.method import Transfer

_RETURNED = (PayoutStatus.FAILED, PayoutStatus.REVERSED)
_BEYOND_SENT = (PayoutStatus.SENT, PayoutStatus.SETTLED, *_RETURNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One thing that provider and books see differently."""

    code: str
    group_key: str
    ref: str = ""
    halts: bool = True


def reconcile(
    session: Session,
    transfers: Iterable[Transfer],
    rail: str,
    *,
    since: datetime,
    by: str,
    at: datetime,
    ids: Callable[[], int],
) -> list[Disagreement]:
    """All transfers of a rail since the last watermark, with 48 hours of overlap, against payouts.

    A transfer without payout, several of one group, a difference, or a payout sent without a
    transfer halts payouts. What is not yet recorded is only named: the next pass adopts it, and so
    is a part that came back: its own payout waits for people.
    """
    told = list(transfers)
    payouts = _payouts(session, rail, since, {transfer.group_key for transfer in told})
    seen = [one for one in told if _counts(one, payouts.get(one.group_key))]
    counts = Counter(transfer.group_key for transfer in seen)
    found = [
        Disagreement(code="several_transfers", group_key=group)
        for group, count in counts.items()
        if count > 1
    ]
    for transfer in seen:
        found += _compare(transfer, payouts.get(transfer.group_key))
    found += [
        Disagreement(code="transfer_missing", group_key=payout.group_key)
        for payout in payouts.values()
        if payout.status in _BEYOND_SENT and payout.group_key not in counts
    ]
    if any(disagreement.halts for disagreement in found):
        reason = "reconciliation:" + ",".join(sorted({d.code for d in found if d.halts}))
        halt_payouts(session, reason=reason, by=by, at=at, ids=ids)
    return found


def _counts(transfer: Transfer, payout: Payout | None) -> bool:
    """What people took back of doubled or wrong transfers is put right already."""
    recorded = payout.transfer_ref if payout is not None else None
    return not transfer.is_reversed or transfer.ref == recorded


def _compare(transfer: Transfer, payout: Payout | None) -> list[Disagreement]:
    def differs(code: str, *, halts: bool = True) -> list[Disagreement]:
        disagreement = Disagreement(
            code=code, group_key=transfer.group_key, ref=transfer.ref, halts=halts
        )
        return [disagreement]

    if payout is None:
        return differs("payout_missing")
    if not transfer.fits(order_of(payout)):
        return differs("transfer_differs")
    if payout.transfer_ref is None:
        is_void = payout.status is PayoutStatus.VOID
        return differs("landed_after_void") if is_void else differs("unrecorded", halts=False)
    if payout.transfer_ref != transfer.ref:
        return differs("second_transfer")
    return _compare_back(transfer, payout, differs)


def _compare_back(
    transfer: Transfer, payout: Payout, differs: Callable[..., list[Disagreement]]
) -> list[Disagreement]:
    """What came back of the transfer: booked in whole, decided by people, or not known yet."""
    if payout.status in _RETURNED or transfer.back_amount == payout.known_back_amount:
        return []
    if transfer.back_amount < payout.known_back_amount:
        return differs("return_missing")
    if transfer.is_reversed and not payout.known_back_amount:
        return differs("unrecorded", halts=False)
    return differs("partly_reversed", halts=False)


def _payouts(session: Session, rail: str, since: datetime, groups: set[str]) -> dict[str, Payout]:
    recent = session.scalars(select(Payout).where(Payout.rail == rail, Payout.sent_at >= since))
    named = session.scalars(select(Payout).where(Payout.group_key.in_(groups)))
    return {payout.group_key: payout for payout in [*recent, *named]}
