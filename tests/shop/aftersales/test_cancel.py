"""Canceling a paid order: goods back on the shelf once, money back in full, never after a hand-over."""

from collections import Counter
from functools import partial

import pytest
from sqlalchemy import func, select

from shop.aftersales import cancel as canceling
from shop.catalog import stock_check
from shop.catalog.models import StockLevel
from shop.fulfillment import hand_over
from shop.fulfillment.models import PickupTicket
from shop.kernel.db import reading, unit_of_work
from shop.kernel.errors import ShopError
from shop.orders.errors import AlreadyHandedOver, NotCancelable
from shop.orders.models import OrderEvent
from shop.payments import refunds
from shop.payments.models import Refund
from shop.payments.refunds import Units, Wanted
from tests.factories import catalog, sales
from tests.installation import Installation
from tests.races import won

BY = "account:7"


def cancel(order_id: int) -> bool:
    with unit_of_work() as session:
        return canceling.cancel(session, order_id, by=BY, at=sales.now())


def refund(order_id: int, **wanted: object) -> None:
    with unit_of_work() as session:
        refunds.reserve(session, order_id, Wanted(**wanted), by=BY, at=sales.now())  # type: ignore[arg-type]


def ship(order_id: int, units: int = 1) -> int:
    line = sales.lines(order_id)[0]
    with unit_of_work() as session:
        return hand_over.ship(
            session, order_id, {line.id: units}, carrier="SF", tracking_number="1", by=BY,
            at=sales.now(),
        )  # fmt: skip


def shelf(order_id: int) -> tuple[int, int, int, int]:
    level_id = sales.lines(order_id)[0].stock_level_id
    assert level_id is not None
    with reading() as session:
        return catalog.figures(session, level_id)


def shelves_agree() -> bool:
    with reading() as session:
        return stock_check.check(session) == []


class TestCancel:
    def test_all_units_return_to_the_shelf_and_all_money_to_the_buyer(
        self, shop: Installation
    ) -> None:
        sales.shipping_costs(800)
        order_id = sales.placed(shop, {sales.stocked(10): 3})
        assert shelf(order_id) == (10, 3, 0, 0)

        assert cancel(order_id)
        shop.settle()

        order = sales.order(order_id)
        assert (order.status, order.payment_status) == ("canceled", "refunded")
        assert order.fulfillment_status == "canceled"
        assert order.refunded_amount == order.captured_amount == order.total_amount
        assert shelf(order_id) == (10, 0, 0, 0)
        assert shelves_agree()

    def test_doing_it_again_changes_nothing(self, shop: Installation) -> None:
        order_id = sales.placed(shop, {sales.stocked(10): 3})

        assert [cancel(order_id) for _ in range(3)] == [True, False, False]

        with reading() as session:
            assert session.scalar(select(func.count()).select_from(Refund)) == 1
        assert shelf(order_id) == (10, 0, 0, 0)

    def test_it_is_refused_once_anything_has_left(self, shop: Installation) -> None:
        order_id = sales.placed(shop, {sales.stocked(10): 3})
        ship(order_id)

        with pytest.raises(AlreadyHandedOver):
            cancel(order_id)

        assert sales.order(order_id).status == "placed"
        assert shelf(order_id) == (9, 2, 0, 0)

    def test_an_order_that_was_never_paid_is_not_its_business(self, shop: Installation) -> None:
        order_id = sales.prepared({sales.stocked(10): 1})

        with pytest.raises(NotCancelable):
            cancel(order_id)

    def test_units_refunded_before_are_neither_restocked_nor_paid_twice(
        self, shop: Installation
    ) -> None:
        order_id = sales.placed(shop, {sales.stocked(10, amount=333): 3})
        refund(order_id, lines=[Units(sales.lines(order_id)[0].id, 1)])

        assert cancel(order_id)

        order = sales.order(order_id)
        assert order.refunded_amount == order.total_amount == 999
        assert order.payment_status == "refunded"
        assert shelf(order_id) == (10, 0, 0, 0)
        assert shelves_agree()

    def test_goodwill_given_before_is_not_given_again(self, shop: Installation) -> None:
        order_id = sales.placed(shop, {sales.stocked(10): 2})
        refund(order_id, goodwill_amount=150)

        assert cancel(order_id)

        order = sales.order(order_id)
        assert order.refunded_amount == order.captured_amount
        assert order.payment_status == "refunded"
        line = sales.lines(order_id)[0]
        assert line.refunded_base_amount == line.base_amount  # commissions go back in full

    def test_what_was_paid_twice_goes_back_as_well(self, shop: Installation) -> None:
        order_id = sales.placed(shop, {sales.stocked(10): 2})
        sales.pay_twice(shop, order_id)
        assert sales.order(order_id).payment_status == "overcharged"

        assert cancel(order_id)
        shop.settle()

        order = sales.order(order_id)
        assert order.captured_amount == 2 * order.total_amount
        assert order.refunded_amount == order.captured_amount
        assert order.payment_status == "refunded"

    def test_a_free_order_has_nothing_to_give_back(self, shop: Installation) -> None:
        order_id = sales.placed(shop, {sales.stocked(10, amount=0): 1})

        assert cancel(order_id)

        assert sales.order(order_id).status == "canceled"
        assert shelf(order_id) == (10, 0, 0, 0)

    def test_nothing_waits_at_the_counter_any_more(self, shop: Installation) -> None:
        place, variant_id = sales.counter(), sales.stocked(1)
        with unit_of_work() as session:
            catalog.stock_up(session, variant_id, place, 5)
        order_id = sales.placed(shop, {variant_id: 2}, collect_at=place)

        assert cancel(order_id)

        with reading() as session:
            assert session.scalars(select(PickupTicket.status)).all() == ["canceled"]

    def test_the_timeline_says_who_and_why(self, shop: Installation) -> None:
        order_id = sales.placed(shop, {sales.stocked(10): 1})
        cancel(order_id)

        with reading() as session:
            event = session.scalars(select(OrderEvent).where(OrderEvent.kind == "canceled")).one()
        assert (event.by, event.values["reason"]) == (BY, "canceled_by_brand")


