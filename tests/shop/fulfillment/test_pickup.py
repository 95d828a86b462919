"""The counter: a code works once and only there (G5), and sees little of the buyer (E2)."""

from collections.abc import Callable
from functools import partial

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from shop.accounts import demo_people, register
from shop.aftersales import cancel
from shop.catalog import stock_check
from shop.fulfillment import pickup
from shop.fulfillment import queries as fulfillments
from shop.fulfillment.errors import AlreadyCollected, NoSuchTicket
from shop.fulfillment.models import Fulfillment
from shop.kernel import clock
from shop.kernel.db import reading, unit_of_work
from shop.kernel.errors import ShopError
from shop.kernel.jobs import OutboxJob
from shop.network import points
from shop.network.models import PointKind, PointRole
from shop.orders.models import OrderEvent
from tests.factories import catalog, network, sales
from tests.installation import Installation
from tests.races import won
from tests.shop.notifications.mailbox import messages_to


class Counter:
    """A store point with its counter and an order that waits there."""

    def __init__(self, shop: Installation, units: int = 2) -> None:
        self.point = network.point("西湖店", kind=PointKind.STORE)
        place = sales.counter(self.point, code=f"counter-{self.point}")
        variant_id = sales.stocked(1)
        with unit_of_work() as session:
            catalog.stock_up(session, variant_id, place, 20)
        self.order = sales.placed(
            shop, {variant_id: units}, collect_at=place,
            contact={"name": "欧阳修", "phone": "13812345678", "email": "buyer@example.com"},
        )  # fmt: skip
        with reading() as session:
            (one,) = fulfillments.tickets_of(session, self.order)
        self.ticket, self.code = one.ticket.id, one.code

    def hand_out(self, clerk: str, units: int = 2) -> int:
        line = sales.lines(self.order)[0]
        with unit_of_work() as session:
            return pickup.hand_out(
                session, self.ticket, self.point, {line.id: units}, by=clerk, at=clock.now()
            )


class TestTheCode:
    def test_two_clerks_who_scan_at_once_hand_over_once(self, shop: Installation) -> None:
        """G5: whatever the timing, one hand-over, and the shelf agrees."""
        for _round in range(4):
            counter = Counter(shop)
            clerks = [partial(counter.hand_out, f"account:{number}") for number in range(1, 6)]

            assert sum(won(clerks, refusal=ShopError)) == 1
            line = sales.lines(counter.order)[0]
            assert (line.fulfilled_count, line.delivered_count) == (2, 2)
        with reading() as session:
            assert session.scalar(select(func.count()).select_from(Fulfillment)) == 4
            assert stock_check.check(session) == []

    def test_the_second_scan_says_who_and_when(self, shop: Installation) -> None:
        counter = Counter(shop)
        counter.hand_out("account:5")

        with reading() as session, pytest.raises(AlreadyCollected) as refused:
            pickup.find(session, counter.code, counter.point)

        assert (refused.value.used_by, refused.value.used_at) == ("account:5", clock.now())

    def test_another_counter_does_not_know_it(self, shop: Installation) -> None:
        counter, other = Counter(shop), network.point("Other", kind=PointKind.STORE)

        with reading() as session, pytest.raises(NoSuchTicket):
            pickup.find(session, counter.code, other)

    def test_half_now_and_half_later(self, shop: Installation) -> None:
        counter = Counter(shop, units=3)
        counter.hand_out("account:5", units=1)

        with reading() as session:
            left = pickup.find(session, counter.code, counter.point)
        assert [line.fulfilled_count for line in left.lines] == [1]
        counter.hand_out("account:6", units=2)
        assert sales.order(counter.order).fulfillment_status == "delivered"

    def test_more_than_waits_is_not_handed_out(self, shop: Installation) -> None:
        counter = Counter(shop)

        with pytest.raises(ShopError):
            counter.hand_out("account:5", units=3)

        assert sales.lines(counter.order)[0].fulfilled_count == 0

    def test_a_cancellation_at_the_same_moment_leaves_one_truth(self, shop: Installation) -> None:
        for _round in range(4):
            counter = Counter(shop)

            def call_off(order_id: int = counter.order) -> None:
                with unit_of_work() as session:
                    cancel.cancel(session, order_id, by="account:9", at=clock.now())

            acts: list[Callable[[], object]] = [partial(counter.hand_out, "account:1"), call_off]

            assert sum(won(acts, refusal=ShopError)) == 1
            canceled = sales.order(counter.order).status == "canceled"
            assert canceled == (sales.lines(counter.order)[0].fulfilled_count == 0)


