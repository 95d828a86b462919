"""Points as the engine sees them: kind, group, grade, payee, and why one may not earn."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from commissions.facts import Party
from shop.network.models import OrganizationEdge, Point, PointStatus
from shop.rewards import keys

_REFUSALS = {
    PointStatus.SUSPENDED: "point_suspended",
    PointStatus.CLOSED: "point_expired",
    PointStatus.APPLIED: "point_not_yet_approved",
}


@dataclass(frozen=True)
class Standing:
    """A point and the point that manages it under contract, if any, as of now."""

    party: Party
    upline: Party | None


def of_points(session: Session, point_ids: Collection[int]) -> dict[int, Standing]:
    """All named points with their managing points; one statement."""
    if not point_ids:
        return {}
    rows = session.execute(with_managers(select(*COLUMNS)).where(Point.id.in_(sorted(point_ids))))
    return {row.Point.id: standing for row in rows if (standing := read(row))}


_manager = aliased(Point, name="manager")
COLUMNS = (Point, _manager, OrganizationEdge.contract)
"""What `read` needs in a row, for statements that meet points beside other things."""


def with_managers(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join the managing points to a query that has points."""
    return query.outerjoin(
        OrganizationEdge,
        (OrganizationEdge.point_id == Point.id) & OrganizationEdge.until_at.is_(None),
    ).outerjoin(_manager, _manager.id == OrganizationEdge.manager_id)


def read(row: Any) -> Standing | None:
    """The standing in a row with COLUMNS; None if it has no point."""
    if row.Point is None:
        return None
    upline = _party(row.manager, row.contract or "") if row.manager else None
    return Standing(_party(row.Point), upline)


def _party(point: Point, contract: str = "") -> Party:
    return Party(
        point_key=keys.point(point.id),
        payee_key=keys.payee(point.payee_id or 0),
        kind=point.kind,
        group=point.group_key,
        grade=point.grade,
        refusal=_refusal(point),
        contract=contract,
    )


def _refusal(point: Point) -> str:
    if point.payee_id is None:
        return "no_payee"
    return _REFUSALS.get(PointStatus(point.status), "")
