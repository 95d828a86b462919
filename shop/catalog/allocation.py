"""Which shelf a demand is taken from: values in, values out.

Separate from stock.py because the choice is pure and the guarded updates decide; a choice that
was overtaken meanwhile is made again on fresh figures.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Key = tuple[int, int | None]
"""Variant, and the location that was asked for (None: ship from wherever it is)."""


@dataclass(frozen=True)
class Demand:
    """Some units of a variant: to be shipped, or to be picked up at a location."""

    variant_id: int
    quantity: int
    location_id: int | None = None


@dataclass(frozen=True)
class Allocation:
    """Where demanded units come from; without a level, nothing is counted for this variant."""

    stock_level_id: int | None
    location_id: int | None
    goods_owner: str


@dataclass(frozen=True)
class Shortage:
    """Units that were asked for and how many there are."""

    variant_id: int
    location_id: int | None
    wanted: int
    available: int


@dataclass(frozen=True)
class Shelf:
    """A stock level as the choice sees it."""

    stock_level_id: int
    variant_id: int
    location_id: int
    goods_owner: str
    available: int
    endless: bool
    """Backorderable: may be taken beyond what is there."""
    ships: bool


@dataclass(frozen=True)
class Counting:
    """What is counted for a variant."""

    tracked: bool
    backorderable: bool


@dataclass
class Plan:
    """The outcome: a place for every key, or shortages."""

    places: dict[Key, Allocation] = field(default_factory=dict)
    taken: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """Units by stock level id."""
    shortages: list[Shortage] = field(default_factory=list)


def summed(demands: Iterable[Demand]) -> dict[Key, int]:
    """Units by key, so that two lines of one variant are one demand."""
    units: dict[Key, int] = defaultdict(int)
    for demand in demands:
        if demand.quantity < 1:
            raise ValueError("a demand is at least one unit")
        units[demand.variant_id, demand.location_id] += demand.quantity
    return dict(units)


def allocate(
    units: Mapping[Key, int],
    shelves: Sequence[Shelf],
    counting: Mapping[int, Counting],
    *,
    owner: str,
) -> Plan:
    """Choose one shelf for each key; `shelves` stand in the order of preference.

    Places that were asked for are served first, because what is to be shipped has a choice. A key
    is never split over shelves. `owner` is the owner of goods where nothing is counted.
    """
    plan = Plan()
    for key in sorted(units, key=lambda key: (key[1] is None, key)):
        variant_id, location_id = key
        rule = counting.get(variant_id)
        offered = [shelf for shelf in shelves if _may_serve(shelf, variant_id, location_id)]
        if rule is None:
            plan.shortages.append(Shortage(variant_id, location_id, units[key], 0))
        elif not rule.tracked:
            place = offered[0].location_id if offered else location_id
            plan.places[key] = Allocation(None, place, owner)
        else:
            _take(plan, key, units[key], offered, rule, owner)
    return plan


def _may_serve(shelf: Shelf, variant_id: int, location_id: int | None) -> bool:
    if shelf.variant_id != variant_id:
        return False
    return shelf.ships if location_id is None else shelf.location_id == location_id


def _take(
    plan: Plan, key: Key, wanted: int, offered: Sequence[Shelf], rule: Counting, owner: str
) -> None:
    left = {shelf: shelf.available - plan.taken.get(shelf.stock_level_id, 0) for shelf in offered}
    chosen = next((shelf for shelf in offered if left[shelf] >= wanted), None)
    if chosen is None and rule.backorderable:
        chosen = next((shelf for shelf in offered if shelf.endless), None)
        if chosen is None:
            plan.places[key] = Allocation(None, key[1], owner)
            return
    if chosen is None:
        plan.shortages.append(Shortage(*key, wanted, max([0, *left.values()])))
        return
    plan.taken[chosen.stock_level_id] += wanted
    plan.places[key] = Allocation(chosen.stock_level_id, chosen.location_id, chosen.goods_owner)
