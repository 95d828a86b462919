"""What a whole period makes of a beneficiary's delivered sales: bands, caps, bonus. Pure.

A line pays its own percentage at the sale. Once its goods have arrived it counts, net of refunds,
in the period of that day; the period is brought to what its rule says by one difference, so that
the number of entries does not grow with the number of lines. Nothing counts but what the
beneficiary itself sold or handed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from commissions.arithmetic import FULL_BPS, half_up, share_of
from commissions.calculator import Reckoning
from commissions.decisions import Decision, Outcome
from commissions.facts import Party
from commissions.matching import failed_dimension
from commissions.targets import Origin, Target
from commissions.terms import Period, Rate, Role, Rule, TierMode

Slot = tuple[Origin, Role]
"""One decision and the role it is counted for: its own, or the bonus of its seller."""

_EARNED = (Outcome.PAID, Outcome.ZERO_AMOUNT, Outcome.CEILING)
_SOLD = (*_EARNED, Outcome.NO_RULE)


@dataclass(frozen=True, slots=True)
class Sums:
    """What is counted, in minor units."""

    base: int = 0
    """Net delivered sales, before tax and shipping."""
    line: int = 0
    """What the lines themselves earn, net."""
    room: int = 0
    """The most that the ceiling lets the period add."""

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.base + other.base, self.line + other.line, self.room + other.room)

    def __sub__(self, other: Sums) -> Sums:
        return Sums(self.base - other.base, self.line - other.line, self.room - other.room)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line counts: under which rule of the role, in which period, since when."""

    position: int
    period_key: str
    delivered_at: datetime
    available_at: datetime


@dataclass(frozen=True, slots=True)
class Counting:
    """One line of one beneficiary in one period."""

    rule: Rule
    party: Party
    place: Place
    sums: Sums


def period_key(rule: Rule, at: datetime, zone: str) -> str | None:
    """Name of the period that a moment belongs to, in the brand's zone; None outside of any."""
    local = at.astimezone(ZoneInfo(zone))
    match rule.period:
        case Period.MONTH:
            return f"{local.year:04d}-{local.month:02d}"
        case Period.QUARTER:
            return f"{local.year:04d}-Q{(local.month + 2) // 3}"
        case Period.YEAR:
            return f"{local.year:04d}"
        case Period.CAMPAIGN if rule.campaign_from and rule.campaign_until:
            return "campaign" if rule.campaign_from <= at < rule.campaign_until else None
        case _:
            return None


def countings(
    reckoning: Reckoning, found: Sequence[Target], earlier: Mapping[Slot, Place]
) -> dict[Slot, Counting]:
    """What counts of a sale, by the targets that its facts came to.

    `earlier` says where lines count already. A line that has arrived once stays where it is until
    a later fact says on which other day it arrived: what was released is never forgotten by a cap.
    """
    counted: dict[Slot, Counting] = {}
    bonuses = reckoning.terms.of_role(Role.BONUS)
    for target in found:
        party = target.decision.party
        if party is None or party.refusal:
            continue
        for role in (target.decision.role, Role.BONUS):
            slot = (target.origin, role)
            rules = bonuses if role is Role.BONUS else _own(target.decision)
            chosen = _choose(reckoning, target, rules, earlier.get(slot))
            if chosen is not None:
                rule, place = chosen
                counted[slot] = Counting(rule, party, place, _sums(reckoning, target, rule))
    return counted


def award_of(rule: Rule, currency: str, sums: Sums) -> tuple[int, dict[str, Any]]:
    """What a period adds to the entries of its lines (a cap: takes from them), and its working."""
    working: dict[str, Any] = {"counted": {"sales": sums.base, "lines": sums.line}}
    goal = _goal(rule, currency, sums, working)
    cap = rule.period_cap.get(currency)
    if cap is not None and goal > cap:
        working["period_cap"] = {"cap": cap, "asked": goal}
        goal = cap
    added = goal - sums.line
    room = max(0, sums.room)
    if added > room:
        working["award_ceiling"] = {"asked": added, "allowed": room}
        added = room
    return added, working


