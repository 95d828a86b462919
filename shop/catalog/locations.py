"""Places with stock: the brand's warehouses and the counters of store points."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from shop.catalog.drafts import texts
from shop.catalog.models import Location
from shop.catalog.tables import location
from shop.kernel import audit, ids
from shop.kernel.errors import Invalid, NotFound
from shop.kernel.i18n import Texts, text_of
from shop.kernel.words import _l

MAIN = "main"
"""Code of the warehouse that is made when goods arrive before anybody made a place for them."""


def make_location(
    session: Session, code: str, name: Texts, *, by: str, at: datetime, **details: Any
) -> int:
    """A new place; `details` are further columns of `Location`, such as `pickup_enabled`.

    Raises Invalid for a missing name or a code that another place has.
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
        raise Invalid(_l("A place needs a code and a name."), field="name")
    if session.scalar(select(location.c.id).where(location.c.code == row["code"])):
        raise Invalid(_l("Another place has this code already."), field="code")
    session.execute(insert(Location).values(**row))
    audit.record(session, "location.made", "location", row["id"], by=by, at=at)
    return int(row["id"])


def change_location(
    session: Session, location_id: int, *, by: str, at: datetime, **details: Any
) -> None:
    """Change columns of a place; raises NotFound."""
    changed = session.execute(
        update(location)
        .where(location.c.id == location_id)
        .values(**details)
        .returning(location.c.id)
    ).one_or_none()
    if changed is None:
        raise NotFound(_l("There is no such place."))
    audit.record(
        session, "location.changed", "location", location_id, by=by, at=at,
        after={"fields": sorted(details)},
    )  # fmt: skip


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
