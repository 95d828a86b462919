"""What the facts of a sale add up to, line by line: units out, units back, base given back. Pure.

Facts may come twice, late and shuffled, so nothing here depends on their arrival: the set of them
is put in the order of their own times and folded from the beginning. A refund that failed is
simply no part of the set, and an undo is exact by construction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime

from commissions.arithmetic import cumulative, split
from commissions.facts import (
    FACTS,
    KINDS,
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

_RANK = {kind: rank for rank, kind in enumerate(FACTS)}


@dataclass(slots=True)
class Part:
    """Some units of a line and what of their base went back to the buyer."""

    units: int
    base: int
    refunded: int = 0

    @property
    def left(self) -> int:
        return self.base - self.refunded


@dataclass(slots=True)
class Parcel:
    """One hand-over: units `first` … `first + units` of its line."""

    fact: Fulfilled
    first: int
    part: Part
    kept: int
    """Units that did not come back."""


@dataclass(slots=True)
class LineHistory:
    """One line. Its base is always the sum of waiting, parcels and called off."""

    line: SaleLine
    waiting: Part
    """Units that are still to be handed over."""
    called_off: Part
    """Units refunded before they left."""
    parcels: list[Parcel] = field(default_factory=list)
    last_refund_at: datetime | None = None

    @property
    def refunded(self) -> int:
        return sum(part.refunded for part in self._parts())

    @property
    def left(self) -> int:
        return self.line.base_amount - self.refunded

    @property
    def handed(self) -> int:
        return sum(parcel.part.units for parcel in self.parcels)

    def fulfill(self, fact: Fulfilled) -> None:
        """Hand units over: those waiting, then, if facts crossed, those called off meanwhile."""
        from_waiting = min(fact.units, self.waiting.units)
        from_called_off = min(fact.units - from_waiting, self.called_off.units)
        units = from_waiting + from_called_off
        if units == 0:
            return
        first = self.handed
        part = Part(units, self._base(first, units))
        part.refunded = _carve(self.waiting, from_waiting)
        part.refunded += _carve(self.called_off, from_called_off)
        self._rebase(first + units)
        _level([part, self.waiting, self.called_off])
        self.parcels.append(Parcel(fact, first, part, kept=from_waiting))

    def refund(self, amount: int, units: int | None, at: datetime) -> None:
        """Give back: waiting units first, then the latest hand-over; without units in proportion.

        More than is left is never taken.
        """
        amount = min(amount, self.left)
        self.last_refund_at = at
        if units:
            named = self._take_back(units)
            amount -= _pour(amount, named)
        _pour(amount, [(part, part.left) for part in self._parts()])

    def call_off(self, at: datetime) -> None:
        """All that is left goes back, every unit of it."""
        units = self.waiting.units + sum(parcel.kept for parcel in self.parcels)
        if units or self.left:
            self.refund(self.left, units, at)

    def _take_back(self, units: int) -> list[tuple[Part, int]]:
        """Mark units as returned; the parts they lie in, weighed by their base."""
        named = []
        off = min(units, self.waiting.units)
        if off:
            self.called_off.refunded += _carve(self.waiting, off)
            self.called_off.units += off
            self._rebase(self.handed)
            _level([self.called_off, self.waiting])
            weight = self._base(self.handed + self.waiting.units, off)
            named.append((self.called_off, weight))
        units -= off
        for parcel in reversed(self.parcels):
            back = min(units, parcel.kept)
            if back:
                parcel.kept -= back
                units -= back
                named.append((parcel.part, cumulative(parcel.part.base, back, parcel.part.units)))
        return named

    def _rebase(self, handed: int) -> None:
        self.waiting.base = self._base(handed, self.waiting.units)
        self.called_off.base = self._base(handed + self.waiting.units, self.called_off.units)

    def _base(self, first: int, units: int) -> int:
        """Base of some units, so that all units together have exactly the line's base."""
        base, quantity = self.line.base_amount, self.line.quantity
        return cumulative(base, first + units, quantity) - cumulative(base, first, quantity)

    def _parts(self) -> list[Part]:
        return [self.waiting, *(parcel.part for parcel in self.parcels), self.called_off]


