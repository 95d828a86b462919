"""Changing what is known about a point: its name, kind, plan group, territory, address, contact."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shop.kernel import audit
from shop.kernel.errors import Invalid, NotFound
from shop.kernel.words import _l
from shop.network.models import Point, PointKind

TERMS = ("name", "kind", "external_key", "group_key", "grade", "territory")
"""What commissions and imports look at; the audit row says what it was and what it is."""
PLACE = ("province", "city", "district", "address", "contact_phone", "contact_email")
"""May say where a person lives; the audit row names the fields alone."""


class KeyTaken(Invalid):
    code = "key_taken"

    def __init__(self) -> None:
        super().__init__(_l("Another point has this number already."), field="external_key")


def change(
    session: Session, point_id: int, values: Mapping[str, Any], *, by: str, at: datetime
) -> tuple[str, ...]:
    """Change columns of `TERMS` and `PLACE`; returns the names of those that changed.

    Raises NotFound, KeyTaken, and Invalid for an empty name or an unknown kind.
    """
    before = session.execute(select(Point).where(Point.id == point_id)).scalar_one_or_none()
    if before is None:
        raise NotFound(_l("There is no such point."))
    changed = {
        name: values[name]
        for name in (*TERMS, *PLACE)
        if name in values and values[name] != getattr(before, name)
    }
    if not changed:
        return ()
    _check(changed)
    old = {name: getattr(before, name) for name in changed if name in TERMS}
    try:
        with session.begin_nested():
            session.execute(update(Point).where(Point.id == point_id).values(**changed))
    except IntegrityError as error:
        raise KeyTaken from error
    fields = tuple(sorted(changed))
    audit.record(
        session, "point.changed", "point", point_id, by=by, at=at, before=old,
        after={name: changed[name] for name in old} | {"fields": list(fields)},
    )  # fmt: skip
    return fields


def _check(changed: Mapping[str, Any]) -> None:
    if "name" in changed and not str(changed["name"]).strip():
        raise Invalid(_l("Please fill this in."), field="name")
    if "kind" in changed and changed["kind"] not in set(PointKind):
        raise Invalid(_l("This kind of point is not known."), field="kind")
