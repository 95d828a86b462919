"""Reading the network: points, the places where a person works, pages of the tree."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from shop.accounts.models import Account
from shop.kernel.pages import Page
from shop.network import tree
from shop.network.models import (
    Application,
    Invitation,
    OrganizationEdge,
    Payee,
    Point,
    PointMembership,
    PointPayee,
    PointRole,
)

PAGE_SIZE = 50


@dataclass(frozen=True)
class Place:
    """A point where somebody works, and as what."""

    point_id: int
    name: str
    kind: str
    status: str
    role: str


_RANK = case(
    (PointMembership.role == PointRole.OWNER, 0),
    (PointMembership.role == PointRole.MANAGER, 1),
    else_=2,
)


@dataclass(frozen=True)
class Buyer:
    """Who buys, as far as it is known; empty texts are nobody's."""

    account_id: int | None
    phone: str | None
    email: str | None

    def values(self) -> dict[str, object]:
        """What `works_at` asks for."""
        return {
            "buyer_id": self.account_id or 0,
            "buyer_phone": self.phone or "-",
            "buyer_email": self.email or "-",
        }


def works_at(point_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether a buyer is owner or clerk of a point: by account, phone or e-mail; `Buyer.values`."""
    same_person = or_(
        Account.id == bindparam("buyer_id", type_=Account.id.type),
        func.coalesce(Account.phone, "") == bindparam("buyer_phone", type_=String),
        func.coalesce(Account.email, "") == bindparam("buyer_email", type_=String),
    )
    return exists().where(
        PointMembership.point_id == point_id,
        PointMembership.account_id == Account.id,
        PointMembership.role.in_((PointRole.OWNER, PointRole.CLERK)),
        same_person,
    )


def places_of(session: Session, account_id: int) -> tuple[Place, ...]:
    """Where this person works, own points first; for each point the strongest role."""
    rows = session.execute(
        select(Point.id, Point.name, Point.kind, Point.status, PointMembership.role)
        .join(Point, Point.id == PointMembership.point_id)
        .where(PointMembership.account_id == account_id, Point.status != "closed")
        .order_by(_RANK, Point.name, Point.id)
    )
    best: dict[int, Place] = {}
    for row in rows:
        best.setdefault(row[0], Place(*row))
    return tuple(best.values())


def place_below(session: Session, account_id: int, point_id: int) -> Place | None:
    """A point below one that this person manages, as their place; one statement."""
    boss = aliased(Point)
    row = session.execute(
        select(Point.id, Point.name, Point.kind, Point.status, PointMembership.role)
        .join(boss, tree.stands_below(Point, boss))
        .join(PointMembership, PointMembership.point_id == boss.id)
        .where(
            Point.id == point_id,
            Point.status != "closed",
            PointMembership.account_id == account_id,
            PointMembership.role == PointRole.MANAGER,
        )
        .limit(1)
    ).one_or_none()
    return Place(*row) if row else None


@dataclass(frozen=True)
class PointFilter:
    """What the list of points shows; without any wish it shows the roots of the tree."""

    text: str = ""
    kind: str = ""
    status: str = ""
    within: int | None = None
    """The point whose part of the tree is looked at."""
    deep: bool = False
    """Everything below, not only the next level."""

    @property
    def searches(self) -> bool:
        return bool(self.text or self.kind or self.status or self.deep)


@dataclass(frozen=True)
class PointRow:
    """One row of the list."""

    id: int
    name: str
    kind: str
    status: str
    external_key: str | None
    depth: int
    province: str
    city: str
    manager_id: int | None
    manager_name: str | None
    below: int = 0
    """How many points it manages directly."""


@dataclass(frozen=True)
class Crumb:
    """One step on the way from the root to a point."""

    id: int
    name: str


@dataclass(frozen=True)
class Member:
    """Somebody who works at a point."""

    account_id: int
    name: str
    contact: str
    role: str


@dataclass(frozen=True)
class Edge:
    """A manager whom a point had, from when to when."""

    manager_id: int
    manager_name: str
    contract: str
    from_at: datetime
    until_at: datetime | None


@dataclass(frozen=True)
class Waiting:
    """An application that nobody has decided yet."""

    point: Point
    words: str
    applied_at: datetime
    applicant: str


def point(session: Session, point_id: int) -> Point | None:
    """One point."""
    return session.get(Point, point_id)


def names_of(session: Session, point_ids: Collection[int]) -> dict[int, str]:
    """Names of points by id; one statement."""
    if not point_ids:
        return {}
    rows = session.execute(select(Point.id, Point.name).where(Point.id.in_(sorted(point_ids))))
    return {row.id: row.name for row in rows}


def page(
    session: Session, wanted: PointFilter, *, after: str = "", limit: int = PAGE_SIZE
) -> Page[PointRow]:
    """Points in the order of the tree; two statements, three within a point.

    The key of a page is a path, so page 1,000 of 150,000 points costs as much as page 1.
    """
    conditions = _conditions(session, wanted)
    if after:
        conditions.append(Point.path > after)
    manager = aliased(Point)
    rows = session.execute(
        select(
            Point.id, Point.name, Point.kind, Point.status, Point.external_key, Point.depth,
            Point.province, Point.city, Point.manager_id, manager.name, Point.path,
        )
        .outerjoin(manager, manager.id == Point.manager_id)
        .where(*conditions)
        .order_by(Point.path)
        .limit(limit + 1)
    ).all()  # fmt: skip
    shown = rows[:limit]
    below = _direct_counts(session, [row[0] for row in shown])
    items = [PointRow(*row[:10], below=below.get(row[0], 0)) for row in shown]
    return Page(items, shown[-1][10] if len(rows) > limit else "")


def crumbs(session: Session, path: str) -> list[Crumb]:
    """The way from the root to the point itself; one statement."""
    on_path = tree.ids_on(path)
    names = names_of(session, on_path)
    return [Crumb(one, names.get(one, "")) for one in on_path]


def subtree_count(session: Session, path: str) -> int:
    """How many points stand below this one, whatever the depth."""
    return (
        session.execute(
            select(func.count()).select_from(Point).where(tree.below(path))
        ).scalar_one()
        - 1
    )


def members(session: Session, point_id: int) -> list[Member]:
    """Who works at the point, owners first."""
    rows = session.execute(
        select(Account.id, Account.name, Account.email, Account.phone, PointMembership.role)
        .join(Account, Account.id == PointMembership.account_id)
        .where(PointMembership.point_id == point_id)
        .order_by(_RANK, Account.name, Account.id)
    )
    return [Member(row[0], row[1], row[2] or row[3] or "", row[4]) for row in rows]


def invitations(session: Session, point_id: int, *, at: datetime) -> Sequence[Invitation]:
    """Invitations that may still be accepted, newest first."""
    return session.scalars(
        select(Invitation)
        .where(
            Invitation.point_id == point_id,
            Invitation.accepted_at.is_(None),
            Invitation.expires_at > at,
        )
        .order_by(Invitation.id.desc())
        .limit(20)
    ).all()


def managers_of(session: Session, point_id: int) -> list[Edge]:
    """Whom the point was managed by, newest first."""
    rows = session.execute(
        select(
            OrganizationEdge.manager_id,
            Point.name,
            OrganizationEdge.contract,
            OrganizationEdge.from_at,
            OrganizationEdge.until_at,
        )
        .join(Point, Point.id == OrganizationEdge.manager_id)
        .where(OrganizationEdge.point_id == point_id)
        .order_by(OrganizationEdge.id.desc())
        .limit(50)
    )
    return [Edge(*row) for row in rows]


def payee_of(session: Session, point_id: int) -> Payee | None:
    """Who is paid for the point now."""
    return session.scalars(
        select(Payee).join(Point, Point.payee_id == Payee.id).where(Point.id == point_id)
    ).one_or_none()


def owners_of_payee(session: Session, payee_id: int) -> Sequence[int]:
    """Accounts of everybody who owns one of its points now."""
    return session.scalars(
        select(PointMembership.account_id)
        .join(PointPayee, PointPayee.point_id == PointMembership.point_id)
        .where(
            PointPayee.payee_id == payee_id,
            PointPayee.until_at.is_(None),
            PointMembership.role == PointRole.OWNER,
        )
        .distinct()
        .order_by(PointMembership.account_id)
    ).all()


def points_of_payee(session: Session, payee_id: int) -> list[Crumb]:
    """The points whose earnings this payee gets now."""
    rows = session.execute(
        select(Point.id, Point.name)
        .join(PointPayee, PointPayee.point_id == Point.id)
        .where(PointPayee.payee_id == payee_id, PointPayee.until_at.is_(None))
        .order_by(Point.name, Point.id)
        .limit(200)
    )
    return [Crumb(*row) for row in rows]


def find(session: Session, text: str) -> Point | None:
    """The one point that somebody typed: the brand's number, else `#id` or id, else the whole name.

    None also for a name that several points have.
    """
    cleaned = text.strip()
    number = cleaned.removeprefix("#")
    condition = (Point.external_key == cleaned) | (Point.name == cleaned)
    if number.isascii() and number.isdigit() and len(number) < 19:
        condition = condition | (Point.id == int(number))
    found = session.scalars(select(Point).where(condition).limit(10)).all()
    for fits in (
        [one for one in found if one.external_key == cleaned],
        [one for one in found if str(one.id) == number],
        [one for one in found if one.name == cleaned],
    ):
        if len(fits) == 1:
            return fits[0]
    return None


def applications(session: Session, *, limit: int = 100) -> list[Waiting]:
    """Open applications, oldest first."""
    rows = session.execute(
        select(Point, Application.words, Application.applied_at, Account)
        .join(Point, Point.id == Application.point_id)
        .join(Account, Account.id == Application.account_id)
        .where(Application.decided_at.is_(None))
        .order_by(Application.id)
        .limit(limit)
    )
    return [
        Waiting(row[0], row[1], row[2], row[3].name or row[3].email or row[3].phone or "")
        for row in rows
    ]


def decided(session: Session, *, limit: int = 20) -> Sequence[tuple[Application, str]]:
    """The last decisions with the names of their points."""
    rows = session.execute(
        select(Application, Point.name)
        .join(Point, Point.id == Application.point_id)
        .where(Application.decided_at.is_not(None))
        .order_by(Application.decided_at.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def _conditions(session: Session, wanted: PointFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.kind:
        conditions.append(Point.kind == wanted.kind)
    if wanted.status:
        conditions.append(Point.status == wanted.status)
    if wanted.text:
        conditions.append(_matches(wanted.text))
    if wanted.within is None:
        return conditions if wanted.searches else [Point.manager_id.is_(None)]
    if not wanted.searches:
        return [Point.manager_id == wanted.within]
    path = session.execute(select(Point.path).where(Point.id == wanted.within)).scalar_one_or_none()
    below = tree.below(path) & (Point.path != path) if path else Point.id == 0
    return [*conditions, below]


def _matches(text: str) -> ColumnElement[bool]:
    """A part of the name, or the number, e-mail or end of the phone number."""
    found: list[ColumnElement[bool]] = [
        Point.name.icontains(text, autoescape=True),
        Point.external_key == text,
        Point.contact_email == text.lower(),
    ]
    if len(text) >= 4 and text.isascii() and text.isdigit():
        found.append(Point.contact_phone.endswith(text, autoescape=True))
    return or_(*found)


def _direct_counts(session: Session, point_ids: Sequence[int]) -> Mapping[int, int]:
    if not point_ids:
        return {}
    rows = session.execute(
        select(Point.manager_id, func.count())
        .where(Point.manager_id.in_(point_ids))
        .group_by(Point.manager_id)
    )
    return {row[0]: row[1] for row in rows if row[0] is not None}