class TestWhatTheCounterSees:
    def clerk(self, shop: Installation, counter: Counter) -> FlaskClient:
        with unit_of_work() as session:
            person = register.with_contact(
                session, demo_people.email_of("clerk"), name="Clerk", locale="en", at=clock.now()
            )
            points.join(session, counter.point, person.id, PointRole.CLERK, at=clock.now())
        client = shop.client()
        client.post("/sign-in/demo", data={"person": "clerk"})
        return client

    def test_the_buyers_name_and_phone_are_masked(self, shop: Installation) -> None:
        counter = Counter(shop)

        page = self.clerk(shop, counter).get(f"/desk/hand-over?code={counter.code}").text

        assert "欧＊＊" in page
        assert "Phone ends in 5678" in page
        for secret in ("欧阳修", "13812345678", "+8613812345678", "buyer@example.com", "文三路"):
            assert secret not in page

    def test_the_list_of_what_waits_is_masked_too(self, shop: Installation) -> None:
        counter = Counter(shop)

        page = self.clerk(shop, counter).get("/desk/hand-over").text

        assert sales.order(counter.order).number in page
        assert "欧阳修" not in page
        assert counter.code not in page


class TestWhatTheBuyerHears:
    def ready(self, counter: Counter) -> bool:
        with unit_of_work() as session:
            return pickup.mark_ready(
                session, counter.ticket, counter.point, by="account:5", at=clock.now()
            )

    def test_the_confirmation_names_the_counter(self, shop: Installation) -> None:
        counter = Counter(shop)
        shop.work()

        (placed,) = messages_to("buyer@example.com")
        assert "门店" in placed.body
        assert counter.code not in placed.body
        assert f"/orders/{sales.order(counter.order).token}" in placed.body

    def test_ready_goods_are_told_once_with_place_and_page(self, shop: Installation) -> None:
        counter = Counter(shop)
        shop.work()

        assert self.ready(counter)
        assert not self.ready(counter)
        shop.work()

        _placed, told = messages_to("buyer@example.com")
        assert sales.order(counter.order).number in told.subject
        assert "门店" in told.body
        assert f"/orders/{sales.order(counter.order).token}" in told.body

    def test_no_code_waits_in_the_queue_or_stands_in_a_message(self, shop: Installation) -> None:
        counter = Counter(shop)
        self.ready(counter)
        with reading() as session:
            queued = str(session.scalars(select(OutboxJob.payload)).all())
        shop.work()

        assert counter.code not in queued
        assert all(
            counter.code not in one.subject + one.body for one in messages_to("buyer@example.com")
        )

    def test_who_has_collected_already_is_not_called(self, shop: Installation) -> None:
        counter = Counter(shop)
        shop.work()
        self.ready(counter)
        counter.hand_out("account:5")
        shop.work()

        assert len(messages_to("buyer@example.com")) == 2  # placed and collected


def test_each_hand_over_stands_on_the_timeline_once(shop: Installation) -> None:
    counter = Counter(shop)
    counter.hand_out("account:5")

    with reading() as session:
        kinds = session.scalars(
            select(OrderEvent.kind).where(OrderEvent.order_id == counter.order)
        ).all()
    assert (kinds.count("collected"), kinds.count("delivered")) == (1, 1)
