"""Totals of a run: what each role, point, payee, product and month earned and would have earned.

Pure, and counted by number first: a name is looked up once for a party, not once for a line.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from zoneinfo import ZoneInfo

from commissions.facts import Party
from commissions.periods import Sums
from commissions.terms import Role
from commissions.trials.deck import Deck, moment
from commissions.trials.one_by_one import Cuts
from commissions.trials.reckoner import Outcome

Key = tuple[str, str, str]
"""Dimension, currency, key."""
PeriodKey = tuple[str, int, str, str, str, str]
"""Role, position of the rule, point, payee, currency, period."""

_QUARTER_HOUR = 900_000_000


@dataclass(slots=True)
class Total:
    """One total, in minor units."""

    lines: int = 0
    base: int = 0
    now: int = 0
    then: int = 0
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Rows:
    """Result rows of one role, column by column; None for a column of zeros."""

    role: Role
    line_ids: Sequence[int]
    parts: Sequence[int] | None
    now: Sequence[int]
    then: Sequence[int]
    cut: Sequence[int] | None


@dataclass(slots=True)
class Tally:
    """Totals of some decks. `totals` is whole after `fold`."""

    zone: str
    totals: dict[Key, Total] = field(default_factory=dict)
    periods: dict[PeriodKey, Sums] = field(default_factory=dict)
    _parties: dict[tuple[Role, str], dict[Party, Total]] = field(default_factory=dict)
    _months: dict[int, str] = field(default_factory=dict)

    def add(self, deck: Deck, found: Outcome) -> None:
        """Count a deck."""
        kinds = [0] * len(deck.profiles)
        self._then(Role.SELLER, deck, deck.seller, deck.profile, found.seller, kinds)
        if any(found.upline):
            self._then(Role.UPLINE, deck, deck.upline, deck.profile, found.upline, kinds)
        of_parcels = list(map(deck.profile.__getitem__, deck.parcel_line))
        self._then(Role.FULFILLER, deck, deck.parcel_party, of_parcels, found.parcels, kinds)
        self._standing(deck)
        self._products(deck, kinds, _cut_by_profile(deck, found.cuts))
        self._by_month(deck, found)
        for currency, one in found.counted:
            party, rule = one.party, one.rule
            beneficiary = (party.point_key, party.payee_key, currency)
            key = (rule.role.value, rule.position, *beneficiary, one.place.period_key)
            self.periods[key] = self.periods.get(key, Sums()) + one.sums

    def fold(self) -> None:
        """Give every beneficiary's sums to its role, its point and its payee."""
        for (role, currency), parties in self._parties.items():
            for party, found in parties.items():
                self.award(role.value, party, currency, now=found.now, then=found.then)
                if found.lines:
                    point = self._total("point", currency, party.point_key)
                    point.lines += found.lines
                    point.base += found.base
        self._parties.clear()

    def award(self, role: str, party: Party, currency: str, *, now: int = 0, then: int = 0) -> None:
        """Count an amount for or against one beneficiary, such as what a whole period adds."""
        if not (now or then):
            return
        for dimension, key in (
            ("role", role),
            ("point", party.point_key),
            ("payee", party.payee_key),
        ):
            total = self._total(dimension, currency, key)
            total.now += now
            total.then += then

    def _total(self, dimension: str, currency: str, key: str) -> Total:
        return self.totals.setdefault((dimension, currency, key), Total())

    def _of_party(self, role: Role, currency: str, party: Party) -> Total:
        return self._parties.setdefault((role, currency), {}).setdefault(party, Total())

    def _then(
        self,
        role: Role,
        deck: Deck,
        numbers: Sequence[int],
        profiles: Sequence[int],
        amounts: Sequence[int],
        kinds: list[int],
    ) -> None:
        """Add what beneficiaries of one role would have earned, also to `kinds` by profile."""
        currencies = {profile.currency for profile in deck.profiles}
        for currency in currencies:
            sums = [0] * (len(deck.parties) + 1)
            rows: Iterable[tuple[int, int, int]] = zip(numbers, profiles, amounts, strict=True)
            if len(currencies) > 1:
                mine = [profile.currency == currency for profile in deck.profiles]
                rows = (row for row in rows if mine[row[1]])
            for number, kind, amount in rows:
                sums[number] += amount
                kinds[kind] += amount
            for party, amount in zip(deck.parties, sums[1:], strict=True):
                if amount:
                    self._of_party(role, currency, party).then += amount

    def _standing(self, deck: Deck) -> None:
        for number, currency, lines, base, *earned in deck.standing.parties:
            party = deck.parties[number - 1]
            for role, now in zip((Role.SELLER, Role.FULFILLER, Role.UPLINE), earned, strict=True):
                if now:
                    self._of_party(role, currency, party).now += now
            if lines:
                total = self._of_party(Role.SELLER, currency, party)
                total.lines += lines
                total.base += base

    def _products(self, deck: Deck, kinds: Sequence[int], cuts: Mapping[int, int]) -> None:
        for kind, (lines, base, now) in enumerate(deck.standing.profiles):
            profile = deck.profiles[kind]
            total = self._total("product", profile.currency, profile.product_key)
            _add(total, lines, base, now, kinds[kind], cuts.get(kind, 0))

    def _by_month(self, deck: Deck, found: Outcome) -> None:
        """Sales of one month and currency mostly stand together: sum them up by the stretch."""
        ends = {self._month(min(deck.placed)), self._month(max(deck.placed))}
        currencies = {profile.currency for profile in deck.profiles}
        if len(ends) == len(currencies) == 1:
            key = (currencies.pop(), ends.pop())
            self._add_stretch(key, deck, found, 0, deck.line_count)
            return
        begin, known = 0, None
        for at, placed in enumerate(deck.placed):
            first = deck.first_lines[at]
            key = (deck.profiles[deck.profile[first]].currency, self._month(placed))
            if key != known:
                self._add_stretch(known, deck, found, begin, first)
                begin, known = first, key
        self._add_stretch(known, deck, found, begin, deck.line_count)

    def _add_stretch(
        self, key: tuple[str, str] | None, deck: Deck, found: Outcome, begin: int, end: int
    ) -> None:
        if key is None:
            return
        lines, start = slice(begin, end), bisect_left(deck.parcel_line, begin)
        parcels = slice(start, bisect_left(deck.parcel_line, end, start))
        now = sum(deck.seller_now[lines]) + sum(deck.upline_now[lines])
        then = sum(found.seller[lines]) + sum(found.upline[lines])
        cut = sum(
            amount
            for cuts in (found.cuts.seller, found.cuts.upline)
            for i, amount in cuts.items()
            if begin <= i < end
        )
        cut += sum(
            amount for j, amount in found.cuts.parcels.items() if parcels.start <= j < parcels.stop
        )
        _add(
            self._total("month", *key),
            end - begin,
            sum(deck.base[lines]),
            now + sum(deck.parcel_now[parcels]),
            then + sum(found.parcels[parcels]),
            cut,
        )

    def _month(self, placed: int) -> str:
        quarter = placed // _QUARTER_HOUR
        known = self._months.get(quarter)
        if known is None:
            at = moment(placed)
            known = "" if at is None else f"{at.astimezone(ZoneInfo(self.zone)):%Y-%m}"
            self._months[quarter] = known
        return known


