"""Reading a cart: its row and its lines, as stored."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.checkout.models import Cart, CartLine
from shop.network.models import Point
from shop.orders.models import Order
from shop.storefront.models import Storefront


@dataclass(frozen=True)
class StoredLine:
    """A line as stored, with the storefront it was added from."""

    id: int
    variant_id: int
    point_id: int | None
    quantity: int
    unit_price_amount: int
    pickup_location_id: int | None
    touch_id: int | None
    point_status: str | None
    store_name: str | None
    store_slug: str | None
    owner_name: str | None


def by_token(session: Session, token: str) -> Cart | None:
    """The cart a cookie opens, in whatever state."""
    return session.scalars(select(Cart).where(Cart.token == token)).one_or_none() if token else None


def lines(session: Session, cart_id: int) -> list[StoredLine]:
    """All lines in the order they were added, one statement."""
    rows: Any = session.execute(
        select(
            CartLine.id,
            CartLine.variant_id,
            CartLine.point_id,
            CartLine.quantity,
            CartLine.unit_price_amount,
            CartLine.pickup_location_id,
            CartLine.touch_id,
            Point.status,
            Storefront.name,
            Storefront.slug,
            Storefront.owner_name,
        )
        .outerjoin(Point, Point.id == CartLine.point_id)
        .outerjoin(Storefront, Storefront.point_id == CartLine.point_id)
        .where(CartLine.cart_id == cart_id)
        .order_by(CartLine.id)
    ).all()
    return [StoredLine(*row) for row in rows]


def units_in(session: Session, token: str) -> int:
    """How many units an open cart holds, for the badge."""
    if not token:
        return 0
    return session.execute(
        select(func.coalesce(func.sum(CartLine.quantity), 0))
        .join(Cart, Cart.id == CartLine.cart_id)
        .where(Cart.token == token, Cart.status.in_(("active", "completing")))
    ).scalar_one()


def order_token(session: Session, cart_id: int) -> str | None:
    """The page of the order that was made from a cart."""
    return session.scalar(select(Order.token).where(Order.cart_id == cart_id))


def order_id_of(session: Session, token: str) -> int | None:
    """The order behind its page's token."""
    return session.scalar(select(Order.id).where(Order.token == token))