class TestAtTheSameMoment:
    def test_a_shipment_and_a_cancellation_never_both_win(self, shop: Installation) -> None:
        variant_id = sales.stocked(100)
        for _round in range(6):
            order_id = sales.placed(shop, {variant_id: 2})

            outcomes = won(
                [partial(ship, order_id, 2), partial(cancel, order_id)], refusal=ShopError
            )

            order, line = sales.order(order_id), sales.lines(order_id)[0]
            assert sum(outcomes) == 1
            assert (order.status == "canceled") == (line.fulfilled_count == 0)
            assert line.fulfilled_count + line.canceled_count == 2
        assert shelves_agree()

    def test_ten_cancellations_give_back_once(self, shop: Installation) -> None:
        order_id = sales.placed(shop, {sales.stocked(10): 2})

        won([lambda: cancel(order_id)] * 10, refusal=ShopError)

        order = sales.order(order_id)
        assert order.refunded_amount == order.total_amount
        assert shelf(order_id) == (10, 0, 0, 0)
        with reading() as session:
            kinds = Counter(session.scalars(select(OrderEvent.kind)))
        assert kinds["canceled"] == 1

    def test_a_refund_and_a_cancellation_give_back_no_more_than_was_paid(
        self, shop: Installation
    ) -> None:
        order_id = sales.placed(shop, {sales.stocked(10, amount=333): 3})
        line_id = sales.lines(order_id)[0].id

        won(
            [lambda: refund(order_id, lines=[Units(line_id, 2)]), lambda: cancel(order_id)],
            refusal=ShopError,
        )

        order = sales.order(order_id)
        assert order.status == "canceled"
        assert order.refunded_amount == order.total_amount == 999
        assert shelf(order_id) == (10, 0, 0, 0)
        assert shelves_agree()


def test_levels_exist_for_what_was_sold(shop: Installation) -> None:
    sales.placed(shop, {sales.stocked(4): 1})

    with reading() as session:
        assert session.scalar(select(StockLevel.committed)) == 1
