"""What everybody should have, counted from what was told: plain arithmetic, no rule of the engine.

Lines are counted whole. How a refund falls on several hand-overs of one line is left to bounds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from commissions.facts import (
    CalledOff,
    Delivered,
    Disputed,
    DisputePhase,
    Fact,
    Fulfilled,
    Goodwill,
    Refunded,
    RefundFailed,
    Sale,
    SaleLine,
)
from tests.commissions.house.deals import CURRENCIES, DEALS, Deal

BPS = 10_000
HOLD = timedelta(days=14)
_RANKS = (Fulfilled, Delivered, Refunded, RefundFailed, Disputed, CalledOff)

Slot = tuple[str, str, str]
"""Line, role, and the hand-over or the sale: names one earning of a sale."""
Group = tuple[int, str, str, str, str]
"""Number of the version, role, payee, currency, month."""


def half_up(amount: int, part: int, whole: int) -> int:
    return (2 * amount * part + whole) // (2 * whole) if whole else 0


def spread(amount: int, weights: list[int]) -> list[int]:
    """By largest remainder; of equal ones the earlier gets the unit."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [amount * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda n: (-(amount * weights[n] % whole), n))
    for n in order[: amount - sum(parts)]:
        parts[n] += 1
    return parts


@dataclass
class Parcel:
    """Units of one line that left together."""

    fact: Fulfilled
    first: int
    units: int
    kept: int


@dataclass
class LineCount:
    """One line by what was told."""

    line: SaleLine
    waiting: int
    called_off: int = 0
    refunded: int = 0
    last_refund: datetime | None = None
    parcels: list[Parcel] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.line.base_amount - self.refunded

    def net(self, amount: int) -> int:
        return amount - half_up(amount, self.refunded, self.line.base_amount)

    def give(self, amount: int, at: datetime) -> None:
        self.refunded += min(amount, self.left)
        self.last_refund = at

    def call_off(self, at: datetime) -> None:
        """Nothing of it is wanted any more."""
        if self.left or self.waiting or any(one.kept for one in self.parcels):
            self.give(self.left, at)
        self.called_off += self.waiting
        self.waiting = 0
        for one in self.parcels:
            one.kept = 0

    def arrived(self, days: dict[str, datetime]) -> datetime | None:
        """When the last unit that the buyer keeps arrived."""
        if self.waiting:
            return None
        kept = [days.get(one.fact.key) for one in self.parcels if one.kept]
        if kept:
            return None if None in kept else max(day for day in kept if day)
        came = [days[one.fact.key] for one in self.parcels if one.fact.key in days]
        return max(came, default=self.last_refund)

    def is_divided(self, parcel: Parcel) -> bool:
        """Whether what went back of the line may have come from other units as well."""
        return parcel.units < self.line.quantity and 0 < self.refunded < self.line.base_amount

    def came(self, parcel: Parcel, days: dict[str, datetime]) -> datetime | None:
        day = days.get(parcel.fact.key)
        return self.last_refund if day is None and not parcel.kept else day


