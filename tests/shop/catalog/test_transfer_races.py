"""Several people who move the same goods, while others buy them: nothing is moved or sold twice.

Each guard was removed once to see its test fail: the condition of `levels.change_levels` (last
units, buyers), the sorted order of levels (opposite directions, on PostgreSQL; SQLite has one
writer), the key of movements (one form many times).
"""

from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from shop.catalog import stock
from shop.catalog.models import Product, StockLevel
from shop.catalog.stock import Demand, OutOfStock
from shop.catalog.stock_check import check
from shop.catalog.transfers import TooFewFree, transfer
from shop.kernel import db
from tests.factories.catalog import BY, figures, make_location, make_variant, stock_up
from tests.races import together, won

pytestmark = pytest.mark.usefixtures("database")


def move(level: int, units: int, to: int, key: str, at: datetime) -> bool:
    with db.unit_of_work() as session:
        return transfer(session, level, units, to_location_id=to, reason_id=key, by=BY, at=at)


def test_the_last_units_go_to_as_many_as_there_are(at: datetime) -> None:
    with db.unit_of_work() as session:
        here, *others = (make_location(session, code) for code in ("here", "b", "c"))
        variant = make_variant(session)
        level = stock_up(session, variant, here, 3)

    moves = [partial(move, level, 1, others[n % 2], f"form:{n}", at) for n in range(12)]

    assert sum(won(moves, refusal=TooFewFree)) == 3
    with db.reading() as session:
        assert figures(session, level) == (0, 0, 0, 0)
        assert session.scalar(select(func.sum(StockLevel.on_hand))) == 3
        assert session.scalar(select(Product.sellable)) is True
        assert check(session) == []


def test_whoever_buys_and_whoever_moves_never_get_the_same_unit(at: datetime) -> None:
    """The units go to a place that does not ship, so that nobody can buy them there."""
    with db.unit_of_work() as session:
        here, store = make_location(session, "here"), make_location(session, "b", ships=False)
        variant = make_variant(session)
        level = stock_up(session, variant, here, 5)

    def buy(order_id: int) -> bool:
        with db.unit_of_work() as session:
            stock.reserve(
                session,
                order_id,
                [Demand(variant, 1)],
                expires_at=at + timedelta(minutes=35),
                at=at,
                by=BY,
            )
        return True

    outcomes = together(
        [partial(buy, n) for n in range(1, 9)]
        + [partial(move, level, 1, store, f"form:{n}", at) for n in range(8)]
    )

    assert outcomes.count(True) == 5
    refused = [one for one in outcomes if one is not True]
    assert all(isinstance(one, OutOfStock | TooFewFree) for one in refused), refused
    with db.reading() as session:
        on_hand, _committed, reserved, _unavailable = figures(session, level)
        assert on_hand == reserved
        assert check(session) == []


def test_opposite_directions_never_deadlock(at: datetime) -> None:
    with db.unit_of_work() as session:
        here, there = make_location(session, "a"), make_location(session, "b")
        variant = make_variant(session)
        ends = [stock_up(session, variant, place, 500) for place in (here, there)]

    def carry(person: int) -> str:
        level, to = (ends[0], there) if person % 2 else (ends[1], here)
        for n in range(40):
            move(level, 1, to, f"form:{person}:{n}", at)
        return "done"

    assert together([partial(carry, person) for person in range(4)]) == ["done"] * 4
    with db.reading() as session:
        assert [figures(session, level) for level in ends] == [(500, 0, 0, 0)] * 2


def test_one_form_sent_by_many_at_once_moves_once(at: datetime) -> None:
    with db.unit_of_work() as session:
        here, there = make_location(session, "a"), make_location(session, "b")
        level = stock_up(session, make_variant(session), here, 50)

    outcomes = together([partial(move, level, 5, there, "form:1", at) for _ in range(10)])

    assert sorted(map(str, outcomes)) == ["False"] * 9 + ["True"]
    with db.reading() as session:
        assert figures(session, level) == (45, 0, 0, 0)
