"""Commands: each a thin shell over one verb."""

from click import Command

from shop.cli import catalog, demo, house, orders

__all__ = ["groups"]


def groups() -> tuple[Command, ...]:
    """Every `flask` command of the shop."""
    return (
        house.sandbox,
        house.clock_group,
        house.jobs_group,
        house.users,
        house.doctor,
        catalog.catalog,
        orders.orders,
        demo.demo,
    )
