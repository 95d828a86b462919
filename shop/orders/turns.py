"""Changes of one order stand in line at its row.

Refunds win the order first and its lines second, hand-overs the lines first. On PostgreSQL two such
transactions would wait for each other until one is shot; with a turn at the row there is one order
for all. It is no guard: what may happen is decided by the conditional updates that follow.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.orders.models import Order


def take(session: Session, order_id: int) -> None:
    """Wait until no other transaction changes this order; SQLite has one writer anyway."""
    session.execute(select(Order.id).where(Order.id == order_id).with_for_update(key_share=True))
