"""Making points and changing their state."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from shop.kernel import audit, events, ids
from shop.kernel.db import insert_new
from shop.kernel.events import Event
from shop.kernel.states import Machine
from shop.network import tree
from shop.network.models import (
    OrganizationEdge,
    Payee,
    Point,
    PointKind,
    PointMembership,
    PointPayee,
    PointRole,
    PointStatus,
)

POINT = Machine[PointStatus](
    {
        PointStatus.APPLIED: {PointStatus.ACTIVE, PointStatus.CLOSED},
        PointStatus.ACTIVE: {PointStatus.SUSPENDED, PointStatus.CLOSED},
        PointStatus.SUSPENDED: {PointStatus.ACTIVE, PointStatus.CLOSED},
        PointStatus.CLOSED: set(),
    }
)


@dataclass(frozen=True)
class PointActivated(Event):
    """A point may sell from now on."""

    point_id: int
    at: datetime


@dataclass(frozen=True)
class PointStatusChanged(Event):
    """A point was approved, suspended, reopened or closed."""

    point_id: int
    to: PointStatus
    at: datetime


@dataclass(frozen=True)
class Opened:
    """A point that came in by an import."""

    point_id: int
    name: str
    slug: str
    """The wanted address of its storefront; empty to suggest one."""


@dataclass(frozen=True)
class PointsActivated(Event):
    """Many points may sell from now on; told at once, because an import brings thousands."""

    opened: tuple[Opened, ...]
    at: datetime


@dataclass(frozen=True, kw_only=True)
class NewPoint:
    """What a new point is made of."""

    kind: PointKind
    name: str
    manager_id: int | None = None
    external_key: str | None = None
    group_key: str = ""
    grade: str = ""
    territory: str = ""
    province: str = ""
    city: str = ""
    district: str = ""
    address: str = ""
    contact_phone: str = ""
    contact_email: str = ""
    contract: str = ""


def make(
    session: Session,
    new: NewPoint,
    *,
    by: str,
    at: datetime,
    owner_account_id: int | None = None,
    payee_id: int | None = None,
    status: PointStatus = PointStatus.ACTIVE,
) -> int:
    """A new point with its payee, its place in the tree and, if known, its owner."""
    point_id = ids.new()
    tree.lock(session)
    path, depth = tree.place(session, point_id, new.manager_id)
    payee_id = payee_id or make_payee(
        session,
        new.name,
        kind="person" if new.kind in (PointKind.EMPLOYEE, PointKind.CUSTOMER) else "company",
        account_id=owner_account_id,
        at=at,
    )
    fields = {name: value for name, value in new.__dict__.items() if name != "contract"}
    session.execute(
        insert(Point).values(
            id=point_id,
            **fields,
            status=status,
            payee_id=payee_id,
            path=path,
            depth=depth,
            created_at=at,
            activated_at=at if status is PointStatus.ACTIVE else None,
        )
    )
    session.execute(
        insert(PointPayee).values(id=ids.new(), point_id=point_id, payee_id=payee_id, from_at=at)
    )
    if new.manager_id is not None:
        session.execute(
            insert(OrganizationEdge).values(
                id=ids.new(),
                point_id=point_id,
                manager_id=new.manager_id,
                contract=new.contract,
                from_at=at,
            )
        )
    if owner_account_id is not None:
        join(session, point_id, owner_account_id, PointRole.OWNER, at=at)
    audit.record(session, "point.made", "point", point_id, by=by, at=at, after={"kind": new.kind})
    if status is PointStatus.ACTIVE:
        events.publish(session, PointActivated(point_id, at))
    return point_id


def make_payee(
    session: Session, name: str, *, kind: str, account_id: int | None, at: datetime
) -> int:
    """A person or company that is paid."""
    payee_id = ids.new()
    session.execute(
        insert(Payee).values(
            id=payee_id, name=name, kind=kind, account_id=account_id, created_at=at
        )
    )
    return payee_id


def join(
    session: Session, point_id: int, account_id: int, role: PointRole, *, at: datetime
) -> None:
    """Let an account work at a point; doing so already is fine."""
    session.execute(
        insert_new(session, PointMembership).values(
            account_id=account_id, point_id=point_id, role=role, created_at=at
        )
    )


def change_status(
    session: Session, point_id: int, to: PointStatus, *, by: str, at: datetime, note: str = ""
) -> bool:
    """Approve, suspend, reopen or close; False if it stands there already.

    Raises StaleState for a step that is not allowed.
    """
    moved = POINT.move(session, Point, point_id, to=to, by=by, at=at, ids=ids.new, note=note)
    if moved and to is PointStatus.ACTIVE:
        session.execute(
            update(Point)
            .where(Point.id == point_id, Point.activated_at.is_(None))
            .values(activated_at=at)
        )
        events.publish(session, PointActivated(point_id, at))
    if moved:
        events.publish(session, PointStatusChanged(point_id, to, at))
    return moved
