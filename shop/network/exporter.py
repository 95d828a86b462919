"""All points as a file that the importer reads back; streamed in the order of the tree."""

import csv
import io
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import aliased

from shop.kernel.csv_files import with_formula_guard
from shop.kernel.db import reading
from shop.network.import_plan import key_of
from shop.network.models import OrganizationEdge, Point

CHUNK = 1000
HEADER = (
    "external_key", "parent_key", "kind", "name", "phone", "email", "province", "city", "district",
    "address", "group", "grade", "territory", "contract", "status",
)  # fmt: skip


def rows() -> Iterator[str]:
    """The file, piece by piece; a point without a number goes by `#` and its id."""
    yield "\ufeff" + _line(HEADER)
    after = ""
    while True:
        found, after = _piece(after)
        if not found:
            return
        yield found


def _piece(after: str) -> tuple[str, str]:
    manager = aliased(Point)
    with reading() as session:
        rows = session.execute(
            select(Point, manager.id, manager.external_key, OrganizationEdge.contract)
            .outerjoin(manager, manager.id == Point.manager_id)
            .outerjoin(
                OrganizationEdge,
                (OrganizationEdge.point_id == Point.id) & OrganizationEdge.until_at.is_(None),
            )
            .where(Point.path > after)
            .order_by(Point.path)
            .limit(CHUNK)
        ).all()
    lines = [
        _cells(point, boss_id, boss_key, contract) for point, boss_id, boss_key, contract in rows
    ]
    return "".join(map(_line, lines)), rows[-1][0].path if rows else after


def _cells(
    point: Point, manager_id: int | None, manager_key: str | None, contract: str | None
) -> tuple[str, ...]:
    told = (
        key_of(point.external_key, point.id),
        key_of(manager_key, manager_id) if manager_id else "",
        point.kind,
        point.name,
        point.contact_phone,
        point.contact_email,
        point.province,
        point.city,
        point.district,
        point.address,
        point.group_key,
        point.grade,
        point.territory,
        contract or "",
        point.status,
    )
    return tuple(map(with_formula_guard, told))


def _line(cells: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
