"""Touches: who sent a visitor here, kept in a signed cookie until something is put into the cart."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from shop.kernel import ids
from shop.kernel.db import insert_new
from shop.network.models import Point, PointStatus
from shop.sharing.models import LiveCode, ShareLink, Touch, VisitCount


@dataclass(frozen=True)
class Seen:
    """What the cookie says: the last link or code that this browser came by."""

    visitor: str
    point_id: int
    kind: str
    source: str
    at: datetime
    platform: str = ""
    """Whose paid advertisement led here."""
    referrer: str = ""
    """Host and path of the page that led here."""
    campaign: str = ""
    """Of the platform."""

    def to_json(self) -> dict[str, Any]:
        return {
            "v": self.visitor,
            "p": str(self.point_id),
            "k": self.kind,
            "s": self.source,
            "t": self.at.isoformat(),
            "a": self.platform,
            "r": self.referrer,
            "c": self.campaign,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Seen":
        return cls(
            value["v"],
            int(value["p"]),
            value["k"],
            value["s"],
            datetime.fromisoformat(value["t"]),
            value.get("a", ""),
            value.get("r", ""),
            value.get("c", ""),
        )


@dataclass(frozen=True)
class Target:
    """Where a link or code leads."""

    point_id: int
    path: str
    earns: bool
    """Whether who comes this way counts for the point: not while it is suspended or closed."""


def follow_link(session: Session, code: str) -> Target | None:
    """The target of a short link."""
    return _target(session, ShareLink, code)


def scan_code(session: Session, code: str) -> Target | None:
    """The present target of a live code."""
    return _target(session, LiveCode, code)


def _target(session: Session, table: type[ShareLink] | type[LiveCode], code: str) -> Target | None:
    row = session.execute(
        select(table.point_id, table.target, Point.status)
        .join(Point, Point.id == table.point_id)
        .where(table.code == code)
    ).one_or_none()
    if row is None:
        return None
    return Target(row.point_id, row.target, row.status == PointStatus.ACTIVE)


def keep(session: Session, seen: Seen | None, *, at: datetime) -> int | None:
    """Make the row of a touch when something is put into the cart; returns its id."""
    if seen is None or seen.at > at:
        return None
    known = session.scalar(
        select(Touch.id).where(
            Touch.visitor == seen.visitor, Touch.at == seen.at, Touch.point_id == seen.point_id
        )
    )
    if known is not None:
        return int(known)
    touch_id = ids.new()
    session.execute(
        insert(Touch).values(
            id=touch_id,
            visitor=seen.visitor,
            point_id=seen.point_id,
            kind=seen.kind,
            source=seen.source,
            platform=seen.platform,
            referrer=seen.referrer,
            campaign=seen.campaign,
            at=seen.at,
        )
    )
    return touch_id


def count_visit(session: Session, point_id: int, *, day: Any, first: bool) -> None:
    """Add one visit to a point's day; `first` says that this browser had not been here today."""
    new = {"point_id": point_id, "day": day, "visits": 0, "visitors": 0}
    session.execute(insert_new(session, VisitCount).values(**new))
    session.execute(
        update(VisitCount)
        .where(VisitCount.point_id == point_id, VisitCount.day == day)
        .values(visits=VisitCount.visits + 1, visitors=VisitCount.visitors + (1 if first else 0))
    )
