"""Refunds: at once on cards, later or never on wallets, never more than was paid."""

import pytest
import stripe

from shop.sandbox import control

from .conftest import World


class TestOnCards:
    def test_parts_add_up_to_the_whole(self, world: World) -> None:
        charge = world.charge()

        first = world.client.v1.refunds.create(
            {"charge": charge.id, "amount": 10000, "reason": "requested_by_customer"}
        )
        half = world.client.v1.charges.retrieve(charge.id)
        rest = world.client.v1.refunds.create({"payment_intent": str(charge.payment_intent)})
        whole = world.client.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})

        assert (first.status, first.reason) == ("succeeded", "requested_by_customer")
        assert (half.amount_refunded, half.refunded) == (10000, False)
        assert rest.amount == 15600
        assert (whole.amount_refunded, whole.refunded) == (25600, True)
        assert whole.refunds is not None
        assert {refund.id for refund in whole.refunds.data} == {first.id, rest.id}

    def test_more_than_is_left_is_refused_and_changes_nothing(self, world: World) -> None:
        charge = world.charge()
        world.client.v1.refunds.create({"charge": charge.id, "amount": 20000})

        with pytest.raises(stripe.InvalidRequestError, match="greater than") as refused:
            world.client.v1.refunds.create({"charge": charge.id, "amount": 5601})

        assert refused.value.param == "amount"
        assert world.client.v1.charges.retrieve(charge.id).amount_refunded == 20000

    def test_a_fully_refunded_charge_is_named_as_such(self, world: World) -> None:
        charge = world.charge()
        world.client.v1.refunds.create({"charge": charge.id})

        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.client.v1.refunds.create({"charge": charge.id, "amount": 1})

        assert refused.value.code == "charge_already_refunded"

    def test_an_unpaid_intent_has_nothing_to_refund(self, world: World) -> None:
        intent = world.client.v1.payment_intents.create({"amount": 5000, "currency": "cny"})

        with pytest.raises(stripe.InvalidRequestError, match="no successful charge"):
            world.client.v1.refunds.create({"payment_intent": intent.id})

    def test_refunds_are_listed_by_payment_and_charge(self, world: World) -> None:
        charge, other = world.charge(), world.charge()
        made = world.client.v1.refunds.create({"charge": charge.id, "metadata": {"our": "1"}})
        world.client.v1.refunds.create({"charge": other.id})

        by_charge = world.client.v1.refunds.list({"charge": charge.id})
        by_intent = world.client.v1.refunds.list({"payment_intent": str(charge.payment_intent)})

        assert [one.id for one in by_charge.data] == [one.id for one in by_intent.data] == [made.id]

    def test_a_card_refund_may_fail_after_it_succeeded(self, world: World) -> None:
        charge = world.charge()
        refund = world.client.v1.refunds.create({"charge": charge.id})

        control.fail_refund(world.sandbox, refund.id)

        assert world.client.v1.refunds.retrieve(refund.id).status == "failed"
        again = world.client.v1.charges.retrieve(charge.id)
        assert (again.amount_refunded, again.refunded) == (0, False)

    def test_metadata_can_be_changed_later(self, world: World) -> None:
        charge = world.charge()
        refund = world.client.v1.refunds.create({"charge": charge.id, "metadata": {"a": "1"}})

        changed = world.client.v1.refunds.update(refund.id, {"metadata": {"a": "", "b": "2"}})

        assert changed.metadata is not None
        assert changed.metadata.to_dict() == {"b": "2"}


class TestOnWallets:
    def test_a_refund_is_pending_and_arrives_later(self, world: World) -> None:
        charge = world.charge(method="wechat_pay")

        refund = world.client.v1.refunds.create({"charge": charge.id})
        assert refund.status == "pending"
        assert world.client.v1.charges.retrieve(charge.id).amount_refunded == 25600

        world.clock.forward(minutes=3)
        assert world.client.v1.refunds.retrieve(refund.id).status == "succeeded"
        assert world.event_types()[-1] == "refund.updated"

    def test_a_refund_can_stay_pending_for_weeks(self, world: World) -> None:
        charge = world.charge(method="alipay", outcome="refund_pending")
        refund = world.client.v1.refunds.create({"charge": charge.id})

        world.clock.forward(days=20)
        assert world.client.v1.refunds.retrieve(refund.id).status == "pending"
        control.settle_refund(world.sandbox, refund.id)
        assert world.client.v1.refunds.retrieve(refund.id).status == "succeeded"

    def test_a_failed_refund_gives_its_amount_back(self, world: World) -> None:
        charge = world.charge(method="alipay", outcome="refund_fails")
        refund = world.client.v1.refunds.create({"charge": charge.id, "amount": 600})
        world.clock.forward(minutes=3)

        failed = world.client.v1.refunds.retrieve(refund.id)

        assert (failed.status, failed.failure_reason) == ("failed", "declined")
        assert world.client.v1.charges.retrieve(charge.id).amount_refunded == 0
        assert world.event_types()[-3:] == ["charge.updated", "refund.failed", "refund.updated"]
        world.client.v1.refunds.create({"charge": charge.id, "amount": 25600})

    def test_only_a_refund_that_waits_for_the_buyer_can_be_canceled(self, world: World) -> None:
        charge = world.charge(method="alipay", outcome="refund_pending")
        refund = world.client.v1.refunds.create({"charge": charge.id})

        with pytest.raises(stripe.InvalidRequestError, match="status of pending"):
            world.client.v1.refunds.cancel(refund.id)
        control.ask_for_refund_details(world.sandbox, refund.id)
        assert world.client.v1.refunds.cancel(refund.id).status == "canceled"
        assert world.client.v1.charges.retrieve(charge.id).amount_refunded == 0
