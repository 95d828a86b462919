"""Refunds in any grouping add up to what was paid (D3), and no unit returns to the shelf twice (A11)."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from shop.aftersales import cancel as canceling
from shop.catalog import stock_check
from shop.fulfillment import hand_over
from shop.kernel.db import reading, unit_of_work
from shop.kernel.errors import ShopError
from shop.orders import correct
from shop.payments import refunds
from shop.payments.models import Refund
from shop.payments.refunds import TooMuch, Units, Wanted
from tests.factories import catalog, sales
from tests.installation import Installation

BY = "account:7"
SLOW = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def refund(order_id: int, **wanted: Any) -> None:
    with unit_of_work() as session:
        refunds.reserve(session, order_id, Wanted(**wanted), by=BY, at=sales.now())


def ship(order_id: int, line_id: int, units: int) -> None:
    with unit_of_work() as session:
        hand_over.ship(
            session, order_id, {line_id: units}, carrier="", tracking_number="", by=BY,
            at=sales.now(),
        )  # fmt: skip


def cancel(order_id: int) -> None:
    with unit_of_work() as session:
        canceling.cancel(session, order_id, by=BY, at=sales.now())


def figures(line: sales.OrderLine) -> tuple[int, int, int, int]:
    with reading() as session:
        return catalog.figures(session, line.stock_level_id or 0)


class TestRefundsByUnits:
    @SLOW
    @given(
        lines=st.lists(st.tuples(st.integers(1, 7), st.integers(1, 9_999)), min_size=1, max_size=3),
        shuffle=st.randoms(use_true_random=False),
    )
    def test_any_grouping_and_order_ends_refunded_to_the_cent(
        self, shop: Installation, lines: list[tuple[int, int]], shuffle: Any
    ) -> None:
        """D3: prices that no tax rate divides evenly, units given back one parcel at a time."""
        wants = {sales.stocked(10, amount=amount): units for units, amount in lines}
        order_id = sales.prepared(wants) if _is_payable(lines) else None
        if order_id is None:
            return
        sales.pay(shop, order_id)
        units = [line.id for line in sales.lines(order_id) for _unit in range(line.quantity)]
        shuffle.shuffle(units)
        while units:
            taken = shuffle.randint(1, len(units))
            some, units = units[:taken], units[taken:]
            refund(order_id, lines=[Units(one, some.count(one)) for one in sorted(set(some))])

        order = sales.order(order_id)
        assert order.payment_status == "refunded"
        assert order.refunded_amount == order.captured_amount == order.total_amount
        for line in sales.lines(order_id):
            assert line.refunded_amount == line.base_amount + line.tax_amount
            assert line.refunded_base_amount == line.base_amount

    def test_goodwill_on_the_way_leaves_less_for_the_units(self, shop: Installation) -> None:
        order_id = sales.placed(shop, {sales.stocked(amount=1000): 3})
        line = sales.lines(order_id)[0]
        refund(order_id, goodwill_amount=500, goodwill_spread=True)
        refund(order_id, lines=[Units(line.id, 2)])
        refund(order_id, lines=[Units(line.id, 1)])

        order = sales.order(order_id)
        assert order.payment_status == "refunded"
        assert order.refunded_amount == 3000

    def test_more_than_was_paid_never_goes_back(self, shop: Installation) -> None:
        order_id = sales.placed(shop, {sales.stocked(amount=1000): 1})
        line_id = sales.lines(order_id)[0].id
        refund(order_id, lines=[Units(line_id, 1)])

        for wanted in (
            {"lines": [Units(line_id, 1)]},
            {"goodwill_amount": 1},
            {"shipping_amount": 1},
        ):
            with pytest.raises(TooMuch):
                refund(order_id, **wanted)

    def test_shipping_goes_back_once(self, shop: Installation) -> None:
        sales.shipping_costs(800)
        order_id = sales.placed(shop, {sales.stocked(amount=1000): 1})
        refund(order_id, shipping_amount=300)
        refund(order_id, shipping_amount=500)

        with pytest.raises(TooMuch):
            refund(order_id, shipping_amount=1)


class TestShelves:
    @SLOW
    @given(
        acts=st.lists(
            st.one_of(
                st.tuples(st.just("refund"), st.integers(1, 3)),
                st.tuples(st.just("ship"), st.integers(1, 3)),
                st.tuples(st.just("cancel"), st.just(0)),
            ),
            max_size=7,
        )
    )
    def test_whatever_is_refunded_shipped_and_canceled_no_unit_returns_twice(
        self, shop: Installation, acts: list[tuple[str, int]]
    ) -> None:
        """A11: sold = left the shelf + went back to it + still waits, after every sequence."""
        order_id = sales.placed(shop, {sales.stocked(10): 5})
        for act, units in acts:
            line = sales.lines(order_id)[0]
            try:
                if act == "refund":
                    refund(order_id, lines=[Units(line.id, units)])
                elif act == "ship":
                    ship(order_id, line.id, units)
                else:
                    cancel(order_id)
            except ShopError:
                continue
        line = sales.lines(order_id)[0]
        on_hand, committed, reserved, _unavailable = figures(line)
        assert on_hand == 10 - line.fulfilled_count
        assert committed == 5 - line.fulfilled_count - line.canceled_count
        assert reserved == 0
        assert line.canceled_count <= 5
        with reading() as session:
            assert stock_check.check(session) == []

    def test_money_for_an_order_that_was_never_placed_takes_no_goods_of_others(
        self, shop: Installation
    ) -> None:
        """Paid too late, sold out: the refund must not free what other orders were promised."""
        variant_id = sales.stocked(1)
        late = sales.prepared({variant_id: 1})
        sales.sessions.open_session(late, success_url="http://x/", cancel_url="http://x/")
        session_id = sales.sessions.session_ids(late)[0]
        sales.expire(late)
        other = sales.placed(shop, {variant_id: 1})
        shop.pay(session_id)
        sales.finalise.by_session(session_id)
        assert sales.order(late).task == "paid_but_unfillable"

        refund(late, lines=[Units(sales.lines(late)[0].id, 1)])

        assert sales.order(late).payment_status == "refunded"
        assert figures(sales.lines(other)[0]) == (1, 1, 0, 0)


class TestCorrecting:
    def test_prices_of_a_placed_order_stay_as_they_were(self, shop: Installation) -> None:
        """D8: the rate, the price list and the address change; the order does not."""
        sales.shipping_costs(800)
        variant_id = sales.stocked(amount=1000)
        order_id = sales.placed(shop, {variant_id: 2})
        before = [
            (line.unit_price_amount, line.line_amount, line.tax_amount, line.base_amount)
            for line in sales.lines(order_id)
        ]
        total = sales.order(order_id).total_amount
        with unit_of_work() as session:
            session.execute(sales.update(catalog.Price).values(amount=9_999))
            session.execute(sales.update(sales.ShippingRate).values(amount=9_999))
            correct.contact(session, order_id, {"city": "宁波市"}, by=BY, at=sales.now())

        assert sales.order(order_id).total_amount == total
        assert before == [
            (line.unit_price_amount, line.line_amount, line.tax_amount, line.base_amount)
            for line in sales.lines(order_id)
        ]


def _is_payable(lines: list[tuple[int, int]]) -> bool:
    return sum(units * amount for units, amount in lines) >= 400


def test_each_refund_is_sent_once(shop: Installation) -> None:
    order_id = sales.placed(shop, {sales.stocked(amount=1000): 2})
    refund(order_id, lines=[Units(sales.lines(order_id)[0].id, 1)])
    shop.settle()
    shop.settle()

    with reading() as session:
        assert session.scalars(select(Refund.status)).all() == ["succeeded"]
