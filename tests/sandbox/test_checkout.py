"""The Checkout Session as the SDK sees it."""

from datetime import UTC

import pytest
import stripe

from shop.sandbox import control

from .conftest import World, session_params


class TestCreate:
    def test_a_session_is_open_unpaid_and_has_no_payment_yet(self, world: World) -> None:
        session = world.session(client_reference_id="order-1", metadata={"order": "1"})

        assert (session.status, session.payment_status) == ("open", "unpaid")
        assert session.payment_intent is None
        assert (session.amount_total, session.currency) == (25600, "cny")
        assert session.url == f"http://sandbox.test/c/pay/{session.id}"
        assert session.client_reference_id == "order-1"
        assert session.metadata is not None
        assert session.metadata["order"] == "1"

    def test_currency_comes_back_in_lower_case(self, world: World) -> None:
        price = {"currency": "CNY", "unit_amount": 900, "product_data": {"name": "tea"}}

        session = world.session(line_items=[{"price_data": price, "quantity": 1}])

        assert session.currency == "cny"

    def test_every_way_to_pay_is_offered_unless_limited(self, world: World) -> None:
        assert world.session().payment_method_types == ["card", "alipay", "wechat_pay"]
        without = world.session(excluded_payment_method_types=["card"])
        assert without.payment_method_types == ["alipay", "wechat_pay"]
        only = world.session(allowed_payment_method_types=["card"])
        assert only.payment_method_types == ["card"]

    def test_ways_to_pay_that_do_not_take_the_currency_step_aside(self, world: World) -> None:
        price = {"currency": "thb", "unit_amount": 90000, "product_data": {"name": "tea"}}

        session = world.session(
            line_items=[{"price_data": price, "quantity": 1}],
            allowed_payment_method_types=["card", "wechat_pay"],
        )

        assert session.payment_method_types == ["card"]
        with pytest.raises(stripe.InvalidRequestError, match="No way to pay"):
            world.session(
                line_items=[{"price_data": price, "quantity": 1}],
                allowed_payment_method_types=["alipay"],
            )

    def test_the_parameter_of_older_versions_is_refused_as_this_version_does(
        self, world: World
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.session(payment_method_types=["card"])

        assert refused.value.code == "payment_method_types_no_longer_supported"

    @pytest.mark.parametrize("minutes", [29, 24 * 60 + 1])
    def test_expiry_lies_between_half_an_hour_and_a_day(self, world: World, minutes: int) -> None:
        expires_at = int(world.clock().timestamp()) + minutes * 60

        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.session(expires_at=expires_at)

        assert refused.value.param == "expires_at"

    @pytest.mark.parametrize(
        ("currency", "least"), [("cny", 400), ("gbp", 30), ("jpy", 50), ("hkd", 400)]
    )
    def test_the_total_has_a_minimum_by_currency(
        self, world: World, currency: str, least: int
    ) -> None:
        def lines(amount: int) -> list[dict[str, object]]:
            price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "x"}}
            return [{"price_data": price, "quantity": 1}]

        assert world.session(line_items=lines(least)).amount_total == least
        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.session(line_items=lines(least - 1))
        assert refused.value.code == "amount_too_small"

    def test_lines_of_two_currencies_are_refused(self, world: World) -> None:
        lines = [
            {
                "price_data": {
                    "currency": currency,
                    "unit_amount": 900,
                    "product_data": {"name": "x"},
                },
                "quantity": 1,
            }
            for currency in ("cny", "usd")
        ]

        with pytest.raises(stripe.InvalidRequestError, match="same currency"):
            world.session(line_items=lines)

    def test_line_items_come_when_asked_for(self, world: World) -> None:
        session = world.session()

        lines = world.client.v1.checkout.sessions.line_items.list(session.id)
        expanded = world.client.v1.checkout.sessions.retrieve(
            session.id, {"expand": ["line_items"]}
        )

        assert [(line.description, line.quantity) for line in lines.data] == [("土鸡蛋", 2)]
        assert expanded.line_items is not None
        assert expanded.line_items.data[0].amount_total == 25600
        assert "line_items" not in session.to_dict()


