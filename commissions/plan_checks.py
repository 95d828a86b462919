"""What is wrong with terms before anyone publishes them, each with what to do about it. Pure.

Errors refuse publication, warnings are kept as evidence. Every problem has a code and numbers, so
that a host can say it in its own languages; `sentence` says it in English.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from commissions.arithmetic import EXPONENTS
from commissions.terms import Basis, Rate, Role, Rule, Terms, When

_SETS = (
    "products",
    "variants",
    "categories",
    "collections",
    "points",
    "point_kinds",
    "point_groups",
    "grades",
    "channels",
    "customers",
    "currencies",
)
_POINT_SETS = ("points", "point_kinds", "point_groups", "grades")
_NO_BOUND = 2**63
_SINGLE_VALUED = ("products", "variants", "channels", "customers", "currencies")


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalProfile:
    """What a jurisdiction allows: data, not code."""

    key: str = "conservative"
    ceiling_bps: int = 3000
    """Largest ceiling a plan may have."""
    warning_bps: int = 3000
    upline_allowed: bool = False
    upline_reason: str = ""
    """Why an upline is allowed here; kept as evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What a plan has to fit: sold currencies, existing references, the law."""

    currencies: tuple[str, ...]
    known: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Dimension → keys that exist; a dimension left out is not checked."""
    profile: LegalProfile = field(default_factory=LegalProfile)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a plan."""

    code: str
    is_error: bool = True
    role: str = ""
    position: int = 0
    params: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, in English."""
        where = f"{self.role.capitalize()} rule {self.position}: " if self.position else ""
        return where + _SENTENCES[self.code].format_map(dict(self.params))


_SENTENCES = {
    "no_rules": "the plan has no rule that is switched on. Add one for the seller.",
    "position_twice": "another rule of this role has the same place. Give each its own.",
    "unreachable": "rule {other} above it always wins. Move this one up or narrow the other.",
    "empty_range": "no line amount lies between the two bounds. Raise the upper one.",
    "dead_reference": "{dimension} names {key}, which does not exist. Choose another or remove it.",
    "unknown_value": "{dimension} cannot be {key}. Choose one of the offered values.",
    "unknown_currency": "{currency} is no currency. Use an ISO code.",
    "bound_missing": "the {bound} has no amount for {currency}. State one, or remove the {bound}.",
    "bounds_crossed": "the floor is above the cap in {currency}. Lower the floor.",
    "fixed_missing": "there is no amount for {currency}, so it will not match there.",
    "no_fixed_amount": "a fixed rate needs an amount in at least one currency.",
    "negative": "{what} is below zero. Use zero or more.",
    "rate_above_whole": "a percentage cannot be above 100 %.",
    "service_missing": "say which service the {role} is paid for.",
    "upline_not_allowed": "the legal profile {profile} allows no pay for managing other sellers. "
    "Switch the rule off.",
    "upline_without_reason": "the legal profile allows an upline without saying why. "
    "Record the reason.",
    "ceiling_above_law": "the ceiling of {ceiling} is above the {allowed} that the legal profile "
    "{profile} allows. Lower it.",
    "ceiling_breach": "together with rules {others} it can reach {sum} of what was paid, "
    "above the ceiling of {ceiling}. Lower a rate or raise the ceiling.",
    "may_be_scaled": "on a low price the amount can pass the ceiling; it will be scaled down then.",
    "high_share": "all roles together can reach {sum} of what was paid.",
}


def check(terms: Terms, market: Market) -> list[Problem]:
    """All problems of the terms, errors first."""
    found = [*_of_terms(terms, market)]
    for role in Role:
        rules = terms.of_role(role)
        for rule in rules:
            found += _of_rule(rule, market)
        found += _unreachable(rules)
    found += _of_ceiling(terms, market)
    return sorted(found, key=lambda problem: not problem.is_error)


def _of_terms(terms: Terms, market: Market) -> Iterable[Problem]:
    if not any(rule.enabled for rule in terms.rules):
        yield Problem(code="no_rules")
    places = [(rule.role, rule.position) for rule in terms.rules]
    for role, position in sorted({place for place in places if places.count(place) > 1}):
        yield Problem(code="position_twice", role=role, position=position)
    profile = market.profile
    if terms.ceiling_bps > profile.ceiling_bps:
        params = {
            "ceiling": _percent(terms.ceiling_bps),
            "allowed": _percent(profile.ceiling_bps),
            "profile": profile.key,
        }
        yield Problem(code="ceiling_above_law", params=params)
    for rule in terms.of_role(Role.UPLINE):
        if not profile.upline_allowed:
            yield _at(rule, "upline_not_allowed", profile=profile.key)
        elif not profile.upline_reason:
            yield _at(rule, "upline_without_reason")


def _of_rule(rule: Rule, market: Market) -> Iterable[Problem]:
    if rule.role is not Role.SELLER and not rule.service.strip():
        yield _at(rule, "service_missing", role=rule.role.value)
    if rule.bps > 10_000:
        yield _at(rule, "rate_above_whole")
    if rule.bps < 0 or rule.hold_days < 0 or rule.position < 1:
        yield _at(rule, "negative", what="A number")
    yield from _of_amounts(rule, market)
    yield from _of_conditions(rule, market)


