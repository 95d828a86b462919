"""D8: staff change how an old order is delivered; what was bought and paid does not change."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from shop.catalog import stock_check
from shop.catalog.stock import OutOfStock
from shop.fulfillment import hand_over, pickup, rerouting
from shop.fulfillment.errors import NothingLeft, NotPaid
from shop.fulfillment.models import PickupTicket
from shop.kernel import audit
from shop.kernel.db import reading, unit_of_work
from shop.kernel.errors import Conflict, Invalid, ShopError
from shop.network.models import PointKind
from shop.payments import refunds
from shop.payments.refunds import Wanted
from tests.factories import catalog, network, sales
from tests.installation import Installation
from tests.races import won
from tests.shop.notifications.mailbox import messages_to

BY = "account:7"


class Store:
    """A store point with its counter, where `units` of a variant stand."""

    def __init__(self, variant_id: int, units: int = 5) -> None:
        self.point = network.point("西湖店", kind=PointKind.STORE)
        self.place = sales.counter(self.point, code=f"counter-{self.point}")
        self.variant = variant_id
        with unit_of_work() as session:
            catalog.stock_up(session, variant_id, self.place, units)


def reroute(order_id: int, to: int | None, *line_ids: int) -> None:
    chosen = line_ids or tuple(line.id for line in sales.lines(order_id))
    with unit_of_work() as session:
        rerouting.reroute(session, order_id, chosen, to=to, by=BY, at=sales.now())


def tickets(order_id: int) -> list[tuple[int, str]]:
    with reading() as session:
        rows = session.execute(
            select(PickupTicket.location_id, PickupTicket.status)
            .where(PickupTicket.order_id == order_id)
            .order_by(PickupTicket.id)
        )
        return [(row[0], row[1]) for row in rows]


def figures(level_id: int | None) -> tuple[int, int, int, int]:
    with reading() as session:
        return catalog.figures(session, level_id or 0)


def money(thing: Any) -> dict[str, Any]:
    """Every amount that a row holds."""
    return {name: value for name, value in vars(thing).items() if name.endswith("_amount")}


def bought(order_id: int) -> list[dict[str, Any]]:
    return [money(sales.order(order_id)), *map(money, sales.lines(order_id))]


@pytest.fixture
def everything_gets_dearer() -> Callable[[], None]:
    """Price list, shipping rate and tax are not what they were."""

    def change() -> None:
        with unit_of_work() as session:
            session.execute(sales.update(catalog.Price).values(amount=9_999))
            session.execute(sales.update(sales.ShippingRate).values(amount=9_999))
            session.execute(sales.update(catalog.TaxRate).values(rate_bps=2_500))

    return change


class TestD8:
    def test_items_and_discounts_stay_when_the_shipping_is_edited(
        self, shop: Installation, everything_gets_dearer: Callable[[], None]
    ) -> None:
        sales.shipping_costs(800)
        variant_id = sales.stocked(amount=1234)
        store = Store(variant_id)
        order_id = sales.placed(shop, {variant_id: 3})
        before = bought(order_id)
        everything_gets_dearer()

        reroute(order_id, store.place)
        assert bought(order_id) == before
        reroute(order_id, None)
        assert bought(order_id) == before

        with unit_of_work() as session:
            refunds.reserve(session, order_id, Wanted(shipping_amount=800), by=BY, at=sales.now())
        changed = {"refunded_amount", "granted_amount"}
        order, *lines = bought(order_id)
        assert lines == before[1:]
        assert {name: order[name] for name in order if name not in changed} == {
            name: before[0][name] for name in order if name not in changed
        }
        assert order["refunded_amount"] == 800


class TestCollectedInstead:
    def test_the_counter_promises_the_goods_and_hands_them_out(self, shop: Installation) -> None:
        variant_id = sales.stocked(4)
        store = Store(variant_id)
        order_id = sales.placed(shop, {variant_id: 2})
        warehouse = sales.lines(order_id)[0].stock_level_id

        reroute(order_id, store.place)

        (line,) = sales.lines(order_id)
        assert (line.delivery, line.location_id) == ("pickup", store.place)
        assert figures(warehouse)[:2] == (4, 0)
        assert figures(line.stock_level_id)[:2] == (5, 2)
        assert tickets(order_id) == [(store.place, "waiting")]
        assert sales.order(order_id).picks_up
        with unit_of_work() as session:
            (one,) = pickup.waiting_at(session, store.point)
            pickup.hand_out(
                session, one.ticket_id, store.point, {line.id: 2}, by=BY, at=sales.now()
            )
        assert figures(line.stock_level_id)[:2] == (3, 0)
        assert sales.order(order_id).fulfillment_status == "delivered"
        with reading() as session:
            assert stock_check.check(session) == []
            assert audit.page(session, action="order.rerouted").items[0].by == BY

    def test_there_and_back_and_there_again_gives_a_new_code(self, shop: Installation) -> None:
        variant_id = sales.stocked(4)
        store = Store(variant_id)
        order_id = sales.placed(shop, {variant_id: 2}, collect_at=store.place)
        with reading() as session:
            first = session.scalars(select(PickupTicket.code_hash)).one()

        reroute(order_id, None)
        assert tickets(order_id) == [(store.place, "canceled")]
        assert not sales.order(order_id).picks_up
        assert [line.delivery for line in sales.lines(order_id)] == ["shipping"]
        reroute(order_id, store.place)

        assert tickets(order_id) == [(store.place, "waiting")]
        with reading() as session:
            assert session.scalars(select(PickupTicket.code_hash)).one() != first
            assert stock_check.check(session) == []

    def test_one_line_goes_and_the_other_stays(self, shop: Installation) -> None:
        variant_id, other = sales.stocked(4), sales.stocked(4)
        store = Store(variant_id)
        order_id = sales.placed(shop, {variant_id: 1, other: 1})
        moved = next(line for line in sales.lines(order_id) if line.variant_id == variant_id)

        reroute(order_id, store.place, moved.id)

        ways = {line.variant_id: line.delivery for line in sales.lines(order_id)}
        assert ways == {variant_id: "pickup", other: "shipping"}

    def test_goods_that_join_a_ready_ticket_must_be_there_first(self, shop: Installation) -> None:
        variant_id, other = sales.stocked(4), sales.stocked(4)
        store = Store(variant_id)
        with unit_of_work() as session:
            catalog.stock_up(session, other, store.place, 3)
        order_id = sales.placed(shop, {variant_id: 1, other: 1})
        first, second = sales.lines(order_id)
        reroute(order_id, store.place, first.id)
        with unit_of_work() as session:
            (one,) = pickup.waiting_at(session, store.point)
            pickup.mark_ready(session, one.ticket_id, store.point, by=BY, at=sales.now())

        reroute(order_id, store.place, second.id)

        assert tickets(order_id) == [(store.place, "waiting")]


class TestTheBuyer:
    def test_is_told_and_never_called_to_a_counter_where_nothing_waits(
        self, shop: Installation
    ) -> None:
        variant_id = sales.stocked(4)
        store = Store(variant_id)
        contact = {"phone": "", "email": "buyer@example.com"}
        order_id = sales.placed(shop, {variant_id: 1}, contact=contact)
        shop.settle()

        for to in (store.place, None):
            reroute(order_id, to)
            shop.settle()

        by_subject = {
            way: one.body
            for one in messages_to("buyer@example.com")
            for way in ("自提", "配送")
            if way in one.subject
        }
        assert "门店" in by_subject["自提"]
        assert "价格和税不变" in by_subject["配送"]
        page = shop.client().get(f"/orders/{sales.order(order_id).token}").get_data(as_text=True)
        assert "门店" not in page

    def test_hears_that_a_store_ships_and_not_that_somebody_collected(
        self, shop: Installation
    ) -> None:
        variant_id = sales.stocked(0)
        store = Store(variant_id)
        with unit_of_work() as session:
            session.execute(sales.update(catalog.Location).values(ships=True))
        contact = {"phone": "", "email": "buyer@example.com"}
        order_id = sales.placed(shop, {variant_id: 1}, contact=contact)
        (line,) = sales.lines(order_id)
        assert line.location_id == store.place

        with unit_of_work() as session:
            hand_over.ship(
                session, order_id, {line.id: 1}, carrier="", tracking_number="", by=BY,
                at=sales.now(),
            )  # fmt: skip
        shop.settle()

        bodies = " ".join(one.body for one in messages_to("buyer@example.com"))
        assert "交给快递" in bodies
        assert "柜台" not in bodies


class TestRefused:
    def refused(self, order_id: int, to: int | None, refusal: type[ShopError]) -> None:
        before, lines = bought(order_id), [line.delivery for line in sales.lines(order_id)]
        with pytest.raises(refusal):
            reroute(order_id, to)
        assert (bought(order_id), [line.delivery for line in sales.lines(order_id)]) == (
            before,
            lines,
        )
        with reading() as session:
            assert stock_check.check(session) == []

    def test_what_does_not_do(self, shop: Installation) -> None:
        variant_id = sales.stocked(10)
        store, empty = Store(variant_id), Store(variant_id, units=0)
        paid = sales.placed(shop, {variant_id: 2})
        self.refused(paid, empty.place, OutOfStock)
        self.refused(paid, 77, Invalid)
        self.refused(paid, None, Conflict)
        self.refused(sales.prepared({variant_id: 1}), store.place, NotPaid)

    def test_what_has_left(self, shop: Installation) -> None:
        variant_id = sales.stocked(10)
        store = Store(variant_id)
        order_id = sales.placed(shop, {variant_id: 2})
        line = sales.lines(order_id)[0]
        with unit_of_work() as session:
            hand_over.ship(
                session, order_id, {line.id: 1}, carrier="", tracking_number="", by=BY,
                at=sales.now(),
            )  # fmt: skip

        self.refused(order_id, store.place, NothingLeft)

    def test_shipping_without_an_address(self, shop: Installation) -> None:
        variant_id = sales.stocked(4)
        store = Store(variant_id)
        contact = {"address": "", "province": "", "city": "", "district": ""}
        order_id = sales.placed(shop, {variant_id: 1}, collect_at=store.place, contact=contact)

        self.refused(order_id, None, Invalid)


def test_the_last_units_of_a_counter_are_promised_once(shop: Installation) -> None:
    """Without the condition of `promise_elsewhere` this fails on PostgreSQL."""
    variant_id = sales.stocked(10)
    store = Store(variant_id, units=2)
    orders = [sales.placed(shop, {variant_id: 1}) for _ in range(4)]

    went = won([partial(reroute, one, store.place) for one in orders], refusal=OutOfStock)

    assert went.count(True) == 2
    with reading() as session:
        assert stock_check.check(session) == []
