"""Reading the network: points, the places where a person works, pages of the tree."""

from dataclasses import dataclass

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from shop.network.models import Point, PointMembership, PointRole


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
