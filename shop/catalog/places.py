"""Places as staff see them: who runs them, what stands there, and where else it could stand.

Separate from locations.py, which changes places, and from listing.py, which follows goods.
"""

import re
from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from shop.catalog.levels import available
from shop.catalog.listing import StockRow
from shop.catalog.tables import location, stock_level, stock_lot, stock_movement
from shop.catalog.transfers import KIND
from shop.kernel.pages import Page
from shop.network.models import Point


class PlaceRow(NamedTuple):
    """A place in the staff's list, with its stock over all goods."""

    id: int
    code: str
    name: dict[str, str]
    address: str
    point_id: int | None
    point_name: str | None
    ships: bool
    pickup_enabled: bool
    active: bool
    position: int
    on_hand: int
    promised: int
    """Committed or in checkouts."""

    @property
    def key(self) -> str:
        """Where the next page begins after this row."""
        return f"{self.position}.{self.id}"


class LotRow(NamedTuple):
    """A lot of a variant."""

    id: int
    code: str
    best_before: date | None


def page(session: Session, *, text: str = "", after: str = "", limit: int = 50) -> Page[PlaceRow]:
    """Places in the brand's order with what stands there; one statement.

    `text` is a part of a code, an address or the name of the point that runs the place.
    """
    conditions: list[ColumnElement[bool]] = []
    if text:
        part = text.strip()
        columns = (location.c.code, location.c.address, Point.name)
        conditions.append(or_(*(column.icontains(part, autoescape=True) for column in columns)))
    if start := re.fullmatch(r"(-?[0-9]{1,9})\.([0-9]{1,18})", after):
        position, last = int(start[1]), int(start[2])
        conditions.append(
            or_(
                location.c.position > position,
                and_(location.c.position == position, location.c.id > last),
            )
        )
    rows = session.execute(
        _rows().where(*conditions).order_by(location.c.position, location.c.id).limit(limit + 1)
    )
    found = [PlaceRow._make(row) for row in rows]
    return Page(found[:limit], found[limit - 1].key if len(found) > limit else "")


def row(session: Session, location_id: int) -> PlaceRow | None:
    """One place."""
    found = session.execute(_rows().where(location.c.id == location_id)).one_or_none()
    return PlaceRow._make(found) if found else None


def free_by_place(session: Session, variant_id: int, *, goods_owner: str) -> dict[int, int]:
    """What is free of a variant's units at each place that ever had some."""
    rows = session.execute(
        select(stock_level.c.location_id, available).where(
            stock_level.c.variant_id == variant_id, stock_level.c.goods_owner == goods_owner
        )
    )
    return {row[0]: row[1] for row in rows}


def lots(session: Session, variant_id: int) -> list[LotRow]:
    """Lots of a variant, what must go first on top; lots without a date stand below."""
    rows = session.execute(
        select(stock_lot.c.id, stock_lot.c.code, stock_lot.c.best_before)
        .where(stock_lot.c.variant_id == variant_id)
        .order_by(stock_lot.c.best_before.is_(None), stock_lot.c.best_before, stock_lot.c.id)
    )
    return [LotRow._make(row) for row in rows]


def other_ends(
    session: Session, level: StockRow, reason_ids: Collection[str]
) -> dict[str, tuple[int, dict[str, str]]]:
    """The level at the other end of each transfer and its place's name, by the reason's id."""
    if not reason_ids:
        return {}
    # By way of the variant's levels, because the index of movements begins with the level.
    found = session.execute(
        select(stock_movement.c.reason_id, stock_level.c.id, location.c.name)
        .select_from(
            stock_level.join(
                stock_movement, stock_movement.c.stock_level_id == stock_level.c.id
            ).join(location, location.c.id == stock_level.c.location_id)
        )
        .where(
            stock_level.c.variant_id == level.variant_id,
            stock_level.c.id != level.id,
            stock_movement.c.reason_type == KIND,
            stock_movement.c.reason_id.in_(sorted(reason_ids)),
        )
    )
    return {reason_id: (level_id, name) for reason_id, level_id, name in found}


def _rows() -> Select[Any]:
    def units(figure: ColumnElement[int]) -> ColumnElement[int]:
        return (
            select(func.coalesce(func.sum(figure), 0))
            .where(stock_level.c.location_id == location.c.id)
            .correlate(location)
            .scalar_subquery()
        )

    return select(
        location.c.id,
        location.c.code,
        location.c.name,
        location.c.address,
        location.c.point_id,
        Point.name,
        location.c.ships,
        location.c.pickup_enabled,
        location.c.active,
        location.c.position,
        units(stock_level.c.on_hand),
        units(stock_level.c.committed + stock_level.c.reserved),
    ).select_from(location.outerjoin(Point, Point.id == location.c.point_id))
