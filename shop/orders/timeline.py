"""An order's timeline: what happened, who did it, when; shown to staff and, in part, to buyers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from shop.kernel import ids
from shop.orders.models import OrderEvent


@dataclass(frozen=True)
class Step:
    """A status before and after what happened; the two may be equal."""

    before: str
    after: str


def note(
    session: Session,
    order_id: int,
    kind: str,
    *,
    by: str,
    at: datetime,
    steps: Mapping[str, Step] | None = None,
    **values: Any,
) -> None:
    """Add one line; values hold ids, amounts and codes, never personal data.

    `steps` are the statuses that changed with it: `order`, `payment`, `goods` or `dispute`.
    """
    moved = {
        what: [str(step.before), str(step.after)]
        for what, step in (steps or {}).items()
        if step.before != step.after
    }
    if moved:
        values["steps"] = moved
    row = {"id": ids.new(), "order_id": order_id, "kind": kind, "values": values}
    session.execute(insert(OrderEvent).values(**row, by=by, at=at))
