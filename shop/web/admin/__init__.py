"""The brand's desk: tasks, orders, catalog, network, commissions, payouts, settings."""

from shop.web.admin import (
    applications,
    catalog,
    commissions,
    menu,
    order_actions,
    orders,
    payouts,
    plan,
    points,
    points_actions,
    points_import,
    tasks,
)
from shop.web.admin.routes import blueprint

__all__ = [
    "applications",
    "blueprint",
    "catalog",
    "commissions",
    "menu",
    "order_actions",
    "orders",
    "payouts",
    "plan",
    "points",
    "points_actions",
    "points_import",
    "tasks",
]
