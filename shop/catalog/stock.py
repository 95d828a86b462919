"""Stock: holds of checkouts, and goods that come, go and come back.

Every verb is one guarded update of its stock levels, and one movement for each level, whose key
makes a repeat a no-op. Nothing here reads a figure to decide whether it may write.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from shop.catalog import sellable, statements
from shop.catalog.allocation import (
    Allocation,
    Counting,
    Demand,
    Key,
    Plan,
    Shelf,
    Shortage,
    allocate,
    summed,
)
from shop.catalog.levels import (
    Cause,
    Change,
    Moved,
    available,
    change_level,
    change_levels,
    record,
    record_once,
)
from shop.catalog.models import BRAND
from shop.catalog.tables import stock_level, stock_lot, stock_reservation, variant
from shop.kernel import audit, ids
from shop.kernel.db import insert_new
from shop.kernel.errors import Conflict, Invalid, NotFound
from shop.kernel.words import Words, _l

__all__ = [
    "AdjustReason",
    "Allocation",
    "BelowCommitted",
    "Demand",
    "HoldGone",
    "Key",
    "NotCommitted",
    "OutOfStock",
    "Shortage",
    "adjust",
    "commit",
    "hand_over",
    "hold",
    "lot",
    "receive",
    "release",
    "reserve",
    "reserve_again",
    "set_on_hand",
    "shelves",
    "take_back",
    "uncommit",
]

_ROUNDS = 3
"""How often a choice of shelves is made again when somebody else was faster."""


class AdjustReason(StrEnum):
    """Why staff correct a figure by hand."""

    COUNTED = "counted"
    DAMAGED = "damaged"
    LOST = "lost"
    FOUND = "found"
    EXPIRED = "expired"
    SAMPLE = "sample"
    OTHER = "other"

    @property
    def label(self) -> Words:
        return _ADJUST_LABELS[self]


_ADJUST_LABELS = {
    AdjustReason.COUNTED: _l("Counted"),
    AdjustReason.DAMAGED: _l("Damaged"),
    AdjustReason.LOST: _l("Gone missing"),
    AdjustReason.FOUND: _l("Turned up"),
    AdjustReason.EXPIRED: _l("Past its best-before date"),
    AdjustReason.SAMPLE: _l("Given as a sample"),
    AdjustReason.OTHER: _l("Other reason"),
}


class OutOfStock(Conflict):
    """Some variants are not there in the wanted number; the unit of work is to be undone."""

    code = "out_of_stock"

    def __init__(self, shortages: Iterable[Shortage]) -> None:
        self.shortages = tuple(shortages)
        super().__init__(_l("Some of these goods are no longer available in this quantity."))


class HoldGone(Conflict):
    """An order's hold was given back before it could be committed."""

    code = "hold_gone"

    def __init__(self, order_id: int) -> None:
        self.order_id = order_id
        super().__init__(_l("The goods were no longer kept for this order."))


class BelowCommitted(Invalid):
    """A correction would leave less than what is promised to buyers."""

    code = "below_committed"

    def __init__(self, level_id: int, available: int) -> None:
        self.stock_level_id = level_id
        self.available = available
        super().__init__(
            _l(
                "Only %(count)s units are free; the others are promised to orders or checkouts.",
                count=available,
            ),
            field="change",
        )


class NotCommitted(Conflict):
    """More units would leave a level than are committed there: the order and stock disagree."""

    code = "not_committed"

    def __init__(self, level_id: int, units: int) -> None:
        self.stock_level_id = level_id
        self.units = units
        super().__init__(_l("These units are not set aside for an order at this place."))


def reserve(
    session: Session,
    order_id: int,
    demands: Iterable[Demand],
    *,
    expires_at: datetime,
    at: datetime,
    by: str,
) -> dict[Key, Allocation]:
    """Hold stock for a checkout until `expires_at`; returns where each variant comes from.

    Demand is summed first, so two lines of one variant cannot pass one by one. Variants without
    counted stock get no level. Raises OutOfStock with all shortages; then nothing may be committed.
    """
    units = summed(demands)
    shortages: list[Shortage] = []
    for _round in range(_ROUNDS):
        offered, counting = shelves(session, units)
        plan = allocate(units, offered, counting, owner=BRAND)
        if plan.shortages:
            raise OutOfStock(plan.shortages)
        endless = {key for key in plan.places if counting[key[0]].backorderable}
        has_choice = len(offered) > len(plan.taken)
        try:
            # With a choice of shelves, a lost race is tried again elsewhere, without the locks.
            with _retreat(session, possible=has_choice):
                hold(
                    session,
                    order_id,
                    plan,
                    units=units,
                    endless=endless,
                    expires_at=expires_at,
                    at=at,
                    by=by,
                )
        except OutOfStock as error:
            shortages = list(error.shortages)
            if not has_choice:
                raise
        else:
            return plan.places
    raise OutOfStock(shortages)


