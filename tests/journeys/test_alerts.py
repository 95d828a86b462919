"""Payouts that need people say so by themselves, and the commands do what the pages do."""

from collections.abc import Sequence

from sqlalchemy import select

from commissions.payouts import halting
from shop.kernel import clock, db, ids, jobs
from shop.network.models import Rail
from shop.notifications.models import MailboxMessage
from shop.rewards import alerts
from tests.conftest import Clock, on_sqlite
from tests.journeys.test_paying_out import (
    all_payouts,
    anna_has_an_account,
    delivered,
    set_destination,
)
from tests.world import World


def told() -> Sequence[str]:
    """Let the job look; the words of every mail to finance so far."""
    with db.unit_of_work() as session:
        jobs.enqueue(session, alerts.WATCH, at=clock.now())
    jobs.drain()
    with db.reading() as session:
        return session.scalars(
            select(MailboxMessage.body)
            .where(MailboxMessage.subject.contains("payouts need you"))
            .order_by(MailboxMessage.id)
        ).all()


def halt() -> None:
    with db.unit_of_work() as session:
        halting.halt_payouts(session, reason="audit", by="t", at=clock.now(), ids=ids.new)


def test_a_halt_is_told_to_all_of_finance_once_and_again_when_it_stays(
    world: World, business_clock: Clock
) -> None:
    assert told() == []
    halt()

    assert len(told()) == len(told()) == 2  # maker and checker, and nobody else
    business_clock.forward(days=7)
    assert len(told()) == 4
    with db.unit_of_work() as session:
        more = {"reason": "fine", "by": "a", "second": "b"}
        halting.resume_payouts(session, **more, at=clock.now(), ids=ids.new)
    told()
    halt()
    assert len(told()) == 6
    assert "/admin/payouts" in told()[-1]


@on_sqlite
def test_a_payee_whom_no_run_reaches_is_told_of(world: World, business_clock: Clock) -> None:
    """T52: payouts that nobody ever makes."""
    set_destination(world, "anna", Rail.BY_HAND, {"instructions": ""})
    delivered(world, "honey", "anna-shop", quantity=2)
    business_clock.forward(days=40)
    assert told() == []

    business_clock.forward(days=10)

    assert "waiting for a payout" in told()[0]


@on_sqlite
def test_the_commands_prepare_approve_send_and_compare_with_four_eyes(
    world: World, business_clock: Clock
) -> None:
    run = world.installation.app.test_cli_runner().invoke

    def command(*words: str) -> tuple[int, str]:
        answer = run(args=["payouts", *words])
        return answer.exit_code, answer.output

    anna_has_an_account(world)
    delivered(world, "honey", "anna-shop", quantity=2)
    business_clock.forward(days=8)
    assert command("prepare", "--by", "checker@world.example")[0] == 1
    code, said = command("prepare", "--by", "maker@world.example")
    assert code == 0
    world.installation.work()
    number = said.split()[-1]
    assert command("approve", number, "--by", "maker@world.example")[0] == 1
    assert command("approve", number, "--by", "checker@world.example") == (
        0,
        "1 payouts approved\n",
    )

    assert command("send")[0] == 0

    assert all_payouts()[0].status.value == "sent"
    assert command("reconcile")[0] == 0
