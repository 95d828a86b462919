"""A whole deck under one plan: percentages by the column, everything else sale by sale. Pure.

The arithmetic of `shares`, `ceiling` and `calculator` in plain integers, as fast as the language
allows; tests hold the two together line by line, and every run compares a sample of its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from commissions.arithmetic import FULL_BPS, cumulative
from commissions.ceiling import fit
from commissions.periods import Counting
from commissions.terms import Basis, Role, SamePoint, Terms
from commissions.trials.choosing import NOTHING, Choices, is_plain
from commissions.trials.deck import HANDERS, SELLERS, UPLINES, Column, Deck
from commissions.trials.one_by_one import Cuts, reckon_one

_HALF = FULL_BPS // 2


@dataclass(slots=True)
class Outcome:
    """What a deck earns, net of refunds to date: by line, and by parcel for who handed over."""

    seller: list[int]
    upline: list[int]
    parcels: list[int]
    cuts: Cuts
    counted: list[tuple[str, Counting]] = field(default_factory=list)
    """What counts for whole periods, with its currency."""
    exact_sales: int = 0
    """How many sales went through the calculator itself."""


class Reckoner:
    """One plan, ready for any number of decks."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._choices = Choices(terms)
        self._rules = {role: self._choices.rules[role] for role in Role}
        self._rates = {role: [0, *(rule.bps for rule in self._rules[role])] for role in Role}
        self._odd = {
            role: {code for code, rule in enumerate(self._rules[role], 1) if not is_plain(rule)}
            for role in Role
        }

    def reckon(self, deck: Deck) -> Outcome:
        """All sales of a deck."""
        if self.terms.counts:
            return self._by_calculator(deck, range(deck.sale_count), _zeros(deck))
        work = _Work(deck, self.terms)
        odd = self._unusual(work)
        outcome = self._by_column(work)
        return self._by_calculator(deck, sorted(odd), outcome) if odd else outcome

    def _unusual(self, work: _Work) -> set[int]:
        """Choose the rules of all lines; the numbers of the sales that are no matter of columns."""
        deck = work.deck
        matters = SELLERS | HANDERS | (UPLINES if self._rules[Role.UPLINE] else 0)
        found = {at for at, several in enumerate(deck.mixed) if several & matters}
        work.seller = self._codes(work, Role.SELLER, deck.seller, found)
        if self._rules[Role.UPLINE]:
            work.upline = self._codes(work, Role.UPLINE, deck.upline, found)
            points = [None, *(party.point_key for party in deck.parties)]
            for i, (seller, upline) in enumerate(zip(deck.seller, deck.upline, strict=True)):
                if upline and points[seller] == points[upline]:
                    work.upline[i] = NOTHING
        if self._rules[Role.FULFILLER]:
            work.hander = self._codes(work, Role.FULFILLER, deck.hander, found)
            work.open = self._choices.open_codes(deck)
            for code in self._odd[Role.FULFILLER]:
                found |= {work.sale_of(i) for i, fits in enumerate(work.open[code - 1]) if fits}
        return found

    def _codes(self, work: _Work, role: Role, parties: Column, odd_sales: set[int]) -> list[int]:
        codes = self._choices.codes(role, work.deck, parties)
        odd = self._odd[role]
        if odd and not odd.isdisjoint(codes):
            odd_sales |= {work.sale_of(i) for i, code in enumerate(codes) if code in odd}
        return codes

    def _by_column(self, work: _Work) -> Outcome:
        deck, base = work.deck, work.base
        seller = work.amounts(base, work.seller, self._rates[Role.SELLER])
        upline = self._uplines(work, seller)
        handed = best = [0] * len(base)
        if work.open:
            rates = self._rates[Role.FULFILLER]
            options = [
                work.amounts(base, codes, [0, rate])
                for codes, rate in zip(work.open, rates[1:], strict=True)
            ]
            best = options[0] if len(options) == 1 else list(map(max, *options))
            if len(options) == 1:
                handed = [
                    amount if code else 0 for amount, code in zip(best, work.hander, strict=True)
                ]
            else:
                handed = work.amounts(base, work.hander, rates)
        room = best
        cuts = Cuts()
        if len(work.open) > 1:
            room = self._spared(work, seller, upline, best, handed)
        breached = self._breached(work, seller, upline, best)
        if breached:
            room = list(room)
            for at in breached:
                self._fit(work, at, seller, upline, best, room, cuts)
        parcels = self._parcels(work, seller, handed, room, cuts)
        _take_back(seller, deck.refunded, base)
        if any(upline):
            _take_back(upline, deck.refunded, base)
        return Outcome(seller, upline, parcels, cuts)

    def _uplines(self, work: _Work, sold: list[int]) -> list[int]:
        if not work.upline:
            return [0] * len(work.base)
        rules = self._rules[Role.UPLINE]
        rates = self._rates[Role.UPLINE]
        of_seller = {code for code, rule in enumerate(rules, 1) if rule.basis is Basis.SELLER}
        base = work.base
        if of_seller:
            base = [
                (sold[i] if code in of_seller and base[i] else base[i])
                for i, code in enumerate(work.upline)
            ]
        return work.amounts(base, work.upline, rates)

    def _breached(
        self, work: _Work, seller: list[int], upline: list[int], best: list[int]
    ) -> list[int]:
        """Sales in which some line passes the ceiling; an order within it on each line is within."""
        ceiling = self.terms.ceiling_bps
        spare = ceiling - sum(max(self._rates[role]) for role in (Role.SELLER, Role.UPLINE))
        spare -= max(self._rates[Role.FULFILLER])
        base = work.base
        # A share is less than one and a half units above its exact part, so that only small lines
        # can pass a ceiling that lies above all percentages together.
        least = 45_000 // spare + 1 if spare > 0 else None
        lines = [
            i
            for i, amount in enumerate(base)
            if (least is None or amount < least)
            and (seller[i] + upline[i] + best[i]) * FULL_BPS > amount * ceiling
        ]
        return sorted({work.sale_of(i) for i in lines})

    def _spared(
        self, work: _Work, seller: list[int], upline: list[int], best: list[int], handed: list[int]
    ) -> list[int]:
        """Where the rule that serves rounds a unit up on the best one, and the ceiling is far."""
        room = list(best)
        for i, (most, amount) in enumerate(zip(best, handed, strict=True)):
            if amount > most:
                at = work.sale_of(i)
                lines = work.lines_of(at)
                limit = sum(work.base[lines]) * self.terms.ceiling_bps // FULL_BPS
                asked = sum(seller[lines]) + sum(upline[lines]) + sum(best[lines])
                room[i] += limit - asked >= lines.stop - lines.start
        return room

    def _fit(
        self,
        work: _Work,
        at: int,
        seller: list[int],
        upline: list[int],
        best: list[int],
        room: list[int],
        cuts: Cuts,
    ) -> None:
        lines, ceiling = work.lines_of(at), self.terms.ceiling_bps
        asked = [list(line) for line in zip(seller[lines], upline[lines], best[lines], strict=True)]
        bases = work.base[lines]
        allowed = fit(asked, bases, ceiling)
        limit = sum(bases) * ceiling // FULL_BPS
        spare = limit - sum(map(sum, allowed)) >= len(bases)
        for i, (line, had, base) in enumerate(zip(allowed, asked, bases, strict=True), lines.start):
            seller[i], upline[i] = line[0], line[1]
            fits = spare and line == had and sum(line) <= base * ceiling // FULL_BPS
            room[i] = line[2] + fits
            cuts.seller[i] = had[0] - line[0]
            cuts.upline[i] = had[1] - line[1]

    def _parcels(
        self, work: _Work, seller: list[int], handed: list[int], room: list[int], cuts: Cuts
    ) -> list[int]:
        deck = work.deck
        total = handed
        if room is not handed:
            total = [
                amount if amount < most else most for amount, most in zip(handed, room, strict=True)
            ]
        paid = total
        if self.terms.same_point is SamePoint.HIGHER:
            paid = _higher(deck, seller, total)
        quantity = deck.quantity
        parcels = []
        for i, party, first, units, refunded in zip(
            deck.parcel_line,
            deck.parcel_party,
            deck.parcel_first,
            deck.parcel_units,
            deck.parcel_refunded,
            strict=True,
        ):
            amount = paid[i] if party else 0
            if amount and units != quantity[i]:
                amount = _between(amount, first, units, quantity[i])
            parcels.append(amount)
            if refunded and amount:
                j = len(parcels) - 1
                parcels[j] -= cumulative(amount, refunded, deck.parcel_base[j])
            if party and handed[i] > total[i]:
                cuts.parcels[len(parcels) - 1] = _between(
                    handed[i], first, units, quantity[i]
                ) - _between(total[i], first, units, quantity[i])
        return parcels

    def _by_calculator(self, deck: Deck, sales: Sequence[int], outcome: Outcome) -> Outcome:
        """Put the calculator's own answers in the place of these sales."""
        for at in sales:
            first, end = deck.first_lines[at], deck.first_lines[at + 1]
            parcels = deck.parcels_of(at)
            done = reckon_one(deck, at, parcels, self.terms)
            outcome.seller[first:end] = done.seller
            outcome.upline[first:end] = done.upline
            outcome.parcels[parcels.start : parcels.stop] = done.parcels
            outcome.cuts.put(range(first, end), parcels, done.cuts)
            currency = deck.profiles[deck.profile[first]].currency
            outcome.counted += [(currency, one) for one in done.counted]
        outcome.exact_sales += len(sales)
        return outcome


