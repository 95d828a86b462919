"""Connect from end to end: set up from the desk, paid only when ready, compared, and put right."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from commissions.models import Payout, PayoutStatus, Skipped
from commissions.payouts import halting
from shop.gateway import client
from shop.kernel import clock, db, ids
from shop.network import destinations
from shop.network.models import Rail
from shop.rewards import payouts, reconciling, restores
from shop.rewards.payout_models import ConnectAccount
from shop.sandbox import control
from tests.conftest import Clock
from tests.journeys.test_paying_out import (
    all_payouts,
    anna_has_an_account,
    balance,
    delivered,
    halted,
    pay_everything,
    proven,
    set_destination,
)
from tests.web.admin.test_finance_pages import act, consent, page, tasks
from tests.world import World


def account() -> ConnectAccount:
    with db.reading() as session:
        return session.scalars(select(ConnectAccount)).one()


def at_stripe(world: World, desk: FlaskClient, answer: str = "complete") -> str:
    """Go to Stripe's form from the desk and come back; what the desk then says."""
    sent = desk.post("/desk/payee/connect", data={"country": "HK"})
    assert sent.status_code == 303, sent.text
    form = world.installation.sandbox_app.test_client()
    path = sent.location.removeprefix("http://sandbox.test")
    back = form.post(path, data={"answer": answer}).location.removeprefix("http://localhost")
    assert desk.get(back).status_code == 303
    return desk.get("/en/desk/payee").text


class TestOnboarding:
    def test_an_owner_sets_up_an_account_and_is_paid_there(
        self, world: World, business_clock: Clock
    ) -> None:
        control.top_up(world.installation.sandbox, amount=10_000_000, currency="cny")
        delivered(world, "honey", "anna-shop", quantity=2)
        desk = world.signed_in("anna")
        assert desk.post("/desk/payee/connect", data={"country": "XX"}).status_code == 422

        said = at_stripe(world, desk)

        assert "Your account is set up" in said
        assert "resting" in said
        assert (account().is_complete, account().can_receive) == (True, True)
        business_clock.forward(days=8)
        pay_everything(world)
        (payout,) = all_payouts()
        assert payout.status is PayoutStatus.SENT
        assert client.transfers_of(payout.group_key)[0]["destination"] == account().account_id

    def test_whoever_leaves_halfway_goes_on_with_the_same_account(self, world: World) -> None:
        desk = world.signed_in("anna")
        first = desk.post("/desk/payee/connect", data={"country": "HK"}).location
        assert "still needs something" in followed(desk, "/desk/payee/connect/return")
        known = account().account_id
        assert known in first

        again = desk.get("/desk/payee/connect/again").location
        assert known in again
        assert again != first
        at_stripe(world, desk)
        assert account().account_id == known

    def test_an_account_that_is_not_ready_is_not_paid_and_then_is(
        self, world: World, business_clock: Clock
    ) -> None:
        sandbox = world.installation.sandbox
        control.top_up(sandbox, amount=10_000_000, currency="cny")
        delivered(world, "honey", "anna-shop", quantity=2)
        at_stripe(world, world.signed_in("anna"))
        business_clock.forward(days=8)
        control.restrict(sandbox, account().account_id)
        world.installation.settle()

        pay_everything(world)
        with db.reading() as session:
            assert session.scalars(select(Skipped.reason)).all() == ["account_not_ready"]
        assert all_payouts() == []
        control.onboard(sandbox, account().account_id)
        world.installation.settle()
        pay_everything(world)
        assert all_payouts()[0].status is PayoutStatus.SENT

    def test_what_stops_after_the_approval_is_held_until_stripe_says_it_can_go(
        self, world: World, business_clock: Clock
    ) -> None:
        sandbox = world.installation.sandbox
        control.top_up(sandbox, amount=10_000_000, currency="cny")
        delivered(world, "honey", "anna-shop", quantity=2)
        at_stripe(world, world.signed_in("anna"))
        business_clock.forward(days=8)
        world.signed_in("maker").post("/admin/payouts/prepare")
        (payout,) = all_payouts()
        control.restrict(sandbox, account().account_id)
        world.installation.settle()
        form = {"payout": str(payout.id), f"hash-{payout.id}": payout.terms_hash}
        world.signed_in("checker").post("/admin/payouts/approve", data=form)
        world.installation.settle()
        assert all_payouts()[0].status_reason == "cannot_receive"
        assert client.transfers_of(payout.group_key) == []  # it was not even tried

        control.onboard(sandbox, account().account_id)
        world.installation.settle()
        assert all_payouts()[0].status is PayoutStatus.SENT
        assert proven()