def shelves(session: Session, units: Mapping[Key, int]) -> tuple[list[Shelf], dict[int, Counting]]:
    """What stands where for these variants, the brand's best location first; one statement."""
    asked = sorted({key[1] for key in units if key[1] is not None})
    wanted = sorted({key[0] for key in units})
    rows = session.execute(statements.shelves(), {"variants": wanted, "asked": asked}).all()
    counting = {row[0]: Counting(row[1], row[2]) for row in rows}
    offered = [
        Shelf(row[3], row[0], row[4], row[5], row[6], row[7], row[8])
        for row in rows
        if row[4] is not None
    ]
    return offered, counting


def hold(
    session: Session,
    order_id: int,
    plan: Plan,
    *,
    units: Mapping[Key, int],
    endless: Iterable[Key] = (),
    expires_at: datetime,
    at: datetime,
    by: str,
) -> None:
    """Take the units of a plan by guarded updates, which hold even if the plan is out of date.

    Raises OutOfStock for levels that others emptied meanwhile.
    """
    oversold = {plan.places[key].stock_level_id for key in endless}
    moved, short = _take_levels(session, plan.taken, oversold=oversold)
    if short:
        raise OutOfStock(_shortages(session, plan, units, short))
    if plan.taken:
        _insert_reservations(session, order_id, plan.taken, expires_at)
        _record_hold(session, "reserve", order_id, expires_at, plan.taken, by=by, at=at)
    sellable.follow(session, moved)


def release(
    session: Session, order_id: int, *, at: datetime, by: str, expired: bool = False
) -> int:
    """Give an order's hold back; returns the number of levels, 0 if it was given back before."""
    given_back = _end_holds(session, order_id, "expired" if expired else "released")
    if not given_back:
        return 0
    units = {level_id: count for level_id, count, _ in given_back}
    moved = _must(session, units, Change(reserved=-1))
    _record_hold(session, "release", order_id, given_back[0][2], units, by=by, at=at)
    sellable.follow(session, moved)
    return len(given_back)


def commit(session: Session, order_id: int, *, at: datetime, by: str) -> int:
    """Turn an order's hold into a promise; returns the number of levels, 0 if that was done before.

    Raises HoldGone if the hold was released or has expired: call `reserve_again` first.
    """
    held = _end_holds(session, order_id, "committed")
    if not held:
        _assert_committed(session, order_id)
        return 0
    change = Change(reserved=-1, committed=1)
    _must(session, {level: count for level, count, _ in held}, change)
    moves = [(level, count, change.times(count)) for level, count, _ in held]
    record(session, moves, Cause("commit", "order", str(order_id), by, at))
    return len(held)


def reserve_again(
    session: Session, order_id: int, *, expires_at: datetime, at: datetime, by: str
) -> int:
    """Hold the same levels once more, for money that came after the hold had ended.

    Returns the number of levels. Raises OutOfStock if the goods are gone meanwhile.
    """
    ended = session.execute(
        update(stock_reservation)
        .where(
            stock_reservation.c.order_id == order_id,
            stock_reservation.c.status.in_(("released", "expired")),
        )
        .values(status="active", expires_at=expires_at)
        .returning(stock_reservation.c.stock_level_id, stock_reservation.c.quantity)
    ).all()
    taken = {row[0]: row[1] for row in sorted(ended)}
    moved, short = _take_levels(session, taken, oversold=set(taken))
    if short:
        raise OutOfStock(_shortages_of_levels(session, {level: taken[level] for level in short}))
    _record_hold(session, "reserve", order_id, expires_at, taken, by=by, at=at)
    sellable.follow(session, moved)
    return len(taken)


def hand_over(
    session: Session,
    stock_level_id: int,
    quantity: int,
    *,
    reason_id: str,
    at: datetime,
    by: str,
    lot_id: int | None = None,
) -> bool:
    """Committed goods leave the shelf; False if this reason moved them before.

    Raises NotCommitted if fewer are committed there.
    """
    cause = Cause("hand_over", "fulfillment", reason_id, by, at, lot_id=lot_id)
    return _once(session, stock_level_id, quantity, Change(on_hand=-1, committed=-1), cause)


def uncommit(
    session: Session, stock_level_id: int, quantity: int, *, reason_id: str, at: datetime, by: str
) -> bool:
    """A placed order's units go back on sale without having left; False if done before.

    Raises NotCommitted if fewer are committed there.
    """
    cause = Cause("restock", "cancel", reason_id, by, at)
    return _once(session, stock_level_id, quantity, Change(committed=-1), cause)