class TestPay:
    def test_success_makes_intent_and_charge_and_completes_the_session(self, world: World) -> None:
        session = world.paid_session(
            payment_intent_data={
                "metadata": {"order": "7"},
                "transfer_group": "order-7",
                "description": "Order 7",
                "receipt_email": "r@example.com",
            }
        )

        assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
        intent = session.payment_intent
        assert isinstance(intent, stripe.PaymentIntent)
        assert (intent.status, intent.amount_received) == ("succeeded", 25600)
        charge = intent.latest_charge
        assert isinstance(charge, stripe.Charge)
        assert charge.paid
        assert charge.transfer_group == "order-7"
        assert charge.metadata["order"] == "7"
        assert charge.receipt_email == "r@example.com"
        assert charge.payment_method_details is not None
        card = charge.payment_method_details.card
        assert card is not None
        assert card.last4 == "4242"
        assert card.fingerprint

    @pytest.mark.parametrize("method", ["alipay", "wechat_pay"])
    def test_a_wallet_says_which_it_was(self, world: World, method: str) -> None:
        charge = world.charge(method=method)

        assert charge.id.startswith("py_")
        assert charge.payment_method_details is not None
        assert charge.payment_method_details.type == method
        assert charge.payment_method_details[method]["transaction_id"]

    def test_a_decline_leaves_the_session_open_for_another_try(self, world: World) -> None:
        session = world.session()

        declined = control.pay(world.sandbox, session.id, outcome="decline")
        assert (declined["status"], declined["payment_status"]) == ("open", "unpaid")
        intent = world.client.v1.payment_intents.retrieve(declined["payment_intent"])
        assert intent.status == "requires_payment_method"
        assert intent.last_payment_error is not None
        assert intent.last_payment_error.code == "card_declined"

        paid = control.pay(world.sandbox, session.id)
        assert paid["payment_status"] == "paid"
        assert paid["payment_intent"] == intent.id
        charges = world.client.v1.charges.list({"payment_intent": intent.id})
        assert [charge.status for charge in charges.data] == ["succeeded", "failed"]

    def test_action_needed_waits_for_the_buyer(self, world: World) -> None:
        session = world.session()
        waiting = control.pay(world.sandbox, session.id, outcome="action")
        intent = world.client.v1.payment_intents.retrieve(waiting["payment_intent"])
        assert (waiting["status"], intent.status) == ("open", "requires_action")
        assert intent.next_action is not None

        done = control.finish_action(world.sandbox, session.id)

        assert done["payment_status"] == "paid"

    def test_action_refused_fails_the_attempt_only(self, world: World) -> None:
        session = world.session()
        control.pay(world.sandbox, session.id, outcome="action")

        refused = control.finish_action(world.sandbox, session.id, approve=False)

        assert refused["status"] == "open"
        assert "payment_intent.payment_failed" in world.event_types()
        assert control.pay(world.sandbox, session.id)["status"] == "complete"

    def test_late_money_completes_the_session_unpaid_and_pays_it_later(self, world: World) -> None:
        session = world.paid_session(outcome="late_success")
        assert (session.status, session.payment_status) == ("complete", "unpaid")

        world.clock.forward(minutes=3)
        later = world.client.v1.checkout.sessions.retrieve(session.id)

        assert later.payment_status == "paid"
        assert world.event_types()[-1] == "checkout.session.async_payment_succeeded"

    def test_late_failure_leaves_the_session_unpaid(self, world: World) -> None:
        session = world.paid_session(outcome="late_failure")
        world.clock.forward(minutes=3)

        later = world.client.v1.checkout.sessions.retrieve(
            session.id, {"expand": ["payment_intent"]}
        )

        assert (later.status, later.payment_status) == ("complete", "unpaid")
        assert isinstance(later.payment_intent, stripe.PaymentIntent)
        assert later.payment_intent.status == "requires_payment_method"
        assert world.event_types()[-1] == "checkout.session.async_payment_failed"

    def test_sessions_are_found_by_their_payment(self, world: World) -> None:
        world.paid_session()
        session = world.paid_session()
        assert isinstance(session.payment_intent, stripe.PaymentIntent)

        found = world.client.v1.checkout.sessions.list(
            {"payment_intent": session.payment_intent.id}
        )

        assert [one.id for one in found.data] == [session.id]


class TestExpire:
    def test_an_open_session_can_be_expired_once(self, world: World) -> None:
        session = world.session()

        expired = world.client.v1.checkout.sessions.expire(session.id)
        assert (expired.status, expired.url) == ("expired", None)
        with pytest.raises(stripe.InvalidRequestError, match="status of open"):
            world.client.v1.checkout.sessions.expire(session.id)

    def test_a_complete_session_cannot_be_expired(self, world: World) -> None:
        session = world.paid_session()

        with pytest.raises(stripe.InvalidRequestError, match="status of complete"):
            world.client.v1.checkout.sessions.expire(session.id)

    def test_expiry_cancels_the_payment_that_was_begun(self, world: World) -> None:
        session = world.session()
        begun = control.pay(world.sandbox, session.id, outcome="decline")

        world.client.v1.checkout.sessions.expire(session.id)

        intent = world.client.v1.payment_intents.retrieve(begun["payment_intent"])
        assert intent.status == "canceled"

    def test_a_session_expires_by_itself_at_its_time(self, world: World) -> None:
        expires_at = int(world.clock().timestamp()) + 31 * 60
        session = world.session(expires_at=expires_at)

        world.clock.forward(minutes=30)
        assert world.client.v1.checkout.sessions.retrieve(session.id).status == "open"
        world.clock.forward(minutes=1)
        assert world.client.v1.checkout.sessions.retrieve(session.id).status == "expired"
        assert world.event_types()[-1] == "checkout.session.expired"

    def test_a_paid_session_stays_complete_past_its_time(self, world: World) -> None:
        session = world.paid_session()
        world.clock.forward(days=2)

        assert world.client.v1.checkout.sessions.retrieve(session.id).status == "complete"


def test_a_list_is_walked_in_pages_both_ways(world: World) -> None:
    made = [world.session(client_reference_id=str(number)).id for number in range(5)]
    sessions = world.client.v1.checkout.sessions

    first = sessions.list({"limit": 2})
    second = sessions.list({"limit": 2, "starting_after": first.data[-1].id})
    back = sessions.list({"limit": 2, "ending_before": second.data[0].id})

    assert [one.id for one in first.data] == [made[4], made[3]]
    assert [one.id for one in second.data] == [made[2], made[1]]
    assert [one.id for one in back.data] == [made[4], made[3]]
    assert (first.has_more, second.has_more, back.has_more) == (True, True, False)
    assert [one.id for one in first.auto_paging_iter()] == list(reversed(made))


def test_time_stamps_follow_the_sandbox_clock(world: World) -> None:
    session = world.session()

    assert session.created == int(world.clock().timestamp())
    assert session.expires_at == session.created + 24 * 3600
    assert world.clock().tzinfo is UTC


def test_the_same_parameters_as_the_shop_would_send_are_accepted(world: World) -> None:
    params = session_params(locale="zh", submit_type="pay", metadata={"order": "1"})

    assert world.client.v1.checkout.sessions.create(params).locale == "zh"