def followed(desk: FlaskClient, path: str) -> str:
    desk.get(path)
    return desk.get("/en/desk/payee").text


@pytest.fixture
def paid(world: World, business_clock: Clock) -> World:
    """Anna was paid 17.52 by Connect."""
    anna_has_an_account(world)
    delivered(world, "honey", "anna-shop", quantity=2)
    business_clock.forward(days=8)
    pay_everything(world)
    return world


class TestComparing:
    def twin(self, payout: Payout, destination: str = "") -> str:
        """A second transfer of the same payout, made past us."""
        (first,) = client.transfers_of(payout.group_key)
        made = client.create_transfer(
            {
                "amount": first["amount"],
                "currency": "cny",
                "destination": destination or first["destination"],
                "transfer_group": first["transfer_group"],
                "metadata": first["metadata"],
            },
            key="past us",
        )
        return str(made["id"])

    def test_agreement_is_kept_and_each_time_begins_before_the_last(
        self, paid: World, business_clock: Clock
    ) -> None:
        first = reconciling.reconcile(by="test")
        business_clock.forward(days=1)
        second = reconciling.reconcile(by="test")

        assert (first.transfer_count, first.findings) == (1, [])
        assert second.since == first.until - reconciling.OVERLAP
        assert "Stripe&#39;s list agrees" in followed_queue(paid)
        assert not halted()

    def test_a_doubled_transfer_halts_and_two_people_take_the_later_back(self, paid: World) -> None:
        payout = all_payouts()[0]
        later = self.twin(payout)

        found = reconciling.reconcile(by="test")
        paid.installation.settle()  # the news of it put the payout into quarantine

        assert "several_transfers" in {one["code"] for one in found.findings}
        assert halted()
        maker, checker = paid.signed_in("maker"), paid.signed_in("checker")
        act(maker, f"payouts/{payout.id}/ask/reverse", reason="doubled")
        act(maker, f"consents/{consent().id}", 403, answer="agree")
        act(checker, f"consents/{consent().id}", answer="agree")
        paid.installation.settle()

        live = [one for one in client.transfers_of(payout.group_key) if not one["reversed"]]
        assert [one["id"] for one in live] == [payout.transfer_ref]
        assert client.transfer(later)["reversed"]
        assert reconciling.reconcile(by="test").findings == []
        assert proven()

    def test_a_transfer_to_somebody_else_is_seen_whatever_its_notes_say(self, paid: World) -> None:
        """X3: our own metadata repeats what we wanted; the account is what counts."""
        other = client.create_account({"type": "express", "country": "HK"}, key="eve")["id"]
        control.onboard(paid.installation.sandbox, other)
        self.twin(all_payouts()[0], other)

        codes = {one["code"] for one in reconciling.reconcile(by="test").findings}

        assert codes == {"several_transfers", "transfer_differs"}
        assert halted()
        paid.installation.settle()
        shown = page(paid.signed_in("maker"), f"payouts/{all_payouts()[0].id}")
        assert "another account" in shown

    def test_what_stands_is_a_task_with_its_age(self, paid: World, business_clock: Clock) -> None:
        maker = paid.signed_in("maker")
        delivered(paid, "honey", "anna-shop", quantity=2)
        business_clock.forward(days=8)
        act(maker, "payouts/prepare")
        assert tasks(maker)["Payouts that stand for long"] == 0

        business_clock.forward(days=4)

        assert tasks(maker)["Payouts that stand for long"] == 1
        assert "4 days" in page(maker, "payouts/queue")


