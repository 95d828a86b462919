"""What one fact does to a credited sale: the books are settled, and a dispute holds or lets go."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.causes import cause_of
from commissions.facts import Disputed, DisputePhase, Fact
from commissions.holds import On, close_hold, open_hold
from commissions.models import Claim
from commissions.rows import table_of
from commissions.settling import Batch, Case, settle


def take_effect(
    session: Session, batch: Batch, facts: Sequence[Fact], fact: Fact, *, by: str
) -> None:
    """Work one stored fact off into a batch. `facts` are all that count, this one included."""
    if isinstance(fact, Disputed):
        _hold_or_let_go(session, batch.case, facts, fact, by=by, ids=batch.ids)
    settle(batch, facts, cause_of(fact, by=by))


def dispute_hold_key(sale_key: str, dispute_key: str) -> str:
    """Key of the hold that a dispute opens."""
    return f"dispute:{sale_key}:{dispute_key}"


def _hold_or_let_go(
    session: Session,
    case: Case,
    facts: Sequence[Fact],
    fact: Disputed,
    *,
    by: str,
    ids: Callable[[], int],
) -> None:
    phases = {
        other.phase
        for other in facts
        if isinstance(other, Disputed) and other.dispute_key == fact.dispute_key
    }
    key = dispute_hold_key(fact.sale_key, fact.dispute_key)
    if phases != {DisputePhase.OPENED}:
        close_hold(session, key, by=by, at=fact.at, ids=ids, note=fact.phase)
        return
    # The hold comes first and locks the payees: whoever prepares a payout now either has claimed
    # already, and a reserve answers it, or will see the hold.
    on = On(sale_id=case.stored.id)
    open_hold(
        session,
        on,
        key=key,
        reason="dispute",
        owner="finance",
        until=None,
        by=by,
        at=fact.at,
        ids=ids,
    )
    _mark_claimed(session, case)


def _mark_claimed(session: Session, case: Case) -> None:
    claim = table_of(Claim)
    entry_ids = [book.entry_id for book in case.posted.values() if book.entry_id is not None]
    claimed = set(
        session.scalars(
            select(claim.c.entry_id).where(
                claim.c.entry_id.in_(entry_ids), claim.c.released_at.is_(None)
            )
        )
    )
    for book in case.posted.values():
        book.claimed = book.entry_id in claimed
