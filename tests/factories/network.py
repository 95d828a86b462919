"""Points that are valid by default, and what must hold for the tree as a whole."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.kernel import clock
from shop.kernel.db import reading, unit_of_work
from shop.network import points, tree
from shop.network.models import OrganizationEdge, Point, PointKind
from shop.network.points import NewPoint

BY = "account:1"


def point(
    name: str = "Anna",
    *,
    manager: int | None = None,
    kind: PointKind = PointKind.DEALER,
    key: str | None = None,
    owner: int | None = None,
) -> int:
    """An active point."""
    with unit_of_work() as session:
        return points.make(
            session,
            NewPoint(kind=kind, name=name, manager_id=manager, external_key=key),
            by=BY,
            at=clock.now(),
            owner_account_id=owner,
        )


def names() -> dict[str, str]:
    """Manager by point, as names; an empty one for a root."""
    with reading() as session:
        rows = session.execute(select(Point.id, Point.name, Point.manager_id)).all()
    by_id = {row[0]: row[1] for row in rows}
    return {row[1]: by_id[row[2]] if row[2] else "" for row in rows}


def broken(session: Session) -> list[str]:
    """Where the tree contradicts itself; an empty list if nowhere."""
    rows = {row.id: row for row in session.scalars(select(Point))}
    edges = {
        edge.point_id: edge.manager_id
        for edge in session.scalars(
            select(OrganizationEdge).where(OrganizationEdge.until_at.is_(None))
        )
    }
    found = []
    for point in rows.values():
        manager = rows.get(point.manager_id or 0)
        expected = (manager.path if manager else "") + tree.step(point.id)
        if point.path != expected:
            found.append(f"{point.name}: path")
        if point.depth != len(tree.ids_on(point.path)) - 1:
            found.append(f"{point.name}: depth")
        if edges.get(point.id) != point.manager_id:
            found.append(f"{point.name}: edge")
        if point.id in tree.ids_on(point.path)[:-1]:
            found.append(f"{point.name}: stands below itself")
    return found
