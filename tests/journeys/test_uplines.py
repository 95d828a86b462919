"""Who manages a seller is frozen with the order: no later move takes money along (T08, AT-4).

The guard is `LineAttribution.upline_point_id`: with the current edge instead, both tests fail.
"""

from sqlalchemy import select

from commissions.models import SaleLineRow
from shop.kernel import clock, db
from shop.network import points, tree
from shop.network.models import PointKind
from shop.network.points import NewPoint
from tests.web.store.people import link_of
from tests.world import CONTACT, World


def manager(world: World, name: str, contract: str) -> int:
    """A dealer who manages Anna from now on."""
    with db.unit_of_work() as session:
        found = points.make(
            session, NewPoint(kind=PointKind.DEALER, name=name), by="test", at=clock.now()
        )
        tree.move(
            session, world.points["anna"], found, contract=contract, by="test", at=clock.now()
        )
        return found


def uplines() -> list[tuple[str, str]]:
    with db.reading() as session:
        rows = session.scalars(select(SaleLineRow.upline).order_by(SaleLineRow.id)).all()
    return [(one["point_key"], one["contract"]) for one in rows if one]


def test_a_move_between_order_and_payment_takes_nothing_along(world: World) -> None:
    first = manager(world, "First", "C-1")
    guest = world.browser()
    world.add(guest, "honey", slug="anna-shop")
    assert world.check_out(guest).status_code == 303

    manager(world, "Second", "C-2")
    world.pay()
    world.installation.settle()

    assert uplines() == [(f"point:{first}", "C-1")]


def test_who_was_sent_by_a_link_brings_the_manager_of_that_moment(world: World) -> None:
    first = manager(world, "First", "C-1")
    guest = world.browser()
    guest.get(link_of(world, "anna"))
    world.add(guest, "honey")
    form = {**CONTACT, "expected_total": str(world.total_shown(guest, dict(CONTACT)))}
    assert guest.post("/checkout", data=form).status_code == 303

    manager(world, "Second", "C-2")
    world.pay()
    world.installation.settle()

    assert uplines() == [(f"point:{first}", "C-1")]
