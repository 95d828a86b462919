"""Many at once: the last goods, one checkout, one webhook (reference shop §4, groups A and B)."""

import time
from collections import Counter
from functools import partial

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select, text, update

from shop.catalog import stock_check
from shop.catalog.models import StockLevel
from shop.kernel import db
from shop.orders.models import Order, OrderEvent, OrderStatus
from shop.payments import endings, finalise, sums
from shop.payments.models import Payment, PaymentEvent
from shop.sandbox.delivery import deliver_due
from tests.conftest import Clock
from tests.installation import Installation
from tests.races import together
from tests.world import CONTACT, World, build

# Two crowds at once would be more connections than PostgreSQL lets in.
pytestmark = pytest.mark.xdist_group("crowd")

BUYERS = 50
STOCK = 5


def patient_post(client: FlaskClient, form: dict[str, str]) -> int:
    """Post a checkout as a browser does that obeys Retry-After."""
    for _try in range(60):
        answer = client.post("/checkout", data=form)
        if answer.status_code != 503:
            return answer.status_code if "/cart" not in (answer.location or "") else 409
        time.sleep(min(0.2, float(answer.headers["Retry-After"])))
    raise AssertionError("never served")


class TestTheLastGoods:
    def test_fifty_buyers_and_five_jars_make_five_orders(self, installation: Installation) -> None:
        """A1: the locked check decides; nobody pays for what is gone."""
        world = build(installation, honey=STOCK)
        empty_the_counter(world)
        clients = [world.browser() for _buyer in range(BUYERS)]
        for client in clients:
            world.add(client, "honey", slug="anna-shop")
        total = str(world.total_shown(clients[0], dict(CONTACT)))

        outcomes = together(
            [
                lambda client=client: patient_post(  # type: ignore[misc]
                    client, {**CONTACT, "expected_total": total}
                )
                for client in clients
            ]
        )

        assert Counter(outcomes) == {303: STOCK, 409: BUYERS - STOCK}
        assert len(world.orders()) == STOCK
        with db.reading() as session:
            sessions = session.execute(
                select(func.count()).where(Payment.session_id.is_not(None))
            ).scalar_one()
            assert sessions == STOCK  # no Session for those who got nothing
            assert stock_check.check(session) == []

    def test_two_lines_of_one_variant_are_summed(self, installation: Installation) -> None:
        """A3: one and one from two shops against one in stock."""
        world = build(installation, honey=1)
        empty_the_counter(world)
        client = world.browser()
        world.add(client, "honey", slug="anna-shop")
        world.add(client, "honey", slug="bo-shop")

        answer = world.check_out(client, expected_total="999999")

        assert answer.location.endswith("/cart")
        assert world.orders() == []
        page = client.get("/en/cart").get_data(as_text=True)
        assert page.count("Only 1 left") == 2

    def test_a_failed_payment_does_not_block_its_own_buyer(
        self, installation: Installation
    ) -> None:
        """A7: the retry is the next attempt of the same order, with the same hold."""
        world = build(installation, honey=1)
        empty_the_counter(world)
        client = world.browser()
        world.add(client, "honey")
        world.check_out(client)
        order = world.order()
        world.pay(outcome="decline")
        world.installation.settle()

        again = client.post(f"/orders/{order.token}/pay")

        assert again.status_code == 303
        world.pay()
        world.installation.settle()
        assert world.order().payment_status == "paid"
        assert len(world.orders()) == 1

    def test_an_unpaid_hold_comes_back_within_a_minute_of_its_end(
        self, installation: Installation, business_clock: Clock
    ) -> None:
        """A8."""
        world = build(installation, honey=1)
        empty_the_counter(world)
        client = world.browser()
        world.add(client, "honey")
        world.check_out(client)

        business_clock.forward(minutes=36)
        endings.sweep()

        assert world.order().status == "expired"
        assert world.buy("honey").payment_status == "paid"


