"""What was done by hand has exactly its entry, its day, and two people."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, case, or_, select
from sqlalchemy.orm import Session

from commissions.auditing.finding import Finding
from commissions.models import Case, CaseKind, Entry, EntryKind, Release
from commissions.rows import table_of

_KINDS = {
    CaseKind.CORRECTION: EntryKind.MANUAL,
    CaseKind.REVERSAL: EntryKind.REVERSE,
    CaseKind.WRITE_OFF: EntryKind.WRITE_OFF,
    CaseKind.REPAYMENT: EntryKind.REPAID,
    CaseKind.RETURNED: EntryKind.RETURNED,
}


def check(session: Session) -> Iterator[Finding]:
    """Cases that differ from their entries, or undo something other than they say."""
    yield from _entries(session)
    yield from _reversals(session)


def _entries(session: Session) -> Iterator[Finding]:
    done, entry, release = map(table_of, (Case, Entry, Release))
    kind = case(*((done.c.kind == one, other.value) for one, other in _KINDS.items()))
    same = and_(
        entry.c.kind == kind,
        entry.c.amount == done.c.amount,
        entry.c.currency == done.c.currency,
        entry.c.payee_key == done.c.payee_key,
        entry.c.point_key == done.c.point_key,
        or_(release.c.entry_id.is_not(None), done.c.kind == CaseKind.REVERSAL),
    )
    unlike = (
        select(done.c.key)
        .join(entry, entry.c.case_id == done.c.id, isouter=True)
        .join(release, release.c.entry_id == entry.c.id, isouter=True)
        .where(
            or_(
                and_(done.c.kind == CaseKind.INVOICE, entry.c.id.is_not(None)),
                and_(done.c.kind != CaseKind.INVOICE, or_(entry.c.id.is_(None), ~same)),
            )
        )
        .order_by(done.c.id)
    )
    for key in session.scalars(unlike):
        yield Finding("case_entry_differs", key)


def _reversals(session: Session) -> Iterator[Finding]:
    undoing, done = table_of(Case), table_of(Case).alias("done")
    entry, origin = table_of(Entry), table_of(Entry).alias("origin")
    unlike = (
        select(undoing.c.key)
        .join(done, done.c.id == undoing.c.reverses_id)
        .join(entry, entry.c.case_id == undoing.c.id)
        .join(origin, origin.c.id == entry.c.origin_id)
        .where(
            or_(
                undoing.c.amount != -done.c.amount,
                undoing.c.payee_key != done.c.payee_key,
                undoing.c.currency != done.c.currency,
                origin.c.case_id != done.c.id,
            )
        )
        .order_by(undoing.c.id)
    )
    for key in session.scalars(unlike):
        yield Finding("reversal_differs", key)
