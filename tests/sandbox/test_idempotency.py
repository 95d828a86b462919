"""`Idempotency-Key`: the first answer of a key is the answer, for 24 hours."""

import threading
import time
from typing import Any

import pytest
import stripe

from shop.gateway.transport import WsgiTransport
from shop.sandbox import control

from .conftest import World, session_params


def create(world: World, key: str, **changes: Any) -> stripe.checkout.Session:
    return world.client.v1.checkout.sessions.create(
        session_params(**changes), {"idempotency_key": key}
    )


def count(world: World) -> int:
    return len(world.client.v1.checkout.sessions.list({"limit": 100}).data)


def test_the_same_key_and_body_make_one_object(world: World) -> None:
    first, second = create(world, "k1"), create(world, "k1")

    assert first.id == second.id
    assert count(world) == 1
    assert second.last_response is not None
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert second.last_response.request_id == first.last_response.request_id  # type: ignore[union-attr]


def test_a_replay_shows_the_object_as_it_was(world: World) -> None:
    first = create(world, "k1")
    control.pay(world.sandbox, first.id)

    assert create(world, "k1").status == "open"
    assert world.client.v1.checkout.sessions.retrieve(first.id).status == "complete"


def test_the_same_key_with_another_body_is_refused(world: World) -> None:
    create(world, "k1")

    with pytest.raises(stripe.IdempotencyError, match="other parameters") as refused:
        create(world, "k1", client_reference_id="other")

    assert refused.value.http_status == 400
    assert count(world) == 1


def test_the_same_key_at_another_endpoint_is_refused(world: World) -> None:
    create(world, "k1")

    with pytest.raises(stripe.IdempotencyError, match="another endpoint"):
        world.client.v1.payment_intents.create(
            {"amount": 5000, "currency": "cny"}, {"idempotency_key": "k1"}
        )


def test_a_key_is_forgotten_after_24_hours_of_sandbox_time(world: World) -> None:
    first = create(world, "k1")

    world.clock.forward(hours=23, minutes=59)
    assert create(world, "k1").id == first.id
    world.clock.forward(minutes=1)
    assert create(world, "k1").id != first.id


def test_a_saved_500_is_replayed_without_doing_the_work(world: World) -> None:
    control.inject(world.sandbox, "error_before")

    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            create(world, "k1")
        assert failed.value.http_status == 500
    assert count(world) == 0


def test_a_500_after_the_work_is_replayed_and_the_work_stays(world: World) -> None:
    control.inject(world.sandbox, "error_after")

    for _ in range(2):
        with pytest.raises(stripe.APIError):
            create(world, "k1")
    assert count(world) == 1


def test_a_business_refusal_is_saved(world: World) -> None:
    account = world.account()
    params: Any = {"amount": 5000, "currency": "cny", "destination": account.id}
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.client.v1.transfers.create(params, {"idempotency_key": "k1"})
        assert refused.value.code == "balance_insufficient"
        control.top_up(world.sandbox, amount=5000, currency="cny")

    world.client.v1.transfers.create(params, {"idempotency_key": "k2"})


def test_a_decline_is_replayed_without_a_second_charge(world: World) -> None:
    intent = world.client.v1.payment_intents.create({"amount": 5000, "currency": "cny"})
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            world.client.v1.payment_intents.confirm(
                intent.id,
                {"payment_method": "pm_card_chargeDeclined"},
                {"idempotency_key": "k1"},
            )

    assert len(world.client.v1.charges.list({"payment_intent": intent.id}).data) == 1


def test_failed_validation_saves_nothing(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        create(world, "k1", mode="nonsense")

    assert create(world, "k1").status == "open"


def test_an_amount_below_the_minimum_saves_nothing(world: World) -> None:
    def pay(amount: int) -> stripe.PaymentIntent:
        return world.client.v1.payment_intents.create(
            {"amount": amount, "currency": "cny"}, {"idempotency_key": "k1"}
        )

    with pytest.raises(stripe.InvalidRequestError):
        pay(399)

    assert pay(400).amount == 400


def test_a_429_saves_nothing(world: World) -> None:
    control.inject(world.sandbox, "rate_limited")

    with pytest.raises(stripe.RateLimitError):
        create(world, "k1")
    assert create(world, "k1").status == "open"


def test_a_wrong_key_is_401_before_anything_is_saved(world: World) -> None:
    stranger = stripe.StripeClient("sk_test_stranger", http_client=WsgiTransport(world.app))

    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.checkout.sessions.create(session_params(), {"idempotency_key": "k1"})
    assert create(world, "k1").status == "open"


def test_a_lost_answer_is_found_again_with_the_same_key(world: World) -> None:
    control.inject(world.sandbox, "lost_after")

    with pytest.raises(stripe.APIConnectionError):
        create(world, "k1")
    assert count(world) == 1
    create(world, "k1")
    assert count(world) == 1


def test_a_lost_request_did_nothing(world: World) -> None:
    control.inject(world.sandbox, "lost_before", path="/v1/checkout")

    with pytest.raises(stripe.APIConnectionError):
        create(world, "k1")
    assert count(world) == 0


def test_a_second_call_while_the_first_still_runs_is_409(world: World) -> None:
    """The test holds the database, so the first call cannot finish before the others come."""
    refused: list[tuple[int | None, str | None]] = []
    made: list[str] = []

    def call() -> None:
        try:
            made.append(create(world, "k1").id)
        except stripe.APIError as error:
            refused.append((error.http_status, error.error.code if error.error else None))

    threads = [threading.Thread(target=call) for _ in range(5)]
    with world.sandbox.transaction():
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 10
        while len(refused) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
    for thread in threads:
        thread.join()

    assert refused == [(409, "idempotency_key_in_use")] * 4
    assert create(world, "k1").id == made[0]
    assert count(world) == 1


def test_many_calls_with_one_key_make_one_object(world: World) -> None:
    barrier, statuses = threading.Barrier(12), []

    def call() -> None:
        barrier.wait()
        try:
            create(world, "k1")
            statuses.append(200)
        except stripe.APIError as error:
            statuses.append(error.http_status or 0)

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert count(world) == 1
    assert set(statuses) <= {200, 409}
    assert 200 in statuses
