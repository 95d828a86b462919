"""Who brought an order line: pure policy, decided once, with every loser and the reason.

Priorities of reference commissions §3.1: the storefront a line was added from, then the last touch
of another point inside the window. Nobody wins a sale to themselves (AT-7, policy `none`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

TOUCH_WINDOW = timedelta(days=30)


@dataclass(frozen=True)
class Candidate:
    """A point that could earn the credit."""

    point_id: int
    kind: str
    """storefront or touch."""
    at: datetime | None = None
    touch_id: int | None = None


@dataclass(frozen=True)
class Standing:
    """What attribution must know about a point at the moment of the order."""

    status: str
    is_buyers_own: bool
    manager_id: int | None = None
    """The point that manages it, and under which contract: frozen with the credit."""
    contract: str = ""


@dataclass(frozen=True)
class Credit:
    """The frozen answer for one line."""

    point_id: int | None
    kind: str
    touch_id: int | None
    """The visit that led to the winner, also where its storefront is what won."""
    losers: tuple[dict[str, Any], ...]


def decide(
    storefront: Candidate | None,
    touch: Candidate | None,
    standings: Mapping[int, Standing],
    *,
    at: datetime,
) -> Credit:
    """The first candidate that nothing speaks against wins; the others keep their reason."""
    winner: Candidate | None = None
    losers: list[dict[str, Any]] = []
    for candidate in _in_order(storefront, touch):
        reason = _objection(candidate, standings.get(candidate.point_id), at)
        if reason is None and winner is not None:
            reason = "duplicate" if winner.point_id == candidate.point_id else "lower_priority"
        if reason is None:
            winner = candidate
        else:
            losers.append(
                {"point": str(candidate.point_id), "kind": candidate.kind, "reason": reason}
            )
    if winner is None:
        return Credit(None, "none", None, tuple(losers))
    led_here = touch is not None and touch.point_id == winner.point_id
    touch_id = touch.touch_id if touch is not None and led_here else winner.touch_id
    return Credit(winner.point_id, winner.kind, touch_id, tuple(losers))


def _in_order(*candidates: Candidate | None) -> list[Candidate]:
    return [candidate for candidate in candidates if candidate is not None]


def _objection(candidate: Candidate, standing: Standing | None, at: datetime) -> str | None:
    if standing is None or standing.status == "closed":
        return "point_expired"
    if standing.status == "applied":
        return "point_not_yet_approved"
    if standing.status == "suspended":
        return "point_suspended"
    if standing.is_buyers_own:
        return "self_purchase"
    if candidate.at is not None and candidate.at < at - TOUCH_WINDOW:
        return "outside_window"
    return None
