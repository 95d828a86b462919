"""What about payouts needs people: found by a job whoever caused it, told once, and again each week.

Polled and not told by those who cause it, so that nothing has to remember to tell: not a halt by the
engine, not a command, and not a run that never came.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commissions.models import Payout, PayoutStatus
from shop.kernel import clock, db, events, ids
from shop.kernel.events import Event
from shop.rewards import payable, payout_lists
from shop.rewards.payout_models import FinanceAlert

log = logging.getLogger(__name__)

WATCH = "rewards.watch_payouts"
HALTED, QUARANTINED, OVERDUE = "halted", "quarantined", "overdue"
AGAIN = timedelta(days=7)
"""Whoever has done nothing since hears of it once more."""


@dataclass(frozen=True)
class AlertRaised(Event):
    """People of finance must look."""

    alert_id: int
    at: datetime


def watch(session: Session, _payload: Mapping[str, Any]) -> None:
    """Job, every few minutes: raise what is new, end what is over."""
    at = clock.now()
    wanted = _wanted(session, at)
    raised = session.scalars(select(FinanceAlert).where(FinanceAlert.ended_at.is_(None))).all()
    over = [
        one.id
        for one in raised
        if (one.code, one.subject_id) not in wanted or one.raised_at <= at - AGAIN
    ]
    session.execute(update(FinanceAlert).where(FinanceAlert.id.in_(over)).values(ended_at=at))
    open_ones = {(one.code, one.subject_id) for one in raised if one.id not in over}
    for code, subject_id in sorted(wanted - open_ones):
        _raise(session, code, subject_id, at)


def _wanted(session: Session, at: datetime) -> set[tuple[str, int]]:
    """What needs people now, by its code and the payout that it is about; 0 for payouts as a whole."""
    quarantined = session.scalars(
        select(Payout.id).where(Payout.status == PayoutStatus.QUARANTINED).limit(100)
    )
    wanted = {(QUARANTINED, payout_id) for payout_id in quarantined}
    if payout_lists.halt(session) is not None:
        wanted.add((HALTED, 0))
    if payable.overdue(session, at=at):
        wanted.add((OVERDUE, 0))
    return wanted


def _raise(session: Session, code: str, subject_id: int, at: datetime) -> None:
    values = {"id": ids.new(), "code": code, "subject_id": subject_id, "raised_at": at}
    # Two workers that find the same thing: the one whose row is there already tells nobody.
    made = db.insert_new(session, FinanceAlert).values(values).returning(FinanceAlert.id)
    alert_id = session.execute(made).scalar_one_or_none()
    if alert_id is None:
        return
    log.error("payouts need people: %s %s", code, subject_id or "")
    events.publish(session, AlertRaised(alert_id, at))
