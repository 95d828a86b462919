"""The engine's recurring work: sealing the ledger, and proving it every quarter of an hour."""

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from commissions import audit as auditing
from commissions import sealing
from shop.kernel import clock, ids

log = logging.getLogger(__name__)


def seal(session: Session, _payload: Mapping[str, Any]) -> None:
    """Job: seal ledger rows that no open transaction can still add to."""
    sealing.seal(session, wall=clock.wall(), ids=ids.new)


def audit(session: Session, _payload: Mapping[str, Any]) -> None:
    """Job: the same checks as the tests; a break halts payouts, not sales."""
    findings = auditing.audit(session)
    for finding in findings:
        log.error("ledger: %s", finding)