class TestLateMoney:
    def test_it_places_the_order_if_the_goods_are_there(
        self, installation: Installation, business_clock: Clock
    ) -> None:
        """A9, first half."""
        world = build(installation, honey=1)
        self._pay_too_late(world, business_clock)

        assert world.order(0).status == "placed"

    def test_otherwise_a_person_is_told_and_nothing_is_silent(
        self, installation: Installation, business_clock: Clock
    ) -> None:
        """A9, second half: paid but unfillable."""
        world = build(installation, honey=1)
        empty_the_counter(world)
        self._pay_too_late(world, business_clock, meanwhile=True)

        order = world.order(0)
        assert (order.status, order.task) == ("expired", "paid_but_unfillable")
        page = world.browser().get(f"/en/orders/{order.token}").get_data(as_text=True)
        assert "We will contact you about your money" in page
        tasks = world.signed_in("staff").get("/admin/").get_data(as_text=True)
        assert "Paid but unfillable" in tasks

    def _pay_too_late(self, world: World, clock: Clock, *, meanwhile: bool = False) -> None:
        client = world.browser()
        world.add(client, "honey")
        world.check_out(client)
        first = world.order()
        world.pay(outcome="late_success", method="alipay")
        with db.unit_of_work() as session:  # as after a restore that lost the wait for the money
            session.execute(
                update(Payment).where(Payment.order_id == first.id).values(status="failed")
            )
        clock.forward(minutes=1)
        endings.give_up(first.id, to=OrderStatus.EXPIRED, reason="test", by="test")
        assert world.order(0).status == "expired"
        if meanwhile:
            assert world.buy("honey").payment_status == "paid"
        clock.forward(minutes=5)
        world.installation.settle()


class TestOneCheckout:
    def test_fifty_posts_of_one_cart_are_one_order(self, world: World) -> None:
        """B5: double click, two tabs, an impatient network."""
        first = world.browser()
        world.add(first, "honey")
        form = {**CONTACT, "expected_total": str(world.total_shown(first, dict(CONTACT)))}
        token = first.get_cookie("gs_cart")
        assert token is not None
        tabs = []
        for _tab in range(BUYERS):
            tab = world.browser()
            tab.set_cookie("gs_cart", token.value)
            tabs.append(tab)

        outcomes = together(
            [lambda tab=tab: patient_post(tab, form) for tab in tabs]  # type: ignore[misc]
        )

        assert Counter(outcomes) == {303: BUYERS}
        assert len(world.orders()) == 1
        with db.reading() as session:
            assert session.execute(select(func.count()).select_from(Payment)).scalar_one() == 1


class TestOnePayment:
    def test_return_webhooks_and_sweeper_together_place_it_once(self, world: World) -> None:
        """B1: all callers are content, and there is one of everything."""
        client = world.browser()
        world.add(client, "honey", slug="anna-shop")
        world.check_out(client)
        order = world.order()
        session_id = world.session_of(order.id)
        world.pay()

        def go_back() -> int:
            page = f"/pay/return?session_id={session_id}"
            return world.browser().get(page).status_code

        outcomes = together(
            [go_back] * 5
            + [lambda: finalise.by_session(session_id) and 302] * 5
            + [lambda: endings.poll() or 302] * 2  # type: ignore[func-returns-value]
        )
        world.installation.settle()

        assert Counter(outcomes) == {302: 12}
        assert one_of_everything(order.id)

    def test_fifty_copies_of_one_webhook_have_one_effect(self, world: World) -> None:
        """C1, C4: deduplicated by event id."""
        client = world.browser()
        world.add(client, "honey", slug="anna-shop")
        world.check_out(client)
        order = world.order()
        world.pay()
        posts: list[tuple[str, dict[str, str], bytes]] = []
        deliver_due(
            world.installation.sandbox,
            lambda url, headers, body: posts.append((url, dict(headers), body)) or 200,  # type: ignore[func-returns-value]
            100,
        )
        (completed,) = [one for one in posts if b'"checkout.session.completed"' in one[2]]

        statuses = together([lambda: patient_webhook(world, completed)] * BUYERS)
        world.installation.work()

        assert Counter(statuses) == {200: BUYERS}
        assert one_of_everything(order.id)

    def test_ten_transitions_at_once_leave_one_line_of_history(self, world: World) -> None:
        """B11."""
        client = world.browser()
        world.add(client, "honey")
        world.check_out(client)
        order = world.order()

        outcomes = together(
            [lambda: endings.give_up(order.id, to=OrderStatus.CANCELED, reason="test", by="test")]
            * 10
        )

        assert {str(outcome) for outcome in outcomes} <= {"ended"}
        with db.reading() as session:
            lines = session.execute(
                select(func.count()).where(
                    OrderEvent.order_id == order.id, OrderEvent.kind == "canceled"
                )
            ).scalar_one()
            assert lines == 1
            assert stock_check.check(session) == []


