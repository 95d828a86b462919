"""Stripe's news: duplicated, shuffled, late, foreign, forged (reference shop §4 C)."""

import hashlib
import hmac
import json
import os
import random
import time
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from commissions import audit, queries
from shop import wiring
from shop.fulfillment import hand_over
from shop.gateway import client
from shop.gateway.models import InboxEvent
from shop.kernel import clock, db, events, jobs
from shop.kernel.jobs import OutboxJob
from shop.orders.events import OrderPlaced
from shop.orders.models import Order, OrderLine
from shop.payments import finalise, refunds, sums
from shop.payments.models import Payment, Refund
from shop.payments.refunds import Units, Wanted
from shop.sandbox import control
from shop.sandbox.delivery import deliver_due
from tests.conftest import Clock
from tests.counting import counted
from tests.installation import SECRET
from tests.world import World

Post = tuple[dict[str, str], bytes]
ROUNDS = 500 if os.environ.get("GRIDSHOP_SOAK") else 6


class TestDisorder:
    @pytest.mark.longer
    @pytest.mark.parametrize("seed", range(2))
    def test_any_order_with_duplicates_and_late_ones_ends_alike(
        self, world: World, seed: int
    ) -> None:
        """C1: a late method's authorization and charge, two partial refunds and a dispute.

        Nothing of Stripe's news was heard before; each round shuffles, doubles and drops, and what
        was dropped comes last.
        """
        posts = everything_that_happens(world)
        order, chance = world.order(), random.Random(seed)
        for turn in range(ROUNDS):
            deal = posts * 2
            chance.shuffle(deal)
            dropped = [deal.pop() for _drop in range(chance.randrange(len(posts)))]
            for number, post in enumerate([*deal, *dropped]):
                # The same news under a new id, so that no round is stopped by the inbox.
                again = renamed(post, f"evt_{seed}_{turn}_{number}") if turn else post
                assert world.installation.post_webhook("", *again) == 200
                if chance.random() < 0.2:
                    world.installation.work()
            world.installation.work()

            order = world.order()
            assert (order.status, order.payment_status, order.dispute_status) == (
                "placed",
                "partially_refunded",
                "needs_response",
            )
            assert (order.captured_amount, order.refunded_amount) == (3 * 9900, 2 * 9900)
        with db.reading() as session:
            assert session.scalars(select(Refund.status)).all() == ["succeeded", "succeeded"]
            assert inbox_statuses() <= {"processed", "ignored"}  # some types mean nothing to us
            assert audit.prove(session).is_clean


class TestForeignAndForged:
    @pytest.mark.parametrize("signature", ["", "t=1,v1=00", "garbage", "t=99999999999,v1=ab"])
    def test_a_bad_signature_reaches_no_database(self, world: World, signature: str) -> None:
        """C9."""
        with counted(db.engine(), talk=True) as sent:
            answer = world.browser().post(
                "/stripe/webhook", data=b"{}", headers={"Stripe-Signature": signature}
            )

        assert answer.status_code == 400
        assert sent == []

    def test_a_stamp_from_the_future_is_refused(self, world: World) -> None:
        body = json.dumps(made_event("checkout.session.completed", "cs_1")).encode()

        headers = {"Stripe-Signature": signed(body, stamp=int(time.time()) + 3600)}
        assert world.installation.post_webhook("", headers, body) == 400

    def test_what_is_not_ours_is_ignored_for_good(self, world: World) -> None:
        """C3: another shop of the same Stripe account."""
        foreign = client.create_session(
            {
                "mode": "payment",
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": "cny",
                            "unit_amount": 900,
                            "product_data": {"name": "x"},
                        },
                    }
                ],
                "success_url": "https://other.example/",
            },
            key="foreign",
        )
        control.pay(world.installation.sandbox, foreign["id"])
        world.installation.settle()

        with db.reading() as session:
            statuses = set(session.scalars(select(InboxEvent.status)))
        assert statuses <= {"ignored"}

    def test_news_about_a_shipped_order_changes_nothing(self, world: World) -> None:
        """C3: the payment's events once more, under new ids, after the parcel has left."""
        browser = world.browser()
        world.add(browser, "honey")
        world.check_out(browser)
        world.pay()
        posts = collect(world)
        world.installation.post_webhook("", *completed(posts))
        world.installation.work()
        ship(world.order())
        before = world.order()

        for number, post in enumerate(posts):
            late = renamed(post, f"evt_late_{number}")
            assert world.installation.post_webhook("", *late) == 200
        world.installation.work()

        after = world.order()
        assert (after.payment_status, after.fulfillment_status) == ("paid", "fulfilled")
        assert (after.captured_amount, after.task) == (before.captured_amount, "")

    def test_what_is_ours_but_unknown_is_tried_for_a_day_and_then_told(
        self, world: World, business_clock: Clock
    ) -> None:
        """C3: our own metadata over an order that nobody knows."""
        browser = world.browser()
        world.add(browser, "honey")
        world.check_out(browser)
        world.pay()
        sandbox = world.installation.sandbox
        session_id = world.session_of(world.order().id)
        with sandbox.transaction():
            found = sandbox.need("checkout.session", session_id)
            ours = {**found["metadata"], "order_id": "1", "payment_id": "1"}
            sandbox.change(found, metadata=ours)
        assert world.installation.post_webhook("", *completed(collect(world))) == 200

        world.installation.work()
        assert inbox_statuses() == {"failed"}
        business_clock.forward(hours=25)
        world.installation.work()

        assert inbox_statuses() == {"dead"}
        page = world.signed_in("staff").get("/en/admin/machinery").get_data(as_text=True)
        assert "checkout.session.completed" in page


