"""Pictures of products: uploaded by staff, or fetched by a job from the address in an import."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from shop.catalog import pictures
from shop.catalog.drafts import texts
from shop.catalog.models import MediaStatus
from shop.catalog.pictures import BadPicture, Encoded
from shop.catalog.tables import media, product, variant
from shop.catalog.writer import refresh_pictures
from shop.kernel import audit, http, ids, jobs
from shop.kernel.db import reading, unit_of_work
from shop.kernel.errors import NotFound
from shop.kernel.i18n import Texts
from shop.kernel.words import _l

log = logging.getLogger(__name__)

PLACEHOLDER = "img/placeholder.svg"
"""Static file that stands in for a picture that is not there."""

_BATCH = 8
"""Pictures of one job, so that its lease outlives their time-outs."""


def add(
    session: Session,
    product_id: int,
    picture: Encoded,
    *,
    alt: Texts | None = None,
    by: str,
    at: datetime,
) -> int:
    """Put an encoded picture behind the others of a product; returns its id."""
    last = session.scalar(
        select(func.max(media.c.position)).where(media.c.product_id == product_id)
    )
    media_id = ids.new()
    session.execute(
        insert(media).values(
            id=media_id,
            product_id=product_id,
            position=(last or 0) + 1,
            alt=texts(alt or {}),
            status=MediaStatus.READY.value,
            sizes=picture.sizes,
            width=picture.width,
            height=picture.height,
        )
    )
    _touch(session, product_id)
    audit.record(session, "picture.added", "product", product_id, by=by, at=at)
    return media_id


def remove(session: Session, media_id: int, *, by: str, at: datetime) -> None:
    """Take a picture away from its product and variants; raises NotFound."""
    product_id = _product_of(session, media_id)
    session.execute(update(variant).where(variant.c.media_id == media_id).values(media_id=None))
    session.execute(media.delete().where(media.c.id == media_id))
    _touch(session, product_id)
    audit.record(session, "picture.removed", "product", product_id, by=by, at=at)


def describe(
    session: Session, media_id: int, *, alt: Texts, position: int, by: str, at: datetime
) -> None:
    """Say what a picture shows, and which place it has; raises NotFound."""
    product_id = _product_of(session, media_id)
    session.execute(
        update(media).where(media.c.id == media_id).values(alt=texts(alt), position=position)
    )
    _touch(session, product_id)
    audit.record(session, "picture.described", "product", product_id, by=by, at=at)


def fetch_later(session: Session, media_ids: Sequence[int], *, at: datetime) -> None:
    """Let a job fetch waiting pictures after this transaction."""
    for start in range(0, len(media_ids), _BATCH):
        batch = [str(id) for id in media_ids[start : start + _BATCH]]
        jobs.enqueue(session, "catalog.fetch_media", {"ids": batch}, at=at)


def try_again(session: Session, product_id: int, *, at: datetime) -> int:
    """Fetch a product's failed pictures once more; returns how many."""
    waiting = session.scalars(
        update(media)
        .where(
            media.c.product_id == product_id,
            media.c.status == MediaStatus.FAILED.value,
            media.c.source_url != "",
        )
        .values(status=MediaStatus.WAITING.value, error="")
        .returning(media.c.id)
    ).all()
    fetch_later(session, sorted(waiting), at=at)
    return len(waiting)


def fetch(payload: Mapping[str, Any]) -> None:
    """Job `catalog.fetch_media`: fetch each picture that still waits, and record how it went.

    An address that does not answer is recorded, not raised: pages show the placeholder.
    """
    with reading() as session:
        waiting = session.execute(
            select(media.c.id, media.c.product_id, media.c.source_url)
            .where(
                media.c.id.in_([int(id) for id in payload["ids"]]),
                media.c.status == MediaStatus.WAITING.value,
            )
            .order_by(media.c.id)
        ).all()
    for media_id, product_id, url in waiting:
        values = _fetched(url)
        with unit_of_work() as session:
            session.execute(
                update(media)
                .where(media.c.id == media_id, media.c.status == MediaStatus.WAITING.value)
                .values(**values)
            )
            _touch(session, product_id)


def _fetched(url: str) -> dict[str, Any]:
    try:
        picture = pictures.encode(http.fetch_public(url, max_bytes=pictures.MAX_BYTES))
    except (http.Unreachable, BadPicture) as error:
        log.info("a picture could not be fetched: %s", error)
        return {"status": MediaStatus.FAILED.value, "error": str(error)[:500]}
    return {
        "status": MediaStatus.READY.value,
        "sizes": picture.sizes,
        "width": picture.width,
        "height": picture.height,
        "error": "",
    }


def _product_of(session: Session, media_id: int) -> int:
    product_id = session.scalar(select(media.c.product_id).where(media.c.id == media_id))
    if product_id is None:
        raise NotFound(_l("There is no such picture."))
    return int(product_id)


def _touch(session: Session, product_id: int) -> None:
    """Pages show pictures, so their product's version rises."""
    session.execute(
        update(product).where(product.c.id == product_id).values(version=product.c.version + 1)
    )
    refresh_pictures(session, [product_id])
