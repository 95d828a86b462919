"""Which sales a point was in the running for and did not get: its half of the frozen answers.

Separate from the answers themselves because nobody can look for a point inside their lists.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from shop.sharing.models import LineAttribution, LostAttribution


def note(
    session: Session, order_id: int, losers: Mapping[int, Iterable[Mapping[str, Any]]]
) -> None:
    """Keep who lost which line of a fresh order; nothing is written if nobody did.

    `losers` are the frozen ones by line id. A point that is there twice lost by the first reason.
    """
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    for line_id, ones in losers.items():
        for one in ones:
            if one["reason"] == "duplicate":
                continue
            key = line_id, int(one["point"])
            rows.setdefault(
                key,
                {
                    "order_line_id": line_id,
                    "point_id": int(one["point"]),
                    "order_id": order_id,
                    "reason": one["reason"],
                },
            )
    if rows:
        session.execute(insert(LostAttribution), list(rows.values()))


def was_in_the_running(session: Session, order_line_id: int, point_id: int) -> bool:
    """Whether a point won this line, or lost it."""
    won = select(LineAttribution.order_line_id).where(
        LineAttribution.order_line_id == order_line_id, LineAttribution.point_id == point_id
    )
    lost = select(LostAttribution.order_line_id).where(
        LostAttribution.order_line_id == order_line_id, LostAttribution.point_id == point_id
    )
    return bool(session.scalar(select(or_(won.exists(), lost.exists()))))
