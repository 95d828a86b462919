"""An order's timeline: what happened, who did it, when; shown to staff and, in part, to buyers."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from shop.kernel import ids
from shop.orders.models import OrderEvent


def note(
    session: Session, order_id: int, kind: str, *, by: str, at: datetime, **values: Any
) -> None:
    """Add one line; values hold ids, amounts and codes, never personal data."""
    row = {"id": ids.new(), "order_id": order_id, "kind": kind, "values": values}
    session.execute(insert(OrderEvent).values(**row, by=by, at=at))
