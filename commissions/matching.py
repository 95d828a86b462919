"""Which rule serves a line: the first of the list that matches. Pure.

Every rule that was passed over is named with the dimension that failed, so that the list on the
screen and the answer to "why this rate?" are the same thing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from commissions.facts import Party, Sale, SaleLine
from commissions.terms import Basis, Rate, Role, Rule, When


@dataclass(frozen=True, slots=True)
class Match:
    """The winning rule, if any, and (position, failed dimension) of those before it."""

    rule: Rule | None
    passed_over: tuple[tuple[int, str], ...]


def first_match(rules: Iterable[Rule], sale: Sale, line: SaleLine, party: Party) -> Match:
    """Walk a role's enabled rules in their order."""
    passed_over: list[tuple[int, str]] = []
    for rule in rules:
        failed = failed_dimension(rule, sale, line, party)
        if failed is None:
            return Match(rule, tuple(passed_over))
        passed_over.append((rule.position, failed))
    return Match(None, tuple(passed_over))


def failed_dimension(rule: Rule, sale: Sale, line: SaleLine, party: Party | None) -> str | None:
    """The first condition this line does not meet; None if the rule matches.

    Without a party the conditions on the point are left out.
    """
    return (
        _failed_of_line(rule.when, sale, line)
        or (None if party is None else _failed_of_point(rule.when, party))
        or _failed_of_rate(rule, sale, line)
    )


def serves(rule: Rule, party: Party) -> bool:
    """Whether a rule's conditions on the point fit; those on the sale are left out."""
    return _failed_of_point(rule.when, party) is None


def _failed_of_line(when: When, sale: Sale, line: SaleLine) -> str | None:
    if when.products and line.product_key not in when.products:
        return "products"
    if when.variants and line.variant_key not in when.variants:
        return "variants"
    if when.categories and not _meet(when.categories, line.category_keys):
        return "categories"
    if when.collections and not _meet(when.collections, line.collection_keys):
        return "collections"
    if when.channels and sale.channel not in when.channels:
        return "channels"
    if when.customers and ("new" if sale.new_customer else "returning") not in when.customers:
        return "customers"
    if when.currencies and sale.currency not in when.currencies:
        return "currencies"
    if when.from_amount and not _reaches(when.from_amount, sale.currency, line.base_amount):
        return "from_amount"
    if when.below_amount and not _stays_below(when.below_amount, sale.currency, line.base_amount):
        return "below_amount"
    return None


def _failed_of_point(when: When, party: Party) -> str | None:
    if when.points and party.point_key not in when.points:
        return "points"
    if when.point_kinds and party.kind not in when.point_kinds:
        return "point_kinds"
    if when.point_groups and party.group not in when.point_groups:
        return "point_groups"
    if when.grades and party.grade not in when.grades:
        return "grades"
    return None


def _failed_of_rate(rule: Rule, sale: Sale, line: SaleLine) -> str | None:
    # No amount for the currency and no known cost are "does not match", never "counts as zero".
    if rule.rate is Rate.FIXED and sale.currency not in rule.fixed:
        return "fixed_currency"
    if rule.role is Role.BONUS and sale.currency not in rule.target:
        return "target_currency"
    if rule.basis is Basis.PROFIT and rule.rate is Rate.PERCENT and line.cost_amount is None:
        return "cost_unknown"
    return None


def _meet(wanted: Collection[str], given: Iterable[str]) -> bool:
    return any(key in wanted for key in given)


def _reaches(bounds: Mapping[str, int], currency: str, amount: int) -> bool:
    return currency in bounds and amount >= bounds[currency]


def _stays_below(bounds: Mapping[str, int], currency: str, amount: int) -> bool:
    return currency in bounds and amount < bounds[currency]
