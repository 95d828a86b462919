"""Does stock add up? Levels against their movements and holds; run nightly and by the doctor."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from shop.catalog import sellable
from shop.catalog.tables import stock_level, stock_movement, stock_reservation

_FIGURES = ("on_hand", "committed", "reserved", "unavailable")


@dataclass(frozen=True)
class Finding:
    """A figure of a level that its history contradicts."""

    figure: str
    """`on_hand`, `committed`, `reserved`, `unavailable`, or `holds` (active reservations)."""
    stock_level_id: int
    said: int
    found: int


def check(session: Session) -> list[Finding]:
    """All levels whose figures are not the sum of their movements, or of their active holds."""
    return [*_against_movements(session), *_against_holds(session)]


def repair_sellable(session: Session, _payload: Mapping[str, Any] | None = None) -> list[int]:
    """Bring `sellable` up to date everywhere; returns the products where it was not. Also a job."""
    return sellable.refresh_all(session)


def _against_movements(session: Session) -> Iterator[Finding]:
    sums = (
        select(
            stock_movement.c.stock_level_id,
            *(func.sum(stock_movement.c[f"{name}_change"]).label(name) for name in _FIGURES),
        )
        .group_by(stock_movement.c.stock_level_id)
        .subquery()
    )
    moved = {name: func.coalesce(sums.c[name], 0) for name in _FIGURES}
    rows = session.execute(
        select(
            stock_level.c.id,
            *(stock_level.c[name] for name in _FIGURES),
            *(moved[name] for name in _FIGURES),
        )
        .select_from(stock_level.outerjoin(sums, sums.c.stock_level_id == stock_level.c.id))
        .where(or_(*(stock_level.c[name] != moved[name] for name in _FIGURES)))
        .order_by(stock_level.c.id)
    )
    for level_id, *figures in rows:
        for name, said, found in zip(_FIGURES, figures[:4], figures[4:], strict=True):
            if said != found:
                yield Finding(name, level_id, int(said), int(found))


def _against_holds(session: Session) -> Iterator[Finding]:
    active = (
        select(
            stock_reservation.c.stock_level_id,
            func.sum(stock_reservation.c.quantity).label("units"),
        )
        .where(stock_reservation.c.status == "active")
        .group_by(stock_reservation.c.stock_level_id)
        .subquery()
    )
    held = func.coalesce(active.c.units, 0)
    rows = session.execute(
        select(stock_level.c.id, stock_level.c.reserved, held)
        .select_from(stock_level.outerjoin(active, active.c.stock_level_id == stock_level.c.id))
        .where(stock_level.c.reserved != held)
        .order_by(stock_level.c.id)
    )
    for level_id, said, found in rows:
        yield Finding("holds", level_id, int(said), int(found))
