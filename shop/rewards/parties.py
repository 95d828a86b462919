"""Points as the engine sees them: kind, group, grade, payee, and why one may not earn."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
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
    rows = session.execute(
        select(Point, MANAGER, OrganizationEdge.contract)
        .outerjoin(
            OrganizationEdge,
            (OrganizationEdge.point_id == Point.id) & OrganizationEdge.is_current(),
        )
        .outerjoin(MANAGER, MANAGER.id == OrganizationEdge.manager_id)
        .where(Point.id.in_(sorted(point_ids)))
    )
    return {point.id: standing(point, boss, contract) for point, boss, contract in rows}


MANAGER = aliased(Point, name="manager")
"""The managing point, in statements that meet it beside the managed one."""


def standing(point: Point, manager: Point | None, contract: str | None) -> Standing:
    """How a point stands, with the manager that counts for the sale in question."""
    return Standing(_party(point), _party(manager, contract or "") if manager else None)


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
