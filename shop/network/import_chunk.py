"""One piece of an import: new points by multi-row inserts, changes, moves, invitations.

The number of statements does not grow with the number of new points. The piece runs under the lock
of the tree, so that the paths it computes are those of the moment in which they are written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, bindparam, insert, select, update
from sqlalchemy import Row as DatabaseRow
from sqlalchemy.orm import Session

from shop.kernel import audit, events, ids, jobs
from shop.network import joining, tree
from shop.network.edit import TERMS
from shop.network.import_plan import Step, key_of
from shop.network.import_rows import Problem
from shop.network.models import (
    MAX_DEPTH,
    Invitation,
    OrganizationEdge,
    Payee,
    Point,
    PointKind,
    PointMembership,
    PointPayee,
    PointRole,
    PointStatus,
)
from shop.network.points import Opened, PointsActivated
from shop.network.tree import Cycle, TooDeep

_FIELDS = (
    "name", "kind", "group_key", "grade", "territory", "province", "city", "district", "address",
    "contact_phone", "contact_email",
)  # fmt: skip


@dataclass
class Done:
    """What a piece did."""

    created: int = 0
    updated: int = 0
    moved: int = 0
    unchanged: int = 0
    invited: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Orders:
    """How the rows are to be taken."""

    by: str
    at: datetime
    invite: bool
    parent_header: str
    """How the file calls the column of the manager."""


@dataclass(frozen=True)
class _Spot:
    """Where a point hangs."""

    id: int
    path: str
    depth: int


def look(session: Session, steps: Sequence[Step], orders: Orders) -> Done:
    """What `bring_in` would do with these rows; writes nothing."""
    there = _there(session, steps)
    done = Done()
    for step in steps:
        before = there.get(step.row.key)
        if before is None:
            done.created += 1
            continue
        manager = there.get(step.parent_key)
        moves = step.parent_is_told and before.manager_id != (
            (manager.id if manager else -1) if step.parent_key else None
        )
        changes = bool(_differences(step, before))
        done.moved += moves
        done.updated += changes or moves
        done.unchanged += not (changes or moves)
    if orders.invite:
        taken = {step.row.key: there[step.row.key].id for step in steps if step.row.key in there}
        new = sum(1 for step in steps if step.row.owner and step.row.key not in there)
        done.invited = new + len(_uninvited(session, steps, taken, orders))
    return done


def bring_in(session: Session, steps: Sequence[Step], orders: Orders) -> Done:
    """Write these rows; managers that are new stand before those whom they manage."""
    tree.lock(session)
    there = _there(session, steps)
    done = Done()
    spots = {key: _Spot(row.id, row.path, row.depth) for key, row in there.items()}
    new = [step for step in steps if step.row.key not in there]
    created = _create(session, new, spots, orders, done)
    known = [step for step in steps if step.row.key in there]
    changed = _change(session, known, there, orders)
    moved = _move(session, known, there, spots, orders, done)
    failed = {problem.line for problem in done.problems}
    for step in known:
        if step.row.line not in failed:
            done.updated += step.row.key in changed | moved
            done.unchanged += step.row.key not in changed | moved
    done.created, done.moved = len(created), len(moved)
    if orders.invite:
        taken = {step.row.key: spots[step.row.key].id for step in steps if step.row.key in spots}
        done.invited = _invite(session, steps, taken, orders)
    return done


def _there(session: Session, steps: Sequence[Step]) -> dict[str, DatabaseRow[Any]]:
    """The points of these rows and their managers, as far as they are there; one statement."""
    keys = {step.row.key for step in steps} | {step.parent_key for step in steps} - {""}
    columns = [getattr(Point, name) for name in _FIELDS]
    rows = session.execute(
        select(
            Point.external_key, Point.id, Point.path, Point.depth, Point.manager_id, *columns
        ).where(_named(keys))
    )
    return {key_of(row.external_key, row.id): row for row in rows}


def _named(keys: Iterable[str]) -> ColumnElement[bool]:
    """Condition: the point has one of these numbers, or none and one of these ids."""
    numbers = [int(key[1:]) for key in keys if key.startswith("#") and key[1:].isdecimal()]
    return Point.external_key.in_(sorted(keys)) | (
        Point.external_key.is_(None) & Point.id.in_(sorted(n for n in numbers if n < 2**63))
    )


def _create(
    session: Session, steps: Sequence[Step], spots: dict[str, _Spot], orders: Orders, done: Done
) -> list[Step]:
    created, points = [], []
    for step, point_id in zip(steps, ids.block(len(steps)), strict=True):
        spot = _place(step, point_id, spots)
        if isinstance(spot, str):
            values = {"most": MAX_DEPTH, "key": step.parent_key}
            done.problems.append(Problem(step.row.line, orders.parent_header, spot, values))
            continue
        spots[step.row.key] = spot
        created.append(step)
        points.append(_point(step, spot, spots, orders))
    if not points:
        return []
    payees = _payees(points, orders)
    session.execute(insert(Payee), payees)
    session.execute(insert(Point), points)
    session.execute(insert(PointPayee), _payee_dates(points, orders))
    edges = _edges(created, points, orders)
    if edges:
        session.execute(insert(OrganizationEdge), edges)
    opened = tuple(
        Opened(point["id"], point["name"], step.row.slug)
        for step, point in zip(created, points, strict=True)
    )
    events.publish(session, PointsActivated(opened, orders.at))
    return created


def _place(step: Step, point_id: int, spots: Mapping[str, _Spot]) -> _Spot | str:
    """Where a new point hangs, or the code of what is wrong with its manager."""
    if not step.parent_key:
        return _Spot(point_id, tree.step(point_id), 0)
    manager = spots.get(step.parent_key)
    if manager is None:
        return "parent_failed"
    if manager.depth + 1 >= MAX_DEPTH:
        return "too_deep"
    return _Spot(point_id, manager.path + tree.step(point_id), manager.depth + 1)


def _point(step: Step, spot: _Spot, spots: Mapping[str, _Spot], orders: Orders) -> dict[str, Any]:
    row = step.row
    contact = {"contact_email" if "@" in row.owner else "contact_phone": row.owner}
    fields = dict.fromkeys(_FIELDS, "") | contact | dict(row.fields)
    return {
        **fields,
        "id": spot.id,
        "external_key": row.key,
        "name": row.name,
        "kind": row.kind,
        "status": PointStatus.ACTIVE,
        "manager_id": spots[step.parent_key].id if step.parent_key else None,
        "path": spot.path,
        "depth": spot.depth,
        "created_at": orders.at,
        "activated_at": orders.at,
    }


def _payees(points: Sequence[dict[str, Any]], orders: Orders) -> list[dict[str, Any]]:
    """Each new point is paid to itself until somebody says otherwise."""
    rows = []
    for point, payee_id in zip(points, ids.block(len(points)), strict=True):
        point["payee_id"] = payee_id
        person = point["kind"] in (PointKind.EMPLOYEE, PointKind.CUSTOMER)
        rows.append(
            {
                "id": payee_id,
                "name": point["name"],
                "kind": "person" if person else "company",
                "account_id": None,
                "created_at": orders.at,
            }
        )
    return rows


def _payee_dates(points: Sequence[dict[str, Any]], orders: Orders) -> list[dict[str, Any]]:
    return [
        {
            "id": row_id,
            "point_id": point["id"],
            "payee_id": point["payee_id"],
            "from_at": orders.at,
            "until_at": None,
        }
        for point, row_id in zip(points, ids.block(len(points)), strict=True)
    ]


def _edges(
    created: Sequence[Step], points: Sequence[dict[str, Any]], orders: Orders
) -> list[dict[str, Any]]:
    managed = [
        (step, point)
        for step, point in zip(created, points, strict=True)
        if point["manager_id"] is not None
    ]
    return [
        {
            "id": row_id,
            "point_id": point["id"],
            "manager_id": point["manager_id"],
            "contract": step.row.contract,
            "from_at": orders.at,
            "until_at": None,
        }
        for (step, point), row_id in zip(managed, ids.block(len(managed)), strict=True)
    ]


def _change(
    session: Session,
    steps: Sequence[Step],
    there: Mapping[str, DatabaseRow[Any]],
    orders: Orders,
) -> set[str]:
    """Write what differs; a blank cell keeps what is there. One statement per set of columns."""
    batches: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    changed: set[str] = set()
    for step in steps:
        before = there[step.row.key]
        new = _differences(step, before)
        if not new:
            continue
        changed.add(step.row.key)
        values = {f"new_{name}": text for name, text in new.items()}
        batches.setdefault(tuple(sorted(new)), []).append({"point": before.id, **values})
        old = {name: getattr(before, name) for name in new if name in TERMS}
        audit.record(
            session, "point.changed", "point", before.id, by=orders.by, at=orders.at, before=old,
            after={name: new[name] for name in old} | {"fields": sorted(new)},
        )  # fmt: skip
    table = cast("Table", Point.__table__)
    for columns, rows in batches.items():
        session.connection().execute(
            update(table)
            .where(table.c.id == bindparam("point"))
            .values({name: bindparam(f"new_{name}") for name in columns}),
            rows,
        )
    return changed


def _differences(step: Step, before: DatabaseRow[Any]) -> dict[str, str]:
    wanted = dict(step.row.fields)
    wanted |= {"name": step.row.name} if step.row.name else {}
    wanted |= {"kind": step.row.kind} if step.row.kind else {}
    return {name: text for name, text in wanted.items() if text != getattr(before, name)}


def _move(
    session: Session,
    steps: Sequence[Step],
    there: Mapping[str, DatabaseRow[Any]],
    spots: Mapping[str, _Spot],
    orders: Orders,
    done: Done,
) -> set[str]:
    """Hang points elsewhere, managers first; what a concurrent edit forbids stays where it is."""
    moved: set[str] = set()
    for step in steps:
        if not step.parent_is_told:
            continue
        boss = spots.get(step.parent_key)
        if step.parent_key and boss is None:  # its row was refused a moment ago
            values = {"key": step.parent_key}
            done.problems.append(
                Problem(step.row.line, orders.parent_header, "parent_failed", values)
            )
            continue
        manager = boss.id if boss else None
        point = there[step.row.key]
        if point.manager_id == manager:
            continue
        try:
            with session.begin_nested():
                tree.move(
                    session, point.id, manager, by=orders.by, at=orders.at,
                    contract=step.row.contract,
                )  # fmt: skip
            moved.add(step.row.key)
        except (Cycle, TooDeep):
            done.problems.append(Problem(step.row.line, orders.parent_header, "conflict"))
    return moved


def _uninvited(
    session: Session, steps: Sequence[Step], taken: Mapping[str, int], orders: Orders
) -> dict[int, str]:
    """Owners' contacts by point, of points that have no owner and to whom no invitation is open."""
    wanted = {
        taken[step.row.key]: step.row.owner
        for step in steps
        if step.row.owner and step.row.key in taken
    }
    having = set(
        session.scalars(
            select(PointMembership.point_id).where(
                PointMembership.point_id.in_(sorted(wanted)),
                PointMembership.role == PointRole.OWNER,
            )
        )
    )
    having |= set(
        session.scalars(
            select(Invitation.point_id).where(
                Invitation.point_id.in_(sorted(wanted)),
                Invitation.role == PointRole.OWNER,
                Invitation.accepted_at.is_(None),
                Invitation.expires_at > orders.at,
            )
        )
    )
    return {point_id: wanted[point_id] for point_id in sorted(wanted) if point_id not in having}


def _invite(
    session: Session, steps: Sequence[Step], taken: Mapping[str, int], orders: Orders
) -> int:
    new = _uninvited(session, steps, taken, orders)
    invitation_ids = ids.block(len(new))
    if new:
        session.execute(
            insert(Invitation),
            [
                {
                    "id": invitation_id,
                    "token_hash": "",
                    "point_id": point_id,
                    "role": PointRole.OWNER,
                    "contact": contact,
                    "invited_by": orders.by,
                    "created_at": orders.at,
                    "expires_at": orders.at + joining.INVITATION_LIFE,
                }
                for (point_id, contact), invitation_id in zip(
                    new.items(), invitation_ids, strict=True
                )
            ],
        )
    for invitation_id in invitation_ids:
        jobs.enqueue(session, joining.INVITE, {"invitation_id": str(invitation_id)}, at=orders.at)
    return len(new)
