"""Pictures that an import asks for: remembered now, fetched by a job afterwards."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from shop.catalog.csv_products import Wish
from shop.catalog.models import MediaStatus
from shop.catalog.tables import media
from shop.kernel import ids

Known = dict[int, list[dict[str, Any]]]


def save_wishes(
    session: Session, wishes: Mapping[int, Sequence[Wish]]
) -> tuple[set[int], dict[tuple[int, str], int], list[int]]:
    """Add the pictures that are new and change words and places of the others.

    Returns the products that changed, the picture's id by product and address, and the ids that
    wait to be fetched.
    """
    known = _known(session, [product_id for product_id, some in wishes.items() if some])
    changed: set[int] = set()
    by_url: dict[tuple[int, str], int] = {}
    new: list[dict[str, Any]] = []
    for product_id, some in sorted(wishes.items()):
        present = known.get(product_id, [])
        for wish in some:
            row = next((row for row in present if _is_same(row, wish.url)), None)
            if row is None:
                row = _new(product_id, wish, present)
                present.append(row)
                new.append(row)
                changed.add(product_id)
            elif _change(session, row, wish):
                changed.add(product_id)
            by_url[product_id, wish.url] = row["id"]
    if new:
        session.execute(insert(media), new)
    return changed, by_url, [row["id"] for row in new]


def _known(session: Session, product_ids: Sequence[int]) -> Known:
    if not product_ids:
        return {}
    rows = session.execute(
        select(media).where(media.c.product_id.in_(product_ids)).order_by(media.c.position)
    ).mappings()
    known: Known = {}
    for row in rows:
        known.setdefault(row["product_id"], []).append(dict(row))
    return known


def _is_same(row: Mapping[str, Any], url: str) -> bool:
    """By the address it came from, or by our own address, as the export writes it."""
    return row["source_url"] == url or any(url.endswith(key) for key in row["sizes"].values())


def _new(product_id: int, wish: Wish, present: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    last = max((row["position"] for row in present), default=0)
    return {
        "id": ids.new(),
        "product_id": product_id,
        "position": last + 1 if wish.position is None else wish.position,
        "alt": wish.alt,
        "status": MediaStatus.WAITING.value,
        "source_url": wish.url,
        "sizes": {},
        "width": 0,
        "height": 0,
        "error": "",
    }


def _change(session: Session, row: dict[str, Any], wish: Wish) -> bool:
    alt = {**row["alt"], **wish.alt}
    position = row["position"] if wish.position is None else wish.position
    if (alt, position) == (row["alt"], row["position"]):
        return False
    row.update(alt=alt, position=position)
    session.execute(update(media).where(media.c.id == row["id"]).values(alt=alt, position=position))
    return True
