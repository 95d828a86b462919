"""End an order that was never paid: its stock goes back, its page says why.

Only `payments` calls this for an order with a payment attempt, after Stripe has confirmed that the
attempt can no longer succeed.
"""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from shop.catalog import stock
from shop.kernel import events, ids
from shop.orders import statuses, timeline
from shop.orders.events import OrderEnded
from shop.orders.models import Order, OrderStatus
from shop.orders.states import ORDER
from shop.orders.timeline import Step


def end(
    session: Session, order_id: int, *, to: OrderStatus, reason: str, by: str, at: datetime
) -> bool:
    """Bring a pending order to `expired` or `canceled`; False if it stands there already.

    Raises StaleState if it was placed meanwhile.
    """
    moved = ORDER.move(
        session,
        Order,
        order_id,
        to=to,
        by=by,
        at=at,
        ids=ids.new,
        note=reason,
        expected=OrderStatus.PENDING,
    )
    if not moved:
        return False
    session.execute(update(Order).where(Order.id == order_id).values(end_reason=reason))
    stock.release(session, order_id, at=at, by=by, expired=to is OrderStatus.EXPIRED)
    steps = {
        "order": Step(OrderStatus.PENDING, to),
        "goods": statuses.store_fulfillment(session, order_id, at=at),
    }
    timeline.note(session, order_id, str(to), by=by, at=at, steps=steps, reason=reason)
    events.publish(session, OrderEnded(order_id, reason, at, by))
    return True