def _own(decision: Decision) -> tuple[Rule, ...]:
    rule = decision.rule
    earns = rule is not None and rule.counts and decision.outcome in _EARNED
    return (rule,) if rule is not None and earns else ()


def _choose(
    reckoning: Reckoning, target: Target, rules: Sequence[Rule], earlier: Place | None
) -> tuple[Rule, Place] | None:
    """The rule that counts a line, and where; None for a line that does not count yet."""
    delivered_at = target.delivered_at
    if delivered_at is None:
        kept = [rule for rule in rules if earlier and rule.position == earlier.position]
        return (kept[0], earlier) if kept and earlier else None
    for rule in rules:
        key = period_key(rule, delivered_at, reckoning.terms.zone)
        if key is not None and (rule.role is not Role.BONUS or _is_met(reckoning, target, rule)):
            payable_from = max(delivered_at, reckoning.sale.paid_at)
            available_at = payable_from + timedelta(days=rule.hold_days)
            return rule, Place(rule.position, key, delivered_at, available_at)
    return None


def _is_met(reckoning: Reckoning, target: Target, bonus: Rule) -> bool:
    """Whether a line that its point sold itself counts for a bonus."""
    decision = target.decision
    if decision.role is not Role.SELLER or decision.outcome not in _SOLD:
        return False
    line = next(one for one in reckoning.sale.lines if one.key == decision.line_key)
    return failed_dimension(bonus, reckoning.sale, line, decision.party) is None


def _sums(reckoning: Reckoning, target: Target, rule: Rule) -> Sums:
    left = target.line_base - target.refunded_base
    own = rule.role is not Role.BONUS
    room = _room(reckoning, target, left, own=own)
    return Sums(left, target.left if own else 0, room)


def _room(reckoning: Reckoning, target: Target, left: int, *, own: bool) -> int:
    """What the ceiling leaves for bands, net of refunds, and what of that for a bonus beside them.

    Bands bring a line to its highest percentage, whichever way its own amount was rounded.
    """
    if target.line_base == 0:
        return 0
    rule = target.decision.rule
    headroom = reckoning.headroom.get(target.decision.line_key, 0) * left // target.line_base
    highest = -(-left * rule.top_bps // FULL_BPS) if rule is not None and rule.tiers else 0
    for_bands = min(headroom, max(0, highest - target.left))
    return for_bands if own else headroom - for_bands


def _goal(rule: Rule, currency: str, sums: Sums, working: dict[str, Any]) -> int:
    """What lines and period together come to, before cap and ceiling."""
    if rule.role is Role.BONUS:
        return _bonus(rule, currency, sums.base, working)
    if not rule.tiers:
        return sums.line
    steps = [(t.from_amount[currency], t.bps) for t in rule.tiers if currency in t.from_amount]
    reached = [(0, rule.bps), *((low, bps) for low, bps in steps if low <= sums.base)]
    ends = [*(low for low, _ in reached[1:]), sums.base]
    bands = [
        {"from": low, "bps": bps, "sales": end - low}
        for (low, bps), end in zip(reached, ends, strict=True)
    ]
    if rule.tier_mode is TierMode.RETROACTIVE:
        working["band"] = {"number": len(bands), **bands[-1], "sales": sums.base}
        return share_of(sums.base, bands[-1]["bps"])
    working["bands"] = bands
    return half_up(sum(band["sales"] * band["bps"] for band in bands), FULL_BPS)


def _bonus(rule: Rule, currency: str, sales: int, working: dict[str, Any]) -> int:
    reached = sales >= rule.target[currency]
    working["target"] = {"target": rule.target[currency], "sales": sales, "reached": reached}
    if rule.rate is Rate.FIXED:
        working["target"]["fixed"] = rule.fixed[currency]
        return rule.fixed[currency] if reached else 0
    working["target"]["bps"] = rule.bps
    return share_of(sales, rule.bps) if reached else 0
