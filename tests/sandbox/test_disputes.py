"""Disputes take the money at once, give it back when won, and know no wallets."""

import pytest
import stripe

from shop.sandbox import control
from shop.sandbox.errors import Refused

from .conftest import World


def test_a_dispute_withdraws_amount_and_fee(world: World) -> None:
    charge = world.charge()

    made = control.open_dispute(world.sandbox, charge.id)

    dispute = world.client.v1.disputes.retrieve(made["id"])
    assert (dispute.status, dispute.amount) == ("needs_response", 25600)
    assert [line.net for line in dispute.balance_transactions] == [-25600 - 1500]
    assert world.client.v1.charges.retrieve(charge.id).disputed
    assert world.event_types()[-3:] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.updated",
    ]


def test_a_won_dispute_gives_the_money_back(world: World) -> None:
    charge = world.charge()
    made = control.open_dispute(world.sandbox, charge.id)

    control.decide_dispute(world.sandbox, made["id"], outcome="won")

    assert world.client.v1.disputes.retrieve(made["id"]).status == "won"
    assert world.event_types()[-2:] == [
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]
    world.client.v1.refunds.create({"charge": charge.id})


def test_a_lost_dispute_keeps_the_money_away(world: World) -> None:
    charge = world.charge()
    made = control.open_dispute(world.sandbox, charge.id)

    control.decide_dispute(world.sandbox, made["id"], outcome="lost")

    assert world.event_types()[-1] == "charge.dispute.closed"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.client.v1.refunds.create({"charge": charge.id})
    assert refused.value.code == "charge_disputed"


def test_evidence_is_handed_in_and_the_dispute_goes_under_review(world: World) -> None:
    made = control.open_dispute(world.sandbox, world.charge().id)

    drafted = world.client.v1.disputes.update(
        made["id"], {"evidence": {"shipping_carrier": "SF"}, "submit": False}
    )
    handed_in = world.client.v1.disputes.update(
        made["id"], {"evidence": {"shipping_tracking_number": "SF1"}}
    )

    assert (drafted.status, drafted.evidence_details.submission_count) == ("needs_response", 0)
    assert drafted.evidence_details.has_evidence
    assert (handed_in.status, handed_in.evidence_details.submission_count) == ("under_review", 1)
    assert handed_in.evidence.shipping_carrier == "SF"


def test_closing_accepts_the_loss(world: World) -> None:
    made = control.open_dispute(world.sandbox, world.charge().id)

    assert world.client.v1.disputes.close(made["id"]).status == "lost"


def test_an_inquiry_takes_no_money_and_can_be_refunded_or_closed(world: World) -> None:
    charge = world.charge()
    made = control.open_dispute(world.sandbox, charge.id, inquiry=True)
    assert (made["status"], made["balance_transactions"]) == ("warning_needs_response", [])
    assert made["is_charge_refundable"]

    world.client.v1.refunds.create({"charge": charge.id, "amount": 100})
    control.decide_dispute(world.sandbox, made["id"], outcome="warning_closed")

    assert world.client.v1.disputes.retrieve(made["id"]).status == "warning_closed"


def test_a_wallet_cannot_be_disputed(world: World) -> None:
    charge = world.charge(method="alipay")

    with pytest.raises(Refused, match="wallet"):
        control.open_dispute(world.sandbox, charge.id)


def test_a_payment_can_be_disputed_later_by_itself(world: World) -> None:
    charge = world.charge(outcome="dispute")
    assert world.client.v1.disputes.list({"charge": charge.id}).data == []

    world.clock.forward(minutes=3)
    found = world.client.v1.disputes.list({"payment_intent": str(charge.payment_intent)})

    assert [dispute.charge for dispute in found.data] == [charge.id]