def rows_of(deck: Deck, found: Outcome) -> list[Rows]:
    """One row for each beneficiary of each line."""
    rows = [_rows(Role.SELLER, deck.seller, deck.line_ids, None, deck.seller_now, found.seller)]
    if any(deck.upline_now) or any(found.upline):
        rows.append(
            _rows(Role.UPLINE, deck.upline, deck.line_ids, None, deck.upline_now, found.upline)
        )
    lines = list(map(deck.line_ids.__getitem__, deck.parcel_line))
    parts = deck.parcel_part if any(deck.parcel_part) else None
    rows.append(
        _rows(Role.FULFILLER, deck.parcel_party, lines, parts, deck.parcel_now, found.parcels)
    )
    cuts = {
        Role.SELLER: (found.cuts.seller, deck.seller),
        Role.UPLINE: (found.cuts.upline, deck.upline),
        Role.FULFILLER: (found.cuts.parcels, deck.parcel_party),
    }
    return [_with_cuts(one, *cuts[one.role]) for one in rows]


def _rows(
    role: Role,
    who: Sequence[int],
    line_ids: Sequence[int],
    parts: Sequence[int] | None,
    now: Sequence[int],
    then: Sequence[int],
) -> Rows:
    if all(who):
        return Rows(role, line_ids, parts, now, then, None)
    return Rows(
        role,
        list(compress(line_ids, who)),
        None if parts is None else list(compress(parts, who)),
        list(compress(now, who)),
        list(compress(then, who)),
        None,
    )


def _with_cuts(rows: Rows, cuts: Mapping[int, int], who: Sequence[int]) -> Rows:
    if not any(cuts.values()):
        return rows
    amounts = [cuts.get(place, 0) for place, number in enumerate(who) if number]
    return replace(rows, cut=amounts)


def _cut_by_profile(deck: Deck, cuts: Cuts) -> Counter[int]:
    found: Counter[int] = Counter()
    for of_line in (cuts.seller, cuts.upline):
        for i, amount in of_line.items():
            found[deck.profile[i]] += amount
    for j, amount in cuts.parcels.items():
        found[deck.profile[deck.parcel_line[j]]] += amount
    return found


def _add(total: Total, lines: int, base: int, now: int, then: int, cut: int) -> None:
    total.lines += lines
    total.base += base
    total.now += now
    total.then += then
    total.cut += cut
