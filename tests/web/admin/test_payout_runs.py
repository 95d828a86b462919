"""A run of payouts as one thing: many payees with progress, approved and sent as a whole."""

import os
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from commissions import sealing
from commissions.models import Approval, Batch, Payout, Skipped, Statement
from commissions.payouts import approving
from shop.accounts import register
from shop.accounts.models import StaffRole
from shop.kernel import clock, db, ids
from shop.network import destinations
from shop.network.models import Rail
from shop.rewards import payable, payout_runs, payout_terms, statements
from shop.rewards.payout_models import PayoutTerms, PayoutWork
from shop.rewards.throttle import Bucket
from tests.conftest import Clock
from tests.counting import counted
from tests.factories.many_payees import many_payees
from tests.journeys.test_paying_out import proven
from tests.races import together
from tests.web.admin.test_finance_pages import act, all_payouts, consent, page, tasks
from tests.world import World

pytestmark = pytest.mark.usefixtures("keeps_what_it_knows")


def payees(count: int, rail: Rail = Rail.BANK_FILE, **options: Any) -> list[int]:
    """Payees whose earnings are payable in 30 days."""
    return many_payees(count, at=clock.now(), rail=rail, **options).payee_ids


def latest_run() -> int:
    with db.reading() as session:
        return (
            session.scalars(select(PayoutWork.run_id).order_by(PayoutWork.id.desc())).first() or 0
        )


def counts() -> dict[str, int]:
    with db.reading() as session:
        rows = session.execute(select(Payout.status, func.count()).group_by(Payout.status))
        return {status.value: count for status, count in rows}


def seen_on(client: FlaskClient, run_id: int) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page(client, f"payouts/runs/{run_id}"))
    assert found is not None
    return found[1]


def agree(client: FlaskClient) -> None:
    act(client, f"consents/{consent().id}", answer="agree")


MANY = 1000 if os.environ.get("GRIDSHOP_SOAK") else 60
"""Payees of a large run: more than are prepared at once."""


