"""Events as the API lists them and as webhooks carry them."""

import json
import time

import pytest
import stripe

from shop.sandbox import control
from shop.sandbox.delivery import deliver_due
from shop.sandbox.signing import signature, signature_header

from .conftest import HOOK, SECRET, MakeWorld, World


class TestEnvelope:
    def test_a_payment_tells_its_story_in_order(self, world: World) -> None:
        world.paid_session()

        assert world.event_types() == [
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.succeeded",
            "charge.updated",
            "checkout.session.completed",
        ]

    def test_an_event_names_version_object_and_the_call_it_came_from(self, world: World) -> None:
        charge = world.charge()
        world.client.v1.refunds.create({"charge": charge.id}, {"idempotency_key": "refund-1"})

        event = world.client.v1.events.list({"type": "charge.refunded"}).data[0]

        assert event.api_version == "2026-10-28.endive"
        assert event.request is not None
        assert event.request.idempotency_key == "refund-1"
        assert event.data.object["amount_refunded"] == 25600
        former = event.data.previous_attributes
        assert former is not None
        assert former.to_dict() == {"amount_refunded": 0, "refunded": False}

    def test_a_click_on_a_page_comes_from_no_call(self, world: World) -> None:
        world.paid_session()

        event = world.client.v1.events.list({"type": "checkout.session.completed"}).data[0]

        assert event.request is not None
        assert (event.request.id, event.request.idempotency_key) == (None, None)

    def test_a_snapshot_does_not_change_later(self, world: World) -> None:
        charge = world.charge()
        world.client.v1.refunds.create({"charge": charge.id})

        event = world.client.v1.events.list({"type": "charge.succeeded"}).data[0]

        assert event.data.object["amount_refunded"] == 0


class TestList:
    def test_by_types_and_time(self, world: World) -> None:
        world.paid_session()
        world.clock.forward(hours=1)
        since = int(world.clock().timestamp())
        world.paid_session()

        found = world.client.v1.events.list(
            {"types": ["charge.succeeded", "charge.updated"], "created": {"gte": since}}
        )

        assert [event.type for event in found.data] == ["charge.updated", "charge.succeeded"]

    def test_events_are_kept_for_thirty_days(self, world: World) -> None:
        world.paid_session()
        event = world.client.v1.events.list().data[0]

        world.clock.forward(days=30)

        assert world.client.v1.events.list().data == []
        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.client.v1.events.retrieve(event.id)
        assert refused.value.code == "resource_missing"

    def test_what_was_not_delivered_can_be_asked_for(self, world: World) -> None:
        world.paid_session()
        assert len(world.client.v1.events.list({"delivery_success": False}).data) == 5
        world.deliver()
        assert world.client.v1.events.list({"delivery_success": False}).data == []
        assert len(world.client.v1.events.list({"delivery_success": True}).data) == 5


class TestDelivery:
    def test_every_webhook_verifies_with_the_sdk(self, world: World) -> None:
        world.paid_session()

        assert world.deliver() == 5
        for body, headers in zip(world.inbox.bodies, world.inbox.headers, strict=True):
            event = world.client.construct_event(body, headers["Stripe-Signature"], SECRET)
            assert event.pending_webhooks == 1
        assert world.deliver() == 0

    def test_stamps_follow_real_time_and_not_the_sandbox_clock(self, world: World) -> None:
        world.clock.forward(days=90)
        world.paid_session()
        world.deliver()

        stamp = world.inbox.headers[0]["Stripe-Signature"].split(",")[0]

        assert abs(int(stamp.removeprefix("t=")) - time.time()) < 60

    def test_both_secrets_sign_while_one_is_rolled_over(self, make_world: MakeWorld) -> None:
        world = make_world(previous_webhook_secret="whsec_old")
        world.paid_session()
        world.deliver()
        body, header = world.inbox.bodies[0], world.inbox.headers[0]["Stripe-Signature"]

        for secret in (SECRET, "whsec_old"):
            world.client.construct_event(body, header, secret)
        with pytest.raises(stripe.SignatureVerificationError):
            world.client.construct_event(body, header, "whsec_other")

    def test_an_endpoint_that_fails_is_asked_again_with_growing_pauses(self, world: World) -> None:
        world.paid_session()
        world.inbox.status = 500
        assert world.deliver() == 5
        assert world.deliver() == 0

        world.clock.forward(seconds=5)
        assert world.deliver() == 5
        world.clock.forward(seconds=29)
        assert world.deliver() == 0
        world.clock.forward(seconds=1)
        world.inbox.status = 200
        assert world.deliver() == 5
        world.clock.forward(days=5)
        assert world.deliver() == 0

    def test_an_endpoint_that_never_answers_is_given_up(self, world: World) -> None:
        world.session()
        world.paid_session()
        world.inbox.status = 500
        for _ in range(20):
            world.deliver()
            world.clock.forward(days=1)
        world.inbox.bodies.clear()

        world.clock.forward(days=1)

        assert world.deliver() == 0

    def test_a_refused_connection_counts_as_a_failure(self, world: World) -> None:
        def nobody(url: str, headers: object, body: bytes) -> int:
            raise ConnectionRefusedError

        world.paid_session()
        assert deliver_due(world.sandbox, nobody) == 5
        world.clock.forward(seconds=5)
        assert world.deliver() == 5

    def test_only_wanted_events_are_sent(self, make_world: MakeWorld) -> None:
        world = make_world(webhook_events=("checkout.session.completed",))
        world.paid_session()

        assert world.deliver() == 1
        assert json.loads(world.inbox.bodies[0])["type"] == "checkout.session.completed"
        assert len(world.event_types()) == 5

    def test_without_an_address_nothing_is_queued(self, make_world: MakeWorld) -> None:
        world = make_world(webhook_url=None)
        world.paid_session()

        assert world.deliver() == 0

    def test_the_receiver_may_call_the_sandbox_back(self, world: World) -> None:
        session = world.paid_session()
        seen = []

        def receive(url: str, headers: object, body: bytes) -> int:
            seen.append(world.client.v1.checkout.sessions.retrieve(session.id).status)
            return 200

        assert deliver_due(world.sandbox, receive, limit=1) == 1
        assert seen == ["complete"]


class TestSigning:
    def test_the_sdk_computes_the_same(self) -> None:
        body = '{"id": "evt_1", "name": "山野"}'
        theirs = stripe.WebhookSignature.generate_signature_header(body, SECRET, 1700000000)

        assert signature_header([SECRET], timestamp=1700000000, body=body.encode()) == theirs
        assert theirs.endswith(signature(SECRET, timestamp=1700000000, body=body.encode()))


def test_a_hook_is_where_the_settings_say(world: World) -> None:
    assert world.sandbox.settings.webhook_url == HOOK


def test_nothing_changed_means_no_updated_event(world: World) -> None:
    account = world.account()
    before = len(world.client.v1.events.list({}, {"stripe_account": account.id}).data)

    world.client.v1.accounts.update(account.id, {"email": "p@example.com"})

    after = len(world.client.v1.events.list({}, {"stripe_account": account.id}).data)
    assert after == before


def test_a_dispute_update_carries_what_it_was_before(world: World) -> None:
    made = control.open_dispute(world.sandbox, world.charge().id)
    world.client.v1.disputes.update(made["id"], {"evidence": {"receipt": "file_1"}})

    event = world.client.v1.events.list({"type": "charge.dispute.updated"}).data[0]

    assert event.data.previous_attributes is not None
    assert event.data.previous_attributes["status"] == "needs_response"
