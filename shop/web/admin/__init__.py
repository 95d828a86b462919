"""The brand's desk: tasks, orders, catalog, network, commissions, payouts, settings."""

from shop.web.admin import menu, tasks
from shop.web.admin.routes import blueprint

__all__ = ["blueprint", "menu", "tasks"]