class TestALargeRun:
    @pytest.mark.longer
    def test_is_prepared_approved_and_put_into_files_with_progress(
        self, world: World, maker: FlaskClient, checker: FlaskClient, business_clock: Clock
    ) -> None:
        payees(MANY)
        business_clock.forward(days=30)
        began = time.perf_counter()

        act(maker, "payouts/prepare")
        run_id = latest_run()
        waits = page(maker, f"payouts/runs/{run_id}")
        assert f'max="{MANY}" value="0"' in waits
        assert f"/payouts/runs/{run_id}/progress" in waits
        world.installation.work()
        assert time.perf_counter() - began < 60
        assert counts() == {"draft": MANY}

        act(checker, f"payouts/runs/{run_id}/approve", seen=seen_on(checker, run_id))
        assert "Being approved" in page(checker, f"payouts/runs/{run_id}/progress")
        world.installation.work()
        assert counts() == {"approved": MANY}

        act(maker, f"payouts/runs/{run_id}/send")
        world.installation.work()
        assert counts() == {"sending": MANY}
        with db.reading() as session:
            files = session.execute(select(func.count(), func.sum(Batch.total_amount))).one()
            total = session.scalar(select(func.sum(Payout.net_amount)))
        assert tuple(files) == (-(-MANY // payout_runs.FILE_SIZE), total)
        assert proven()

    def test_costs_its_pages_no_more_statements_than_a_small_one(
        self, world: World, maker: FlaskClient, checker: FlaskClient, business_clock: Clock
    ) -> None:
        def cost(client: FlaskClient) -> list[int]:
            found = []
            for path in ("", "payouts", "payouts/runs", f"payouts/runs/{latest_run()}"):
                with counted(db.engine()) as statements:
                    page(client, path)
                found.append(len(statements))
            return found

        payees(3)
        business_clock.forward(days=30)
        act(maker, "payouts/prepare")
        few = cost(checker)
        payees(60, Rail.CREDIT_NOTE)
        business_clock.forward(days=30)
        act(maker, "payouts/prepare")
        world.installation.work()

        many = cost(checker)
        assert [now - before for now, before in zip(many, few, strict=True) if now > before] == []


class TestPrepare:
    def test_few_are_prepared_at_once_and_only_the_chosen_if_some_are(
        self, maker: FlaskClient, business_clock: Clock
    ) -> None:
        first, _second, third = payees(3)
        business_clock.forward(days=30)

        act(maker, "payouts/prepare", payee=[str(first), str(third)])

        assert {one.payee_key for one in all_payouts()} == {f"payee:{first}", f"payee:{third}"}
        assert "Nothing was payable" not in page(maker, f"payouts/runs/{latest_run()}")

    def test_a_worker_that_was_killed_is_followed_by_one_that_goes_on(
        self, world: World, maker: FlaskClient, business_clock: Clock
    ) -> None:
        payees(30)
        business_clock.forward(days=30)
        act(maker, "payouts/prepare")
        with db.reading() as session:
            work_id = session.scalars(select(PayoutWork.id)).one()
        payout_runs._work_off(work_id, 12)
        assert counts() == {"draft": 12}

        world.installation.work()
        payout_runs.work({"work_id": str(work_id)})

        assert counts() == {"draft": 30}
        with db.reading() as session:
            assert session.scalars(select(Skipped)).all() == []

    def test_whoever_gets_nothing_is_named_with_the_reason(
        self, world: World, maker: FlaskClient, business_clock: Clock
    ) -> None:
        payees(1, base=900)
        (moved,) = payees(1)
        business_clock.forward(days=30)
        with db.unit_of_work() as session:
            destinations.set_destination(
                session,
                moved,
                rail=Rail.BANK_FILE,
                details={
                    "holder": "A", "account_number": "6222029999999999", "bank_name": "ICBC",
                },
                by="t",
                at=clock.now(),
            )  # fmt: skip
        act(maker, "payouts/prepare")

        said = page(maker, f"payouts/runs/{latest_run()}")
        assert "Below the minimum" in said
        assert "still cools down" in said


class TestApproveAll:
    def run(self, world: World, maker: FlaskClient, business_clock: Clock, count: int = 3) -> int:
        payees(count)
        business_clock.forward(days=30)
        act(maker, "payouts/prepare")
        world.installation.work()
        return latest_run()

    def test_is_bound_to_the_list_that_was_seen(
        self, world: World, maker: FlaskClient, checker: FlaskClient, business_clock: Clock
    ) -> None:
        run_id = self.run(world, maker, business_clock)
        seen = seen_on(checker, run_id)
        with db.unit_of_work() as session:
            approving.void(
                session, all_payouts()[0].id, by="t", at=clock.now(), ids=ids.new, reason="x"
            )

        said = act(checker, f"payouts/runs/{run_id}/approve", 409, seen=seen)

        assert "It changed since you saw it" in said
        assert counts() == {"draft": 2, "void": 1}

    def test_leaves_and_names_what_changes_while_it_works(
        self, world: World, maker: FlaskClient, checker: FlaskClient, business_clock: Clock
    ) -> None:
        run_id = self.run(world, maker, business_clock, 25)
        act(checker, f"payouts/runs/{run_id}/approve", seen=seen_on(checker, run_id))
        with db.unit_of_work() as session:
            approving.void(
                session, all_payouts()[0].id, by="t", at=clock.now(), ids=ids.new, reason="x"
            )
        world.installation.work()

        assert counts() == {"approved": 24, "void": 1}
        assert "somebody else changed it" in page(checker, f"payouts/runs/{run_id}")
        assert proven()

    def test_the_maker_has_no_say_and_a_step_is_asked_for_once(
        self, world: World, maker: FlaskClient, checker: FlaskClient, business_clock: Clock
    ) -> None:
        run_id = self.run(world, maker, business_clock, 25)
        act(maker, f"payouts/runs/{run_id}/approve", 403)
        seen = seen_on(checker, run_id)

        act(checker, f"payouts/runs/{run_id}/approve", seen=seen)
        assert "is being done already" in act(
            checker, f"payouts/runs/{run_id}/approve", 409, seen=seen
        )
        assert "Nothing of this run waits" in act(maker, f"payouts/runs/{run_id}/send", 409)


class TestTerms:
    def form(self, **changed: str) -> dict[str, str]:
        return {
            "minimum": "20",
            "fee_amount": "1.50",
            "fee_bps": "0.5",
            "second_from_amount": "30",
            "reason": "as the bank asks",
            **changed,
        }

    def test_hold_when_a_second_person_agrees_and_bind_the_next_run(
        self, world: World, maker: FlaskClient, checker: FlaskClient, business_clock: Clock
    ) -> None:
        payees(1, base=40_000)
        business_clock.forward(days=30)
        act(checker, "payouts/terms/bank_file", **self.form())
        assert "Another change of these terms" in act(
            maker, "payouts/terms/bank_file", 409, **self.form(minimum="25")
        )
        act(checker, f"consents/{consent().id}", 403, answer="agree")
        agree(maker)

        act(maker, "payouts/prepare")
        (payout,) = all_payouts()
        fee = 150 + payout.amount * 50 // 10_000
        assert (payout.fee_amount, payout.net_amount) == (fee, payout.amount - fee)
        assert payout.approvals_needed == 2
        assert "Needs two approvals" in page(checker, "payouts")

        form = {"payout": str(payout.id), f"hash-{payout.id}": payout.terms_hash}
        act(checker, "payouts/approve", **form)
        assert counts() == {"draft": 1}
        assert "Payouts to approve" in tasks(checker)
        assert tasks(checker)["Payouts to approve"] == 0
        act(second_checker(world), "payouts/approve", **form)
        assert counts() == {"approved": 1}
        with db.reading() as session:
            assert session.scalar(select(func.count()).select_from(Approval)) == 2
        assert proven()

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"minimum": "many"}, "is not an amount of money"),
            ({"minimum": "9" * 17}, "is too large"),
            ({"fee_bps": "much"}, "is not a number"),
            ({"fee_bps": "9" * 10}, "0 to 30 percent"),
            ({"minimum": ""}, "more than nothing"),
            ({"fee_amount": "20"}, "smaller than the least amount"),
            ({"fee_bps": "31"}, "0 to 30 percent"),
            ({"second_from_amount": "0"}, "Leave this empty"),
            ({"reason": " "}, "Please say why"),
        ],
    )
    def test_a_bad_field_is_named_and_nothing_is_lost(
        self, maker: FlaskClient, changed: dict[str, str], said: str
    ) -> None:
        answer = act(maker, "payouts/terms/bank_file", 422, **self.form(**changed))

        assert said in answer
        assert 'value="as the bank asks"' in answer or "reason" in changed
        with db.reading() as session:
            assert session.scalars(select(PayoutTerms)).all() == []

    def test_a_refused_change_changes_nothing(
        self, maker: FlaskClient, checker: FlaskClient
    ) -> None:
        act(maker, "payouts/terms/connect", **self.form())
        act(checker, f"consents/{consent().id}", answer="refuse", note="no")

        with db.reading() as session:
            assert payout_terms.current(session) == {}
        act(maker, "payouts/terms/connect", **self.form())


