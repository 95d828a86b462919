"""What is wrong with terms before anyone publishes them, each with what to do about it. Pure.

Errors refuse publication, warnings are kept as evidence. Every problem has a code and numbers, so
that a host can say it in its own languages; `sentence` says it in English.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise, product
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from commissions.arithmetic import EXPONENTS, FULL_BPS
from commissions.law import CHINA, LegalProfile, Requirement
from commissions.terms import Basis, Period, Rate, Role, Rule, Terms, TierMode, When

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
class Market:
    """What a plan has to fit: sold currencies, existing references, the law."""

    currencies: tuple[str, ...]
    known: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Dimension → keys that exist; a dimension left out is not checked."""
    profile: LegalProfile = CHINA
    """The law that holds when the plan begins."""
    zone: str = ""
    """The brand's time zone, which months are counted in; empty if it is not to be compared."""


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
    "bounds_crossed": "the floor is above a cap in {currency}. Lower the floor.",
    "fixed_missing": "there is no amount for {currency}, so it will not match there.",
    "no_fixed_amount": "a fixed rate needs an amount in at least one currency.",
    "negative": "{what} is below zero. Use zero or more.",
    "rate_above_whole": "a percentage cannot be above 100 %.",
    "service_missing": "say which service the {role} is paid for.",
    "upline_not_allowed": "the legal profile {profile} allows no pay for managing other sellers. "
    "Switch the rule off.",
    "upline_without_reason": "the legal profile allows an upline without saying why. "
    "Record the reason.",
    "upline_without_service": "the legal profile allows an upline without saying for which service. "
    "Describe it.",
    "contract_missing": "name the contract under which the {role} is paid.",
    "approver_missing": "whoever publishes it has no name. Let somebody publish who is known by name.",
    "complaints_missing": "the plan names no place to complain to. Say where and who answers.",
    "refunds_missing": "the plan does not say what becomes of earnings when a buyer is refunded. "
    "State it.",
    "cooling_off_missing": "the plan does not say how long a new point may step back. State it.",
    "ceiling_above_law": "the ceiling of {ceiling} is above the {allowed} that the legal profile "
    "{profile} allows. Lower it.",
    "ceiling_breach": "together with rules {others} it can reach {sum} of what was paid, "
    "above the ceiling of {ceiling}. Lower a rate or raise the ceiling.",
    "may_be_scaled": "on a low price the amount can pass the ceiling; it will be scaled down then.",
    "zone_unknown": "{zone} is no time zone. Use an IANA name such as Asia/Shanghai.",
    "zone_differs": "the plan counts months in {zone}, the brand lives in {brand}. "
    "Use the brand's zone.",
    "period_needed": "{what} needs a period to be counted over. Choose one, or remove it.",
    "period_without_use": "nothing is counted over the {period}. Add bands, a cap or a target, or "
    "remove the period.",
    "campaign_needs_dates": "a campaign needs a beginning and an end. State both.",
    "campaign_ends_first": "the campaign ends before it begins. Exchange the two dates.",
    "campaign_without_use": "dates of a campaign serve no other period. Remove them.",
    "tiers_not_rising": "each band must begin above the one before in {currency}. Put them in "
    "order, the first above zero.",
    "tier_unreachable": "band {tier} has the percentage of the one below. Change or remove it.",
    "tier_falls": "band {tier} pays less for everything than the one below: selling more would "
    "earn less. Raise it, or let each band have its own percentage.",
    "tiers_need_percent": "bands need a percentage of what was paid. Change the rate or the basis.",
    "bounds_with_tiers": "a {bound} and bands contradict each other. Use a cap per period.",
    "bonus_needs_period": "a bonus is counted over a period. Choose one.",
    "target_missing": "a bonus needs a target above zero in at least one currency.",
    "target_currency_missing": "there is no target for {currency}, so nothing counts there.",
    "bonus_of_paid": "a bonus is an amount or a percentage of what was paid. Change the basis.",
    "bounds_of_bonus": "a bonus has no {bound} of a line or an order. Use a cap per period.",
    "high_share": "all roles together can reach {sum} of what was paid.",
}


def check(terms: Terms, market: Market, *, approver: str | None = None) -> list[Problem]:
    """All problems of the terms, errors first.

    `approver` is the name of whoever publishes them; None as long as nobody does.
    """
    found = [*_of_terms(terms, market)]
    unnamed = approver is not None and not approver.strip()
    if unnamed and Requirement.APPROVER in market.profile.requires:
        found.append(Problem(code="approver_missing"))
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
    if terms.counts:
        yield from _of_zone(terms.zone, market.zone)
    yield from _of_law(terms, market.profile)


