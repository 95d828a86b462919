"""Which rule serves a line, asked of the real matcher once for all lines that are alike.

Rules ask for a line's profile, its point and its amount. Points that no rule names are alike if
their kind, group and grade are; amounts are alike between two limits that some rule draws.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from commissions.facts import Party, Sale, SaleLine
from commissions.matching import failed_dimension, first_match
from commissions.terms import Basis, Rate, Role, Rule, Terms
from commissions.trials.deck import Column, Deck, Profile

NOTHING = 0
"""Code of a line that no rule serves."""

_BAND_BITS, _CLASS_BITS = 12, 28
_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)


class _Asked(dict[int, int]):
    """Answers by key, each found once."""

    def __init__(self, find: Callable[[int], int]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, key: int) -> int:
        found = self[key] = self._find(key)
        return found


class Choices:
    """The rules of one plan, asked by numbers. Codes count the enabled rules of a role from 1."""

    def __init__(self, terms: Terms) -> None:
        self.rules = {role: terms.of_role(role) for role in Role}
        self._named = {key for rule in terms.rules for key in rule.when.points}
        self._bounds = _bounds_of(terms)
        self._profiles: dict[Profile, int] = {}
        self._profile_list: list[Profile] = []
        self._classes: dict[Party, int] = {}
        self._known: dict[Party, int] = {}
        self._class_list: list[Party] = []
        self._asked = {role: _Asked(self._chooser(role)) for role in Role}
        self._open = [
            _Asked(self._matcher(_without_points(rule))) for rule in self.rules[Role.FULFILLER]
        ]

    def codes(self, role: Role, deck: Deck, parties: Column) -> list[int]:
        """For each line, which rule of the role serves it for the party of that number."""
        classes = [0, *(self._class_of(role, party) << _BAND_BITS for party in deck.parties)]
        asked = self._asked[role]
        if not self._bounds and len(set(classes)) * len(deck.profiles) < deck.line_count:
            kinds = self._kinds(deck)
            answers = {of: [asked[kind + of] for kind in kinds] for of in set(classes)}
            rows = [answers[of] for of in classes]
            return [rows[party][kind] for kind, party in zip(deck.profile, parties, strict=True)]
        keys = self._keys(deck)
        return [asked[key + classes[party]] for key, party in zip(keys, parties, strict=True)]

    def open_codes(self, deck: Deck) -> list[list[int]]:
        """For each fulfiller rule: 1 where it would serve a line, whichever point hands over."""
        if not self._open:
            return []
        if not self._bounds:
            kinds = self._kinds(deck)
            answers = [[asked[kind] for kind in kinds] for asked in self._open]
            return [[answer[kind] for kind in deck.profile] for answer in answers]
        keys = self._keys(deck)
        return [[asked[key] for key in keys] for asked in self._open]

    def _kinds(self, deck: Deck) -> list[int]:
        return [self._number(one) << _CLASS_BITS + _BAND_BITS for one in deck.profiles]

    def _keys(self, deck: Deck) -> list[int]:
        kinds = self._kinds(deck)
        bounds = [self._bounds.get(one.currency, []) for one in deck.profiles]
        return [
            kinds[kind] + bisect_right(bounds[kind], base)
            for kind, base in zip(deck.profile, deck.base, strict=True)
        ]

    def _number(self, profile: Profile) -> int:
        number = self._profiles.get(profile)
        if number is None:
            number = self._profiles[profile] = len(self._profile_list)
            self._profile_list.append(profile)
        return number

    def _class_of(self, role: Role, party: Party) -> int:
        """Number of all parties that rules cannot tell apart; zero for one that may not earn."""
        if party.refusal or (role is Role.UPLINE and not party.contract):
            return 0
        known = self._known.get(party)
        if known is not None:
            return known
        key = party.point_key if party.point_key in self._named else ""
        alike = Party(
            point_key=key, payee_key="", kind=party.kind, group=party.group, grade=party.grade
        )
        number = self._classes.get(alike)
        if number is None:
            self._class_list.append(alike)
            number = self._classes[alike] = len(self._class_list)
        self._known[party] = number
        return number

    def _chooser(self, role: Role) -> Callable[[int], int]:
        rules = self.rules[role]
        codes = {rule.position: code for code, rule in enumerate(rules, start=1)}

        def choose(key: int) -> int:
            number = key >> _BAND_BITS & (1 << _CLASS_BITS) - 1
            sale, line = self._example(key)
            if number == 0 or not line.commissionable:
                return NOTHING
            match = first_match(rules, sale, line, self._class_list[number - 1])
            return codes[match.rule.position] if match.rule else NOTHING

        return choose

    def _matcher(self, rule: Rule) -> Callable[[int], int]:
        def matches(key: int) -> int:
            sale, line = self._example(key)
            return int(line.commissionable and failed_dimension(rule, sale, line, None) is None)

        return matches

    def _example(self, key: int) -> tuple[Sale, SaleLine]:
        """A sale of one line that stands for all of this profile and between the same limits."""
        profile = self._profile_list[key >> _BAND_BITS + _CLASS_BITS]
        band = key & (1 << _BAND_BITS) - 1
        base = self._bounds[profile.currency][band - 1] if band else 0
        line = SaleLine(
            key="",
            quantity=1,
            list_amount=base,
            base_amount=base,
            cost_amount=0 if profile.has_cost else None,
            product_key=profile.product_key,
            variant_key=profile.variant_key,
            category_keys=profile.category_keys,
            collection_keys=profile.collection_keys,
            commissionable=profile.commissionable,
        )
        sale = Sale(
            key="",
            currency=profile.currency,
            placed_at=_SOME_DAY,
            paid_at=_SOME_DAY,
            lines=(line,),
            channel=profile.channel,
            new_customer=profile.new_customer,
        )
        return sale, line


def is_plain(rule: Rule) -> bool:
    """Whether a rule is a percentage and nothing else: what can be reckoned by the column."""
    percent = rule.rate is Rate.PERCENT and rule.basis is not Basis.PROFIT
    return percent and not (rule.floor or rule.cap or rule.order_cap)


def _bounds_of(terms: Terms) -> dict[str, list[int]]:
    """By currency, all amounts at which some rule begins or ends to match, rising."""
    bounds: dict[str, set[int]] = {}
    for rule in terms.rules:
        for limits in (rule.when.from_amount, rule.when.below_amount):
            for currency, amount in limits.items():
                bounds.setdefault(currency, set()).add(amount)
    return {currency: sorted(amounts) for currency, amounts in bounds.items()}


def _without_points(rule: Rule) -> Rule:
    return replace(
        rule, when=replace(rule.when, points=(), point_kinds=(), point_groups=(), grades=())
    )