def promise_elsewhere(
    session: Session, units: Mapping[int, int], *, reason_id: str, at: datetime, by: str
) -> None:
    """A placed order's units are promised from other levels: minus gives back, plus takes.

    Raises OutOfStock if a level has too little, NotCommitted if less is promised there.
    """
    cause = Cause("reroute", "reroute", reason_id, by, at)
    moved = []
    for level_id, count in sorted(units.items()):  # in one order, else two of them would wait
        change = Change(committed=count)
        if not record_once(session, level_id, abs(count), change, cause):
            continue
        one = change_level(session, level_id, change)
        if one is None and count > 0:
            raise OutOfStock(_shortages_of_levels(session, {level_id: count}))
        if one is None:
            raise NotCommitted(level_id, -count)
        moved.append(one)
    sellable.follow(session, moved)


def take_back(
    session: Session,
    stock_level_id: int,
    quantity: int,
    *,
    resellable: bool,
    reason_id: str,
    at: datetime,
    by: str,
) -> bool:
    """Goods come back from a buyer; what cannot be sold again is set apart.

    False if this reason moved them before.
    """
    cause = Cause("return", "return", reason_id, by, at)
    each = Change(on_hand=1, unavailable=0 if resellable else 1)
    return _once(session, stock_level_id, quantity, each, cause)


def receive(
    session: Session,
    variant_id: int,
    location_id: int,
    quantity: int,
    *,
    reason_id: str,
    at: datetime,
    by: str,
    goods_owner: str = BRAND,
    lot_id: int | None = None,
    note: str = "",
) -> int:
    """Goods arrive at a location; returns the stock level, which is made the first time."""
    level_id = level_of(session, variant_id, location_id, goods_owner=goods_owner)
    cause = Cause("receive", "receipt", reason_id, by, at, note=note, lot_id=lot_id)
    _once(session, level_id, quantity, Change(on_hand=1), cause)
    return level_id


def adjust(
    session: Session,
    stock_level_id: int,
    change: int,
    *,
    reason: AdjustReason,
    note: str = "",
    at: datetime,
    by: str,
    reason_id: str,
) -> bool:
    """Correct what is on hand by `change` units, with an audit row; False if done before.

    Raises BelowCommitted if that would leave less than orders and checkouts were promised.
    """
    if change == 0:
        raise Invalid(_l("The change must not be zero."), field="change")
    cause = Cause("adjust", reason.value, reason_id, by, at, note=note)
    done = _correct(session, stock_level_id, change, cause)
    if done:
        audit.record(
            session,
            "stock.adjusted",
            "stock_level",
            stock_level_id,
            by=by,
            at=at,
            after={"change": change, "reason": reason.value},
            note=note,
        )
    return done


def set_on_hand(
    session: Session,
    variant_id: int,
    location_id: int,
    on_hand: int,
    *,
    reason_id: str,
    at: datetime,
    by: str,
    goods_owner: str = BRAND,
    note: str = "",
) -> bool:
    """Bring what is on hand to a counted figure; False if it stood there already.

    Raises BelowCommitted as `adjust` does, Conflict if it kept moving meanwhile.
    """
    level_id = level_of(session, variant_id, location_id, goods_owner=goods_owner)
    found = session.scalars(select(stock_level.c.on_hand).where(stock_level.c.id == level_id)).one()
    if found == on_hand:
        return False
    cause = Cause("adjust", AdjustReason.COUNTED.value, reason_id, by, at, note=note)
    return _correct(session, level_id, on_hand - found, cause, seen=found)


def lot(
    session: Session, variant_id: int, code: str, *, best_before: date | None = None, at: datetime
) -> int:
    """The id of a variant's lot, made if it is new."""
    session.execute(
        insert_new(session, stock_lot).values(
            id=ids.new(), variant_id=variant_id, code=code, best_before=best_before, created_at=at
        )
    )
    query = select(stock_lot.c.id).where(
        stock_lot.c.variant_id == variant_id, stock_lot.c.code == code
    )
    return int(session.scalars(query).one())


def level_of(
    session: Session, variant_id: int, location_id: int, *, goods_owner: str = BRAND
) -> int:
    """The id of the level of a variant at a location, made empty if there is none yet."""
    key = (
        stock_level.c.variant_id == variant_id,
        stock_level.c.location_id == location_id,
        stock_level.c.goods_owner == goods_owner,
    )
    found = session.scalar(select(stock_level.c.id).where(*key))
    if found is not None:
        return int(found)
    endless = session.scalar(select(variant.c.backorderable).where(variant.c.id == variant_id))
    if endless is None:
        raise NotFound(_l("There is no such product variant."))
    session.execute(
        insert_new(session, stock_level).values(
            id=ids.new(),
            variant_id=variant_id,
            location_id=location_id,
            goods_owner=goods_owner,
            on_hand=0,
            committed=0,
            reserved=0,
            unavailable=0,
            backorderable=endless,
        )
    )
    return int(session.scalars(select(stock_level.c.id).where(*key)).one())