class TestWhenHandlingFails:
    def test_a_failed_event_is_kept_and_the_next_try_succeeds(
        self, world: World, business_clock: Clock
    ) -> None:
        """C2: stored first, so the 200 is true; the work is tried again."""
        browser = world.browser()
        world.add(browser, "honey")
        world.check_out(browser)
        world.pay()
        (post,) = [one for one in collect(world) if is_completed(one)]
        control.inject(world.installation.sandbox, "error_before", method="GET", times=1)
        assert world.installation.post_webhook("", *post) == 200
        world.installation.work()
        with db.reading() as session:
            assert session.scalars(select(InboxEvent.status)).all() == ["failed"]

        business_clock.forward(minutes=2)
        world.installation.work()

        assert world.order().status == "placed"

    def test_what_is_rolled_back_tells_nobody(self, world: World) -> None:
        """C8: the row of a message stands and falls with the order's own transaction."""
        browser = world.browser()
        world.add(browser, "honey")
        world.check_out(browser)
        world.pay()

        def fails(_session: Any, _event: Any) -> None:
            raise RuntimeError("the last hearer fails")

        events.bind({**wiring.EVENTS, OrderPlaced: (*wiring.EVENTS[OrderPlaced], fails)})
        with pytest.raises(RuntimeError, match="the last hearer"):
            finalise.by_session(world.session_of(world.order().id))
        events.bind(wiring.EVENTS)

        assert world.order().status == "pending"
        assert open_jobs() == []

    def test_a_process_that_dies_after_the_commit_is_made_up_for(self, world: World) -> None:
        """C8: nobody ever carried the row's number to a worker; the sweep finds it, once."""
        browser = world.browser()
        world.add(browser, "honey")
        world.check_out(browser)
        world.pay()
        jobs.bind(wiring.JOBS, hand_over=killed)
        finalise.by_session(world.session_of(world.order().id))
        assert open_jobs() == ["notifications.placed"]

        for _sweep in range(3):
            world.installation.work()

        with db.reading() as session:
            names = session.scalars(select(OutboxJob.name).order_by(OutboxJob.id)).all()
            assert names == ["notifications.placed", "notifications.to_buyer"]
        assert open_jobs() == []


class TestRefunds:
    def test_the_webhook_of_our_own_refund_counts_nothing_twice(self, world: World) -> None:
        """C5: Stripe's news comes before the answer of the call, and once more much later."""
        order = world.buy("honey", quantity=3)
        plain, heard = world.installation.sandbox_app.wsgi_app, []

        def hasty(environ: Any, start_response: Any) -> Any:
            answer = list(plain(environ, start_response))
            if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] == "/v1/refunds":
                posts = collect(world)
                heard.append(posts)
                for post in posts:
                    assert world.installation.post_webhook("", *post) == 200
                world.installation.work()
            return answer

        with world.installation.at_stripe(hasty):
            first = refund_units(order, 1)
            world.installation.settle()
            refund_units(order, 1)
            world.installation.settle()
        assert [len(posts) > 0 for posts in heard] == [True, True]
        for number, post in enumerate(heard[0]):
            late = renamed(post, f"evt_late_{number}")
            assert world.installation.post_webhook("", *late) == 200
        world.installation.settle()

        with db.reading() as session:
            refunds_made = session.scalars(select(Refund).order_by(Refund.id)).all()
            payment = session.scalars(select(Payment)).one()
        assert [one.status for one in refunds_made] == ["succeeded", "succeeded"]
        assert refunds_made[0].id == first[0]
        assert payment.refunded_amount == 2 * 9900
        assert world.order().payment_status == "partially_refunded"

    def test_a_refund_of_the_dashboard_lands_and_takes_commission_back(self, world: World) -> None:
        """C4: made at Stripe, by nobody of ours."""
        order = world.buy("honey", slug="anna-shop", quantity=2)
        client.create_refund({"payment_intent": intent_of(order), "amount": 9900}, key="dashboard")
        world.installation.settle()

        assert world.order().payment_status == "partially_refunded"
        with db.reading() as session:
            line = session.scalars(select(OrderLine)).one()
            assert line.refunded_amount == 9900
            assert audit.prove(session).is_clean

    def test_one_of_two_charges_given_back_still_reads_paid(self, world: World) -> None:
        """C5, S19: the double charge is returned as overpayment."""
        order = world.buy("honey")
        with db.unit_of_work() as session:
            first = session.scalars(select(Payment)).one()
            second = {
                column.name: getattr(first, column.name) for column in Payment.__table__.columns
            }
            second.update(
                id=first.id + 1,
                attempt=2,
                session_id="cs_double",
                intent_id="pi_double",
                charge_id="ch_double",
            )
            session.execute(Payment.__table__.insert().values(**second))  # type: ignore[attr-defined]
            assert sums.store(session, order.id).after == "overcharged"
        with db.unit_of_work() as session:
            refunds.reserve(
                session,
                order.id,
                Wanted(overpayment_amount=9900, reason="duplicate"),
                by="staff",
                at=clock.now(),
            )

        assert world.order().payment_status == "paid"

    def test_a_refund_that_fails_later_gives_everything_back_once(
        self, world: World, business_clock: Clock
    ) -> None:
        order = world.buy("honey", slug="anna-shop", outcome="refund_fails", method="alipay")
        refund_units(order, 1)
        world.installation.settle()
        business_clock.forward(minutes=10)
        for _again in range(2):
            world.installation.settle()

        order = world.order()
        assert (order.payment_status, order.task) == ("paid", "refund_failed")
        with db.reading() as session:
            assert session.scalars(select(Refund.status)).all() == ["failed"]
            assert session.scalars(select(Payment.refunded_amount)).all() == [0]
            assert audit.prove(session).is_clean


