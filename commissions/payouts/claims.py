"""Which entries may be paid now, and whether a payout's claim is still what it was.

An earning is payable when its release has come and nothing holds it; what follows it (a reversal,
a reserve) goes with it. Once the earning was claimed, what takes from it counts at once.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from commissions.canonical import fingerprint
from commissions.holds import is_held, is_open
from commissions.models import Balance, Claim, Entry, EntryKind, Hold, Payout, Release
from commissions.rows import table_of

entry, release, claim = table_of(Entry), table_of(Release), table_of(Claim)


def is_claimed(entry_id: ColumnElement[int]) -> ColumnElement[bool]:
    """SQL: a live payout has this entry."""
    return exists(select(1).where(claim.c.entry_id == entry_id, claim.c.released_at.is_(None)))


def claimable(at: datetime) -> Select[int, int, str, str]:
    """SQL: (id, amount, payee, currency) of all entries that a payout may claim now."""
    due = exists(
        select(1).where(release.c.entry_id == entry.c.origin_id, release.c.available_at <= at)
    )
    takes_from_claimed = and_(entry.c.amount < 0, is_claimed(entry.c.origin_id))
    return select(entry.c.id, entry.c.amount, entry.c.payee_key, entry.c.currency).where(
        ~is_claimed(entry.c.id), due, or_(takes_from_claimed, ~is_held(entry, at))
    )


def claimable_of(
    session: Session, payee_key: str, currency: str, at: datetime
) -> list[tuple[int, int]]:
    """(entry id, amount) of one payee, oldest first."""
    rows = session.execute(
        claimable(at)
        .where(entry.c.payee_key == payee_key, entry.c.currency == currency)
        .order_by(entry.c.id)
    )
    return [(row.id, row.amount) for row in rows]


def paid_before(session: Session, payee_key: str, currency: str, at: datetime) -> int:
    """How much of what may be claimed came back of earlier payouts, in minor units.

    Fee and tax of it stayed with those, so neither is taken from it a second time.
    """
    back = claimable(at).where(
        entry.c.payee_key == payee_key,
        entry.c.currency == currency,
        entry.c.kind == EntryKind.RETURNED,
    )
    found = back.subquery()
    return int(session.scalar(select(func.sum(found.c.amount))) or 0)


def payees_with_money(session: Session, at: datetime) -> list[tuple[str, str, int]]:
    """(payee, currency, available amount) of everybody with anything payable, debts included."""
    found = claimable(at).subquery()
    rows = session.execute(
        select(found.c.payee_key, found.c.currency, func.sum(found.c.amount).label("available"))
        .group_by(found.c.payee_key, found.c.currency)
        .order_by(found.c.payee_key, found.c.currency)
    )
    return [(row.payee_key, row.currency, int(row.available)) for row in rows]


def waiting_since(
    session: Session, before: datetime, at: datetime, *, limit: int = 500
) -> list[tuple[str, str, int]]:
    """(payee, currency, available amount) of whom something has been payable since `before`.

    Goes by the running balances, which say who is owed anything, so that it stays cheap whatever
    was paid in years. The amount may include what is held.
    """
    balance = table_of(Balance)
    old = exists(
        select(1)
        .select_from(release)
        .join(entry, entry.c.id == release.c.entry_id)
        .where(
            release.c.payee_key == balance.c.payee_key,
            release.c.currency == balance.c.currency,
            release.c.available_at <= before,
            ~is_claimed(entry.c.id),
            ~is_held(entry, at),
        )
    )
    rows = session.execute(
        select(
            balance.c.payee_key,
            balance.c.currency,
            (balance.c.earned_amount - balance.c.expected_amount).label("available"),
        )
        .where(balance.c.earned_amount > balance.c.expected_amount, old)
        .order_by(balance.c.payee_key, balance.c.currency)
        .limit(limit)
    )
    return [(row.payee_key, row.currency, int(row.available)) for row in rows]


def items_of(session: Session, payout_id: int) -> list[tuple[int, int]]:
    """(entry id, amount) of a payout's live claim."""
    rows = session.execute(
        select(claim.c.entry_id, claim.c.amount)
        .where(claim.c.payout_id == payout_id, claim.c.released_at.is_(None))
        .order_by(claim.c.entry_id)
    )
    return [(row.entry_id, row.amount) for row in rows]


def hash_of_items(items: list[tuple[int, int]]) -> str:
    return fingerprint(items)


def what_changed(session: Session, payout: Payout, at: datetime) -> str:
    """Why a payout's claim cannot be sent as it is; empty if nothing changed.

    `entries_changed`: reversals or reserves came since; `held`: a hold lies on a claimed entry.
    """
    items = items_of(session, payout.id)
    if hash_of_items(items) != payout.items_hash or sum(a for _, a in items) != payout.amount:
        return "claim_broken"
    claimed = select(claim.c.entry_id).where(
        claim.c.payout_id == payout.id, claim.c.released_at.is_(None)
    )
    later = exists(
        select(1).where(entry.c.origin_id.in_(claimed), entry.c.amount < 0, ~is_claimed(entry.c.id))
    )
    if session.scalar(select(later)):
        return "entries_changed"
    held = exists(select(1).where(entry.c.id.in_(claimed), entry.c.amount > 0, is_held(entry, at)))
    return "held" if session.scalar(select(held)) else ""


def is_payee_held(session: Session, payee_key: str, at: datetime) -> bool:
    hold = table_of(Hold)
    on_payee = exists(select(1).where(hold.c.payee_key == payee_key, is_open(at)))
    return bool(session.scalar(select(on_payee)))
