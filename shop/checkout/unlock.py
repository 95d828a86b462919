"""“Edit cart”: give up the order that is being paid, and go on with a fresh copy of its cart.

One cart yields at most one order, for good: the old cart stays bound to its order, so that a late
payment still finds it (tests B7, A9).
"""

from dataclasses import dataclass

from sqlalchemy import select

from shop.checkout import cart as carts
from shop.checkout.errors import NoSuchCart
from shop.checkout.models import Cart
from shop.checkout.opening import opened_by
from shop.kernel import clock
from shop.kernel.db import reading, unit_of_work
from shop.orders.models import Order, OrderStatus
from shop.payments import endings
from shop.payments.endings import Ended


@dataclass(frozen=True)
class Unlocked:
    """Either a fresh cart, or the order's page because it was paid meanwhile."""

    cart_token: str = ""
    order_token: str = ""


def edit_cart(cart_token: str, *, account_id: int | None) -> Unlocked:
    """Expire the Session, cancel the order as superseded, copy the lines.

    Raises NoSuchCart, GatewayUnavailable.
    """
    with reading() as session:
        row = session.execute(
            select(Cart.id, Cart.status, Order.id, Order.token, Order.status)
            .outerjoin(Order, Order.cart_id == Cart.id)
            .where(opened_by(cart_token, account_id=account_id))
        ).one_or_none()
    if row is None:
        raise NoSuchCart
    cart_id, cart_status, order_id, order_token, order_status = row
    if order_id is None or cart_status == "active":
        return Unlocked(cart_token=cart_token)
    if order_status == OrderStatus.PENDING:
        outcome = endings.give_up(
            order_id, to=OrderStatus.CANCELED, reason="superseded", by="buyer"
        )
        if outcome is not Ended.ENDED:
            return Unlocked(order_token=order_token)
    elif order_status == OrderStatus.PLACED:
        return Unlocked(order_token=order_token)
    with unit_of_work() as session:
        _cart_id, token = carts.copy(session, cart_id, at=clock.now())
    return Unlocked(cart_token=token)
