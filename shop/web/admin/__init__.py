"""The brand's desk: tasks, orders, catalog, network, commissions, payouts, settings."""

from shop.web.admin import (
    applications,
    audit_log,
    catalog,
    commissions,
    machinery,
    menu,
    order_actions,
    orders,
    payouts,
    plan,
    points,
    points_actions,
    points_import,
    rates,
    settings,
    staff,
    tasks,
)
from shop.web.admin.routes import blueprint

__all__ = [
    "applications",
    "audit_log",
    "blueprint",
    "catalog",
    "commissions",
    "machinery",
    "menu",
    "order_actions",
    "orders",
    "payouts",
    "plan",
    "points",
    "points_actions",
    "points_import",
    "rates",
    "settings",
    "staff",
    "tasks",
]
