"""The engine's recurring work: sealing the ledger, and proving it every quarter of an hour."""

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from commissions import audit as auditing
from commissions import sealing
from commissions.payouts import halting
from shop.kernel import clock, db, ids

log = logging.getLogger(__name__)

BY = "job:upkeep"


def seal(session: Session, _payload: Mapping[str, Any]) -> None:
    """Job: seal ledger rows that no open transaction can still add to."""
    sealing.seal(session, wall=clock.wall(), by=BY, ids=ids.new)


def audit(_payload: Mapping[str, Any]) -> None:
    """Job: the same checks as the tests; a break halts payouts, not sales.

    It reads one picture of the database outside any unit of work, so that sales go on meanwhile.
    """
    report = auditing.prove_snapshot(db.engine(), limit=20)
    for finding in report.findings:
        log.error("ledger: %s", finding)
    if not report.is_broken:
        return
    with db.unit_of_work() as session:
        if not halting.is_halted(session):
            reason = str(report.findings[0])[:200]
            halting.halt_payouts(session, reason=reason, by=BY, at=clock.now(), ids=ids.new)
