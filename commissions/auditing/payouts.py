"""A payout is the sum of its claims, all its payee's, and is booked as its state says."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from commissions.auditing.finding import Finding
from commissions.models import (
    Approval,
    Batch,
    BatchItem,
    Case,
    Claim,
    Entry,
    Payout,
    PayoutStatus,
    Posting,
)
from commissions.rows import table_of

_RETURNED = (PayoutStatus.FAILED, PayoutStatus.REVERSED)
_SENT = (PayoutStatus.SENT, PayoutStatus.SETTLED, *_RETURNED)
_DEAD = (PayoutStatus.VOID, *_RETURNED)


def check(session: Session) -> Iterator[Finding]:
    """Payouts that do not add up."""
    yield from _amounts(session)
    yield from _foreign_claims(session)
    yield from _approvals(session)
    yield from _files(session)
    yield from _books(session)
    yield from _came_back(session)


def _came_back(session: Session) -> Iterator[Finding]:
    """What came back in part is what people booked, point by point."""
    done = table_of(Case)
    given = (
        select(done.c.payout_id, func.sum(done.c.amount).label("amount"))
        .where(done.c.payout_id.is_not(None))
        .group_by(done.c.payout_id)
        .subquery()
    )
    rows = session.execute(
        select(Payout.id, Payout.returned_amount, given.c.amount)
        .join(given, given.c.payout_id == Payout.id, isouter=True)
        .where(func.coalesce(given.c.amount, 0) != Payout.returned_amount)
        .order_by(Payout.id)
    )
    for payout_id, expected, found in rows:
        detail = {"expected": expected, "found": int(found or 0)}
        yield Finding("returned_part_differs", str(payout_id), detail)


def _files(session: Session) -> Iterator[Finding]:
    """A file sends what its payouts were approved for, no more and to nobody else."""
    rows = session.execute(
        select(
            Batch.id,
            Batch.total_amount,
            Batch.item_count,
            func.sum(Payout.net_amount),
            func.count(),
            func.sum(case((BatchItem.terms_hash == Payout.terms_hash, 0), else_=1)),
        )
        .join(BatchItem, BatchItem.batch_id == Batch.id, isouter=True)
        .join(Payout, Payout.id == BatchItem.payout_id, isouter=True)
        .group_by(Batch.id, Batch.total_amount, Batch.item_count)
        .order_by(Batch.id)
    )
    for batch_id, total, count, net, items, other in rows:
        if (total, count, 0) != (int(net or 0), items, int(other)):
            detail = {"expected": int(total), "found": int(net or 0), "other_terms": int(other)}
            yield Finding("file_differs", str(batch_id), detail)


def _approvals(session: Session) -> Iterator[Finding]:
    """Whatever was approved has enough different people behind exactly its terms."""
    agreed = (
        select(Approval.payout_id, func.count().label("count"))
        .join(Payout, Payout.id == Approval.payout_id)
        .where(
            Approval.terms_hash == Payout.terms_hash,
            Approval.maker == Payout.created_by,
            Approval.by != Payout.created_by,
        )
        .group_by(Approval.payout_id)
        .subquery()
    )
    rows = session.execute(
        select(Payout.id, Payout.approvals_needed, agreed.c.count)
        .join(agreed, agreed.c.payout_id == Payout.id, isouter=True)
        .where(
            Payout.approved_at.is_not(None),
            or_(
                func.coalesce(agreed.c.count, 0) < Payout.approvals_needed,
                Payout.approved_hash != Payout.terms_hash,
            ),
        )
        .order_by(Payout.id)
    )
    for payout_id, needed, found in rows:
        detail = {"expected": needed, "found": int(found or 0)}
        yield Finding("approval_missing", str(payout_id), detail)


def _amounts(session: Session) -> Iterator[Finding]:
    """All claims ever made by a payout are its amount; only live payouts have live claims."""
    claim = table_of(Claim)
    claimed = (
        select(
            claim.c.payout_id,
            func.sum(claim.c.amount).label("amount"),
            func.count().label("count"),
            func.count(claim.c.released_at).label("released"),
        )
        .group_by(claim.c.payout_id)
        .subquery()
    )
    rows = session.execute(
        select(Payout.id, Payout.amount, Payout.status, claimed)
        .join(claimed, claimed.c.payout_id == Payout.id, isouter=True)
        .order_by(Payout.id)
    )
    for row in rows:
        detail = {"expected": row.amount, "found": int(row.amount_1 or 0)}
        if detail["expected"] != detail["found"]:
            yield Finding("payout_differs", str(row.id), detail)
        released = row.count if row.status in _DEAD else 0
        if row.released != released:
            yield Finding("claim_state_differs", str(row.id))


def _foreign_claims(session: Session) -> Iterator[Finding]:
    claim, entry, payout = table_of(Claim), table_of(Entry), table_of(Payout)
    rows = session.execute(
        select(claim.c.payout_id, claim.c.entry_id)
        .join(entry, entry.c.id == claim.c.entry_id)
        .join(payout, payout.c.id == claim.c.payout_id)
        .where(
            or_(
                entry.c.payee_key != payout.c.payee_key,
                entry.c.currency != payout.c.currency,
                entry.c.amount != claim.c.amount,
            )
        )
        .order_by(claim.c.payout_id, claim.c.entry_id)
    )
    for payout_id, entry_id in rows:
        yield Finding("foreign_claim", str(payout_id), {"entry": entry_id})


def _books(session: Session) -> Iterator[Finding]:
    posting = table_of(Posting)
    booked: dict[int, dict[str, int]] = {}
    for payout_id, key, amount in session.execute(
        select(posting.c.payout_id, posting.c.key, posting.c.amount).where(
            posting.c.payout_id.is_not(None)
        )
    ):
        name = key.removeprefix(f"payout:{payout_id}:")
        booked.setdefault(payout_id, {})[name] = amount
    for payout in session.scalars(select(Payout).order_by(Payout.id)):
        found = booked.pop(payout.id, {})
        expected = _expected(payout)
        if found != expected:
            detail = {"expected": expected, "found": found}
            yield Finding("payout_books_differ", str(payout.id), detail)
    for payout_id in booked:
        yield Finding("posting_without_payout", str(payout_id))


def _expected(payout: Payout) -> dict[str, int]:
    expected = {"claimed": payout.amount}
    legs = {
        "net": payout.net_amount,
        "fee": payout.fee_amount,
        "tax": payout.withheld_amount,
    }
    if payout.status is PayoutStatus.VOID:
        expected["void"] = payout.amount
    was_sent = payout.status is PayoutStatus.QUARANTINED and payout.transfer_ref is not None
    if payout.status in _SENT or was_sent:
        expected |= {f"sent:{name}": amount for name, amount in legs.items() if amount}
    if payout.status in _RETURNED:
        expected |= {f"returned:{name}": amount for name, amount in legs.items() if amount}
    return expected
