"""Goods go from one place of the brand to another.

Separate from stock.py because two levels change for one cause: both or neither. Only free units
travel; what is promised to an order stays where the order expects it.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.catalog import sellable, stock
from shop.catalog.levels import Cause, Change, Moved, available, change_level, record_once
from shop.catalog.tables import location, stock_level, stock_lot, stock_movement
from shop.kernel import audit
from shop.kernel.errors import Conflict, Invalid, NotFound
from shop.kernel.words import _l

KIND = "transfer"
"""Kind and reason type of both movements; they share the reason's id."""


class TooFewFree(Invalid):
    """More units were to leave a place than are free there."""

    code = "too_few_free"

    def __init__(self, level_id: int, left: int) -> None:
        self.stock_level_id = level_id
        self.available = left
        super().__init__(
            _l(
                "Only %(count)s units are free; the others are promised to orders or checkouts.",
                count=left,
            ),
            field="units",
        )


class KeyReused(Conflict):
    """A form that moved goods before came back with other goods, units or places in it."""

    code = "key_reused"

    def __init__(self) -> None:
        super().__init__(
            _l("This form has moved goods already. Please open it anew for the next move.")
        )


class _Level(NamedTuple):
    variant_id: int
    location_id: int
    goods_owner: str
    is_open: bool


def transfer(
    session: Session,
    stock_level_id: int,
    units: int,
    *,
    to_location_id: int,
    reason_id: str,
    by: str,
    at: datetime,
    lot_id: int | None = None,
    note: str = "",
) -> bool:
    """Move free units of a level to another place, of the same owner; False if done before.

    The lot, if one is named, stands on both movements. Raises TooFewFree, KeyReused if this reason
    moved something else before, Invalid for a place or lot that does not fit, and NotFound.
    """
    if units < 1:
        raise Invalid(_l("Please say how many units, as a whole number above zero."), field="units")
    source = _level(session, stock_level_id)
    _check_target(session, source, to_location_id)
    _check_lot(session, source, lot_id)
    target_id = stock.level_of(
        session, source.variant_id, to_location_id, goods_owner=source.goods_owner
    )
    cause = Cause(KIND, KIND, reason_id, by, at, note=note, lot_id=lot_id)
    changes = {stock_level_id: Change(on_hand=-units), target_id: Change(on_hand=units)}
    in_order = sorted(changes.items())  # else two transfers in opposite directions wait for ever
    written = [record_once(session, level, units, change, cause) for level, change in in_order]
    if not all(written):
        _need_repeat(session, in_order, cause, written)
        return False
    moved = {level: _must(session, level, change) for level, change in in_order}
    # Units at a closed place did not count as sellable before.
    seen = [moved[target_id], *([moved[stock_level_id]] if source.is_open else [])]
    sellable.follow(session, seen)
    audit.record(
        session,
        "stock.transferred",
        "stock_level",
        stock_level_id,
        by=by,
        at=at,
        after={"to": target_id, "units": units, "lot": lot_id},
        note=note,
    )
    return True


def _level(session: Session, level_id: int) -> _Level:
    row = session.execute(
        select(
            stock_level.c.variant_id,
            stock_level.c.location_id,
            stock_level.c.goods_owner,
            location.c.active,
        )
        .join(location, location.c.id == stock_level.c.location_id)
        .where(stock_level.c.id == level_id)
    ).one_or_none()
    if row is None:
        raise NotFound(_l("There is no such stock level."))
    return _Level._make(row)


def _check_target(session: Session, source: _Level, location_id: int) -> None:
    is_open = session.scalar(select(location.c.active).where(location.c.id == location_id))
    if is_open is None:
        raise Invalid(_l("There is no such place."), field="to")
    if location_id == source.location_id:
        raise Invalid(_l("The goods are at this place already."), field="to")
    if not is_open:
        raise Invalid(_l("This place is closed; nobody could sell from it."), field="to")


def _check_lot(session: Session, source: _Level, lot_id: int | None) -> None:
    if lot_id is None:
        return
    of = session.scalar(select(stock_lot.c.variant_id).where(stock_lot.c.id == lot_id))
    if of != source.variant_id:
        raise Invalid(_l("There is no such lot of this product."), field="lot")


def _need_repeat(
    session: Session, moves: list[tuple[int, Change]], cause: Cause, written: list[bool]
) -> None:
    """The same request again is fine; anything else under its key is not, and undoes all."""
    before = session.execute(
        select(stock_movement.c.on_hand_change)
        .where(
            stock_movement.c.stock_level_id.in_([level for level, _change in moves]),
            stock_movement.c.reason_type == cause.type,
            stock_movement.c.reason_id == cause.id,
        )
        .order_by(stock_movement.c.stock_level_id)
    )
    if any(written) or [row[0] for row in before] != [change.on_hand for _level, change in moves]:
        raise KeyReused


def _must(session: Session, level_id: int, change: Change) -> Moved:
    moved = change_level(session, level_id, change)
    if moved is None:
        left = session.scalars(select(available).where(stock_level.c.id == level_id)).one()
        raise TooFewFree(level_id, max(0, left))
    return moved
