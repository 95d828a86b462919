"""The guarded change of stock levels, and the movements that record it.

Separate from stock.py, which says what a verb changes: here stands how, once. The condition in the
UPDATE is the only check that counts, because a figure that was read before may be old.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    any_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from shop.catalog.tables import stock_level, stock_movement
from shop.kernel import ids
from shop.kernel.db import insert_new

available = (
    stock_level.c.on_hand
    - stock_level.c.committed
    - stock_level.c.reserved
    - stock_level.c.unavailable
)
"""What a buyer can still get from a level."""

_FIGURES = ("on_hand", "committed", "reserved", "unavailable")
_GUARDED = ("committed", "reserved", "unavailable")
"""Figures that never fall below zero."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """How far each figure of a level moves."""

    on_hand: int = 0
    committed: int = 0
    reserved: int = 0
    unavailable: int = 0

    @property
    def available(self) -> int:
        return self.on_hand - self.committed - self.reserved - self.unavailable

    def times(self, units: int) -> "Change":
        return Change(**{name: getattr(self, name) * units for name in _FIGURES})


@dataclass(frozen=True)
class Cause:
    """Why a level moves. `type` and `id` name the reason once per level and kind."""

    kind: str
    type: str
    id: str
    by: str
    at: datetime
    note: str = ""
    lot_id: int | None = None


@dataclass(frozen=True)
class Moved:
    """A variant whose available units changed at a level."""

    variant_id: int
    change: int
    available: int
    """Afterwards."""

    @property
    def crossed(self) -> bool:
        """Whether the level went between some and none."""
        return (self.available > 0) != (self.available - self.change > 0)


def change_level(
    session: Session, level_id: int, change: Change, *, seen_on_hand: int | None = None
) -> Moved | None:
    """Change a level if it has what the change takes away; None if it has not.

    `seen_on_hand` asks that the figure on hand is still the one that was seen.
    """
    return change_levels(session, {level_id: 1}, change, seen_on_hand=seen_on_hand).get(level_id)


def change_levels(
    session: Session,
    units: Mapping[int, int],
    each: Change,
    *,
    may_oversell: Collection[int | None] = (),
    seen_on_hand: int | None = None,
) -> dict[int, Moved]:
    """Change several levels, each by so many units of `each`, in one statement.

    Returns what moved by level; a level that has not what its change takes away is absent. Levels
    in `may_oversell` fall below zero if they are backorderable.
    """
    moves = {name: moved for name in _FIGURES if (moved := getattr(each, name))}
    if not units or not moves:
        return {}
    statement = _change_statement(
        session.get_bind().dialect.name,
        len(units),
        moved=tuple(moves),
        taken=tuple(name for name in _GUARDED if moves.get(name, 0) < 0),
        limited=each.available < 0,
        may_oversell=bool(may_oversell),
        seen=seen_on_hand is not None,
    )
    values: dict[str, Any] = {f"each_{name}": moved for name, moved in moves.items()}
    if each.available < 0:
        values["needed"] = -each.available
        if may_oversell:
            values["oversold"] = sorted(id for id in may_oversell if id is not None)
    if seen_on_hand is not None:
        values["seen"] = seen_on_hand
    for place, (level_id, count) in enumerate(sorted(units.items())):
        values |= {f"level_{place}": level_id, f"units_{place}": count}
    rows = session.execute(statement, values)
    return {row[0]: Moved(row[1], each.available * units[row[0]], row[2]) for row in rows}


@cache
def _change_statement(
    dialect: str,
    count: int,
    *,
    moved: tuple[str, ...],
    taken: tuple[str, ...],
    limited: bool,
    may_oversell: bool,
    seen: bool,
) -> ReturningUpdate[Any]:
    """The guarded update, built once for each kind of change and number of levels."""
    columns = stock_level.c
    levels = [bindparam(f"level_{place}", type_=columns.id.type) for place in range(count)]
    units = case(
        *(
            (columns.id == level, bindparam(f"units_{place}", type_=Integer))
            for place, level in enumerate(levels)
        )
    )

    def figure(name: str) -> ColumnElement[int]:
        return columns[name] + bindparam(f"each_{name}", type_=Integer) * units

    conditions: list[ColumnElement[bool]] = [
        _in_turn(dialect, levels),
        *(figure(name) >= 0 for name in taken),
    ]
    if limited:
        enough = available >= bindparam("needed", type_=Integer) * units
        oversold = columns.backorderable & columns.id.in_(bindparam("oversold", expanding=True))
        conditions.append(or_(oversold, enough) if may_oversell else enough)
    if seen:
        conditions.append(columns.on_hand == bindparam("seen", type_=Integer))
    return (
        update(stock_level)
        .where(*conditions)
        .values({name: figure(name) for name in moved})
        .returning(columns.id, columns.variant_id, available)
    )


def _in_turn(dialect: str, levels: Sequence[BindParameter[int]]) -> ColumnElement[bool]:
    """Which levels. On PostgreSQL they are locked by their ids first: an update takes them in
    whatever order it meets them, and two carts with the same goods would wait for each other.
    """
    column = stock_level.c.id
    if len(levels) == 1 or dialect != "postgresql":
        return column.in_(levels)
    sorted_ids = (
        select(column).where(column.in_(levels)).order_by(column).with_for_update(key_share=True)
    )
    return column == any_(func.array(sorted_ids.scalar_subquery()))


def record(session: Session, moves: Sequence[tuple[int, int, Change]], cause: Cause) -> None:
    """Write the movements (level, units, change) of one cause.

    Raises IntegrityError if one was written before: the caller has its own guard against repeats.
    """
    rows = [
        _movement(row_id, *move, cause)
        for row_id, move in zip(ids.block(len(moves)), moves, strict=True)
    ]
    if rows:
        session.execute(insert(stock_movement), rows)


def record_once(session: Session, level_id: int, units: int, change: Change, cause: Cause) -> bool:
    """Write one movement; False if this cause moved this level before."""
    new = insert_new(session, stock_movement).values(
        **_movement(ids.new(), level_id, units, change, cause)
    )
    row = session.execute(new.returning(stock_movement.c.id)).one_or_none()
    return row is not None


def _movement(
    row_id: int, level_id: int, units: int, change: Change, cause: Cause
) -> dict[str, Any]:
    return {
        "id": row_id,
        "stock_level_id": level_id,
        "kind": cause.kind,
        "quantity": units,
        "on_hand_change": change.on_hand,
        "committed_change": change.committed,
        "reserved_change": change.reserved,
        "unavailable_change": change.unavailable,
        "reason_type": cause.type,
        "reason_id": cause.id,
        "lot_id": cause.lot_id,
        "note": cause.note,
        "by": cause.by,
        "at": cause.at,
    }
