"""Changes of one order stand in line at its row.

Refunds win the order first and its lines second, hand-overs the lines first. On PostgreSQL two such
transactions would wait for each other until one is shot; with a turn at the row there is one order
for all. It is no guard: what may happen is decided by the conditional updates that follow.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.orders.errors import NoSuchOrder
from shop.orders.models import Order


@dataclass(frozen=True)
class Turn:
    """How the order stands while nobody else changes it."""

    order_id: int
    status: str
    total_amount: int
    payment_status: str
    picks_up: bool


COLUMNS = (Order.status, Order.total_amount, Order.payment_status, Order.picks_up)
"""Those of a Turn behind its order's id."""


def take(session: Session, order_id: int) -> Turn:
    """Wait until no other transaction changes this order; SQLite has one writer anyway.

    Raises NoSuchOrder.
    """
    row = session.execute(
        select(Order.id, *COLUMNS).where(Order.id == order_id).with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise NoSuchOrder
    return Turn(*row)