@dataclass
class Sold:
    """One sale, all that was told of it, and what of that the books must say."""

    sale: Sale
    deal: Deal = DEALS[0]
    """What the version in force promises; known when it is credited."""
    version: int = 0
    first: str = ""
    """The sale that these lines were added to; empty for a sale of its own."""
    told: list[Fact] = field(default_factory=list)
    credited: bool = False
    open_disputes: dict[str, int | None] = field(default_factory=dict)
    """Key → disputed amount."""
    lines: dict[str, LineCount] = field(default_factory=dict)
    days: dict[str, datetime] = field(default_factory=dict)
    earned: dict[Slot, int] = field(default_factory=dict)
    """What each slot earned before anything went back."""
    months: dict[Slot, str] = field(default_factory=dict)
    """Where a slot counts; it stays there until it is told of another day."""
    first_day: dict[Slot, datetime] = field(default_factory=dict)
    """The earliest day on which a slot was ever said to have arrived."""
    unsure: set[Slot] = field(default_factory=set)
    """Hand-overs that came back, of which only the engine knows how much was left."""

    def __post_init__(self) -> None:
        self.recount()

    @property
    def key(self) -> str:
        return self.sale.key

    @property
    def left(self) -> int:
        return sum(line.left for line in self.lines.values())

    def tell(self, fact: Fact) -> None:
        """Another fact; one that was told before changes nothing."""
        if fact in self.told:
            return
        self.told.append(fact)
        self.recount()
        if self.credited:
            self._follow()

    def credit(self, version: int, deal: Deal) -> None:
        """The sale itself came in: facts that came before are gone through in their order."""
        self.credited, self.version, self.deal = True, version, deal
        known, self.told = in_order(self.told), []
        self.recount()
        self._follow()
        for fact in known:
            self.tell(fact)

    def recount(self) -> None:
        """Everything from the beginning."""
        self.lines = {one.key: LineCount(one, one.quantity) for one in self.sale.lines}
        self.days = {}
        marks: dict[str, dict[str, int]] = {}
        closed: set[str] = set()
        failed = {one.refund_key for one in self.told if isinstance(one, RefundFailed)}
        for fact in in_order(self.told):
            match fact:
                case Fulfilled():
                    self._hand_over(fact)
                case Delivered():
                    for key in fact.fulfilled_keys:
                        self.days.setdefault(key, fact.at)
                case Refunded() if fact.key not in failed:
                    self._refund(fact)
                case Disputed() if fact.dispute_key not in closed:
                    self._dispute(fact, marks, closed)
                case CalledOff():
                    for line in self.lines.values():
                        line.call_off(fact.at)
                case _:
                    pass

    def _hand_over(self, fact: Fulfilled) -> None:
        line = self.lines[fact.line_key]
        kept = min(fact.units, line.waiting)
        again = min(fact.units - kept, line.called_off)
        line.waiting -= kept
        line.called_off -= again
        if kept + again:
            first = sum(one.units for one in line.parcels)
            line.parcels.append(Parcel(fact, first, kept + again, kept))

    def _refund(self, fact: Refunded) -> None:
        for given in fact.lines:
            line = self.lines[given.line_key]
            line.give(given.amount, fact.at)
            units = given.units or 0
            off = min(units, line.waiting)
            line.waiting -= off
            line.called_off += off
            units -= off
            for parcel in reversed(line.parcels):
                back = min(units, parcel.kept)
                parcel.kept -= back
                units -= back
        if fact.goodwill_amount and fact.goodwill is Goodwill.SPREAD:
            self._goodwill(fact)

    def _goodwill(self, fact: Refunded) -> None:
        lefts = [line.left for line in self.lines.values()]
        parts = spread(min(fact.goodwill_amount, sum(lefts)), lefts)
        for line, part in zip(self.lines.values(), parts, strict=True):
            if part:
                line.give(part, fact.at)

    def _dispute(self, fact: Disputed, marks: dict[str, dict[str, int]], closed: set[str]) -> None:
        key = fact.dispute_key
        if key not in marks:
            lefts = {
                name: line.line.base_amount
                - max([line.refunded, *(mark[name] for mark in marks.values())])
                for name, line in self.lines.items()
            }
            whole = sum(lefts.values())
            amount = whole if fact.amount is None else min(fact.amount, whole)
            parts = dict(zip(lefts, spread(amount, list(lefts.values())), strict=True))
            marks[key] = {
                name: line.line.base_amount - lefts[name] + parts[name]
                for name, line in self.lines.items()
            }
        if fact.phase is DisputePhase.OPENED:
            return
        closed.add(key)
        for name, mark in marks.pop(key).items():
            line = self.lines[name]
            if fact.phase is DisputePhase.LOST and mark > line.refunded:
                line.give(mark - line.refunded, fact.at)

    # Earnings

    def _follow(self) -> None:
        if not self.deal.tight:
            self.earned = self.promised()
        for slot in self.slots():
            line = self.lines[slot[0]]
            day, is_sure = line.arrived(self.days), True
            if slot[1] == "fulfiller":
                parcel = parcel_of(line, slot)
                day = line.came(parcel, self.days)
                is_sure = not line.is_divided(parcel) or bool(parcel.kept)
            if day is not None and line.left:
                self.months[slot] = f"{day + timedelta(hours=8):%Y-%m}"
                self.first_day[slot] = min(day, self.first_day.get(slot, day))
                (self.unsure.discard if is_sure else self.unsure.add)(slot)

    def slots(self) -> Iterable[Slot]:
        for key, count in self.lines.items():
            yield (key, "seller", self.key)
            yield (key, "upline", self.key)
            for parcel in count.parcels:
                if parcel.fact.by_point:
                    yield (key, "fulfiller", parcel.fact.key)

    def promised(self) -> dict[Slot, int]:
        """What each slot earned, whatever went back since."""
        found: dict[Slot, int] = {}
        lines = [one for one in self.sale.lines if one.commissionable]
        sold: dict[str, int] = {}
        for point in {one.seller.point_key for one in lines if one.seller}:
            mine = [one for one in lines if one.seller and one.seller.point_key == point]
            for one, part in zip(mine, self._pool(mine, self.deal.seller), strict=True):
                barred = one.seller is not None and one.seller.refusal
                sold[one.key] = 0 if barred else part
        found |= {(key, "seller", self.key): part for key, part in sold.items()}
        found |= self._uplines(lines, sold)
        for one, total in zip(lines, self._pool(lines, self.deal.store), strict=True):
            for parcel in self.lines[one.key].parcels:
                if parcel.fact.by_point and not parcel.fact.by_point.refusal:
                    upto = half_up(total, parcel.first + parcel.units, one.quantity)
                    part = upto - half_up(total, parcel.first, one.quantity)
                    found[one.key, "fulfiller", parcel.fact.key] = part
        return found

    def _uplines(self, lines: list[SaleLine], sold: dict[str, int]) -> dict[Slot, int]:
        led = [one for one in lines if one.upline]
        bases = [sold[o.key] if self.deal.upline_of_seller else o.base_amount for o in led]
        parts = spread(half_up(sum(bases), self.deal.upline, BPS), bases)
        cap = self.deal.upline_cap
        most = cap[CURRENCIES.index(self.sale.currency)] if cap else sum(parts)
        if sum(parts) > most:
            parts = spread(most, parts)
        return {
            (one.key, "upline", self.key): part if one.upline and one.upline.contract else 0
            for one, part in zip(led, parts, strict=True)
        }

    def _pool(self, lines: list[SaleLine], bps: int) -> list[int]:
        """Rounded once for all lines of one beneficiary, then spread over them."""
        bases = [one.base_amount for one in lines]
        return spread(half_up(sum(bases), bps, BPS), bases)

    def bounds(self, slot: Slot) -> tuple[int, int]:
        """Least and most of what a slot has after all that went back."""
        amount, line = self.earned.get(slot, 0), self.lines[slot[0]]
        if slot[1] == "fulfiller" and line.is_divided(parcel_of(line, slot)):
            return (0, amount)
        net = line.net(amount)
        return (net, net)


