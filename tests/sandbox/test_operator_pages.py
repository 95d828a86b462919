"""The operator's desk does with buttons what the control functions do."""

import pytest
from werkzeug.test import Client

from shop.sandbox import control

from .conftest import World


@pytest.fixture
def visitor(world: World) -> Client:
    return world.app.test_client()


def press(visitor: Client, verb: str, object_id: str) -> int:
    answer = visitor.post(f"/operator/{verb}/{object_id}", data={"anchor": "charges"})
    return answer.status_code


def test_an_empty_desk_says_so(visitor: Client) -> None:
    page = visitor.get("/").get_data(as_text=True)

    assert "Nothing yet." in page


def test_it_lists_what_happened(world: World, visitor: Client) -> None:
    charge = world.charge()
    world.client.v1.refunds.create({"charge": charge.id, "amount": 600})

    page = visitor.get("/").get_data(as_text=True)

    for text in (charge.id, "¥256.00", "−¥6.00", "visa 4242", "checkout.session.completed"):
        assert text in page


def test_it_speaks_chinese(world: World, visitor: Client) -> None:
    world.charge()

    page = visitor.get("/", headers={"Accept-Language": "zh-CN"}).get_data(as_text=True)

    assert "沙盒操作台" in page
    assert "发起争议" in page


def test_disputes_are_opened_and_decided(world: World, visitor: Client) -> None:
    charge = world.charge()

    assert press(visitor, "dispute", charge.id) == 303
    dispute = world.client.v1.disputes.list().data[0]
    assert press(visitor, "win", dispute.id) == 303
    assert world.client.v1.disputes.retrieve(dispute.id).status == "won"


def test_late_payments_and_refunds_are_settled(world: World, visitor: Client) -> None:
    late = world.paid_session(outcome="late_failure")
    refund = world.client.v1.refunds.create({"charge": world.charge(method="alipay").id})

    assert press(visitor, "settle-payment", late.payment_intent.id) == 303  # type: ignore[union-attr]
    assert press(visitor, "fail-refund", refund.id) == 303

    assert world.client.v1.checkout.sessions.retrieve(late.id).payment_status == "paid"
    assert world.client.v1.refunds.retrieve(refund.id).status == "failed"


def test_a_pressed_button_that_came_too_late_is_explained(world: World, visitor: Client) -> None:
    session = world.session()
    press(visitor, "expire", session.id)

    answer = visitor.post(f"/operator/expire/{session.id}", data={})

    assert answer.status_code == 409
    assert "The sandbox refused" in answer.get_data(as_text=True)


def test_the_balance_is_topped_up(world: World, visitor: Client) -> None:
    topped = visitor.post("/operator/top-up", data={"amount": "5000", "currency": "cny"})

    assert topped.status_code == 303
    assert world.client.v1.balance.retrieve().available[0].amount == 5000
    assert visitor.post("/operator/top-up", data={"amount": "-5"}).status_code == 422


def test_accounts_are_onboarded_paid_out_and_the_payout_fails(
    world: World, visitor: Client
) -> None:
    account = world.account(ready=False)
    assert press(visitor, "onboard", account.id) == 303
    control.top_up(world.sandbox, amount=5000, currency="cny")
    sent = world.client.v1.transfers.create(
        {"amount": 5000, "currency": "cny", "destination": account.id}
    )

    paid = visitor.post(f"/operator/pay-out/{account.id}", data={"currency": "cny"})
    payout = world.client.v1.payouts.list({}, {"stripe_account": account.id}).data[0]

    assert paid.status_code == 303
    assert press(visitor, "fail-payout", payout.id) == 303
    assert press(visitor, "reverse", sent.id) == 303
    assert world.client.v1.transfers.retrieve(sent.id).reversed


def test_an_event_can_be_sent_again(world: World, visitor: Client) -> None:
    world.paid_session()
    world.deliver()
    event = world.client.v1.events.list().data[0]

    assert press(visitor, "redeliver", event.id) == 303
    assert world.deliver() == 1
    assert event.id.encode() in world.inbox.bodies[-1]


def test_an_unknown_verb_or_object_is_refused(visitor: Client) -> None:
    assert press(visitor, "rob", "ch_1") == 404
    assert press(visitor, "dispute", "ch_nothing") == 409
    assert press(visitor, "redeliver", "evt_nothing") == 409
