"""Places with stock: the brand's warehouses and the counters of store points."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shop.catalog import queries, sellable
from shop.catalog.drafts import texts
from shop.catalog.models import Location
from shop.catalog.tables import location, stock_level, variant
from shop.kernel import audit, ids
from shop.kernel.errors import Invalid, NotFound
from shop.kernel.i18n import Texts, text_of
from shop.kernel.words import Words, _l
from shop.network import queries as network
from shop.network.models import PointStatus

MAIN = "main"
"""Code of the warehouse that is made when goods arrive before anybody made a place for them."""
_TOLD = ("active", "ships", "pickup_enabled", "point_id", "position")
"""Columns whose values the audit keeps; of the others it says that they changed."""
_AT_ONCE = 500
"""Products whose mark is set right by one statement when a place opens or closes."""


class PlaceInUse(Invalid):
    """Units at the place are promised to buyers: it may not close or change hands under them."""

    code = "place_in_use"

    def __init__(self, units: int, *, field: str) -> None:
        self.units = units
        super().__init__(
            _l(
                "Promised to orders or checkouts from here: %(count)s."
                " Hand these units over or cancel the orders first.",
                count=units,
            ),
            field=field,
        )


class PointTaken(Invalid):
    """A point runs one place at most, because its clerks look for goods in one."""

    code = "point_taken"

    def __init__(self) -> None:
        super().__init__(_l("This point runs another place already."), field="point")


def make_location(
    session: Session, code: str, name: Texts, *, by: str, at: datetime, **details: Any
) -> int:
    """A new place; `details` are further columns of `Location`, such as `pickup_enabled`.

    Raises Invalid for a missing name, a code that another place has, or a point that cannot run it.
    """
    row = {
        "id": ids.new(),
        "code": code.strip(),
        "name": texts(name),
        "pickup_instructions": {},
        "opening_hours": {},
        **details,
    }
    if not row["code"] or not row["name"]:
        field = "name_zh" if row["code"] else "code"
        raise Invalid(_l("A place needs a code and a name."), field=field)
    _check_code(session, row["code"])
    _check_point(session, row.get("point_id"))
    try:
        with session.begin_nested():
            session.execute(insert(Location).values(**row))
    except IntegrityError:
        # Somebody was faster; the same questions name what is taken now.
        _check_code(session, row["code"])
        _check_point(session, row.get("point_id"))
        raise
    queries.open_counters.forget(session)
    audit.record(session, "location.made", "location", row["id"], by=by, at=at)
    return int(row["id"])


def change_location(
    session: Session, location_id: int, *, by: str, at: datetime, **details: Any
) -> None:
    """Change columns of a place; what stays as it is leaves no trace. Raises NotFound.

    A place with units promised to buyers neither closes nor goes to another point (PlaceInUse), and
    the last open one stays open. Shipping and pick-up may be switched off at any time: that holds
    for new buyers, and what was ordered still leaves from here.
    """
    found = session.execute(select(location).where(location.c.id == location_id)).one_or_none()
    if found is None:
        raise NotFound(_l("There is no such place."))
    before = {name: getattr(found, name) for name in details}
    changed = {name: value for name, value in details.items() if value != before[name]}
    if not changed:
        return
    closes = changed.get("active") is False
    if closes:
        _need_another_open_place(session, location_id)
    if not changed.get("name", True):
        raise Invalid(_l("A place needs a name."), field="name_zh")
    if "point_id" in changed:
        _check_point(session, changed["point_id"])
    _change(session, location_id, changed, keeps_promises=closes or "point_id" in changed)
    if "active" in changed:
        _refresh_products(session, location_id)
    queries.open_counters.forget(session)
    told = {name for name in _TOLD if name in changed}
    audit.record(
        session,
        "location.changed",
        "location",
        location_id,
        by=by,
        at=at,
        before={name: before[name] for name in sorted(told)},
        after={"fields": sorted(changed), **{name: changed[name] for name in sorted(told)}},
    )


def one(session: Session, location_id: int) -> Location:
    """A place; raises NotFound."""
    found = session.scalars(select(Location).where(Location.id == location_id)).one_or_none()
    if found is None:
        raise NotFound(_l("There is no such place."))
    return found


def places(session: Session) -> Sequence[tuple[int, str, dict[str, str], bool]]:
    """All places as (id, code, name, active), in the brand's order."""
    rows = session.execute(
        select(location.c.id, location.c.code, location.c.name, location.c.active).order_by(
            location.c.position, location.c.id
        )
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def default_location(session: Session) -> int | None:
    """Where goods are when nothing else is said: the first active place that ships."""
    return session.scalar(
        select(location.c.id)
        .where(location.c.active)
        .order_by(location.c.ships.desc(), location.c.position, location.c.id)
        .limit(1)
    )


def need_default_location(session: Session, *, by: str, at: datetime) -> int:
    """The default location, made if the brand has none yet."""
    found = default_location(session)
    if found is not None:
        return found
    return make_location(session, MAIN, {"zh": "主仓库", "en": "Main warehouse"}, by=by, at=at)


def location_by_code(session: Session, code: str) -> int:
    """The place with this code; raises NotFound."""
    found = session.scalar(select(location.c.id).where(location.c.code == code))
    if found is None:
        raise NotFound(_l("There is no place with the code “%(code)s”.", code=code))
    return int(found)


def name_of(session: Session, location_id: int) -> str:
    """A place's name in the reader's language."""
    return text_of(
        session.scalars(select(location.c.name).where(location.c.id == location_id)).one()
    )


def of_point(session: Session, point_id: int) -> Location | None:
    """The counter that a store point runs."""
    return session.scalars(select(Location).where(Location.point_id == point_id)).one_or_none()


def _change(
    session: Session, location_id: int, changed: Mapping[str, Any], *, keeps_promises: bool
) -> None:
    # The condition is part of the write, so that an order that was placed since the page was
    # opened still counts. A checkout that chose this place in the very same moment may come after:
    # its goods leave from a closed place as from an open one.
    conditions: list[ColumnElement[bool]] = [location.c.id == location_id]
    if keeps_promises:
        conditions.append(~exists().where(_is_promised(location_id)))
    statement = update(location).where(*conditions).values(**changed).returning(location.c.id)
    try:
        with session.begin_nested():
            written = session.execute(statement).one_or_none()
    except IntegrityError as error:
        raise PointTaken from error
    if written is None:
        field = "active" if changed.get("active") is False else "point"
        raise PlaceInUse(_promised(session, location_id), field=field)


def _is_promised(location_id: int) -> ColumnElement[bool]:
    return (stock_level.c.location_id == location_id) & or_(
        stock_level.c.committed > 0, stock_level.c.reserved > 0
    )


def _promised(session: Session, location_id: int) -> int:
    units = func.coalesce(func.sum(stock_level.c.committed + stock_level.c.reserved), 0)
    return int(session.scalars(select(units).where(stock_level.c.location_id == location_id)).one())


def _need_another_open_place(session: Session, location_id: int) -> None:
    # Two people who close the last two places at the same moment stand in line at the rows, else
    # each would find the other's still open. Holds for PostgreSQL; SQLite has one writer.
    rows = session.execute(
        select(location.c.id, location.c.active)
        .order_by(location.c.id)
        .with_for_update(key_share=True)
    ).all()
    if not any(row.active for row in rows if row.id != location_id):
        raise Invalid(_l("Goods need a place: one must stay open."), field="active")


def _check_code(session: Session, code: str) -> None:
    if session.scalar(select(location.c.id).where(location.c.code == code)):
        raise Invalid(_l("Another place has this code already."), field="code")


def _check_point(session: Session, point_id: int | None) -> None:
    if point_id is None:
        return
    point = network.point(session, point_id)
    wrong: Words | None = None
    if point is None:
        wrong = _l("There is no such point.")
    elif point.status == PointStatus.CLOSED:
        wrong = _l("This point is closed; it cannot run a place.")
    if wrong:
        raise Invalid(wrong, field="point")
    if session.scalar(select(location.c.id).where(location.c.point_id == point_id)):
        raise PointTaken


def _refresh_products(session: Session, location_id: int) -> None:
    """What can be bought depends on which places are open."""
    found = session.scalars(
        select(variant.c.product_id)
        .join(stock_level, stock_level.c.variant_id == variant.c.id)
        .where(stock_level.c.location_id == location_id)
        .distinct()
        .order_by(variant.c.product_id)
    ).all()
    for start in range(0, len(found), _AT_ONCE):
        sellable.refresh(session, found[start : start + _AT_ONCE])