def parcel_of(line: LineCount, slot: Slot) -> Parcel:
    return next(one for one in line.parcels if one.fact.key == slot[2])


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """By their own time; of one moment by kind, then by key."""
    return sorted(facts, key=lambda fact: (fact.at, _RANKS.index(type(fact)), fact.key))


def differences(
    sold: Iterable[Sold], nets: dict[tuple[str, Slot], int]
) -> tuple[dict[Group, int], set[Group]]:
    """What each month adds to its lines or takes from them, and the months that are unsure.

    `nets` is what every slot has; for sellers it was compared before.
    """
    months: dict[Group, list[tuple[Sold, Slot]]] = {}
    for one in sold:
        for slot, month in one.months.items():
            payee = payee_of(one, slot)
            if payee and one.credited and not one.deal.tight:
                group = (one.version, slot[1], payee, one.sale.currency, month)
                months.setdefault(group, []).append((one, slot))
    found: Counter[Group] = Counter()
    unsure = {
        group for group, slots in months.items() if any(slot in one.unsure for one, slot in slots)
    }
    for group, slots in months.items():
        version, role, payee, currency, month = group
        deal, n = slots[0][0].deal, CURRENCIES.index(currency)
        lines = sum(nets.get((one.key, slot), 0) for one, slot in slots)
        base = sum(one.lines[slot[0]].left for one, slot in slots)
        if role == "fulfiller" and deal.store_cap:
            found[group] = min(0, deal.store_cap[n] - lines)
        if role != "seller":
            continue
        if deal.band:
            found[group] = _band(deal, n, base, slots, lines)
        if base >= deal.bonus_from[n]:
            extra = half_up(base, deal.bonus, BPS) + deal.bonus_fixed[n]
            found[version, "bonus", payee, currency, month] = extra
    sums = {group: amount for group, amount in found.items() if amount}
    return sums, unsure


def _band(deal: Deal, n: int, base: int, slots: list[tuple[Sold, Slot]], lines: int) -> int:
    low = deal.band_from[n]
    if base < low:
        goal = half_up(base, deal.seller, BPS)
    elif deal.retroactive:
        goal = half_up(base, deal.band, BPS)
    else:
        goal = half_up(low * deal.seller + (base - low) * deal.band, 1, BPS)
    cap = deal.seller_cap[n] if deal.seller_cap else goal
    return min(goal, cap) - lines


def payee_of(one: Sold, slot: Slot) -> str:
    """Who is paid for a slot, as of its own time; empty if it may not earn."""
    count = one.lines[slot[0]]
    if not count.line.commissionable:
        return ""
    party = {"seller": count.line.seller, "upline": count.line.upline}.get(slot[1])
    if slot[1] == "fulfiller":
        party = parcel_of(count, slot).fact.by_point
    return party.payee_key if party and not party.refusal else ""
