"""One sale of a deck through the calculator itself.

For whatever cannot be reckoned by the column: several beneficiaries of one role in a sale, amounts
per unit, bounds, profit, and everything that counts a whole period.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from commissions.arithmetic import cumulative
from commissions.calculator import Reckoning, hand_over, reckon
from commissions.decisions import Decision
from commissions.facts import Fulfilled, Party, Sale, SaleLine
from commissions.periods import Counting, countings
from commissions.targets import Target
from commissions.terms import Role, Terms
from commissions.trials.deck import NEVER, Deck, moment


@dataclass(slots=True)
class Cuts:
    """What the ceiling takes, before refunds, by the number of a line or a parcel; most have none."""

    seller: dict[int, int] = field(default_factory=dict)
    upline: dict[int, int] = field(default_factory=dict)
    parcels: dict[int, int] = field(default_factory=dict)

    def line_count(self, line_of_parcel: Sequence[int]) -> int:
        """How many lines lose something."""
        places = {i for cuts in (self.seller, self.upline) for i, cut in cuts.items() if cut}
        return len(places | {line_of_parcel[j] for j, cut in self.parcels.items() if cut})

    def put(self, lines: range, parcels: range, other: Cuts) -> None:
        """Take the cuts of these lines and parcels from elsewhere."""
        for mine, theirs, places in (
            (self.seller, other.seller, lines),
            (self.upline, other.upline, lines),
            (self.parcels, other.parcels, parcels),
        ):
            for place in places:
                mine.pop(place, None)
            mine.update(theirs)


@dataclass(slots=True)
class Reckoned:
    """What a sale earns, net of refunds to date; lists run over its lines, parcels over its own."""

    seller: list[int]
    upline: list[int]
    parcels: list[int]
    cuts: Cuts
    counted: list[Counting] = field(default_factory=list)


def reckon_one(deck: Deck, at: int, parcels: range, terms: Terms) -> Reckoned:
    """The sale of that number in its deck, with its parcels, under these terms."""
    first, end = deck.first_lines[at], deck.first_lines[at + 1]
    sale = sale_of(deck, at)
    reckoning = reckon(sale, terms)
    found = [
        *(_of_sale(deck, first, decision) for decision in reckoning.decisions),
        *_of_parcels(deck, first, parcels, reckoning),
    ]
    done = Reckoned([0] * (end - first), [0] * (end - first), [0] * len(parcels), Cuts())
    for target in found:
        decision = target.decision
        line, cut = int(decision.line_key), cut_of(decision)
        if decision.role is Role.SELLER:
            done.seller[line] = target.left
            done.cuts.seller[first + line] = cut
        elif decision.role is Role.UPLINE:
            done.upline[line] = target.left
            done.cuts.upline[first + line] = cut
        else:
            parcel = int(decision.cause_key)
            done.parcels[parcel - parcels.start] = target.left
            done.cuts.parcels[parcel] = cut
    if terms.counts:
        done.counted = list(countings(reckoning, found, {}).values())
    return done


def sale_of(deck: Deck, at: int) -> Sale:
    """The sale as the calculator reads it; its lines are called by their place."""
    first, end = deck.first_lines[at], deck.first_lines[at + 1]
    profile = deck.profiles[deck.profile[first]]
    placed_at = moment(deck.placed[at])
    if placed_at is None:
        raise AssertionError("a sale has its moment")
    return Sale(
        key=str(deck.sale_ids[at]),
        currency=profile.currency,
        placed_at=placed_at,
        paid_at=placed_at,
        lines=tuple(_line(deck, i, i - first) for i in range(first, end)),
        channel=profile.channel,
        new_customer=profile.new_customer,
    )


def cut_of(decision: Decision) -> int:
    """What the ceiling took from one beneficiary, before refunds."""
    ceiling = decision.trace.get("ceiling")
    if ceiling is None:
        return 0
    asked, allowed = ceiling["asked"], ceiling["allowed"]
    part = decision.trace.get("handed_over")
    if part is None:
        return int(asked - allowed)
    begin, end, of = part["first"], part["first"] + part["units"], part["of"]
    return sum(
        sign * (cumulative(total, end, of) - cumulative(total, begin, of))
        for sign, total in ((1, asked), (-1, allowed))
    )


def _line(deck: Deck, i: int, place: int) -> SaleLine:
    profile = deck.profiles[deck.profile[i]]
    return SaleLine(
        key=str(place),
        quantity=deck.quantity[i],
        list_amount=deck.base[i],
        base_amount=deck.base[i],
        cost_amount=None if deck.cost[i] == NEVER else deck.cost[i],
        product_key=profile.product_key,
        variant_key=profile.variant_key,
        category_keys=profile.category_keys,
        collection_keys=profile.collection_keys,
        commissionable=profile.commissionable,
        seller=_party(deck, deck.seller[i]),
        upline=_party(deck, deck.upline[i]),
    )


def _of_sale(deck: Deck, first: int, decision: Decision) -> Target:
    i = first + int(decision.line_key)
    refunded, base = deck.refunded[i], deck.base[i]
    taken = cumulative(decision.amount, refunded, base)
    return Target(decision, taken, 0, moment(deck.delivered[i]), refunded, base)


def _of_parcels(deck: Deck, first: int, parcels: range, reckoning: Reckoning) -> Iterator[Target]:
    for j in parcels:
        line = reckoning.sale.lines[deck.parcel_line[j] - first]
        fact = Fulfilled(
            key=str(j),
            sale_key=reckoning.sale.key,
            at=reckoning.sale.placed_at,
            line_key=line.key,
            units=deck.parcel_units[j],
            by_point=_party(deck, deck.parcel_party[j]),
        )
        decision = hand_over(
            reckoning, line, fact, first=deck.parcel_first[j], units=deck.parcel_units[j]
        )
        refunded, base = deck.parcel_refunded[j], deck.parcel_base[j]
        taken = cumulative(decision.amount, refunded, base)
        yield Target(decision, taken, 0, moment(deck.parcel_delivered[j]), refunded, base)


def _party(deck: Deck, number: int) -> Party | None:
    return deck.parties[number - 1] if number else None