def _of_law(terms: Terms, profile: LegalProfile) -> Iterable[Problem]:
    """What the profile of the jurisdiction refuses, and what it asks a plan to state."""
    if terms.ceiling_bps > profile.ceiling_bps:
        params = {
            "ceiling": _percent(terms.ceiling_bps),
            "allowed": _percent(profile.ceiling_bps),
            "profile": profile.name,
        }
        yield Problem(code="ceiling_above_law", params=params)
    for rule in terms.of_role(Role.UPLINE):
        if not profile.upline_allowed:
            yield _at(rule, "upline_not_allowed", profile=profile.name)
            continue
        if not profile.upline_reason.strip():
            yield _at(rule, "upline_without_reason")
        if not profile.upline_service.strip():
            yield _at(rule, "upline_without_service")
    promises = {
        Requirement.COMPLAINTS: terms.promises.complaints,
        Requirement.REFUNDS: terms.promises.refunds,
        Requirement.COOLING_OFF: terms.promises.cooling_off,
    }
    for requirement, words in promises.items():
        if requirement in profile.requires and not words.strip():
            yield Problem(code=f"{requirement}_missing")


def _of_zone(zone: str, of_brand: str) -> Iterable[Problem]:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Problem(code="zone_unknown", params={"zone": zone})
        return
    if of_brand and zone != of_brand:
        yield Problem(code="zone_differs", params={"zone": zone, "brand": of_brand})


def _of_rule(rule: Rule, market: Market) -> Iterable[Problem]:
    if rule.role is not Role.SELLER and not rule.service.strip():
        yield _at(rule, "service_missing", role=rule.role.value)
    asks = Requirement.CONTRACTS in market.profile.requires
    if asks and rule.role is not Role.SELLER and not rule.contract.strip():
        yield _at(rule, "contract_missing", role=rule.role.value)
    if rule.top_bps > FULL_BPS:
        yield _at(rule, "rate_above_whole")
    if (
        min([rule.bps, *(tier.bps for tier in rule.tiers)]) < 0
        or rule.hold_days < 0
        or rule.position < 1
    ):
        yield _at(rule, "negative", what="A number")
    yield from _of_amounts(rule, market)
    yield from _of_conditions(rule, market)
    yield from _of_period(rule)
    yield from _of_tiers(rule, market)
    if rule.role is Role.BONUS:
        yield from _of_bonus(rule, market)


def _of_period(rule: Rule) -> Iterable[Problem]:
    """A period is stated exactly where something is counted over it."""
    counted = {"bands": rule.tiers, "a cap per period": rule.period_cap}
    used = [what for what, value in counted.items() if value]
    if rule.period is None:
        for what in used:
            yield _at(rule, "period_needed", what=what.capitalize())
    elif not used and rule.role is not Role.BONUS:
        yield _at(rule, "period_without_use", period=rule.period.value)
    dates = (rule.campaign_from, rule.campaign_until)
    if rule.period is Period.CAMPAIGN:
        if rule.campaign_from is None or rule.campaign_until is None:
            yield _at(rule, "campaign_needs_dates")
        elif rule.campaign_until <= rule.campaign_from:
            yield _at(rule, "campaign_ends_first")
    elif dates != (None, None):
        yield _at(rule, "campaign_without_use")


def _of_tiers(rule: Rule, market: Market) -> Iterable[Problem]:
    """Bands rise in every sold currency, each changes something, and none fights with a bound."""
    if not rule.tiers:
        return
    if rule.rate is not Rate.PERCENT or rule.basis is not Basis.PAID:
        yield _at(rule, "tiers_need_percent")
    for currency in _served(rule, market):
        if any(currency not in tier.from_amount for tier in rule.tiers):
            yield _at(rule, "bound_missing", bound="band", currency=currency)
    for currency in sorted({c for tier in rule.tiers for c in tier.from_amount}):
        begins = [0, *(tier.from_amount.get(currency, _NO_BOUND) for tier in rule.tiers)]
        if any(low >= high for low, high in pairwise(begins) if low != _NO_BOUND):
            yield _at(rule, "tiers_not_rising", currency=currency)
    rates = [rule.bps, *(tier.bps for tier in rule.tiers)]
    for number, (low, high) in enumerate(pairwise(rates), start=2):
        if low == high:
            yield _at(rule, "tier_unreachable", tier=number)
        if low > high and rule.tier_mode is TierMode.RETROACTIVE:
            yield _at(rule, "tier_falls", tier=number)
    for name, bounds in _bounds_of_sale(rule):
        if bounds:
            yield _at(rule, "bounds_with_tiers", bound=name)