def patient_webhook(world: World, post: tuple[str, dict[str, str], bytes]) -> int:
    """Stripe tries again when the shop is busy."""
    for _try in range(60):
        status = world.installation.post_webhook(*post)
        if status != 503:
            return status
        time.sleep(0.1)
    return 503


def one_of_everything(order_id: int) -> bool:
    """One placed order, one charge, one sale told to the engine, one confirmation."""
    with db.reading() as session:
        order = session.execute(select(Order).where(Order.id == order_id)).scalar_one()
        charges = session.execute(
            select(func.count()).where(PaymentEvent.type == "charge_success")
        ).scalar_one()
        sales = session.execute(text("SELECT count(*) FROM commission_sale")).scalar_one()
        entries = session.execute(text("SELECT count(*) FROM commission_entry")).scalar_one()
        mails = session.execute(
            text("SELECT count(*) FROM outbox_job WHERE name = 'notifications.to_buyer'")
        ).scalar_one()
    assert (order.status, charges, sales, entries, mails) == ("placed", 1, 1, 1, 1)
    return True


class TestManyCharges:
    def test_charges_that_land_at_once_are_all_counted(self, world: World) -> None:
        """Without the turn at the order's row (`sums.store`) each sum misses the others' charge."""
        order = world.buy("honey")
        with db.unit_of_work() as session:
            first = session.scalars(select(Payment)).one()
            columns = [column.name for column in Payment.__table__.columns]
            copies = [
                {name: getattr(first, name) for name in columns}
                | {"id": first.id + n, "attempt": 1 + n, "status": "pending", "captured_amount": 0}
                | {"session_id": f"cs_{n}", "intent_id": f"pi_{n}", "charge_id": f"ch_{n}"}
                for n in range(1, 9)
            ]
            session.execute(insert(Payment), copies)

        def charge(payment_id: int) -> None:
            with db.unit_of_work() as session:
                session.execute(
                    update(Payment)
                    .where(Payment.id == payment_id)
                    .values(status="succeeded", captured_amount=Payment.amount)
                )
                sums.store(session, order.id)

        together([partial(charge, copy["id"]) for copy in copies])

        assert world.order().captured_amount == 9 * order.total_amount


def empty_the_counter(world: World) -> None:
    """Only the warehouse has goods."""
    with db.unit_of_work() as session:
        session.execute(
            update(StockLevel).where(StockLevel.location_id == world.counter).values(on_hand=0)
        )
        session.execute(
            text(
                "INSERT INTO stock_movement (id, stock_level_id, kind, quantity, on_hand_change, "
                "committed_change, reserved_change, unavailable_change, reason_type, reason_id, "
                "note, \"by\", at) SELECT id, id, 'adjust', 10, -10, 0, 0, 0, 'test', 'empty', "
                "'', 'test', '2026-03-02 04:00:00.000000' FROM stock_level WHERE location_id = :place"
            ),
            {"place": world.counter},
        )
