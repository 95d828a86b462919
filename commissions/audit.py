"""Prove the books: recompute everything from facts and plan versions and name what differs.

Uses the same pure rules as the life of a sale, but none of its writing. Streams over sales in
batches and compares sums by the set, so that it runs beside a working shop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from commissions import is_ours
from commissions.auditing import balances, ledger, payouts, periods, sales, seals, statements
from commissions.auditing.finding import Finding
from commissions.guards import insert_only_tables, missing_guards

__all__ = ["Finding", "Report", "audit", "prove", "prove_snapshot"]


@dataclass(slots=True)
class Report:
    """What was checked, and what was wrong: nothing, if all is well."""

    findings: list[Finding] = field(default_factory=list)
    sales: int = 0
    postings: int = 0

    @property
    def is_clean(self) -> bool:
        return not self.findings

    @property
    def is_broken(self) -> bool:
        """Whether anything was found that has to halt payouts."""
        return any(finding.halts for finding in self.findings)


def prove_snapshot(engine: Engine, *, limit: int = 100, after_sale_id: int = 0) -> Report:
    """`prove` over one unchanging picture of the database, beside a working shop.

    Takes no lock. Use this in jobs; `prove` itself is for a session that nobody else writes to.
    """
    options: dict[str, Any] = {"read_only": True}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ"}
    with Session(engine.execution_options(**options)) as session:
        return prove(session, limit=limit, after_sale_id=after_sale_id)


def prove(session: Session, *, limit: int = 100, after_sale_id: int = 0) -> Report:
    """Check everything; at most `limit` findings, the first difference first.

    `after_sale_id` restricts the recomputation to later sales; all other checks are whole. The
    statements of one proof must see the same data: see `prove_snapshot`.
    """
    report = Report()
    found = audit(session, report, after_sale_id=after_sale_id)
    report.findings = list(islice(found, limit))
    return report


def audit(
    session: Session, report: Report | None = None, *, after_sale_id: int = 0
) -> Iterator[Finding]:
    """All findings, one by one; `report` counts what was looked at."""
    counts = report or Report()
    ours = filter(is_ours, insert_only_tables())
    for trigger in missing_guards(session.connection(), ours):
        yield Finding("guard_missing", trigger)
    for checked, findings in sales.check(session, after_sale_id):
        counts.sales += checked
        yield from findings
    yield from periods.check(session)
    yield from ledger.check(session)
    for checked, findings in seals.check(session):
        counts.postings += checked
        yield from findings
    yield from balances.check(session)
    yield from payouts.check(session)
    yield from statements.check(session)
