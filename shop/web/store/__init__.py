"""The buyer's side: storefronts, cart, checkout, orders, account, joining."""

from shop.web.store import (
    account,
    cart,
    checkout,
    home,
    join,
    legal,
    links,
    orders,
    product,
    sign_in,
    staff_password,
)
from shop.web.store.mailbox import blueprint as demo_blueprint
from shop.web.store.routes import blueprint

__all__ = [
    "account",
    "blueprint",
    "cart",
    "checkout",
    "demo_blueprint",
    "home",
    "join",
    "legal",
    "links",
    "orders",
    "product",
    "sign_in",
    "staff_password",
]
