"""What becomes of a cart when its order is placed or ends, and of carts that nobody comes back to."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from shop.checkout.models import Cart, CartLine
from shop.kernel import clock
from shop.orders.events import OrderEnded, OrderPlaced
from shop.orders.models import Order

GUEST_LIFE = timedelta(days=30)
ACCOUNT_LIFE = timedelta(days=90)


def close_cart(session: Session, event: OrderPlaced) -> None:
    """The cart of a placed order is completed; it is kept, not deleted."""
    _close(session, event.order_id, "completed")


def close_cart_of_ended(session: Session, event: OrderEnded) -> None:
    """The cart of an ended order stays bound to it: a late payment must still find the order."""
    _close(session, event.order_id, "expired")


def reap(session: Session, _payload: Mapping[str, Any]) -> None:
    """Job, daily: forget active carts that nobody came back to; others belong to an order."""
    now = clock.now()
    old = select(Cart.id).where(
        Cart.status.in_(("active", "merged")),
        ((Cart.account_id.is_(None)) & (Cart.updated_at < now - GUEST_LIFE))
        | (Cart.updated_at < now - ACCOUNT_LIFE),
    )
    ids = list(session.scalars(old.order_by(Cart.id).limit(5000)))
    session.execute(delete(CartLine).where(CartLine.cart_id.in_(ids)))
    session.execute(delete(Cart).where(Cart.id.in_(ids)))


def _close(session: Session, order_id: int, status: str) -> None:
    session.execute(
        update(Cart)
        .where(Cart.id == select(Order.cart_id).where(Order.id == order_id).scalar_subquery())
        .values(status=status)
    )