class _Work:
    """The columns of a deck while one plan is reckoned over them."""

    def __init__(self, deck: Deck, terms: Terms) -> None:
        self.deck = deck
        self.base = list(deck.base)
        first = deck.first_lines
        self.seller: list[int] = []
        self.upline: list[int] = []
        self.hander: list[int] = [0] * len(self.base)
        self.open: list[list[int]] = []
        self._pairs = [a for a, b in pairwise(first) if b - a == 2]
        self._larger = [(a, b) for a, b in pairwise(first) if b - a > 2]

    def sale_of(self, line: int) -> int:
        """Number of the sale that a line belongs to."""
        return bisect_right(self.deck.first_lines, line) - 1

    def lines_of(self, at: int) -> slice:
        return slice(self.deck.first_lines[at], self.deck.first_lines[at + 1])

    def amounts(self, base: list[int], codes: list[int], rates: list[int]) -> list[int]:
        """Percentages by the line, those under one rule in a sale rounded together once."""
        found = [
            (amount * rates[code] + _HALF) // FULL_BPS
            for amount, code in zip(base, codes, strict=True)
        ]
        for a in self._pairs:
            code = codes[a]
            if code and code == codes[a + 1]:
                left = base[a]
                whole = left + base[a + 1]
                if whole:
                    total = (whole * rates[code] + _HALF) // FULL_BPS
                    found[a] = part = (2 * total * left + whole) // (2 * whole)
                    found[a + 1] = total - part
        for a, b in self._larger:
            some = codes[a:b]
            code = some[0]
            if some.count(code) < b - a:
                _by_code(found, base, codes, rates, a, b)
            elif code:
                found[a:b] = _spread(base[a:b], rates[code])
        return found


