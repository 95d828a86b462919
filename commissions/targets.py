"""What everybody should have by now: sale, terms and facts in, one target per earning out. Pure.

The life of a sale writes the difference between these targets and what is already posted, and the
audit compares the two. So a repeated fact changes nothing, a late one is made good, and a proof
needs no second set of rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from commissions.arithmetic import cumulative
from commissions.calculator import Reckoning, hand_over
from commissions.decisions import Decision
from commissions.facts import Fact
from commissions.history import History, LineHistory, Parcel, fold

Origin = tuple[str, str, str, str]
"""Line key, role, cause, cause key: names one earning for ever."""


@dataclass(frozen=True, slots=True)
class Target:
    """One decision and what the facts made of it."""

    decision: Decision
    reversed_amount: int
    """How much of the amount is taken back by refunds and lost disputes."""
    at_risk_amount: int
    """How much more would be taken back if open disputes were lost."""
    delivered_at: datetime | None
    """When the last unit it hangs on arrived; None while that is to come."""
    refunded_base: int
    """Given back of `line_base`; the reversal is this share of the amount."""
    line_base: int

    @property
    def origin(self) -> Origin:
        return origin_of(self.decision)

    @property
    def left(self) -> int:
        return self.decision.amount - self.reversed_amount

    def available_at(self, paid_at: datetime) -> datetime | None:
        """Hold days after delivery *and* payment."""
        if self.delivered_at is None or self.decision.rule is None:
            return None
        return max(self.delivered_at, paid_at) + timedelta(days=self.decision.rule.hold_days)


def origin_of(decision: Decision) -> Origin:
    return (decision.line_key, decision.role.value, decision.cause, decision.cause_key)


def targets(reckoning: Reckoning, facts: Iterable[Fact]) -> list[Target]:
    """One target per decision, the hand-overs' included."""
    history = fold(reckoning.sale, facts)
    if_lost = history.if_lost() if history.disputed else history
    found = [_of_sale(decision, history, if_lost) for decision in reckoning.decisions]
    for key, line in history.lines.items():
        found += _of_parcels(reckoning, history, line, if_lost.lines[key])
    return found


def _of_sale(decision: Decision, history: History, if_lost: History) -> Target:
    line = history.lines[decision.line_key]
    base = line.line.base_amount
    taken = cumulative(decision.amount, line.refunded, base)
    lost = cumulative(decision.amount, if_lost.lines[decision.line_key].refunded, base)
    delivered_at = line_delivered_at(history, line)
    return Target(decision, taken, lost - taken, delivered_at, line.refunded, base)


def _of_parcels(
    reckoning: Reckoning, history: History, line: LineHistory, if_lost: LineHistory
) -> list[Target]:
    found = []
    for parcel, lost_parcel in zip(line.parcels, if_lost.parcels, strict=True):
        part = parcel.part
        decision = hand_over(
            reckoning, line.line, parcel.fact, first=parcel.first, units=part.units
        )
        taken = cumulative(decision.amount, part.refunded, part.base)
        lost = cumulative(decision.amount, lost_parcel.part.refunded, part.base)
        delivered_at = parcel_delivered_at(history, line, parcel)
        found.append(Target(decision, taken, lost - taken, delivered_at, part.refunded, part.base))
    return found


def line_delivered_at(history: History, line: LineHistory) -> datetime | None:
    """When the last unit that was not refunded arrived; None while one is on its way."""
    if line.waiting.units:
        return None
    arrivals = {
        parcel.fact.key: history.delivered_at.get(parcel.fact.key) for parcel in line.parcels
    }
    kept = [arrivals[parcel.fact.key] for parcel in line.parcels if parcel.kept]
    if kept:
        return None if None in kept else max(at for at in kept if at)
    return max((at for at in arrivals.values() if at), default=line.last_refund_at)


def parcel_delivered_at(history: History, line: LineHistory, parcel: Parcel) -> datetime | None:
    """When a hand-over arrived, or the last unit of it was given back; None while it is to come."""
    delivered_at = history.delivered_at.get(parcel.fact.key)
    if delivered_at is None and parcel.kept == 0:
        return line.last_refund_at
    return delivered_at
