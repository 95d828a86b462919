"""What a point's storefront shows: the catalog with the owner's few exceptions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.kernel.kept import KeptByKey
from shop.network.models import Point
from shop.network.points import PointStatusChanged
from shop.storefront.models import Storefront, StorefrontItem


@dataclass(frozen=True)
class Shopfront:
    """A storefront as pages need it, exceptions included."""

    point_id: int
    point_status: str
    slug: str
    name: str
    owner_name: str
    greeting: str
    picture_key: str
    accent: str
    contact: str
    version: int
    pinned: tuple[int, ...] = ()
    """Product ids in the owner's order."""
    hidden: frozenset[int] = frozenset()
    words: Mapping[int, str] = field(default_factory=dict)
    """The owner's own words by product id."""

    @property
    def is_open(self) -> bool:
        return self.point_status == "active"


def columns(front: type[Storefront], point: type[Point]) -> tuple[Any, ...]:
    """A Shopfront's columns in the order of its fields, of these tables or aliases of them."""
    return (
        front.point_id,
        point.status,
        front.slug,
        front.name,
        front.owner_name,
        front.greeting,
        front.picture_key,
        front.accent,
        front.contact,
        front.version,
    )


COLUMNS = columns(Storefront, Point)
_FIELDS = (
    "point_id",
    "point_status",
    "slug",
    "name",
    "owner_name",
    "greeting",
    "picture_key",
    "accent",
    "contact",
    "version",
)


def by_slug(session: Session, slug: str) -> Shopfront | None:
    """One storefront with its exceptions, one statement."""
    rows: Sequence[Any] = session.execute(
        select(
            *COLUMNS,
            StorefrontItem.product_id,
            StorefrontItem.pinned_position,
            StorefrontItem.hidden,
            StorefrontItem.words,
        )
        .join(Point, Point.id == Storefront.point_id)
        .outerjoin(StorefrontItem, StorefrontItem.storefront_id == Storefront.id)
        .where(Storefront.slug == slug)
        .order_by(StorefrontItem.pinned_position, StorefrontItem.product_id)
    ).all()
    if not rows:
        return None
    items = [row for row in rows if row.product_id is not None]
    facts = dict(zip(_FIELDS, rows[0], strict=False))
    return Shopfront(
        **facts,
        pinned=tuple(row.product_id for row in items if row.pinned_position is not None),
        hidden=frozenset(row.product_id for row in items if row.hidden),
        words={row.product_id: row.words for row in items if row.words},
    )


kept = KeptByKey(by_slug)
"""Open shops for their visitors: of all that a point's pages read, only this is in every one."""


def on_status_changed(session: Session, _event: PointStatusChanged) -> None:
    """A suspended point's pages lead to the brand's shop from the next request on."""
    kept.forget(session)


def of_point(session: Session, point_id: int) -> Shopfront | None:
    """The storefront of a point, without exceptions, one statement."""
    row = session.execute(
        select(*COLUMNS)
        .join(Point, Point.id == Storefront.point_id)
        .where(Storefront.point_id == point_id)
    ).one_or_none()
    return Shopfront(*row) if row else None


def open_ones(session: Session, *, limit: int = 12) -> list[Shopfront]:
    """Open storefronts for the brand's point finder, stores first."""
    rows = session.execute(
        select(*COLUMNS)
        .join(Point, Point.id == Storefront.point_id)
        .where(Point.status == "active")
        .order_by((Point.kind != "store"), Storefront.name, Storefront.id)
        .limit(limit)
    )
    return [Shopfront(*row) for row in rows]
