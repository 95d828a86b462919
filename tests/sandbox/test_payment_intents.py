"""PaymentIntents made over the API, paid with Stripe's test cards."""

from typing import Any

import pytest
import stripe

from .conftest import World


def create(world: World, **changes: Any) -> stripe.PaymentIntent:
    params: Any = {"amount": 5000, "currency": "hkd", **changes}
    return world.client.v1.payment_intents.create(params)


class TestConfirm:
    def test_a_good_card_pays(self, world: World) -> None:
        intent = create(world)
        assert intent.status == "requires_payment_method"

        paid = world.client.v1.payment_intents.confirm(
            intent.id, {"payment_method": "pm_card_visa", "expand": ["latest_charge"]}
        )

        assert (paid.status, paid.amount_received) == ("succeeded", 5000)
        assert isinstance(paid.latest_charge, stripe.Charge)

    def test_create_and_confirm_at_once(self, world: World) -> None:
        paid = create(world, payment_method="pm_card_mastercard", confirm=True)

        assert paid.status == "succeeded"

    @pytest.mark.parametrize(
        ("card", "decline_code"),
        [
            ("pm_card_chargeDeclined", "generic_decline"),
            ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ],
    )
    def test_a_decline_is_402_with_the_intent_inside(
        self, world: World, card: str, decline_code: str
    ) -> None:
        intent = create(world)

        with pytest.raises(stripe.CardError) as declined:
            world.client.v1.payment_intents.confirm(intent.id, {"payment_method": card})

        error = declined.value.error
        assert error is not None
        assert declined.value.http_status == 402
        assert (error.code, error.decline_code) == ("card_declined", decline_code)
        assert error.payment_intent is not None
        assert error.payment_intent.id == intent.id
        assert error.payment_intent.status == "requires_payment_method"
        assert world.client.v1.charges.retrieve(str(error.charge)).status == "failed"

    def test_a_declined_intent_can_be_paid_with_another_card(self, world: World) -> None:
        intent = create(world)
        with pytest.raises(stripe.CardError):
            world.client.v1.payment_intents.confirm(
                intent.id, {"payment_method": "pm_card_chargeDeclined"}
            )

        paid = world.client.v1.payment_intents.confirm(
            intent.id, {"payment_method": "pm_card_visa"}
        )

        assert paid.status == "succeeded"
        assert paid.last_payment_error is None

    def test_three_d_secure_asks_for_action(self, world: World) -> None:
        intent = create(world, payment_method="pm_card_threeDSecure2Required", confirm=True)

        assert intent.status == "requires_action"

    def test_a_paid_intent_cannot_be_paid_again(self, world: World) -> None:
        paid = create(world, payment_method="pm_card_visa", confirm=True)

        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.client.v1.payment_intents.confirm(paid.id, {"payment_method": "pm_card_visa"})

        assert refused.value.code == "payment_intent_unexpected_state"

    def test_an_unknown_card_is_refused(self, world: World) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            create(world, payment_method="pm_card_nothing", confirm=True)

        assert refused.value.code == "resource_missing"


class TestCapture:
    def test_part_of_an_authorization_is_taken_and_the_rest_let_go(self, world: World) -> None:
        held = create(world, payment_method="pm_card_visa", confirm=True, capture_method="manual")
        assert (held.status, held.amount_capturable) == ("requires_capture", 5000)

        taken = world.client.v1.payment_intents.capture(held.id, {"amount_to_capture": 3000})

        assert (taken.status, taken.amount_received) == ("succeeded", 3000)
        refund = world.client.v1.refunds.create({"payment_intent": held.id})
        assert refund.amount == 3000

    def test_no_more_than_the_authorization_is_taken(self, world: World) -> None:
        held = create(world, payment_method="pm_card_visa", confirm=True, capture_method="manual")

        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.client.v1.payment_intents.capture(held.id, {"amount_to_capture": 5001})

        assert refused.value.code == "amount_too_large"


class TestCancel:
    def test_an_unpaid_intent_is_canceled_with_its_reason(self, world: World) -> None:
        intent = create(world)

        canceled = world.client.v1.payment_intents.cancel(
            intent.id, {"cancellation_reason": "abandoned"}
        )

        assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
        assert canceled.canceled_at is not None

    def test_a_paid_intent_is_not_canceled(self, world: World) -> None:
        paid = create(world, payment_method="pm_card_visa", confirm=True)

        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.client.v1.payment_intents.cancel(paid.id)

        assert refused.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(
    ("amount", "code"), [(10, "amount_too_small"), (10**8, "amount_too_large")]
)
def test_amounts_have_bounds(world: World, amount: int, code: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        create(world, amount=amount)

    assert refused.value.code == code


def test_an_unknown_id_is_missing(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.client.v1.payment_intents.retrieve("pi_nothing")

    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_intents_are_listed_newest_first(world: World) -> None:
    made = [create(world).id for _ in range(3)]

    found = world.client.v1.payment_intents.list()

    assert [intent.id for intent in found.data] == list(reversed(made))


def test_what_cannot_be_expanded_is_refused(world: World) -> None:
    intent = create(world)

    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        world.client.v1.payment_intents.retrieve(intent.id, {"expand": ["nonsense"]})
