"""Goods leave the shelf: only what waits, only if it is paid, and never twice."""

import threading

import pytest

from shop.catalog import stock_check
from shop.fulfillment import hand_over
from shop.fulfillment.errors import NothingLeft, NotPaid
from shop.kernel import clock
from shop.kernel.db import reading, unit_of_work
from shop.kernel.errors import ShopError
from shop.payments import refunds
from shop.payments.refunds import Units, Wanted
from tests.factories import sales
from tests.installation import Installation

BY = "account:1"


def ship(order_id: int, units: dict[int, int]) -> int:
    with unit_of_work() as session:
        return hand_over.ship(
            session, order_id, units, carrier=" SF ", tracking_number=" 1 ", by=BY, at=clock.now()
        )


def refund(order_id: int, line_id: int, units: int) -> None:
    with unit_of_work() as session:
        wanted = Wanted(lines=[Units(line_id, units)])
        refunds.reserve(session, order_id, wanted, by=BY, at=clock.now())


def test_an_unpaid_order_stays_on_the_shelf(shop: Installation) -> None:
    order_id = sales.prepared({sales.stocked(): 1})

    with pytest.raises(NotPaid):
        ship(order_id, {sales.lines(order_id)[0].id: 1})


def test_lines_of_another_order_are_not_shipped(shop: Installation) -> None:
    variant_id = sales.stocked()
    mine, other = (sales.placed(shop, {variant_id: 1}) for _ in range(2))

    with pytest.raises(NothingLeft):
        ship(mine, {sales.lines(other)[0].id: 1})


@pytest.mark.parametrize("units", [0, -1, 4])
def test_a_parcel_holds_what_waits_and_at_least_something(shop: Installation, units: int) -> None:
    order_id = sales.placed(shop, {sales.stocked(): 3})

    with pytest.raises(NothingLeft):
        ship(order_id, {sales.lines(order_id)[0].id: units})


def test_delivered_twice_counts_once(shop: Installation) -> None:
    order_id = sales.placed(shop, {sales.stocked(): 2})
    parcel = ship(order_id, {sales.lines(order_id)[0].id: 2})
    for expected in (True, False):
        with unit_of_work() as session:
            assert hand_over.deliver(session, parcel, by=BY, at=clock.now()) is expected

    assert sales.lines(order_id)[0].delivered_count == 2
    assert sales.order(order_id).fulfillment_status == "delivered"


def test_shipping_and_refunding_the_same_units_at_once_neither_hangs_nor_loses_any(
    shop: Installation,
) -> None:
    """Hand-overs win lines first and refunds the order first: with turns nobody waits in a circle."""
    variant_a, variant_b = sales.stocked(400), sales.stocked(400)
    crashed: list[BaseException] = []
    for _round in range(5):
        order_id = sales.placed(shop, {variant_a: 4, variant_b: 4})
        first, second = (line.id for line in sales.lines(order_id))
        barrier = threading.Barrier(4)

        def run(act: object, order: int, *units: object, wait: threading.Barrier = barrier) -> None:
            wait.wait()
            try:
                act(order, *units)  # type: ignore[operator]
            except ShopError:
                pass
            except BaseException as error:
                crashed.append(error)

        threads = [
            threading.Thread(target=run, args=(ship, order_id, {first: 2, second: 1})),
            threading.Thread(target=run, args=(ship, order_id, {second: 2})),
            threading.Thread(target=run, args=(refund, order_id, second, 2)),
            threading.Thread(target=run, args=(refund, order_id, first, 1)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for line in sales.lines(order_id):
            assert line.fulfilled_count + line.canceled_count <= 4
    assert crashed == []
    with reading() as session:
        assert stock_check.check(session) == []