class TestPartOfIt:
    """Stripe takes 5.00 of Anna's 17.52 back: only her payout waits, and two people decide."""

    def back(self, world: World, amount: int) -> Payout:
        payout = all_payouts()[0]
        control.reverse_transfer(
            world.installation.sandbox, str(payout.transfer_ref), amount=amount
        )
        world.installation.settle()
        return all_payouts()[0]

    def test_is_owed_again_in_one_click_of_two_people_and_the_desk_says_why(
        self, paid: World
    ) -> None:
        payout = self.back(paid, 500)
        assert (payout.status, halted()) == (PayoutStatus.QUARANTINED, False)
        maker, checker = paid.signed_in("maker"), paid.signed_in("checker")
        shown = page(maker, f"payouts/{payout.id}")
        assert "What disagrees" in shown
        assert "CN¥5.00 came back" in shown
        assert "A part of it came back" in act(
            maker, f"payouts/{payout.id}/ask/clear", 409, reason="fine"
        )

        act(maker, f"payouts/{payout.id}/ask/book_part", reason="Stripe took it back by mistake")
        first = consent()
        payout = self.back(paid, 100)  # more came back meanwhile
        assert "another amount" in act(checker, f"consents/{first.id}", 409, answer="agree")
        act(maker, f"consents/{first.id}", answer="withdraw")
        act(maker, f"payouts/{payout.id}/ask/book_part", reason="Stripe took it back by mistake")
        act(maker, f"consents/{consent().id}", 403, answer="agree")
        act(checker, f"consents/{consent().id}", answer="agree")

        assert all_payouts()[0].status is PayoutStatus.SENT
        assert balance(paid, "anna") == 600
        assert reconciling.reconcile(by="test").findings == []
        assert proven()
        desk = paid.signed_in("anna")
        listed = desk.get("/en/desk/earnings").text
        assert "Part of a payout came back" in listed
        why = re.findall(r'href="(/en/desk/earnings/\d+)"', listed)[0]
        assert "Stripe took it back by mistake" in desk.get(why).text

    def test_may_be_accepted_and_nobody_is_asked_again(self, paid: World) -> None:
        payout = self.back(paid, 500)
        maker, checker = paid.signed_in("maker"), paid.signed_in("checker")
        act(maker, f"payouts/{payout.id}/ask/accept_part", reason="paid in cash")
        act(checker, f"consents/{consent().id}", answer="agree")

        reconciling.reconcile(by="test")

        assert all_payouts()[0].status is PayoutStatus.SENT
        assert balance(paid, "anna") == 0
        assert proven()


def followed_queue(world: World) -> str:
    maker = world.signed_in("maker")
    act(maker, "payouts/reconcile")
    return page(maker, "payouts/queue")


def test_after_a_restore_nothing_is_sent_before_stripe_was_compared(
    paid: World, business_clock: Clock
) -> None:
    maker, checker = paid.signed_in("maker"), paid.signed_in("checker")
    restores.block(clock.now() - timedelta(hours=1), by="command")
    assert "was restored" in act(maker, "payouts/resume", 409, reason="fine")

    reconciling.reconcile(by="test", since=clock.now() - timedelta(days=4))
    act(maker, "payouts/resume", reason="compared")
    act(checker, f"consents/{consent().id}", answer="agree")

    assert not halted()


def test_a_lost_answer_is_adopted_by_the_comparison(world: World, business_clock: Clock) -> None:
    """The copy that was restored knows nothing of the transfer that was sent after it."""
    anna_has_an_account(world)
    delivered(world, "honey", "anna-shop", quantity=2)
    business_clock.forward(days=8)
    control.inject(world.installation.sandbox, "lost_after", path="/v1/transfers")
    world.signed_in("maker").post("/admin/payouts/prepare")
    (payout,) = all_payouts()
    form = {"payout": str(payout.id), f"hash-{payout.id}": payout.terms_hash}
    world.signed_in("checker").post("/admin/payouts/approve", data=form)
    payouts.send_due({})
    assert all_payouts()[0].status is PayoutStatus.QUEUED

    found = reconciling.reconcile(by="test")

    assert [one["code"] for one in found.findings] == ["unrecorded"]
    assert all_payouts()[0].status is PayoutStatus.SENT
    assert not halted()
    assert proven()


def test_a_changed_destination_takes_back_what_is_on_its_way(
    world: World, business_clock: Clock
) -> None:
    set_destination(world, "anna", Rail.BY_HAND, {"instructions": "cash"})
    delivered(world, "honey", "anna-shop", quantity=2)
    business_clock.forward(days=8)
    world.signed_in("maker").post("/admin/payouts/prepare")
    (payout,) = all_payouts()
    with db.unit_of_work() as session:
        halting.halt_payouts(session, reason="t", by="t", at=clock.now(), ids=ids.new)
        destinations.set_destination(
            session,
            int(payout.payee_key.partition(":")[2]),
            rail=Rail.BY_HAND,
            details={"instructions": "to the sister"},
            by="account:1",
            at=clock.now(),
        )

    assert all_payouts()[0].status is PayoutStatus.VOID
    assert balance(world, "anna") == payout.amount
    assert proven()
