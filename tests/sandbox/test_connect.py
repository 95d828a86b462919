"""Connected accounts, transfers to them, reversals, and the platform's balance."""

from datetime import timedelta

import pytest
import stripe

from shop.sandbox import control

from .conftest import MakeWorld, World


def transfer(world: World, account: str, amount: int = 5000, **more: str) -> stripe.Transfer:
    return world.client.v1.transfers.create(
        {"amount": amount, "currency": "cny", "destination": account, **more}  # type: ignore[typeddict-item]
    )


class TestAccounts:
    def test_a_new_account_still_owes_its_details(self, world: World) -> None:
        made = world.account(ready=False)

        assert made.type == "express"
        assert (made.details_submitted, made.payouts_enabled) == (False, False)
        assert made.requirements is not None
        assert "external_account" in (made.requirements.currently_due or [])
        assert made.capabilities is not None
        assert made.capabilities.transfers == "inactive"

    def test_onboarding_makes_it_ready_and_says_so(self, world: World) -> None:
        made = world.account()

        ready = world.client.v1.accounts.retrieve(made.id)
        assert ready.payouts_enabled
        assert ready.capabilities is not None
        assert ready.capabilities.transfers == "active"
        events = world.client.v1.events.list({}, {"stripe_account": made.id})
        assert [(event.type, event.account) for event in events.data] == [
            ("account.updated", made.id)
        ]

    def test_the_link_leads_to_a_form_that_works_once(self, world: World) -> None:
        made = world.account(ready=False)
        link = world.client.v1.account_links.create(
            {
                "account": made.id,
                "type": "account_onboarding",
                "refresh_url": "http://shop.test/again",
                "return_url": "http://shop.test/back",
            }
        )
        browser, path = world.app.test_client(), link.url.removeprefix("http://sandbox.test")

        assert browser.get(path).status_code == 200
        done = browser.post(path, data={"answer": "complete"})
        assert (done.status_code, done.location) == (303, "http://shop.test/back")
        assert browser.get(path).location == "http://shop.test/again"
        assert world.client.v1.accounts.retrieve(made.id).details_submitted

    def test_the_platform_may_change_metadata_and_mail(self, world: World) -> None:
        made = world.account()

        changed = world.client.v1.accounts.update(
            made.id, {"email": "new@example.com", "metadata": {"payee": "4"}}
        )

        assert changed.email == "new@example.com"
        assert changed.metadata is not None
        assert changed.metadata["payee"] == "4"


class TestTransfers:
    def test_money_of_charges_is_transferable_after_two_days(self, world: World) -> None:
        account = world.account()
        world.charge()

        with pytest.raises(stripe.InvalidRequestError) as refused:
            transfer(world, account.id)
        assert refused.value.code == "balance_insufficient"
        world.clock.forward(days=2)
        made = transfer(world, account.id, transfer_group="payout:1")

        assert (made.amount, made.destination, made.reversed) == (5000, account.id, False)

    def test_a_topped_up_balance_pays(self, world: World) -> None:
        account = world.account()
        control.top_up(world.sandbox, amount=5000, currency="cny")

        transfer(world, account.id)

        available = world.client.v1.balance.retrieve().available
        assert [(line.currency, line.amount) for line in available] == [("cny", 0)]
        of_account = world.client.v1.balance.retrieve({}, {"stripe_account": account.id})
        assert of_account.available[0].amount == 5000

    def test_a_charge_can_be_the_source_before_it_settles(self, world: World) -> None:
        account, charge = world.account(), world.charge()

        transfer(world, account.id, 20000, source_transaction=charge.id)

        with pytest.raises(stripe.InvalidRequestError, match="exceed"):
            transfer(world, account.id, 5601, source_transaction=charge.id)

    def test_an_account_that_may_not_receive_is_refused(self, world: World) -> None:
        account = world.account(ready=False)
        control.top_up(world.sandbox, amount=5000, currency="cny")

        with pytest.raises(stripe.InvalidRequestError) as refused:
            transfer(world, account.id)

        assert refused.value.code == "insufficient_capabilities_for_transfer"

    def test_a_restricted_account_is_refused(self, world: World) -> None:
        account = world.account()
        control.top_up(world.sandbox, amount=5000, currency="cny")
        control.restrict(world.sandbox, account.id)

        with pytest.raises(stripe.InvalidRequestError) as refused:
            transfer(world, account.id)

        assert refused.value.code == "insufficient_capabilities_for_transfer"

    def test_an_unknown_destination_is_refused(self, world: World) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            transfer(world, "acct_nobody")

        assert (refused.value.code, refused.value.param) == ("resource_missing", "destination")

    def test_transfers_are_found_by_group_and_destination(self, world: World) -> None:
        control.top_up(world.sandbox, amount=90000, currency="cny")
        one, other = world.account(), world.account()
        first = transfer(world, one.id, transfer_group="payout:1")
        transfer(world, other.id, transfer_group="payout:2")

        by_group = world.client.v1.transfers.list({"transfer_group": "payout:1"})
        by_destination = world.client.v1.transfers.list({"destination": one.id})

        assert [found.id for found in by_group.data] == [first.id]
        assert [found.id for found in by_destination.data] == [first.id]


class TestReversals:
    @pytest.fixture
    def sent(self, world: World) -> stripe.Transfer:
        control.top_up(world.sandbox, amount=5000, currency="cny")
        return transfer(world, world.account().id)

    def test_parts_are_taken_back_until_nothing_is_left(
        self, world: World, sent: stripe.Transfer
    ) -> None:
        world.client.v1.transfers.reversals.create(sent.id, {"amount": 2000})
        partly = world.client.v1.transfers.retrieve(sent.id)
        rest = world.client.v1.transfers.reversals.create(sent.id)
        wholly = world.client.v1.transfers.retrieve(sent.id)

        assert (partly.amount_reversed, partly.reversed) == (2000, False)
        assert rest.amount == 3000
        assert (wholly.amount_reversed, wholly.reversed) == (5000, True)
        listed = world.client.v1.transfers.reversals.list(sent.id)
        assert [one.amount for one in listed.data] == [3000, 2000]
        one = world.client.v1.transfers.reversals.retrieve(sent.id, rest.id)
        assert one.transfer == sent.id

    def test_no_more_than_was_sent(self, world: World, sent: stripe.Transfer) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.client.v1.transfers.reversals.create(sent.id, {"amount": 5001})
        assert refused.value.param == "amount"

    def test_money_that_left_for_the_bank_cannot_be_taken_back(
        self, world: World, sent: stripe.Transfer
    ) -> None:
        control.pay_out(world.sandbox, str(sent.destination), currency="cny")

        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.client.v1.transfers.reversals.create(sent.id)

        assert refused.value.code == "balance_insufficient"

    def test_a_payout_that_fails_brings_the_money_back(
        self, world: World, sent: stripe.Transfer
    ) -> None:
        account = str(sent.destination)
        payout = control.pay_out(world.sandbox, account, currency="cny")

        control.fail_payout(world.sandbox, payout["id"])

        found = world.client.v1.payouts.retrieve(payout["id"], {}, {"stripe_account": account})
        assert found.status == "failed"
        events = world.client.v1.events.list({"type": "payout.failed"}, {"stripe_account": account})
        assert len(events.data) == 1
        control.reverse_transfer(world.sandbox, sent.id)


def test_settlement_can_be_made_immediate(make_world: MakeWorld) -> None:
    world = make_world(settle_after=timedelta(0))
    account = world.account()
    world.charge()

    assert transfer(world, account.id).amount == 5000
