"""A thing on an order that only a person could decide, and that now is decided."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from shop.kernel import audit
from shop.orders import timeline
from shop.orders.models import Order


def clear(session: Session, order_id: int, task: str, *, note: str, by: str, at: datetime) -> bool:
    """Take the task off the list; False if it is not (or no longer) on this order.

    The condition on the task lets a newer one stand that came up meanwhile.
    """
    cleared = session.execute(
        update(Order)
        .where(Order.id == order_id, Order.task == task, Order.task != "")
        .values(task="")
        .returning(Order.id)
    ).one_or_none()
    if cleared is None:
        return False
    timeline.note(
        session, order_id, "task_cleared", by=by, at=at, task=task, text=note.strip()[:500]
    )
    audit.record(
        session, "order.task_cleared", "order", order_id, by=by, at=at, before={"task": task}
    )
    return True