def _by_code(
    found: list[int], base: list[int], codes: list[int], rates: list[int], a: int, b: int
) -> None:
    """Lines of one sale under different rules: each rule rounds its own once."""
    pools: dict[int, list[int]] = {}
    for i in range(a, b):
        pools.setdefault(codes[i], []).append(i)
    for code, lines in pools.items():
        if code and len(lines) > 1:
            for i, part in zip(lines, _spread([base[i] for i in lines], rates[code]), strict=True):
                found[i] = part


def _spread(weights: list[int], rate: int) -> list[int]:
    """`arithmetic.split` of a percentage of all lines together, largest remainder first."""
    whole = sum(weights)
    if whole == 0:
        return weights
    total = (whole * rate + _HALF) // FULL_BPS
    parts = [total * weight // whole for weight in weights]
    missing = total - sum(parts)
    if missing:
        rest = [total * weight % whole for weight in weights]
        for _ in range(missing):
            most = rest.index(max(rest))
            parts[most] += 1
            rest[most] = -1
    return parts


def _take_back(amounts: list[int], refunded: Column, base: list[int]) -> None:
    """What refunds and lost disputes took, in place."""
    for i, back in enumerate(refunded):
        if back and amounts[i]:
            amounts[i] -= cumulative(amounts[i], back, base[i])


def _higher(deck: Deck, seller: list[int], total: list[int]) -> list[int]:
    """A point that sold and handed over gets the higher of the two shares, never both."""
    points = [None, *(party.point_key for party in deck.parties)]
    return [
        max(0, amount - sold)
        if points[sells] is not None and points[sells] == points[hands]
        else amount
        for amount, sold, sells, hands in zip(total, seller, deck.seller, deck.hander, strict=True)
    ]


def _between(total: int, first: int, units: int, whole: int) -> int:
    return cumulative(total, first + units, whole) - cumulative(total, first, whole)


def _zeros(deck: Deck) -> Outcome:
    lines = deck.line_count
    return Outcome([0] * lines, [0] * lines, [0] * len(deck.parcel_line), Cuts())
