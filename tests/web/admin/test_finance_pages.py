"""Finance at the desk: what waits for whom, two people where one is not enough, holds, the review."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from commissions import queries
from commissions.audit_trail import AuditEntry
from commissions.models import Batch, Payout, PayoutStatus, SaleHead
from commissions.payouts import halting
from commissions.statuses import EntryStatus
from shop.gateway import client as stripe
from shop.kernel import clock, db, ids
from shop.kernel.jobs import OutboxJob
from shop.network.models import Rail
from shop.rewards import earnings, payouts
from shop.rewards.models import Consent, ConsentState
from shop.sandbox import control
from tests.conftest import Clock
from tests.journeys.test_paying_out import (
    BANK_OF_BO,
    all_payouts,
    anna_has_an_account,
    balance,
    delivered,
    halted,
    pay_everything,
    proven,
    refund_one,
    set_destination,
)
from tests.web.admin.catalog_desk import form_of
from tests.world import World


@pytest.fixture
def world(world: World, business_clock: Clock) -> World:
    """Anna is paid by Connect, Bo by bank file; both have sold and everything is payable."""
    anna_has_an_account(world)
    set_destination(world, "bo", Rail.BANK_FILE, BANK_OF_BO)
    delivered(world, "honey", "anna-shop", quantity=2)
    delivered(world, "tea", "bo-shop", quantity=1)
    business_clock.forward(days=8)
    return world


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(f"/admin/{path}")
    assert answer.status_code == status, answer.text
    return answer.text


def act(client: FlaskClient, path: str, status: int = 303, /, **data: Any) -> str:
    answer = client.post(f"/admin/{path}", data=data)
    assert answer.status_code == status, answer.text
    return answer.text


def tasks(client: FlaskClient) -> dict[str, int]:
    """The figures of the front page by their name; every one of them leads to an open page."""
    tiles = re.findall(
        r'class="tile[^"]*" href="/admin/([^"]*)"><span class="tile__figure">(\d+)</span>'
        r'<span class="tile__name">([^<]+)',
        page(client, ""),
    )
    for path, _figure, _name in tiles:
        page(client, path.replace("&amp;", "&"))
    return {name: int(figure) for _path, figure, name in tiles}


def prepared(maker: FlaskClient, rail: str) -> Payout:
    if not all_payouts():
        act(maker, "payouts/prepare")
    return next(one for one in all_payouts() if one.rail == rail)


def approved(maker: FlaskClient, checker: FlaskClient, rail: str) -> Payout:
    payout = prepared(maker, rail)
    form = {"payout": str(payout.id), f"hash-{payout.id}": payout.terms_hash}
    act(checker, "payouts/approve", **form)
    return payout


def again(payout: Payout) -> Payout:
    with db.reading() as session:
        return session.get_one(Payout, payout.id)


def consent() -> Consent:
    with db.reading() as session:
        return session.scalars(select(Consent).order_by(Consent.id.desc()).limit(1)).one()


def halt() -> None:
    with db.unit_of_work() as session:
        halting.halt_payouts(session, reason="test", by="test", at=clock.now(), ids=ids.new)


class TestTasks:
    def test_each_sees_what_waits_for_him_and_where_to_do_it(
        self, world: World, maker: FlaskClient, checker: FlaskClient
    ) -> None:
        prepared(maker, "bank_file")

        assert "Payouts to approve" not in tasks(maker)
        assert tasks(checker)["Payouts to approve"] == 2

        approved(maker, checker, "bank_file")
        assert tasks(maker)["Approved, to be paid"] == 1
        assert tasks(checker)["Payouts to approve"] == 1

    def test_a_plan_waits_for_somebody_else_than_its_author(
        self, maker: FlaskClient, checker: FlaskClient
    ) -> None:
        act(maker, "plan/start")
        shown = page(maker, "plan")
        draft = re.search(r'action="/admin/plan/(\d+)"', shown)
        assert draft is not None
        form = form_of(maker.get("/admin/plan"), f"/admin/plan/{draft[1]}")
        act(maker, f"plan/{draft[1]}", **form, submit="1")

        assert tasks(checker)["Plan to publish"] == 1
        assert "Plan to publish" not in tasks(maker)

    def test_stops_are_urgent(
        self, world: World, maker: FlaskClient, checker: FlaskClient, business_clock: Clock
    ) -> None:
        payout = approved(maker, checker, "connect")
        world.installation.settle()
        control.reverse_transfer(world.installation.sandbox, str(again(payout).transfer_ref))
        world.installation.settle()
        halt()

        found = tasks(maker)

        assert found["Payouts are halted"] == 1
        assert found["Returned payouts, not paid since"] == 1

    def test_a_sale_without_credit_is_shown_and_tried_again(
        self, world: World, maker: FlaskClient
    ) -> None:
        with db.unit_of_work() as session:
            session.execute(update(SaleHead).values(credited_at=None))

        assert tasks(maker)["Sales without credit"] == 2
        act(maker, f"commissions/credit/{world.order().id}")

        with db.reading() as session:
            payloads = session.scalars(
                select(OutboxJob.payload).where(OutboxJob.name == "rewards.credit")
            ).all()
        assert payloads == [{"order_id": str(world.order().id)}]

    def test_the_catalog_hears_of_low_stock(self, world: World) -> None:
        assert "Low stock" in tasks(world.signed_in("staff"))


class TestASecondPerson:
    def test_a_halt_ends_when_another_signs_in_and_agrees(
        self, maker: FlaskClient, checker: FlaskClient
    ) -> None:
        halt()
        act(maker, "payouts/resume", 422, reason="  ")
        act(maker, "payouts/resume", reason="looked at every transfer")

        assert halted()
        assert tasks(checker)["Needs a second person"] == 1
        assert tasks(maker)["Needs a second person"] == 0
        alone = act(maker, f"consents/{consent().id}", 403, answer="agree")
        assert "Another person must agree" in alone
        assert halted()
        act(checker, f"consents/{consent().id}", answer="agree")

        assert not halted()
        with db.reading() as session:
            note = session.scalars(
                select(AuditEntry.note).where(AuditEntry.action == "commission_payouts.resumed")
            ).one()
        assert note.startswith("looked at every transfer (with account:")

    def test_it_is_asked_for_once_and_answered_once(
        self, maker: FlaskClient, checker: FlaskClient
    ) -> None:
        halt()
        act(maker, "payouts/resume", reason="fine")
        assert "was asked already" in act(checker, "payouts/resume", 409, reason="me too")
        first = consent().id

        assert "Please say why" in act(checker, f"consents/{first}", 422, answer="refuse")
        act(checker, f"consents/{first}", answer="refuse", note="not yet")
        act(checker, f"consents/{first}", 409, answer="agree")

        assert halted()
        assert "not yet" in page(maker, "consents")
        act(maker, "payouts/resume", reason="now")
        act(maker, f"consents/{consent().id}", answer="withdraw")
        assert consent().status == ConsentState.WITHDRAWN

    def test_nothing_is_asked_for_that_makes_no_sense(
        self, maker: FlaskClient, checker: FlaskClient
    ) -> None:
        payout = prepared(maker, "connect")

        assert "are not halted" in act(maker, "payouts/resume", 409, reason="x")
        act(maker, f"payouts/{payout.id}/ask/void", 409, reason="x")
        act(maker, f"payouts/{payout.id}/ask/clear", 409, reason="x")

    def test_a_file_that_the_bank_refused_goes_back_to_the_queue(
        self, maker: FlaskClient, checker: FlaskClient
    ) -> None:
        payout = approved(maker, checker, "bank_file")
        act(maker, "payouts/file", payout=str(payout.id))
        with db.reading() as session:
            batch_id = session.scalars(select(Batch.id)).one()
        assert "Did the bank take it?" in page(maker, "payouts")

        act(maker, f"payouts/files/{batch_id}/not-sent", reason="wrong format")
        assert again(payout).status is PayoutStatus.SENDING
        act(checker, f"consents/{consent().id}", answer="agree")

        assert again(payout).status is PayoutStatus.QUEUED
        act(maker, "payouts/file", payout=str(payout.id))
        assert again(payout).status is PayoutStatus.SENDING
        assert proven()

    def test_what_was_sent_and_never_arrived_is_taken_back_by_two(
        self, world: World, maker: FlaskClient, checker: FlaskClient, business_clock: Clock
    ) -> None:
        payout = approved(maker, checker, "connect")
        sandbox = world.installation.sandbox
        control.inject(sandbox, "lost_before", path="/v1/transfers", times=9)
        world.installation.settle()
        act(maker, f"payouts/{payout.id}/stop", reason="the network is down")
        early = act(maker, f"payouts/{payout.id}/ask/void", 409, reason="lost")

        business_clock.forward(hours=25)
        for _look in range(2):
            act(maker, f"payouts/{payout.id}/look")
            business_clock.forward(minutes=5)
        assert "is proven absent" in page(maker, f"payouts/{payout.id}")
        act(maker, f"payouts/{payout.id}/ask/void", reason="lost")
        act(checker, f"consents/{consent().id}", answer="agree")

        assert "may still arrive" in early
        assert again(payout).status is PayoutStatus.VOID
        assert balance(world, "anna") == payout.amount
        assert proven()

    def test_a_held_one_goes_on_and_is_sent_once(
        self, world: World, maker: FlaskClient, checker: FlaskClient
    ) -> None:
        payout = approved(maker, checker, "connect")
        act(maker, f"payouts/{payout.id}/stop", reason="wait a moment")
        payouts.send_due({})
        assert "wait a moment" in page(maker, f"payouts/{payout.id}")
        assert again(payout).status is PayoutStatus.BLOCKED

        act(checker, f"payouts/{payout.id}/go-on")
        world.installation.settle()

        assert again(payout).status is PayoutStatus.SENT
        assert len(stripe.transfers_of(payout.group_key)) == 1

    def test_a_doubled_transfer_is_put_right_and_two_let_it_go_on(
        self, world: World, maker: FlaskClient, checker: FlaskClient
    ) -> None:
        payout = approved(maker, checker, "connect")
        world.installation.settle()
        sandbox, first = world.installation.sandbox, again(payout).transfer_ref
        with sandbox.transaction():
            original = sandbox.need("transfer", str(first))
        doubled = stripe.create_transfer(
            {
                "amount": original["amount"],
                "currency": "cny",
                "destination": original["destination"],
                "transfer_group": original["transfer_group"],
                "metadata": original["metadata"],
            },
            key="by hand",
        )
        world.installation.settle()
        assert (again(payout).status, halted()) == (PayoutStatus.QUARANTINED, True)
        assert "several transfers" in page(maker, f"payouts/{payout.id}")

        control.reverse_transfer(sandbox, doubled["id"])
        act(maker, f"payouts/{payout.id}/ask/clear", reason="reversed the second one")
        act(checker, f"consents/{consent().id}", answer="agree")
        act(checker, "payouts/resume", reason="put right")
        act(maker, f"consents/{consent().id}", answer="agree")
        world.installation.settle()

        assert (again(payout).status, halted()) == (PayoutStatus.SENT, False)
        assert again(payout).transfer_ref == first
        assert proven()


class TestHolds:
    def entry(self, world: World, point: str = "anna") -> int:
        with db.reading() as session:
            (row,) = earnings.of_point(session, world.points[point], at=clock.now())
        return row.earning.id

    def form(self, **changed: str) -> dict[str, str]:
        return {
            "on": "earning",
            "reason": "check",
            "until": "2026-03-20",
            "note": "Two orders from one address",
            "once": "a",
            **changed,
        }

    def test_a_held_earning_is_not_paid_until_somebody_has_looked(
        self, world: World, maker: FlaskClient
    ) -> None:
        entry_id = self.entry(world)
        for _twice in range(2):
            act(maker, f"commissions/{entry_id}/hold", **self.form())
        act(maker, "payouts/prepare")

        assert [one.rail for one in all_payouts()] == ["bank_file"]
        review = page(maker, "commissions")
        assert review.count("Two orders from one address") == 1
        hold_id = re.search(r"commissions/holds/(\d+)/release", review)
        assert hold_id is not None
        path = f"commissions/holds/{hold_id[1]}/release"
        assert "what you found" in act(maker, path, 422, note="")
        act(maker, path, note="a family")

        with db.reading() as session:
            found = queries.earning(session, entry_id, at=clock.now())
        assert found is not None
        assert found.status is EntryStatus.AVAILABLE

    def test_its_owner_reads_why_in_plain_words(self, world: World, maker: FlaskClient) -> None:
        entry_id = self.entry(world)
        act(maker, f"commissions/{entry_id}/hold", **self.form(on="point"))

        why = world.signed_in("anna").get(f"/desk/earnings/{entry_id}").text

        assert "the sale is being checked" in why
        assert "Two orders from one address" not in why

    @pytest.mark.parametrize("on", ["earning", "sale", "point", "payee"])
    def test_it_lies_on_what_was_chosen(self, world: World, maker: FlaskClient, on: str) -> None:
        act(maker, f"commissions/{self.entry(world)}/hold", **self.form(on=on))

        with db.reading() as session:
            (anna,) = earnings.of_point(session, world.points["anna"], at=clock.now())
            (bo,) = earnings.of_point(session, world.points["bo"], at=clock.now())
        assert (anna.earning.status, bo.earning.status) == ("held", "available")

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"until": "2026-03-01"}, "must lie ahead"),
            ({"until": ""}, "choose a day"),
            ({"note": " "}, "has to be looked at"),
            ({"reason": "mood"}, "choose a reason"),
            ({"on": "moon"}, "what is held back"),
        ],
    )
    def test_a_form_that_is_not_complete_comes_back_as_it_was(
        self, world: World, maker: FlaskClient, changed: dict[str, str], said: str
    ) -> None:
        form = self.form(**changed)

        answer = act(maker, f"commissions/{self.entry(world)}/hold", 422, **form)

        assert said in answer
        assert form["note"].strip() in answer


class TestTheReview:
    def test_it_is_narrowed_by_point_order_state_and_day(
        self, world: World, maker: FlaskClient
    ) -> None:
        anna, bo = world.orders()

        for narrowed in (
            f"point={world.points['anna']}",
            "point=Anna's shop",
            f"order={anna.number.lower()}",
            f"order={anna.number}&status=available&since=2026-03-02&until=2026-03-02",
        ):
            found = page(maker, f"commissions?{narrowed}")
            assert anna.number in found, narrowed
            assert bo.number not in found, narrowed
        for nothing in ("point=nobody", "order=ZZZZ", "status=paid", "since=2026-03-03"):
            assert "Nothing fits" in page(maker, f"commissions?{nothing}"), nothing

    def test_each_state_lists_exactly_the_earnings_that_stand_there(
        self, world: World, maker: FlaskClient, business_clock: Clock
    ) -> None:
        """The filter is SQL, the badge is Python; both must say the same."""
        pay_everything(world)
        delivered(world, "honey", "anna-shop", quantity=1)
        business_clock.forward(days=8)
        act(maker, "payouts/prepare")
        refund_one(delivered(world, "honey", "anna-shop", quantity=1))
        delivered(world, "tea", "bo-shop", quantity=1)
        world.buy("tea", slug="bo-shop")
        business_clock.forward(hours=1)

        with db.reading() as session:
            at = clock.now()
            everything = queries.latest_earnings(session, at=at)
            for status in EntryStatus:
                wanted = queries.Wanted(status=status)
                found = queries.latest_earnings(session, at=at, wanted=wanted)
                assert [one.id for one in found] == [
                    one.id for one in everything if one.status is status
                ], status
        assert {one.status for one in everything} >= {"paid", "in_payout", "reversed", "expected"}
