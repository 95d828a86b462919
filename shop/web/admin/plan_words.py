"""A plan's rules and problems in words, so that nothing of a rule is hidden from whoever reads it."""

from collections.abc import Iterable, Mapping

from commissions.plan_checks import Problem
from commissions.terms import Basis, Rule, SamePoint
from shop.kernel.i18n import _l, text_of
from shop.kernel.money import format_money
from shop.kernel.words import Words

SAME_POINT: Mapping[SamePoint, Words] = {
    SamePoint.BOTH: _l("both shares"),
    SamePoint.HIGHER: _l("the higher of the two"),
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
}


def of_problem(problem: Problem) -> Words | str:
    """What is wrong with a plan and what to do; a code without words says itself in English."""
    known = _PROBLEMS.get(problem.code)
    return Words(known.msgid, dict(problem.params)) if known else problem.sentence


def kept(rule: Rule, names: Mapping[str, Mapping[str, str]]) -> list[Words | str]:
    """Everything about a rule that the editor does not change."""
    when = rule.when
    found = [
        _named(_l("only for the products %(names)s"), when.products, names),
        _named(_l("only for the variants %(names)s"), when.variants, names),
        _named(_l("only for the collections %(names)s"), when.collections, names),
        _named(_l("only for the points %(names)s"), when.points, names),
        _named(_l("only for the grades %(names)s"), when.grades, names),
        _named(_l("only over the channels %(names)s"), when.channels, names),
        _named(_l("only in the currencies %(names)s"), when.currencies, names),
        *(_CUSTOMERS.get(one, one) for one in when.customers),
        _amounts(_l("lines from %(amounts)s"), when.from_amount),
        _amounts(_l("lines below %(amounts)s"), when.below_amount),
        _amounts(_l("at least %(amounts)s a line"), rule.floor),
        _amounts(_l("at most %(amounts)s a line"), rule.cap),
        _l("of the profit, not of what was paid") if rule.basis is Basis.PROFIT else None,
    ]
    return [one for one in found if one is not None]


def _named(
    words: Words, keys: Iterable[str], names: Mapping[str, Mapping[str, str]]
) -> Words | None:
    shown = [text_of(names[key]) if key in names else key for key in keys]
    return Words(words.msgid, {"names": ", ".join(shown)}) if shown else None


def _amounts(words: Words, amounts: Mapping[str, int]) -> Words | None:
    shown = [format_money(amount, currency) for currency, amount in sorted(amounts.items())]
    return Words(words.msgid, {"amounts": ", ".join(shown)}) if shown else None