def _of_amounts(rule: Rule, market: Market) -> Iterable[Problem]:
    for amounts in (
        rule.fixed,
        rule.floor,
        rule.cap,
        rule.when.from_amount,
        rule.when.below_amount,
    ):
        for currency, amount in amounts.items():
            if currency not in EXPONENTS:
                yield _at(rule, "unknown_currency", currency=currency)
            if amount < 0:
                yield _at(rule, "negative", what=f"An amount in {currency}")
    if rule.rate is Rate.FIXED:
        if not rule.fixed:
            yield _at(rule, "no_fixed_amount")
        for currency in _missing(rule, rule.fixed, market):
            yield _at(rule, "fixed_missing", is_error=False, currency=currency)
    for name, bounds in (("floor", rule.floor), ("cap", rule.cap)):
        for currency in _missing(rule, bounds, market) if bounds else ():
            yield _at(rule, "bound_missing", bound=name, currency=currency)
    for currency in rule.floor.keys() & rule.cap.keys():
        if rule.floor[currency] > rule.cap[currency]:
            yield _at(rule, "bounds_crossed", currency=currency)


def _missing(rule: Rule, amounts: Mapping[str, int], market: Market) -> list[str]:
    served = rule.when.currencies or market.currencies
    return [currency for currency in served if currency not in amounts]


def _of_conditions(rule: Rule, market: Market) -> Iterable[Problem]:
    for value in rule.when.customers:
        if value not in ("new", "returning"):
            yield _at(rule, "unknown_value", dimension="customers", key=value)
    known = {"currencies": market.currencies, **market.known}
    for dimension in _SETS:
        for key in getattr(rule.when, dimension):
            if dimension in known and key not in known[dimension]:
                yield _at(rule, "dead_reference", dimension=dimension, key=key)
    low, high = rule.when.from_amount, rule.when.below_amount
    if low and high and not any(low[c] < high[c] for c in low.keys() & high.keys()):
        yield _at(rule, "empty_range")


def _unreachable(rules: Sequence[Rule]) -> Iterable[Problem]:
    for earlier, later in combinations(rules, 2):
        if _covers(earlier, later):
            yield _at(later, "unreachable", other=earlier.position)


def _covers(earlier: Rule, later: Rule) -> bool:
    """Whether every line that meets the later rule meets the earlier one."""
    if earlier.rate is Rate.FIXED and not (
        later.rate is Rate.FIXED and set(later.fixed) <= set(earlier.fixed)
    ):
        return False
    if _needs_cost(earlier) and not _needs_cost(later):
        return False
    for dimension in _SETS:
        wanted, given = getattr(earlier.when, dimension), getattr(later.when, dimension)
        if wanted and not (given and set(given) <= set(wanted)):
            return False
    return _ranges_cover(earlier.when, later.when)


def _needs_cost(rule: Rule) -> bool:
    return rule.rate is Rate.PERCENT and rule.basis is Basis.PROFIT


def _ranges_cover(earlier: When, later: When) -> bool:
    low, high = earlier.from_amount, earlier.below_amount
    served = set(later.currencies or later.from_amount or later.below_amount)
    if (low or high) and not served:
        return False
    return all(
        (not low or (c in low and later.from_amount.get(c, 0) >= low[c]))
        and (not high or (c in high and later.below_amount.get(c, _NO_BOUND) <= high[c]))
        for c in served
    )


def _of_ceiling(terms: Terms, market: Market) -> Iterable[Problem]:
    """The worst sum of percentages that one line can meet, one rule of each role."""
    roles = [rules for role in Role if (rules := terms.of_role(role))]
    worst: tuple[Rule, ...] = ()
    reached = 0
    for rules in product(*roles):
        total = sum(rule.bps for rule in rules if rule.rate is Rate.PERCENT)
        if total > reached and _can_meet(rules):
            worst, reached = rules, total
    if reached > terms.ceiling_bps:
        others = ", ".join(f"{rule.role.value} {rule.position}" for rule in worst[1:]) or "-"
        most, ceiling = _percent(reached), _percent(terms.ceiling_bps)
        yield _at(worst[0], "ceiling_breach", others=others, sum=most, ceiling=ceiling)
    elif reached >= market.profile.warning_bps:
        yield Problem(code="high_share", is_error=False, params={"sum": _percent(reached)})
    for rule in terms.rules:
        if rule.enabled and (rule.rate is Rate.FIXED or rule.floor):
            yield _at(rule, "may_be_scaled", is_error=False)


def _can_meet(rules: Sequence[Rule]) -> bool:
    """Whether one line could be served by all of these; on doubt it could."""
    for one, other in combinations(rules, 2):
        for dimension in _SINGLE_VALUED:
            wanted, given = getattr(one.when, dimension), getattr(other.when, dimension)
            if wanted and given and not set(wanted) & set(given):
                return False
    return True


def _percent(bps: int) -> str:
    whole, part = divmod(bps, 100)
    return f"{whole}.{part:02d} %"


def _at(rule: Rule, code: str, *, is_error: bool = True, **params: str | int) -> Problem:
    return Problem(
        code=code, is_error=is_error, role=rule.role.value, position=rule.position, params=params
    )
