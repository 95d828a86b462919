"""Opening a storefront and arranging it: name, words, picture, pinned and hidden products."""

import re
import unicodedata
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shop.kernel import audit, ids
from shop.kernel.errors import Conflict, Invalid
from shop.kernel.words import _l
from shop.network.models import Point
from shop.network.points import PointActivated
from shop.storefront import queries
from shop.storefront.models import Storefront, StorefrontItem

ACCENTS = ("", "berry", "lake", "tea", "plum")
RESERVED = ("admin", "desk", "api", "en", "zh", "static", "media")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])")
MAX_PINNED = 12


class SlugTaken(Conflict):
    code = "slug_taken"

    def __init__(self) -> None:
        super().__init__(_l("This address is taken. Please choose another."), field="slug")


def open_for(session: Session, event: PointActivated) -> None:
    """When a point becomes active it gets a storefront, if it has none yet."""
    known = session.scalar(select(Storefront.id).where(Storefront.point_id == event.point_id))
    if known is None:
        name = session.execute(select(Point.name).where(Point.id == event.point_id)).scalar_one()
        open_storefront(session, event.point_id, name=name, slug=suggest(name), at=event.at)


def open_storefront(
    session: Session,
    point_id: int,
    *,
    name: str,
    slug: str,
    at: datetime,
    owner_name: str = "",
    greeting: str = "",
    accent: str = "",
    contact: str = "",
) -> None:
    """A point's storefront; a taken address gets some letters more."""
    for candidate in (slug, f"{slug[:32]}-{ids.short_code(4).lower()}"):
        try:
            with session.begin_nested():
                session.execute(
                    insert(Storefront).values(
                        id=ids.new(),
                        point_id=point_id,
                        slug=candidate,
                        name=name[:120],
                        owner_name=owner_name[:60],
                        greeting=greeting[:600],
                        picture_key="",
                        accent=accent,
                        contact=contact[:120],
                        version=1,
                        created_at=at,
                    )
                )
            return
        except IntegrityError:
            continue
    raise SlugTaken


def change(
    session: Session, point_id: int, values: dict[str, Any], *, by: str, at: datetime
) -> None:
    """Change slug, name, owner_name, greeting, accent, contact or picture_key.

    Raises Invalid for a bad address or accent, SlugTaken.
    """
    if "slug" in values:
        values["slug"] = check_slug(str(values["slug"]))
    if values.get("accent", "") not in ACCENTS:
        raise Invalid(_l("Please choose one of the colors."), field="accent")
    if "name" in values and not str(values["name"]).strip():
        raise Invalid(_l("Your shop needs a name."), field="name")
    try:
        with session.begin_nested():
            session.execute(
                update(Storefront)
                .where(Storefront.point_id == point_id)
                .values(**values, version=Storefront.version + 1)
            )
    except IntegrityError as error:
        raise SlugTaken from error
    queries.kept.forget(session)
    audit.record(
        session,
        "storefront.changed",
        "point",
        point_id,
        by=by,
        at=at,
        after={"fields": sorted(values)},
    )


def arrange(
    session: Session,
    point_id: int,
    product_id: int,
    *,
    pinned: bool,
    hidden: bool,
    words: str,
    by: str,
    at: datetime,
) -> None:
    """One product's exception; a product without any has no row."""
    storefront_id = session.execute(
        select(Storefront.id).where(Storefront.point_id == point_id)
    ).scalar_one()
    key = (StorefrontItem.storefront_id == storefront_id) & (
        StorefrontItem.product_id == product_id
    )
    taken = session.scalars(
        select(StorefrontItem.pinned_position).where(
            StorefrontItem.storefront_id == storefront_id,
            StorefrontItem.pinned_position.is_not(None),
            StorefrontItem.product_id != product_id,
        )
    ).all()
    if pinned and len(taken) >= MAX_PINNED:
        raise Invalid(_l("You can pin %(most)s products.", most=MAX_PINNED), field="pinned")
    session.execute(delete(StorefrontItem).where(key))
    if pinned or hidden or words.strip():
        position = max([one for one in taken if one is not None], default=0) + 1
        session.execute(
            insert(StorefrontItem).values(
                storefront_id=storefront_id,
                product_id=product_id,
                pinned_position=position if pinned else None,
                hidden=hidden,
                words=words.strip()[:300],
            )
        )
    session.execute(
        update(Storefront)
        .where(Storefront.id == storefront_id)
        .values(version=Storefront.version + 1)
    )
    queries.kept.forget(session)


def check_slug(text: str) -> str:
    """A storefront's address; raises Invalid with what is allowed."""
    slug = text.strip().lower()
    if not _SLUG.fullmatch(slug) or slug in RESERVED:
        raise Invalid(_l("Please use 3 to 40 small letters, digits and hyphens."), field="slug")
    return slug


def suggest(name: str) -> str:
    """An address made from a name; random letters where a name has no Latin ones."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:36].strip("-")
    if len(slug) >= 3 and slug not in RESERVED:
        return slug
    return f"shop-{ids.short_code(6).lower()}"
