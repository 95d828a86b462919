"""The organization tree: a path of fixed-width ids, so that a subtree is a range of prefixes.

A move rewrites the whole subtree in one statement under a lock and refuses cycles along the whole
chain (reference commissions AT-6, test T09); dated edges keep the history.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, select, text, update
from sqlalchemy.orm import Session

from shop.kernel import audit, ids
from shop.kernel.errors import Conflict
from shop.kernel.words import _l
from shop.network.models import MAX_DEPTH, PATH_STEP, OrganizationEdge, Point

_LOCK = 7_001
"""Advisory lock of PostgreSQL; SQLite has one writer anyway."""


class Cycle(Conflict):
    """A point would stand below itself."""

    code = "cycle"

    def __init__(self) -> None:
        super().__init__(_l("A point cannot be managed by itself or by a point below it."))


class TooDeep(Conflict):
    code = "too_deep"

    def __init__(self) -> None:
        super().__init__(_l("The tree may be %(most)s levels deep.", most=MAX_DEPTH))


def step(point_id: int) -> str:
    """One step of a path."""
    return f"{point_id:0{PATH_STEP}x}"


def ids_on(path: str) -> list[int]:
    """The points on a path, from the root down to the point itself."""
    return [int(path[at : at + PATH_STEP], 16) for at in range(0, len(path), PATH_STEP)]


def below(path: str) -> ColumnElement[bool]:
    """Condition: the point itself and everything below it, as a range that an index serves."""
    return (Point.path >= path) & (Point.path < path + "g")


def stands_below(point: type[Point], boss: type[Point]) -> ColumnElement[bool]:
    """Condition between two points of a statement: the first is the second, or below it."""
    return (point.path >= boss.path) & (point.path < boss.path + "g")


def lock(session: Session) -> None:
    """Keep other changes of the tree out until this transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def place(session: Session, point_id: int, manager_id: int | None) -> tuple[str, int]:
    """Path and depth of a new point below this manager (None: at the root)."""
    if manager_id is None:
        return step(point_id), 0
    path, depth = session.execute(
        select(Point.path, Point.depth).where(Point.id == manager_id)
    ).one()
    if depth + 1 >= MAX_DEPTH:
        raise TooDeep
    return path + step(point_id), depth + 1


def move(
    session: Session,
    point_id: int,
    manager_id: int | None,
    *,
    by: str,
    at: datetime,
    contract: str = "",
) -> bool:
    """Hang a point with all below it under another manager; False if it hangs there already.

    Raises Cycle, TooDeep.
    """
    lock(session)
    path, depth, old_manager = session.execute(
        select(Point.path, Point.depth, Point.manager_id).where(Point.id == point_id)
    ).one()
    if old_manager == manager_id:
        return False
    new_path, new_depth = place(session, point_id, manager_id)
    if manager_id is not None and point_id in ids_on(new_path)[:-1]:
        raise Cycle
    deepest = session.execute(select(func.max(Point.depth)).where(below(path))).scalar_one()
    if deepest - depth + new_depth >= MAX_DEPTH:
        raise TooDeep
    session.execute(
        update(Point)
        .where(below(path))
        .values(
            path=new_path + func.substr(Point.path, len(path) + 1),
            depth=Point.depth + (new_depth - depth),
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(update(Point).where(Point.id == point_id).values(manager_id=manager_id))
    _redate(session, point_id, manager_id, contract, at)
    audit.record(
        session,
        "point.moved",
        "point",
        point_id,
        by=by,
        at=at,
        before={"manager": str(old_manager) if old_manager else None},
        after={"manager": str(manager_id) if manager_id else None},
    )
    return True


def _redate(
    session: Session, point_id: int, manager_id: int | None, contract: str, at: datetime
) -> None:
    session.execute(
        update(OrganizationEdge)
        .where(OrganizationEdge.point_id == point_id, OrganizationEdge.until_at.is_(None))
        .values(until_at=at)
    )
    if manager_id is not None:
        session.execute(
            insert(OrganizationEdge).values(
                id=ids.new(),
                point_id=point_id,
                manager_id=manager_id,
                contract=contract,
                from_at=at,
            )
        )
