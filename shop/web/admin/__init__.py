"""The brand's desk: tasks, orders, catalog, network, commissions, payouts, settings."""

from shop.web.admin import (
    catalog,
    commissions,
    menu,
    order_actions,
    orders,
    payouts,
    plan,
    points,
    tasks,
)
from shop.web.admin.routes import blueprint

__all__ = [
    "blueprint",
    "catalog",
    "commissions",
    "menu",
    "order_actions",
    "orders",
    "payouts",
    "plan",
    "points",
    "tasks",
]
