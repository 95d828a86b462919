"""A sale and the terms in force in, decisions out. Pure: no database, no clock, no SQLAlchemy.

Integers in minor units; each entry is rounded once, half up. What the point that hands over will
earn is not known at the sale, so the ceiling keeps room for the best rule it could meet: whoever
comes later, the sum holds and the seller's amount never changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from commissions.arithmetic import FULL_BPS, cumulative, split
from commissions.ceiling import fit
from commissions.decisions import Decision, Outcome
from commissions.facts import Fulfilled, Party, Sale, SaleLine
from commissions.matching import failed_dimension
from commissions.shares import Share, shares
from commissions.terms import Role, Rule, SamePoint, Terms

SALE = "sale"
FULFILLED = "fulfilled"
_ROLES_AT_SALE = (Role.SELLER, Role.UPLINE)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """The answers at the moment of the sale, and the room left for who hands over."""

    sale: Sale
    terms: Terms
    decisions: tuple[Decision, ...]
    room: Mapping[str, int]
    """Line key → the most that the fulfiller of this line may earn."""
    headroom: Mapping[str, int] = field(default_factory=dict)
    """Line key → what the ceiling leaves when seller, upline and fulfiller all have theirs: the
    most that bands and bonus may add. Empty if no rule counts a period."""
    _shares: dict[Party, dict[str, Share | None]] = field(default_factory=dict, compare=False)

    def fulfiller_share(self, line_key: str, party: Party) -> Share | None:
        """What a point would earn on a whole line by handing it over, before the ceiling."""
        if party not in self._shares:
            sale, rules = self.sale, self.terms.of_role(Role.FULFILLER)
            found = shares(sale, rules, [party] * len(sale.lines))
            self._shares[party] = {line.key: s for line, s in zip(sale.lines, found, strict=True)}
        return self._shares[party][line_key]

    def paid_to_seller(self, line_key: str, point_key: str) -> int:
        """What this point earns on the line as its seller."""
        return sum(
            decision.amount
            for decision in self.decisions
            if decision.role is Role.SELLER
            and decision.line_key == line_key
            and decision.party is not None
            and decision.party.point_key == point_key
        )


def reckon(sale: Sale, terms: Terms) -> Reckoning:
    """Decide seller and upline of every line."""
    sellers = shares(sale, terms.of_role(Role.SELLER), [line.seller for line in sale.lines])
    sold = [_payable(share, Role.SELLER) for share in sellers]
    uplines = shares(sale, terms.of_role(Role.UPLINE), _uplines(sale), sold)
    found = {Role.SELLER: sellers, Role.UPLINE: uplines}
    best = _best_fulfiller_amounts(sale, terms)
    asked = [
        [_payable(found[role][i], role) for role in _ROLES_AT_SALE] + [best[i]]
        for i in range(len(sale.lines))
    ]
    bases = [line.base_amount for line in sale.lines]
    allowed = fit(asked, bases, terms.ceiling_bps)
    decisions = [
        _decide(sale, line, role, found[role][i], asked[i][r], allowed[i][r], terms)
        for i, line in enumerate(sale.lines)
        for r, role in enumerate(_ROLES_AT_SALE)
        if role is Role.SELLER or terms.of_role(role)
    ]
    room = _room(sale, terms, asked, allowed)
    headroom = _headroom(sale, terms, allowed, room) if terms.counts else {}
    return Reckoning(sale, terms, tuple(decisions), room, headroom)


def reckon_without_plan(sale: Sale) -> Reckoning:
    """Every line still gets its answer when no plan version was in force."""
    decisions = tuple(
        Decision(
            line_key=line.key,
            role=Role.SELLER,
            cause=SALE,
            cause_key=sale.key,
            outcome=Outcome.NO_PLAN,
            party=line.seller,
            trace=_candidates(line, Role.SELLER),
        )
        for line in sale.lines
    )
    return Reckoning(sale, Terms(rules=()), decisions, {line.key: 0 for line in sale.lines})


def hand_over(
    reckoning: Reckoning, line: SaleLine, fact: Fulfilled, *, first: int, units: int
) -> Decision:
    """Decide the fulfiller's part for units `first` … `first + units` of a line.

    The role's total for the line is fixed by the rule that serves this point; each hand-over gets
    f(first + units) − f(first) of it, so that all of them together are exactly the total.
    """
    party = fact.by_point
    if party is None or not line.commissionable:
        outcome = Outcome.NO_CANDIDATE if party is None else Outcome.NOT_COMMISSIONABLE
        return _nothing(line, Role.FULFILLER, FULFILLED, fact.key, outcome, party)
    share = reckoning.fulfiller_share(line.key, party)
    if share is None or share.rule is None:
        passed = {} if share is None else _rules_passed(share)
        return _nothing(line, Role.FULFILLER, FULFILLED, fact.key, Outcome.NO_RULE, party, passed)
    return _part_of_line(reckoning, share, fact, first, units)


def _part_of_line(
    reckoning: Reckoning, share: Share, fact: Fulfilled, first: int, units: int
) -> Decision:
    line, quantity = share.line, share.line.quantity
    total = min(share.amount, reckoning.room[line.key])
    trace = _working(reckoning.sale, share, share.amount, total, reckoning.terms)
    outcome = _outcome(share, Role.FULFILLER, total)
    sold = 0
    if reckoning.terms.same_point is SamePoint.HIGHER:
        sold = reckoning.paid_to_seller(line.key, share.party.point_key)
    if sold and outcome is Outcome.PAID:
        trace["higher_of"] = {"seller": sold, "fulfiller": total}
        total = max(0, total - sold)
        outcome = Outcome.PAID if total else Outcome.LOWER_THAN_SELLER
    amount = _between(total, first, units, quantity)
    if outcome is Outcome.PAID and amount == 0:
        outcome = Outcome.ZERO_AMOUNT
    trace["handed_over"] = {"first": first, "units": units, "of": quantity, "total": total}
    return Decision(
        line_key=line.key,
        role=Role.FULFILLER,
        cause=FULFILLED,
        cause_key=fact.key,
        outcome=outcome,
        party=share.party,
        rule=share.rule,
        amount=amount if outcome is Outcome.PAID else 0,
        base_amount=_between(share.base_amount, first, units, quantity),
        forgone_amount=amount if outcome is Outcome.INELIGIBLE else 0,
        trace=trace,
    )


def _room(
    sale: Sale, terms: Terms, asked: list[list[int]], allowed: list[list[int]]
) -> dict[str, int]:
    """What is left per line for who hands over.

    The rule that will really serve may round one unit up on this line and down on another; where
    the ceiling is far away, that unit is granted.
    """
    limit = sum(line.base_amount for line in sale.lines) * terms.ceiling_bps // FULL_BPS
    spare = limit - sum(map(sum, allowed)) >= len(sale.lines)
    return {
        line.key: allowed[i][-1]
        + (
            spare
            and asked[i] == allowed[i]
            and sum(allowed[i]) <= line.base_amount * terms.ceiling_bps // FULL_BPS
        )
        for i, line in enumerate(sale.lines)
    }


def _headroom(
    sale: Sale, terms: Terms, allowed: list[list[int]], room: Mapping[str, int]
) -> dict[str, int]:
    """What the ceiling leaves beside all roles of each line, and of the order as a whole."""
    used = [sum(allowed[i][:-1]) + room[line.key] for i, line in enumerate(sale.lines)]
    bases = [line.base_amount for line in sale.lines]
    left = [
        max(0, base * terms.ceiling_bps // FULL_BPS - taken)
        for base, taken in zip(bases, used, strict=True)
    ]
    whole = max(0, sum(bases) * terms.ceiling_bps // FULL_BPS - sum(used))
    if sum(left) > whole:
        left = split(whole, left)
    return {line.key: part for line, part in zip(sale.lines, left, strict=True)}


def _between(total: int, first: int, units: int, whole: int) -> int:
    return cumulative(total, first + units, whole) - cumulative(total, first, whole)


def _uplines(sale: Sale) -> list[Party | None]:
    return [None if _is_own_upline(line) else line.upline for line in sale.lines]


def _is_own_upline(line: SaleLine) -> bool:
    seller, upline = line.seller, line.upline
    return bool(seller and upline and seller.point_key == upline.point_key)


def _best_fulfiller_amounts(sale: Sale, terms: Terms) -> list[int]:
    """The most any fulfiller rule could yield per line, whoever the point will be.

    Caps per order are left out: which lines share one is known when somebody hands over.
    """
    best = [0] * len(sale.lines)
    anyone = Party(point_key="", payee_key="")
    for rule in terms.of_role(Role.FULFILLER):
        parties = [
            anyone if failed_dimension(rule, sale, line, None) is None else None
            for line in sale.lines
        ]
        open_to_all = _without_point_conditions(rule)
        for i, share in enumerate(shares(sale, (open_to_all,), parties)):
            best[i] = max(best[i], share.amount if share else 0)
    return best


def _without_point_conditions(rule: Rule) -> Rule:
    anywhere = replace(rule.when, points=(), point_kinds=(), point_groups=(), grades=())
    return replace(rule, when=anywhere, order_cap={})


def _payable(share: Share | None, role: Role) -> int:
    """A beneficiary that may not earn takes no room under the ceiling."""
    return 0 if share is None or _bar(share, role) else share.amount


def _bar(share: Share, role: Role) -> Outcome | None:
    """Why a beneficiary may not earn whatever its rule says; None if it may."""
    if share.party.refusal:
        return Outcome.INELIGIBLE
    if role is Role.UPLINE and not share.party.contract:
        return Outcome.NO_CONTRACT
    return None


def _decide(
    sale: Sale,
    line: SaleLine,
    role: Role,
    share: Share | None,
    asked: int,
    allowed: int,
    terms: Terms,
) -> Decision:
    if share is None:
        party = line.seller if role is Role.SELLER else line.upline
        return _nothing(line, role, SALE, sale.key, _why_no_share(line, role), party)
    if share.rule is None:
        passed = _rules_passed(share)
        return _nothing(line, role, SALE, sale.key, Outcome.NO_RULE, share.party, passed)
    outcome = _outcome(share, role, allowed)
    return Decision(
        line_key=line.key,
        role=role,
        cause=SALE,
        cause_key=sale.key,
        outcome=outcome,
        party=share.party,
        rule=share.rule,
        amount=allowed if outcome is Outcome.PAID else 0,
        base_amount=share.base_amount,
        forgone_amount=share.amount if _bar(share, role) else 0,
        trace={**_candidates(line, role), **_working(sale, share, asked, allowed, terms)},
    )


def _why_no_share(line: SaleLine, role: Role) -> Outcome:
    if (line.seller if role is Role.SELLER else line.upline) is None:
        return Outcome.NO_CANDIDATE
    return Outcome.SAME_POINT if line.commissionable else Outcome.NOT_COMMISSIONABLE


def _outcome(share: Share, role: Role, allowed: int) -> Outcome:
    if bar := _bar(share, role):
        return bar
    if share.line.base_amount == 0 or share.base_amount == 0:
        return Outcome.ZERO_BASE
    if share.amount == 0:
        return Outcome.ZERO_AMOUNT
    return Outcome.PAID if allowed else Outcome.CEILING


def _nothing(
    line: SaleLine,
    role: Role,
    cause: str,
    cause_key: str,
    outcome: Outcome,
    party: Party | None,
    more: Mapping[str, Any] | None = None,
) -> Decision:
    return Decision(
        line_key=line.key,
        role=role,
        cause=cause,
        cause_key=cause_key,
        outcome=outcome,
        party=party,
        trace={**_candidates(line, role), **(more or {})},
    )


def _candidates(line: SaleLine, role: Role) -> dict[str, Any]:
    if role is not Role.SELLER:
        return {}
    losers = [
        {"point": loser.point_key, "reason": loser.reason, "source": loser.source}
        for loser in line.losers
    ]
    return {"source": line.source, "losers": losers}


def _rules_passed(share: Share) -> dict[str, Any]:
    passed = [{"position": at, "failed": failed} for at, failed in share.match.passed_over]
    return {"passed_over": passed}


def _working(sale: Sale, share: Share, asked: int, allowed: int, terms: Terms) -> dict[str, Any]:
    rule, line = share.rule, share.line
    if rule is None:
        return _rules_passed(share)
    working: dict[str, Any] = {
        **_rules_passed(share),
        "rule": {"position": rule.position, "name": rule.name, "rate": rule.rate.value},
        "base": {
            "basis": rule.basis.value,
            "list": line.list_amount,
            "discount": line.discount_amount,
            "paid": line.base_amount,
            "amount": share.base_amount,
        },
        "currency": sale.currency,
        "quantity": line.quantity,
    }
    if rule.basis == "profit":
        working["base"]["cost"] = line.cost_amount
    if rule.rate == "fixed":
        working["rule"]["fixed"] = rule.fixed[sale.currency]
    else:
        working["rule"]["bps"] = rule.bps
        working["exact"] = {"numerator": share.base_amount * rule.bps, "denominator": FULL_BPS}
    if share.pool:
        working["pool"] = share.pool
    if share.bound:
        working["bound"] = {share.bound: share.bound_amount}
    if share.order_cap:
        working["order_cap"] = share.order_cap
    if rule.period:
        working["period"] = {"period": rule.period.value, "tiers": len(rule.tiers)}
        if sale.currency in rule.period_cap:
            working["period"]["cap"] = rule.period_cap[sale.currency]
    if share.party.refusal:
        working["refusal"] = share.party.refusal
    elif allowed < asked:
        ceiling = {"bps": terms.ceiling_bps, "asked": asked, "allowed": allowed}
        working["ceiling"] = ceiling
    return working
