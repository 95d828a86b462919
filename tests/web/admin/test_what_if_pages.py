"""What a plan would have cost, asked and read on the brand's desk."""

import csv
import io
import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from commissions.models import Draft, Entry, PlanVersion, Trial
from commissions.terms import Role
from shop.kernel import clock, db
from shop.rewards import plan as plans
from shop.rewards import what_if
from tests.counting import counted
from tests.web.admin.test_finance_pages import act, page
from tests.world import World


@pytest.fixture
def sold(world: World) -> None:
    """Two orders through two shops."""
    world.buy("honey", slug="anna-shop", quantity=2)
    world.buy("tea", slug="bo-shop")


def dearer_draft(world: World) -> int:
    """A draft that pays sellers twice as much as the plan in force."""
    by, at = f"account:{world.accounts['maker']}", clock.now()
    with db.unit_of_work() as session:
        draft = plans.start(session, by=by, at=at)
        terms = plans.terms_of(draft)
        rules = tuple(
            replace(rule, bps=2 * rule.bps) if rule.role is Role.SELLER else rule
            for rule in terms.rules
        )
        plans.save(session, draft.id, replace(terms, rules=rules), expected_hash="", by=by, at=at)
        return draft.id


def ask(maker: FlaskClient, source: str, **more: str) -> int:
    today = clock.now().date().isoformat()
    form = {"source": source, "since": today, "until": today, **more}
    act(maker, "plan/what-if", 303, **form)
    with db.reading() as session:
        return session.scalar(select(func.max(Trial.id))) or 0


def version(number: int) -> str:
    with db.reading() as session:
        found = session.scalar(select(PlanVersion.id).where(PlanVersion.number == number))
        return f"version:{found}"


def test_a_draft_is_tried_over_what_was_sold(world: World, maker: FlaskClient, sold: None) -> None:
    draft_id = dearer_draft(world)
    assert f"what-if?source=draft:{draft_id}" in page(maker, "plan").replace("%3A", ":")

    trial_id = ask(maker, f"draft:{draft_id}", name="Twice for sellers")
    waiting = page(maker, f"plan/what-if/{trial_id}")
    part = page(maker, f"plan/what-if/{trial_id}/progress")
    assert "Waiting for a worker" in waiting
    assert f"plan/what-if/{trial_id}/progress" in waiting
    assert 'data-poll="' in part

    world.installation.settle()

    shown = page(maker, f"plan/what-if/{trial_id}")
    assert "data-poll" not in page(maker, f"plan/what-if/{trial_id}/progress")
    assert "Twice for sellers" in shown
    assert "2 points would have more" in shown
    assert "2 sales were reckoned once more by the calculator" in shown
    for name in ("Anna&#39;s shop", "Bo&#39;s shop", "By kind of earning", "Win most"):
        assert name in shown
    with db.reading() as session:
        trial = what_if.one(session, trial_id)
        found = what_if.result(session, trial)
        booked = session.scalar(select(func.sum(Entry.amount)).where(Entry.role == "seller"))
    seller = next(one for one in found.roles if one.key == "seller")
    assert (seller.now_amount, seller.then_amount) == (booked, 2 * (booked or 0))
    assert found.effect.paid_now <= found.effect.paid_then


def test_the_version_in_force_costs_what_it_cost(
    world: World, maker: FlaskClient, sold: None
) -> None:
    trial_id = ask(maker, version(1))
    world.installation.settle()

    with db.reading() as session:
        found = what_if.result(session, what_if.one(session, trial_id))
    assert found.now_amount == found.then_amount > 0
    assert (found.points.winners, found.points.losers) == (0, 0)
    assert "Nobody." in page(maker, f"plan/what-if/{trial_id}")


def test_two_kept_runs_stand_side_by_side(world: World, maker: FlaskClient, sold: None) -> None:
    one = ask(maker, version(1), name="As it was")
    other = ask(maker, f"draft:{dearer_draft(world)}", name="Twice")
    world.installation.settle()

    assert "Compare the two" in page(maker, "plan/what-if")
    shown = page(maker, f"plan/what-if/compare?one={one}&other={other}")

    assert "As it was" in shown
    assert "Twice" in shown
    assert "Anna&#39;s shop" in shown
    assert "different days" not in shown
    page(maker, f"plan/what-if/compare?one={one}&other=1", 404)


def test_results_are_taken_along_as_files(world: World, maker: FlaskClient, sold: None) -> None:
    trial_id = ask(maker, version(1))
    world.installation.settle()

    for dimension in ("role", "point", "product", "payee", "month", "lines"):
        answer = maker.get(f"/admin/plan/what-if/{trial_id}/{dimension}.csv")
        rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
        assert answer.mimetype == "text/csv"
        assert all(row["now"] == row["then"] and row["currency"] == "CNY" for row in rows)
        assert len(rows) >= 1 + (dimension in ("point", "product", "lines"))


def test_a_run_needs_days_sales_and_a_plan(world: World, maker: FlaskClient) -> None:
    today = clock.now().date().isoformat()
    for form, words in (
        ({"source": version(1), "since": today, "until": today}, "Nothing was sold"),
        ({"source": "draft:7", "since": today, "until": today}, "Please choose a plan"),
        ({"source": version(1), "since": "x", "until": today}, "first and a last day"),
        ({"source": version(1), "since": today, "until": "2020-01-01"}, "lies before"),
    ):
        assert words in act(maker, "plan/what-if", 422, **form)


@pytest.mark.usefixtures("keeps_what_it_knows")
def test_the_page_of_a_result_reads_little(world: World, maker: FlaskClient, sold: None) -> None:
    trial_id = ask(maker, version(1))
    world.installation.settle()
    page(maker, f"plan/what-if/{trial_id}")

    with counted(db.engine()) as statements:
        page(maker, f"plan/what-if/{trial_id}")

    assert len([one for one in statements if re.match(r"\s*SELECT", one)]) <= 32


def test_it_is_told_on_the_command_line_as_well(
    world: World, maker: FlaskClient, sold: None
) -> None:
    dearer_draft(world)
    today = clock.now().date().isoformat()
    runner = world.installation.app.test_cli_runner()

    said = runner.invoke(args=["commissions", "simulate", "draft", "--from", today, "--to", today])

    assert said.exit_code == 0, said.output
    assert "2 of 2 sales" in said.output
    assert "seller" in said.output
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Draft)) == 2