@contextmanager
def _retreat(session: Session, *, possible: bool) -> Iterator[None]:
    if not possible:
        yield
        return
    with session.begin_nested():
        yield


def _take_levels(
    session: Session, taken: Mapping[int, int], *, oversold: Set[int | None]
) -> tuple[list[Moved], list[int]]:
    """Reserve units of levels; returns what moved and which levels had too little."""
    moved = change_levels(session, taken, Change(reserved=1), may_oversell=oversold)
    return list(moved.values()), sorted(taken.keys() - moved.keys())


def _end_holds(session: Session, order_id: int, status: str) -> list[tuple[int, int, datetime]]:
    # Only one of several releases or commits finds a hold active.
    ended = session.execute(
        update(stock_reservation)
        .where(stock_reservation.c.order_id == order_id, stock_reservation.c.status == "active")
        .values(status=status)
        .returning(
            stock_reservation.c.stock_level_id,
            stock_reservation.c.quantity,
            stock_reservation.c.expires_at,
        )
    ).all()
    return sorted((row[0], row[1], row[2]) for row in ended)


def _assert_committed(session: Session, order_id: int) -> None:
    gone = session.scalar(
        select(stock_reservation.c.id)
        .where(stock_reservation.c.order_id == order_id, stock_reservation.c.status != "committed")
        .limit(1)
    )
    if gone is not None:
        raise HoldGone(order_id)


def _insert_reservations(
    session: Session, order_id: int, taken: Mapping[int, int], expires_at: datetime
) -> None:
    rows = [
        {
            "id": row_id,
            "order_id": order_id,
            "stock_level_id": level_id,
            "quantity": count,
            "status": "active",
            "expires_at": expires_at,
        }
        for row_id, (level_id, count) in zip(
            ids.block(len(taken)), sorted(taken.items()), strict=True
        )
    ]
    session.execute(insert(stock_reservation), rows)


def _record_hold(
    session: Session,
    kind: str,
    order_id: int,
    until: datetime,
    taken: Mapping[int, int],
    *,
    by: str,
    at: datetime,
) -> None:
    sign = 1 if kind == "reserve" else -1
    # An order may be held twice (late payment); its end tells the two holds apart.
    cause = Cause(kind, "hold", f"{order_id}:{int(until.timestamp())}", by, at)
    moves = [(level_id, count, Change(reserved=sign * count)) for level_id, count in taken.items()]
    record(session, moves, cause)


def _must(session: Session, units: Mapping[int, int], each: Change) -> list[Moved]:
    moved = change_levels(session, units, each)
    for level_id in sorted(units.keys() - moved.keys()):
        raise NotCommitted(level_id, units[level_id])
    return list(moved.values())


def _once(session: Session, level_id: int, units: int, each: Change, cause: Cause) -> bool:
    if units < 1:
        raise ValueError("goods move by at least one unit")
    if not record_once(session, level_id, units, each.times(units), cause):
        return False
    sellable.follow(session, _must(session, {level_id: units}, each))
    return True


def _correct(
    session: Session, level_id: int, change: int, cause: Cause, *, seen: int | None = None
) -> bool:
    figures = Change(on_hand=change)
    if not record_once(session, level_id, abs(change), figures, cause):
        return False
    moved = change_level(session, level_id, figures, seen_on_hand=seen)
    if moved is None:
        on_hand, left = session.execute(
            select(stock_level.c.on_hand, available).where(stock_level.c.id == level_id)
        ).one()
        if seen is not None and on_hand != seen:
            raise Conflict(_l("This stock is moving right now. Please try again."))
        raise BelowCommitted(level_id, max(0, left))
    sellable.follow(session, [moved])
    return True


def _shortages(
    session: Session, plan: Plan, units: Mapping[Key, int], short: Sequence[int]
) -> list[Shortage]:
    left = _left(session, short)
    return [
        Shortage(*key, units[key], left[place.stock_level_id])
        for key, place in plan.places.items()
        if place.stock_level_id in left
    ]


def _shortages_of_levels(session: Session, short: Mapping[int, int]) -> list[Shortage]:
    left = _left(session, list(short))
    rows = session.execute(
        select(stock_level.c.id, stock_level.c.variant_id, stock_level.c.location_id).where(
            stock_level.c.id.in_(list(short))
        )
    )
    return [Shortage(row[1], row[2], short[row[0]], left[row[0]]) for row in rows]


def _left(session: Session, level_ids: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(stock_level.c.id, available).where(stock_level.c.id.in_(level_ids))
    )
    return {row[0]: max(0, row[1]) for row in rows}
