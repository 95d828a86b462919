"""No earning waits for ever: what is held without a deadline is held by a dispute that is open.

Everything else waits for goods, for a day, or for a deadline, and none of these needs a job.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.archive import stored_facts
from commissions.auditing.finding import Finding
from commissions.effects import dispute_hold_key
from commissions.facts import Disputed, DisputePhase, Fact
from commissions.models import Hold, SaleRow
from commissions.rows import table_of


def check(session: Session) -> Iterator[Finding]:
    """Holds that nothing will ever end."""
    hold, sale = table_of(Hold), table_of(SaleRow)
    endless = session.execute(
        select(hold.c.key, sale.c.key.label("sale_key"))
        .join(sale, sale.c.id == hold.c.sale_id, isouter=True)
        .where(hold.c.released_at.is_(None), hold.c.expires_at.is_(None))
        .order_by(hold.c.id)
    ).all()
    facts = stored_facts(session, {row.sale_key for row in endless if row.sale_key})
    disputed = {key for sale_key, told in facts.items() for key in _open_disputes(sale_key, told)}
    for row in endless:
        if row.key not in disputed:
            yield Finding("entry_stuck", row.key)


def _open_disputes(sale_key: str, told: Sequence[Fact]) -> set[str]:
    phases: dict[str, set[DisputePhase]] = {}
    for fact in told:
        if isinstance(fact, Disputed):
            phases.setdefault(fact.dispute_key, set()).add(fact.phase)
    return {
        dispute_hold_key(sale_key, key)
        for key, known in phases.items()
        if known == {DisputePhase.OPENED}
    }