@dataclass(slots=True)
class History:
    """A whole sale, folded."""

    sale: Sale
    lines: dict[str, LineHistory]
    delivered_at: dict[str, datetime] = field(default_factory=dict)
    """Hand-over key → when it first arrived."""
    disputed: dict[str, dict[str, int]] = field(default_factory=dict)
    """Open dispute → line key → refunded base that it would bring the line to."""

    def if_lost(self) -> History:
        """The history as it would be with every open dispute lost."""
        other = deepcopy(self)
        for key in list(other.disputed):
            other.lose(key, other.sale.paid_at)
        return other

    def open_dispute(self, key: str, amount: int | None) -> None:
        # A refund during the dispute comes out of the disputed amount: the mark stays.
        left = {k: self._mark_left(line) for k, line in self.lines.items()}
        parts = _spread(sum(left.values()) if amount is None else amount, left)
        self.disputed[key] = {
            k: line.line.base_amount - left[k] + parts[k] for k, line in self.lines.items()
        }

    def lose(self, key: str, at: datetime) -> None:
        for line_key, mark in self.disputed.pop(key).items():
            line = self.lines[line_key]
            if mark > line.refunded:
                line.refund(mark - line.refunded, None, at)

    def _mark_left(self, line: LineHistory) -> int:
        marks = [marks[line.line.key] for marks in self.disputed.values()]
        return line.line.base_amount - max([line.refunded, *marks])


def fold(sale: Sale, facts: Iterable[Fact]) -> History:
    """All facts of a sale, in the order of their own times. Unknown lines are passed over."""
    lines = {
        line.key: LineHistory(line, Part(line.quantity, line.base_amount), Part(0, 0))
        for line in sale.lines
    }
    history = History(sale, lines)
    closed: set[str] = set()
    for fact in _effective(facts):
        _apply(history, fact, closed)
    return history


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """Each fact once, by time; of one moment by kind, then by key."""
    once = {(type(fact), fact.key): fact for fact in facts}
    return sorted(once.values(), key=lambda f: (f.at, _RANK[KINDS[type(f)]], f.key))


def _effective(facts: Iterable[Fact]) -> list[Fact]:
    known = in_order(facts)
    failed = {fact.refund_key for fact in known if isinstance(fact, RefundFailed)}
    return [fact for fact in known if not (isinstance(fact, Refunded) and fact.key in failed)]


def _apply(history: History, fact: Fact, closed: set[str]) -> None:
    match fact:
        case Fulfilled(line_key=line_key) if line_key in history.lines:
            history.lines[line_key].fulfill(fact)
        case Delivered():
            for key in fact.fulfilled_keys:
                history.delivered_at.setdefault(key, fact.at)
        case Refunded():
            _refund(history, fact)
        case Disputed():
            _dispute(history, fact, closed)
        case CalledOff():
            for line in history.lines.values():
                line.call_off(fact.at)
        case _:
            pass


def _refund(history: History, fact: Refunded) -> None:
    for refunded in fact.lines:
        if refunded.line_key in history.lines:
            line = history.lines[refunded.line_key]
            line.refund(refunded.amount, refunded.units, fact.at)
    if fact.goodwill_amount and fact.goodwill is Goodwill.SPREAD:
        left = {key: line.left for key, line in history.lines.items()}
        for key, amount in _spread(fact.goodwill_amount, left).items():
            if amount:
                history.lines[key].refund(amount, None, fact.at)


def _dispute(history: History, fact: Disputed, closed: set[str]) -> None:
    key = fact.dispute_key
    if key in closed:
        return
    if key not in history.disputed:
        history.open_dispute(key, fact.amount)
    if fact.phase is DisputePhase.OPENED:
        return
    closed.add(key)
    if fact.phase is DisputePhase.LOST:
        history.lose(key, fact.at)
    else:
        del history.disputed[key]


def _spread(amount: int, left: dict[str, int]) -> dict[str, int]:
    """An amount over lines by what is left of each, at most that."""
    total = sum(left.values())
    if total == 0 or amount == 0:
        return dict.fromkeys(left, 0)
    parts = split(min(amount, total), list(left.values()))
    return dict(zip(left, parts, strict=True))


def _carve(part: Part, units: int) -> int:
    """Take units out of a part; the refunded base that goes with them."""
    if units == 0:
        return 0
    gone = cumulative(part.refunded, units, part.units)
    part.units -= units
    part.refunded -= gone
    return gone


def _pour(amount: int, vessels: Sequence[tuple[Part, int]]) -> int:
    """Refund an amount over parts by weight, none beyond its base; the amount that found room."""
    if amount == 0 or not any(weight for _, weight in vessels):
        return 0
    poured = 0
    for (part, _), share in zip(
        vessels, split(amount, [weight for _, weight in vessels]), strict=True
    ):
        fits = min(share, part.left)
        part.refunded += fits
        poured += fits
    return poured + _put(amount - poured, [part for part, _ in vessels])


def _put(amount: int, parts: Iterable[Part]) -> int:
    """Refund into the first parts with room; the amount that found it."""
    wanted = amount
    for part in parts:
        fits = min(amount, part.left)
        part.refunded += fits
        amount -= fits
    return wanted - amount


def _level(parts: Sequence[Part]) -> None:
    """Rounding may leave a part a unit above its base; the unit belongs beside it."""
    excess = 0
    for part in parts:
        over = max(0, -part.left)
        part.refunded -= over
        excess += over
    _put(excess, parts)
