"""Storefronts for many points at once, when an import brings a whole channel.

Separate from `edit.open_for`, which serves one point with a handful of statements: here the number
of statements does not grow with the number of points.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.kernel import ids
from shop.kernel.db import insert_new
from shop.network.points import Opened, PointsActivated
from shop.storefront import edit
from shop.storefront.models import Storefront


def open_many(session: Session, event: PointsActivated) -> None:
    """Each point that has no storefront yet gets one; a taken address gets some letters more."""
    points = {one.point_id: one for one in event.opened}
    having = set(
        session.scalars(select(Storefront.point_id).where(Storefront.point_id.in_(sorted(points))))
    )
    new = [one for point_id, one in sorted(points.items()) if point_id not in having]
    if not new:
        return
    slugs = _slugs(session, new)
    rows = [
        {
            "id": row_id,
            "point_id": one.point_id,
            "slug": slugs[one.point_id],
            "name": one.name[:120],
            "owner_name": "",
            "greeting": "",
            "picture_key": "",
            "accent": "",
            "contact": "",
            "version": 1,
            "created_at": event.at,
        }
        for row_id, one in zip(ids.block(len(new)), new, strict=True)
    ]
    # An address that was taken since we looked is left out here and opened by itself below.
    session.execute(insert_new(session, Storefront), rows)
    opened = set(
        session.scalars(
            select(Storefront.point_id).where(
                Storefront.point_id.in_([one.point_id for one in new])
            )
        )
    )
    for one in new:
        if one.point_id not in opened:
            edit.open_storefront(
                session, one.point_id, name=one.name, slug=slugs[one.point_id], at=event.at
            )


def _slugs(session: Session, new: list[Opened]) -> dict[int, str]:
    wanted = {one.point_id: one.slug or edit.suggest(one.name) for one in new}
    taken = set(
        session.scalars(select(Storefront.slug).where(Storefront.slug.in_(set(wanted.values()))))
    )
    for point_id, slug in wanted.items():
        if slug in taken:
            wanted[point_id] = f"{slug[:32].rstrip('-')}-{ids.short_code(5).lower()}"
        taken.add(wanted[point_id])
    return wanted
