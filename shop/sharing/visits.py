"""Reading counted visits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.sharing.models import VisitCount


@dataclass(frozen=True)
class Day:
    """Visits and different visitors of one day in the brand's zone."""

    day: date
    visits: int
    visitors: int


def of_day(session: Session, point_id: int, day: date) -> Day:
    """One day; zero where nobody came."""
    found = of_days(session, point_id, since=day, until=day)
    return found[0] if found else Day(day, 0, 0)


def of_points(
    session: Session, point_ids: Collection[int], *, since: date, until: date
) -> Mapping[int, int]:
    """Visits of several points over some days, without those that had none; one statement."""
    rows = session.execute(
        select(VisitCount.point_id, func.sum(VisitCount.visits))
        .where(VisitCount.point_id.in_(sorted(point_ids)), VisitCount.day.between(since, until))
        .group_by(VisitCount.point_id)
    )
    return {row[0]: int(row[1]) for row in rows}


def of_days(session: Session, point_id: int, *, since: date, until: date) -> Sequence[Day]:
    """Days with visits, oldest first; one statement."""
    rows = session.execute(
        select(VisitCount.day, VisitCount.visits, VisitCount.visitors)
        .where(VisitCount.point_id == point_id, VisitCount.day.between(since, until))
        .order_by(VisitCount.day)
    )
    return [Day(*row) for row in rows]