def second_checker(world: World) -> FlaskClient:
    with db.unit_of_work() as session:
        at = clock.now()
        person = register.with_contact(session, "c2@world.example", name="C2", locale="en", at=at)
        register.grant(session, person.id, StaffRole.FINANCE_CHECKER, by="test", at=at)
        world.accounts["checker2"] = person.id
    return world.signed_in("checker2")


class TestForgottenPayees:
    def test_whoever_waits_for_long_is_a_task_and_can_be_paid_alone(
        self, world: World, maker: FlaskClient, business_clock: Clock
    ) -> None:
        """T52: a payee whom no run reaches must be seen, not waited for."""
        (late,) = payees(1)
        business_clock.forward(days=30)
        assert tasks(maker)["Payees waiting for long"] == 0
        payees(1, base=900)  # less than the least payout, and so allowed to wait
        business_clock.forward(days=40)

        assert tasks(maker)["Payees waiting for long"] == 1
        assert "Waiting for long" in page(maker, "payouts")
        act(maker, "payouts/prepare", payee=str(late))

        assert tasks(maker)["Payees waiting for long"] == 0
        with db.reading() as session:
            assert payable.overdue(session, at=clock.now()) == []
        assert counts() == {"draft": 1}


class TestThrottle:
    def test_no_second_sees_more_than_its_requests(self) -> None:
        class Time:
            now = 0.0

        def sleep(seconds: float) -> None:
            Time.now += seconds

        bucket, sent = Bucket(20, 20, now=lambda: Time.now, sleep=sleep), list[float]()
        for _request in range(200):
            bucket.take()
            sent.append(Time.now)

        assert sent[19] == 0  # what lies in the bucket goes at once
        assert sent[-1] == pytest.approx(9)  # and then twenty a second
        for start in sent[20:]:
            assert len([one for one in sent if start <= one < start + 1]) <= 21


class TestSeveralWorkers:
    """Works that must be alone take turns."""

    def test_on_one_run_prepare_everybody_once(
        self, world: World, maker: FlaskClient, business_clock: Clock
    ) -> None:
        """On a busy machine workers failed here before they took turns (`shop/kernel/serial.py`)."""
        payees(40)
        business_clock.forward(days=30)
        act(maker, "payouts/prepare")
        with db.reading() as session:
            payload = {"work_id": str(session.scalars(select(PayoutWork.id)).one())}

        told = together([lambda: payout_runs.work(payload) for _worker in range(4)])

        assert [one for one in told if isinstance(one, Exception)] == []
        assert counts() == {"draft": 40}
        assert proven()

    def test_on_one_month_leave_no_gap_in_the_numbers(
        self, world: World, business_clock: Clock
    ) -> None:
        payees(24)
        business_clock.forward(days=40)
        with db.unit_of_work() as session:
            wall = clock.wall() + timedelta(minutes=16)
            sealing.seal(session, wall=wall, by="test", ids=ids.new)
        payload = {"month": "2026-03", "done": 0, "by": "account:1"}

        told = together([lambda: statements.work(payload) for _worker in range(4)])

        assert [one for one in told if isinstance(one, Exception)] == []
        with db.reading() as session:
            numbers = session.scalars(select(Statement.number).order_by(Statement.number)).all()
        assert numbers == list(range(1, 25))
        assert proven()
