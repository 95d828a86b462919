"""An order that is canceled earns nobody anything, whoever bore what went back before."""

import re

from sqlalchemy import select

from commissions import audit
from shop.aftersales import cancel
from shop.kernel import clock, db
from shop.orders.models import Order
from shop.payments import refunds
from shop.payments.models import Refund
from shop.payments.refunds import Wanted
from shop.sandbox import control
from tests.conftest import Clock
from tests.journeys.test_paying_out import balance, proven, statuses
from tests.world import World


def canceled(order: Order) -> None:
    with db.unit_of_work() as session:
        assert cancel.cancel(session, order.id, by="test", at=clock.now())


def test_after_goodwill_of_the_whole_amount_it_ends_and_says_why(
    world: World, business_clock: Clock
) -> None:
    """No refund is left to make, so that none tells the engine that nothing will arrive."""
    order = world.buy("honey", slug="anna-shop", quantity=2)
    with db.unit_of_work() as session:
        whole = Wanted(goodwill_amount=order.total_amount)
        refunds.reserve(session, order.id, whole, by="test", at=clock.now())
    world.installation.settle()
    assert statuses(world, "anna") == ["expected"]  # borne by the brand alone

    canceled(order)
    world.installation.settle()

    assert statuses(world, "anna") == ["reversed"]
    desk = world.signed_in("anna")
    (why,) = set(re.findall(r'href="(/en/desk/earnings/\d+)"', desk.get("/en/desk/earnings").text))
    shown = desk.get(why).text
    assert "The order was canceled" in shown
    assert "it was taken back in full" in shown
    business_clock.forward(days=40)
    assert balance(world, "anna") == 0
    assert proven()


def test_it_stays_ended_when_its_refund_fails(world: World) -> None:
    """The money is still owed to the buyer; the goods will not arrive all the same."""
    order = world.buy("honey", slug="anna-shop", quantity=2)
    canceled(order)
    world.installation.settle()
    with db.reading() as session:
        refund = session.scalars(select(Refund)).one()

    control.fail_refund(world.installation.sandbox, str(refund.stripe_id))
    world.installation.settle()

    assert statuses(world, "anna") == ["reversed"]
    with db.reading() as session:
        assert audit.prove(session).is_clean
