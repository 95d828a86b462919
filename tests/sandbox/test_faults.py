"""Things go wrong at the rates that were asked for, and the same way for the same seed."""

import json

import pytest
import stripe

from shop.gateway.transport import WsgiTransport
from shop.sandbox import control
from shop.sandbox.settings import FaultRates

from .conftest import MakeWorld, World


def received(world: World) -> list[str]:
    return [json.loads(body)["id"] for body in world.inbox.bodies]


def test_a_duplicate_arrives_twice_with_one_id(make_world: MakeWorld) -> None:
    world = make_world(faults=FaultRates(duplicate=1))
    world.paid_session()

    assert world.deliver() == 10
    assert len(set(received(world))) == 5


def test_a_dropped_webhook_never_comes_but_is_listed(make_world: MakeWorld) -> None:
    world = make_world(faults=FaultRates(drop=1))
    world.paid_session()
    world.clock.forward(days=4)

    assert world.deliver() == 0
    assert len(world.client.v1.events.list({"delivery_success": False}).data) == 5


def test_a_delayed_webhook_comes_later(make_world: MakeWorld) -> None:
    world = make_world(faults=FaultRates(delay=1))
    world.paid_session()

    assert world.deliver() == 0
    world.clock.forward(minutes=5)
    assert world.deliver() == 5


def test_reordered_webhooks_all_come_in_another_order(make_world: MakeWorld) -> None:
    world = make_world(faults=FaultRates(reorder=0.5))
    for _ in range(10):
        world.paid_session()
    world.deliver()
    made = [event.id for event in world.client.v1.events.list({"limit": 100}).auto_paging_iter()]

    assert received(world) != made[::-1]
    assert sorted(received(world)) == sorted(made)


def _history(world: World) -> tuple[list[str], list[str]]:
    outcomes = []
    for number in range(40):
        try:
            session = world.session(client_reference_id=str(number))
            control.pay(world.sandbox, session.id)
            outcomes.append("paid")
        except stripe.StripeError as error:
            outcomes.append(f"{type(error).__name__} {error.http_status}")
    world.deliver()
    return outcomes, received(world)


def test_one_seed_gives_one_history(make_world: MakeWorld) -> None:
    rates = FaultRates(
        duplicate=0.2,
        delay=0.1,
        drop=0.1,
        reorder=0.3,
        rate_limited=0.1,
        error_before=0.1,
        error_after=0.1,
        lost_before=0.1,
        lost_after=0.1,
    )

    one = _history(make_world(faults=rates, seed=11))
    same = _history(make_world(faults=rates, seed=11))
    other = _history(make_world(faults=rates, seed=12))

    assert one == same
    assert one != other
    assert {"paid", "RateLimitError 429", "APIError 500", "APIConnectionError None"} <= set(one[0])


def test_without_a_seed_ids_differ(make_world: MakeWorld) -> None:
    assert make_world(seed=None).session().id != make_world(seed=None).session().id


@pytest.mark.parametrize(
    ("fault", "error", "is_done"),
    [
        ("rate_limited", stripe.RateLimitError, False),
        ("error_before", stripe.APIError, False),
        ("error_after", stripe.APIError, True),
        ("lost_before", stripe.APIConnectionError, False),
        ("lost_after", stripe.APIConnectionError, True),
    ],
)
def test_a_single_fault_can_be_ordered_for_one_address(
    world: World, fault: str, error: type[Exception], is_done: bool
) -> None:
    account = world.account()
    control.top_up(world.sandbox, amount=90000, currency="cny")
    control.inject(world.sandbox, fault, path="/v1/transfers")
    world.session()

    with pytest.raises(error):
        world.client.v1.transfers.create(
            {"amount": 5000, "currency": "cny", "destination": account.id}
        )

    assert len(world.client.v1.transfers.list().data) == int(is_done)
    world.client.v1.transfers.create({"amount": 6000, "currency": "cny", "destination": account.id})


def test_the_sdk_retries_a_lost_answer_into_one_object(world: World) -> None:
    patient = stripe.StripeClient(
        "sk_test_gridshop", http_client=WsgiTransport(world.app), max_network_retries=2
    )
    control.inject(world.sandbox, "lost_after")

    patient.v1.payment_intents.create({"amount": 5000, "currency": "cny"})

    assert len(world.client.v1.payment_intents.list().data) == 1