def _of_bonus(rule: Rule, market: Market) -> Iterable[Problem]:
    """A bonus has a period and a target, and pays for the whole of it."""
    if rule.period is None:
        yield _at(rule, "bonus_needs_period")
    if not rule.target or min(rule.target.values()) < 1:
        yield _at(rule, "target_missing")
    for currency in _missing(rule, rule.target, market):
        yield _at(rule, "target_currency_missing", is_error=False, currency=currency)
    if rule.basis is not Basis.PAID:
        yield _at(rule, "bonus_of_paid")
    for name, bounds in _bounds_of_sale(rule):
        if bounds:
            yield _at(rule, "bounds_of_bonus", bound=name)


def _bounds_of_sale(rule: Rule) -> tuple[tuple[str, Mapping[str, int]], ...]:
    return (("floor", rule.floor), ("cap", rule.cap), ("cap per order", rule.order_cap))


def _of_amounts(rule: Rule, market: Market) -> Iterable[Problem]:
    for amounts in (
        rule.fixed,
        rule.floor,
        rule.cap,
        rule.order_cap,
        rule.period_cap,
        rule.target,
        *(tier.from_amount for tier in rule.tiers),
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
    for name, bounds in (*_bounds_of_sale(rule), ("cap per period", rule.period_cap)):
        for currency in _missing(rule, bounds, market) if bounds else ():
            yield _at(rule, "bound_missing", bound=name, currency=currency)
    for currency, floor in rule.floor.items():
        caps = [caps.get(currency) for caps in (rule.cap, rule.order_cap, rule.period_cap)]
        if any(cap is not None and floor > cap for cap in caps):
            yield _at(rule, "bounds_crossed", currency=currency)


def _missing(rule: Rule, amounts: Mapping[str, int], market: Market) -> list[str]:
    return [currency for currency in _served(rule, market) if currency not in amounts]


def _served(rule: Rule, market: Market) -> Sequence[str]:
    return rule.when.currencies or market.currencies


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
    if earlier.role is Role.BONUS and not set(later.target) <= set(earlier.target):
        return False
    if earlier.period is Period.CAMPAIGN and not _lasts_over(earlier, later):
        return False
    if _needs_cost(earlier) and not _needs_cost(later):
        return False
    for dimension in _SETS:
        wanted, given = getattr(earlier.when, dimension), getattr(later.when, dimension)
        if wanted and not (given and set(given) <= set(wanted)):
            return False
    return _ranges_cover(earlier.when, later.when)


def _lasts_over(earlier: Rule, later: Rule) -> bool:
    """Whether nothing arrives in the later rule's campaign outside the earlier one's.

    Only a bonus is chosen by the day of arrival; other rules are chosen at the sale.
    """
    if earlier.role is not Role.BONUS:
        return True
    dates = (earlier.campaign_from, later.campaign_from, later.campaign_until)
    if earlier.campaign_until is None or None in dates:
        return False
    begins, within, ends = (date for date in dates if date)
    return begins <= within and ends <= earlier.campaign_until


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
    """The worst sum of percentages that one line can meet, one rule of each role.

    Bands count with their highest percentage and caps not at all.
    """
    choices = [(None, *terms.of_role(role)) for role in Role]
    worst: tuple[Rule, ...] = ()
    reached = 0
    for choice in product(*choices):
        rules = tuple(rule for rule in choice if rule is not None)
        total = sum(_most_bps(rule, rules) for rule in rules)
        if total > reached and _can_meet(rules):
            worst, reached = rules, total
    if reached > terms.ceiling_bps:
        others = ", ".join(f"{rule.role.value} {rule.position}" for rule in worst[1:]) or "-"
        most, ceiling = _percent(reached), _percent(terms.ceiling_bps)
        yield _at(worst[0], "ceiling_breach", others=others, sum=most, ceiling=ceiling)
    elif reached >= market.profile.warning_bps:
        yield Problem(code="high_share", is_error=False, params={"sum": _percent(reached)})
    for rule in terms.rules:
        unsure = rule.rate is Rate.FIXED and rule.role is not Role.BONUS
        if rule.enabled and (unsure or rule.floor):
            yield _at(rule, "may_be_scaled", is_error=False)


def _most_bps(rule: Rule, rules: Sequence[Rule]) -> int:
    """The largest share of what was paid that a rule can take, as far as it can be known."""
    if rule.role is Role.BONUS and rule.rate is Rate.FIXED:
        # The smallest sales that earn it are the target itself.
        targets = [(rule.fixed.get(c, 0), sales) for c, sales in rule.target.items() if sales > 0]
        return max([-(-fixed * FULL_BPS // sales) for fixed, sales in targets], default=0)
    if rule.rate is Rate.FIXED:
        return 0
    if rule.basis is Basis.SELLER:
        seller = next((other for other in rules if other.role is Role.SELLER), None)
        return -(-rule.bps * (seller.bps if seller else 0) // FULL_BPS)
    return rule.top_bps


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
