"""Many sales while Stripe errs in every way that the sandbox knows, by seed (reliability §7).

Calls are answered 429 or 500, with and without the work done, or break off; news is doubled,
reordered, held back and lost. Whoever paid has an order, nobody pays twice, and all adds up.
"""

import os
import random
from pathlib import Path

import pytest
from sqlalchemy import func, select

from commissions import audit
from shop.catalog import stock_check
from shop.kernel import clock, db
from shop.orders.models import Order, OrderLine, OrderStatus
from shop.payments import endings, refunds
from shop.payments.models import Payment, Refund
from shop.payments.refunds import Units, Wanted
from shop.sandbox.settings import FaultRates
from tests.conftest import Clock, Database
from tests.installation import install
from tests.world import World, build

WEATHER = FaultRates(
    duplicate=0.2,
    delay=0.2,
    drop=0.2,
    reorder=0.3,
    rate_limited=0.08,
    error_before=0.08,
    error_after=0.08,
    lost_before=0.08,
    lost_after=0.08,
)
SEEDS = range(40) if os.environ.get("GRIDSHOP_SOAK") else (15,)  # a refund meets a saved 500
SALES = 14


@pytest.mark.longer
@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_stripe_does_every_payment_has_its_order(
    database: Database, tmp_path: Path, business_clock: Clock, seed: int
) -> None:
    world = build(install(database.urls, tmp_path, faults=WEATHER, seed=seed), honey=200)
    chance = random.Random(seed)
    charged: set[int] = set()

    for _sale in range(SALES):
        order_id = bought(world, chance)
        if order_id is not None:
            charged.add(order_id)
        business_clock.forward(minutes=chance.choice([0, 1, 7]))
        keep_going(world)
    let_hours_pass(world, business_clock)
    for order_id in sorted(charged)[::3]:
        give_one_back(world, order_id)
    let_hours_pass(world, business_clock)

    with db.reading() as session:
        orders = {order.id: order for order in session.scalars(select(Order))}
        placed = {id for id, order in orders.items() if order.status == OrderStatus.PLACED}
        assert placed == charged
        assert {orders[id].status for id in orders.keys() - charged} <= {OrderStatus.EXPIRED}
        taken = dict(
            session.execute(
                select(Payment.order_id, func.sum(Payment.captured_amount))
                .group_by(Payment.order_id)
                .having(func.sum(Payment.captured_amount) > 0)
            ).all()
        )
        assert taken == {id: orders[id].total_amount for id in placed}
        assert set(session.scalars(select(Refund.status))) <= {"succeeded"}
        assert audit.prove(session).is_clean
        assert stock_check.check(session) == []
    assert len(charged) >= SALES // 2


def bought(world: World, chance: random.Random) -> int | None:
    """One buyer, who presses on as people do; the order's id if the card was charged."""
    buyer = world.browser()
    world.add(buyer, chance.choice(["honey", "tea"]), slug=chance.choice(["anna-shop", ""]))
    answer = world.check_out(buyer)
    order = world.order()
    for _again in range(4):
        if answer.status_code == 303 and "/c/pay/" in answer.location:
            break
        answer = buyer.post(f"/orders/{order.token}/pay")
    else:
        return None
    session_id = answer.location.rpartition("/")[2]
    world.installation.pay(session_id)
    if chance.random() < 0.5:
        buyer.get(f"/pay/return?session_id={session_id}")
    return order.id


def keep_going(world: World) -> None:
    """What the machines do in the meantime: deliver, work off, look after what was lost."""
    for _round in range(3):
        world.installation.deliver()
        world.installation.work()
    with world.installation.app.app_context():
        endings.poll()
        endings.sweep()


def let_hours_pass(world: World, business_clock: Clock) -> None:
    """As long as a job waits between its last tries."""
    for _part in range(16):
        business_clock.forward(minutes=20)
        keep_going(world)


def give_one_back(world: World, order_id: int) -> None:
    with db.unit_of_work() as session:
        line = session.scalars(select(OrderLine.id).where(OrderLine.order_id == order_id)).one()
        wanted = Wanted(lines=[Units(line, 1)])
        refunds.reserve(session, order_id, wanted, by="staff", at=clock.now())
    keep_going(world)
