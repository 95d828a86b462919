"""Commands: each a thin shell over one verb."""

from click import Command

from shop.cli import catalog, commissions, demo, house, network, orders, payouts

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
        network.network,
        demo.demo,
        commissions.commissions,
        payouts.payouts_group,
    )
