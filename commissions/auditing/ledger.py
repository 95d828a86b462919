"""Every entry has exactly its pair in the ledger, and every pair its entry or payout."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Text, and_, case, cast, func, literal, or_, select
from sqlalchemy.orm import Session

from commissions.auditing.finding import Finding
from commissions.ledger import EXPENSE, OTHER_SIDE
from commissions.models import Entry, EntryKind, Payout, Posting
from commissions.rows import table_of


def check(session: Session) -> Iterator[Finding]:
    """Entries without their posting, and postings without a source."""
    entry, posting, payout = table_of(Entry), table_of(Posting), table_of(Payout)
    earned = literal("payee:") + entry.c.payee_key + literal(":earned")
    other = case(
        (
            entry.c.kind == EntryKind.RESERVE,
            literal("payee:") + entry.c.payee_key + literal(":reserve"),
        ),
        *((entry.c.kind == kind, literal(account)) for kind, account in OTHER_SIDE.items()),
        else_=literal(EXPENSE),
    )
    gains = entry.c.amount > 0
    same = and_(
        posting.c.entry_id == entry.c.id,
        posting.c.amount == func.abs(entry.c.amount),
        posting.c.currency == entry.c.currency,
        posting.c.debit == case((gains, other), else_=earned),
        posting.c.credit == case((gains, earned), else_=other),
    )
    by_key = posting.c.key == literal("entry:") + cast(entry.c.id, Text)
    unposted = (
        select(entry.c.id)
        .join(posting, by_key, isouter=True)
        .where(or_(posting.c.id.is_(None), ~same))
        .order_by(entry.c.id)
    )
    for entry_id in session.scalars(unposted):
        yield Finding("posting_differs", f"entry:{entry_id}")
    sourceless = (
        select(posting.c.key)
        .join(entry, entry.c.id == posting.c.entry_id, isouter=True)
        .join(payout, payout.c.id == posting.c.payout_id, isouter=True)
        .where(entry.c.id.is_(None), payout.c.id.is_(None))
        .order_by(posting.c.id)
    )
    for key in session.scalars(sourceless):
        yield Finding("posting_without_source", key)
    doubled = (
        select(posting.c.entry_id)
        .where(posting.c.entry_id.is_not(None))
        .group_by(posting.c.entry_id)
        .having(func.count() > 1)
    )
    for entry_id in session.scalars(doubled):
        yield Finding("entry_posted_twice", f"entry:{entry_id}")
