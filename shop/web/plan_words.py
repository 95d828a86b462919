"""A plan's rules and problems in words, so that nothing of a rule is hidden from whoever reads it."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from commissions.plan_checks import Problem
from commissions.terms import Basis, Period, Rate, Role, Rule, SamePoint, TierMode
from shop.kernel.i18n import _l, listed, text_of
from shop.kernel.moments import format_day
from shop.kernel.money import format_money
from shop.kernel.words import Words, say
from shop.network.models import PointKind
from shop.web.kinds import KIND_NAMES

Names = Mapping[str, Mapping[str, str]]
"""Names of what rules mention, by key, in every language that they have."""

SAME_POINT: Mapping[SamePoint, Words] = {
    SamePoint.BOTH: _l("both shares"),
    SamePoint.HIGHER: _l("the higher of the two"),
}
ROLES: Mapping[Role, Words] = {
    Role.SELLER: _l("Brought the sale"),
    Role.FULFILLER: _l("Handed over"),
    Role.UPLINE: _l("Looks after the seller"),
    Role.BONUS: _l("Bonus"),
}
PROMISES: Mapping[str, tuple[Words, Words]] = {
    "complaints": (
        _l("Complaints"),
        _l("Where points complain, and who answers: a number, an address, a person."),
    ),
    "refunds": (
        _l("When a buyer is refunded"),
        _l("What becomes of the earning, and what happens if it was paid out already."),
    ),
    "cooling_off": (
        _l("Stepping back"),
        _l("How many days a new point may step back in, and how."),
    ),
}
"""What a plan states beside its numbers, with a hint of what to write."""
PERIODS: Mapping[Period, Words] = {
    Period.MONTH: _l("month"),
    Period.QUARTER: _l("quarter"),
    Period.YEAR: _l("year"),
    Period.CAMPAIGN: _l("campaign"),
}
_BASES: Mapping[Basis, Words] = {
    Basis.PAID: _l("%(rate)s of what was paid"),
    Basis.PROFIT: _l("%(rate)s of the profit, not of what was paid"),
    Basis.SELLER: _l("%(rate)s of what the seller earns"),
}
_CUSTOMERS: Mapping[str, Words] = {
    "new": _l("new customers"),
    "returning": _l("returning customers"),
}
_PROBLEMS: Mapping[str, Words] = {
    "no_rules": _l("The plan has no rule that is switched on. Add one for the seller."),
    "position_twice": _l("Another rule of this role has the same place."),
    "unreachable": _l("Rule %(other)s above it always wins. Move this one up or narrow the other."),
    "empty_range": _l("No line amount lies between the two bounds."),
    "dead_reference": _l("It names %(key)s, which does not exist. Choose another or remove it."),
    "unknown_value": _l("It cannot be %(key)s. Choose one of the offered values."),
    "unknown_currency": _l("%(currency)s is no currency."),
    "bound_missing": _l("A bound has no amount for %(currency)s."),
    "bounds_crossed": _l("The lower bound is above the upper one in %(currency)s."),
    "fixed_missing": _l("There is no amount for %(currency)s, so it will not match there."),
    "no_fixed_amount": _l("A fixed rate needs an amount."),
    "negative": _l("A number is below zero."),
    "rate_above_whole": _l("A percentage cannot be above one hundred."),
    "service_missing": _l("Say which service is paid for."),
    "upline_not_allowed": _l(
        "The law's profile allows no pay for managing other sellers. Switch the rule off."
    ),
    "upline_without_reason": _l("The law's profile must say why it allows an upline."),
    "upline_without_service": _l(
        "The law's profile must say for which service it allows an upline."
    ),
    "contract_missing": _l("Name the contract under which this service is paid."),
    "approver_missing": _l(
        "Whoever publishes it has no name here. Write the name down under Staff first."
    ),
    "complaints_missing": _l("State where points complain, and who answers."),
    "refunds_missing": _l("State what becomes of earnings when a buyer is refunded."),
    "cooling_off_missing": _l("State how long a new point may step back."),
    "ceiling_above_law": _l(
        "The ceiling of %(ceiling)s is above the %(allowed)s that the law's profile allows. Lower it."
    ),
    "ceiling_breach": _l(
        "Together with rules %(others)s it can reach %(sum)s of what was paid, above the ceiling of "
        "%(ceiling)s. Lower a rate or raise the ceiling."
    ),
    "may_be_scaled": _l(
        "On a low price the amount can pass the ceiling; it will be scaled down then."
    ),
    "high_share": _l("All roles together can reach %(sum)s of what was paid."),
    "zone_unknown": _l("%(zone)s is no time zone."),
    "zone_differs": _l(
        "The plan counts months in %(zone)s, the brand lives in %(brand)s. Save the draft again."
    ),
    "period_needed": _l("What it counts needs a period. Choose one."),
    "period_without_use": _l(
        "Nothing is counted over the period. Add bands, a cap or a target, or choose no period."
    ),
    "campaign_needs_dates": _l("A campaign needs a first and a last day."),
    "campaign_ends_first": _l("The campaign ends before it begins. Exchange the two days."),
    "campaign_without_use": _l("Only a campaign has days of its own. Remove them."),
    "tiers_not_rising": _l(
        "Each band must begin above the one before in %(currency)s, the first above zero."
    ),
    "tier_unreachable": _l(
        "Band %(tier)s has the percentage of the one below. Change or remove it."
    ),
    "tier_falls": _l(
        "Band %(tier)s pays less for everything than the one below: selling more would earn less."
    ),
    "tiers_need_percent": _l("Bands need a percentage of what was paid."),
    "bounds_with_tiers": _l("Bounds and bands contradict each other. Use a cap per period."),
    "bonus_needs_period": _l("A bonus is counted over a period. Choose one."),
    "target_missing": _l("A bonus needs a target above zero."),
    "target_currency_missing": _l("There is no target for %(currency)s, so nothing counts there."),
    "bonus_of_paid": _l("A bonus is an amount or a percentage of what was paid."),
    "bounds_of_bonus": _l("A bonus has no bounds of a line or an order. Use a cap per period."),
}


def of_problem(problem: Problem) -> Words | str:
    """What is wrong with a plan and what to do; a code without words says itself in English."""
    known = _PROBLEMS.get(problem.code)
    return Words(known.msgid, dict(problem.params)) if known else problem.sentence


def of_rule(rule: Rule, names: Names, zone: ZoneInfo) -> list[Words | str]:
    """A rule in plain words, piece by piece: what it pays, when, within which bounds."""
    return [*_pays(rule), *_fits(rule, names), *_bounds(rule), *_counts(rule, zone), *_waits(rule)]


def percent(bps: int) -> str:
    """Basis points as people write them."""
    return f"{bps // 100}.{bps % 100:02d}".rstrip("0").rstrip(".") + " %"


def _pays(rule: Rule) -> list[Words | str]:
    if rule.rate is Rate.FIXED:
        amounts = _amounts(rule.fixed)
        if rule.role is Role.BONUS:
            return [_l("%(amounts)s at once", amounts=amounts)]
        return [_l("%(amounts)s for each unit", amounts=amounts)]
    return [Words(_BASES[rule.basis].msgid, {"rate": percent(rule.bps)})]


def _fits(rule: Rule, names: Names) -> list[Words | str]:
    when = rule.when
    kinds = [
        say(KIND_NAMES[PointKind(one)]) if one in set(PointKind) else one
        for one in when.point_kinds
    ]
    found = [
        _listed(_l("if the point is one of: %(names)s"), kinds),
        _listed(_l("in the group %(names)s"), when.point_groups),
        _named(_l("for products of %(names)s"), when.categories, names),
        _named(_l("only for the products %(names)s"), when.products, names),
        _named(_l("only for the variants %(names)s"), when.variants, names),
        _named(_l("only for the collections %(names)s"), when.collections, names),
        _named(_l("only for the points %(names)s"), when.points, names),
        _named(_l("only for the grades %(names)s"), when.grades, names),
        _named(_l("only over the channels %(names)s"), when.channels, names),
        _named(_l("only in the currencies %(names)s"), when.currencies, names),
        *(_CUSTOMERS.get(one, one) for one in when.customers),
        _money(_l("lines from %(amounts)s"), when.from_amount),
        _money(_l("lines below %(amounts)s"), when.below_amount),
    ]
    return [one for one in found if one is not None]


def _bounds(rule: Rule) -> list[Words | str]:
    found = [
        _money(_l("at least %(amounts)s a line"), rule.floor),
        _money(_l("at most %(amounts)s a line"), rule.cap),
        _money(_l("at most %(amounts)s an order"), rule.order_cap),
    ]
    return [one for one in found if one is not None]


def _counts(rule: Rule, zone: ZoneInfo) -> list[Words | str]:
    if rule.period is None:
        return []
    each = PERIODS[rule.period]
    found: list[Words | str] = [_l("counted over each %(period)s", period=each)]
    if rule.campaign_from and rule.campaign_until:
        days = {
            "begin": format_day(rule.campaign_from, zone),
            "end": format_day(rule.campaign_until - timedelta(seconds=1), zone),
        }
        found = [Words(_l("from %(begin)s to %(end)s").msgid, days)]
    if rule.target:
        found.append(_l("for delivered sales of %(amounts)s", amounts=_amounts(rule.target)))
    found += [
        _l(
            "from %(amounts)s on %(rate)s",
            amounts=_amounts(tier.from_amount),
            rate=percent(tier.bps),
        )
        for tier in rule.tiers
    ]
    if rule.tiers:
        found.append(
            _l("each band has its own percentage")
            if rule.tier_mode is TierMode.PROGRESSIVE
            else _l("the band that is reached serves everything")
        )
    if rule.period_cap:
        amounts = _amounts(rule.period_cap)
        found.append(_l("at most %(amounts)s in a %(period)s", amounts=amounts, period=each))
    return found


def _waits(rule: Rule) -> list[Words | str]:
    return [_l("payable %(days)s days after delivery", days=rule.hold_days)]


def _named(words: Words, keys: Iterable[str], names: Names) -> Words | None:
    return _listed(words, [text_of(names[key]) if key in names else key for key in keys])


def _listed(words: Words, shown: Iterable[str]) -> Words | None:
    names = listed(shown, last="or")
    return Words(words.msgid, {"names": names}) if names else None


def _money(words: Words, amounts: Mapping[str, int]) -> Words | None:
    return Words(words.msgid, {"amounts": _amounts(amounts)}) if amounts else None


def _amounts(amounts: Mapping[str, int]) -> str:
    shown = (format_money(one, currency) for currency, one in sorted(amounts.items()))
    return listed(shown, last="or")