class TestDisputes:
    @pytest.mark.parametrize(("outcome", "net"), [("won", 876), ("lost", 0)])
    def test_it_moves_the_dispute_and_the_commission_and_nothing_else(
        self, world: World, outcome: str, net: int
    ) -> None:
        """C7."""
        order = world.buy("honey", slug="anna-shop")
        opened = control.open_dispute(world.installation.sandbox, charge_of(order))
        world.installation.settle()
        assert world.order().dispute_status == "needs_response"
        control.decide_dispute(world.installation.sandbox, opened["id"], outcome=outcome)
        world.installation.settle()

        after = world.order()
        assert (after.status, after.payment_status) == ("placed", "paid")
        assert after.dispute_status == outcome
        with db.reading() as session:
            (earning,) = queries.latest_earnings(session, at=clock.now())
            assert earning.net_amount == net
            assert audit.prove(session).is_clean


def collect(world: World) -> list[Post]:
    """What the sandbox would post now, kept instead of delivered."""
    posts: list[Post] = []

    def keep(_url: str, headers: Mapping[str, str], body: bytes) -> int:
        posts.append((dict(headers), body))
        return 200

    deliver_due(world.installation.sandbox, keep, 500)
    return posts


def everything_that_happens(world: World) -> list[Post]:
    """An order by a late method, two refunds and a dispute; all its news, none of it heard."""
    browser = world.browser()
    world.add(browser, "honey", slug="anna-shop", quantity=3)
    world.check_out(browser)
    session_id = world.session_of(world.order().id)
    world.pay(outcome="action")
    control.finish_action(world.installation.sandbox, session_id)
    finalise.by_session(session_id)
    for _part in range(2):
        refund_units(world.order(), 1)
        world.installation.work()
    control.open_dispute(world.installation.sandbox, charge_of(world.order()))
    return collect(world)


def renamed(post: Post, event_id: str) -> Post:
    """The same news as another event, signed anew."""
    headers, body = post
    raw = json.dumps(json.loads(body) | {"id": event_id}).encode()
    return {**headers, "Stripe-Signature": signed(raw)}, raw


def ship(order: Order) -> None:
    with db.unit_of_work() as session:
        line = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
        hand_over.ship(
            session,
            order.id,
            {line.id: 1},
            carrier="SF",
            tracking_number="SF1",
            by="staff",
            at=clock.now(),
        )


def inbox_statuses() -> set[str]:
    with db.reading() as session:
        return set(session.scalars(select(InboxEvent.status)))


def open_jobs() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(OutboxJob.name).where(OutboxJob.done_at.is_(None))))


def killed(_row_id: int) -> None:
    """Instead of handing over: the process is gone, and nothing it would do is done."""


def completed(posts: list[Post]) -> Post:
    return next(post for post in posts if is_completed(post))


def is_completed(post: Post) -> bool:
    return b'"checkout.session.completed"' in post[1]


def signed(body: bytes, *, stamp: int | None = None) -> str:
    moment = stamp or int(time.time())
    digest = hmac.new(SECRET.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def made_event(kind: str, object_id: str) -> dict[str, Any]:
    return {"id": "evt_1", "type": kind, "created": 1, "data": {"object": {"id": object_id}}}


def refund_units(order: Order, units: int) -> list[int]:
    with db.unit_of_work() as session:
        line = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
        return refunds.reserve(
            session, order.id, Wanted(lines=[Units(line.id, units)]), by="staff", at=clock.now()
        )


def charge_of(order: Order) -> str:
    with db.reading() as session:
        found = session.scalars(select(Payment.charge_id).where(Payment.order_id == order.id)).one()
    assert found is not None
    return found


def intent_of(order: Order) -> str:
    with db.reading() as session:
        found = session.scalars(select(Payment.intent_id).where(Payment.order_id == order.id)).one()
    assert found is not None
    return found
