"""Many buyers at one shelf: what is promised never exceeds what is there (reference shop, group A).

Each guard was removed once to see its test fail: the condition of `levels.change_level` (A1, A2,
A5), the sorted order of levels (A6), the summed demand (A3), the status in `_end_holds` (A5).
"""

import random
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from shop.catalog import stock
from shop.catalog.allocation import Allocation, Plan
from shop.catalog.models import Product, StockReservation
from shop.catalog.stock import Demand, OutOfStock
from shop.catalog.stock_check import check
from shop.kernel import db
from tests.factories.catalog import (
    BY,
    figures,
    make_location,
    make_product,
    make_variant,
    stock_up,
)
from tests.races import together

pytestmark = pytest.mark.usefixtures("database")


def buy(order_id: int, demands: list[Demand], at: datetime) -> str:
    with db.unit_of_work() as session:
        stock.reserve(
            session, order_id, demands, expires_at=at + timedelta(minutes=35), at=at, by=BY
        )
    return "held"


def test_a1_twenty_buyers_of_one_unit_make_one_hold(at: datetime) -> None:
    with db.unit_of_work() as session:
        product = make_product(session)
        variant = make_variant(session, product)
        level = stock_up(session, variant, make_location(session), 1)

    outcomes = together([partial(buy, n, [Demand(variant, 1)], at) for n in range(1, 21)])

    assert outcomes.count("held") == 1
    assert sum(isinstance(outcome, OutOfStock) for outcome in outcomes) == 19
    with db.reading() as session:
        assert figures(session, level) == (1, 0, 1, 0)
        assert check(session) == []
        assert session.scalar(select(Product.sellable)) is False


def test_a2_the_guarded_update_alone_holds_when_every_figure_read_before_was_old(
    at: datetime,
) -> None:
    with db.unit_of_work() as session:
        variant = make_variant(session)
        here = make_location(session)
        level = stock_up(session, variant, here, 1)
    key = (variant, None)
    believed = Plan({key: Allocation(level, here, "brand")}, {level: 1})

    def hold(order_id: int) -> str:
        with db.unit_of_work() as session:
            stock.hold(session, order_id, believed, units={key: 1}, expires_at=at, at=at, by=BY)
        return "held"

    outcomes = together([partial(hold, n) for n in range(1, 21)])

    assert outcomes.count("held") == 1
    assert sum(isinstance(outcome, OutOfStock) for outcome in outcomes) == 19


def test_two_places_with_one_unit_each_serve_two_of_many_buyers(at: datetime) -> None:
    with db.unit_of_work() as session:
        places = [make_location(session, code) for code in ("a", "b")]
        variant = make_variant(session, stock_at=dict.fromkeys(places, 1))

    outcomes = together([partial(buy, n, [Demand(variant, 1)], at) for n in range(1, 13)])

    assert outcomes.count("held") == 2
    assert sum(isinstance(outcome, OutOfStock) for outcome in outcomes) == 10
    with db.reading() as session:
        assert session.scalar(select(Product.sellable)) is False


def test_a5_random_holds_commits_and_releases_leave_exact_figures(at: datetime) -> None:
    with db.unit_of_work() as session:
        here = make_location(session)
        variants = [make_variant(session, stock_at={here: 6}) for _ in range(3)]

    def act(seed: int) -> str:
        chance = random.Random(seed)
        order_id = chance.randrange(1, 21)
        with db.unit_of_work() as session:
            match chance.choice(["reserve", "reserve", "commit", "release"]):
                case "commit":
                    stock.commit(session, order_id, at=at, by=BY)
                case "release":
                    stock.release(session, order_id, at=at, by=BY)
                case _:
                    some = chance.sample(variants, chance.randrange(1, 4))
                    stock.reserve(
                        session,
                        order_id + seed * 100,
                        [Demand(variant, chance.randrange(1, 3)) for variant in some],
                        expires_at=at,
                        at=at,
                        by=BY,
                    )
                    if chance.random() < 0.5:
                        stock.release(session, order_id + seed * 100, at=at, by=BY)
        return "done"

    for round_ in range(5):
        outcomes = together([partial(act, round_ * 10 + n) for n in range(10)])
        unexpected = [o for o in outcomes if o != "done" and not isinstance(o, OutOfStock)]
        assert unexpected == []
    with db.reading() as session:
        assert check(session) == []


def test_a5_one_hold_is_ended_once_by_many_who_try(at: datetime) -> None:
    with db.unit_of_work() as session:
        variant = make_variant(session)
        level = stock_up(session, variant, make_location(session), 5)
    buy(71, [Demand(variant, 2)], at)

    def end(number: int) -> int:
        with db.unit_of_work() as session:
            if number % 2:
                return stock.release(session, 71, at=at, by=BY)
            try:
                return stock.commit(session, 71, at=at, by=BY)
            except stock.HoldGone:
                return 0

    assert sorted(map(str, together([partial(end, n) for n in range(10)]))) == ["0"] * 9 + ["1"]
    with db.reading() as session:
        assert figures(session, level) in {(5, 2, 0, 0), (5, 0, 0, 0)}
        assert session.scalar(select(func.count()).select_from(StockReservation)) == 1


def test_a6_carts_in_opposite_order_never_deadlock(at: datetime) -> None:
    with db.unit_of_work() as session:
        here = make_location(session)
        first, second = (make_variant(session) for _ in range(2))
        levels = [stock_up(session, variant, here, 1000) for variant in (second, first)]

    def shop(buyer: int) -> str:
        order = [first, second] if buyer % 2 else [second, first]
        for n in range(50):
            buy(buyer * 1000 + n, [Demand(variant, 1) for variant in order], at)
        return "done"

    assert together([partial(shop, buyer) for buyer in range(1, 5)]) == ["done"] * 4
    with db.reading() as session:
        assert [figures(session, level) for level in levels] == [(1000, 0, 200, 0)] * 2
