"""The plan editor: it changes what was changed, and never a condition that it does not show."""

import html
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from commissions.models import Draft
from commissions.terms import Basis, Rate, Role, Rule, SamePoint, Terms, When
from shop.kernel import clock, db
from shop.rewards import plan as plans
from tests.conftest import Clock, Database
from tests.installation import install
from tests.web.admin.test_finance_pages import act, page
from tests.world import World, standing

NARROW = Rule(
    position=1,
    role=Role.SELLER,
    name="Honey of gold dealers",
    rate=Rate.PERCENT,
    bps=1250,
    basis=Basis.PROFIT,
    floor={"CNY": 100},
    cap={"CNY": 5000},
    hold_days=10,
    when=When(
        products=("product:77",),
        variants=("variant:78",),
        categories=("category:79",),
        collections=("collection:1",),
        points=("point:5",),
        point_kinds=("dealer", "kiosk"),
        point_groups=("vip", "old"),
        grades=("gold",),
        channels=("web",),
        customers=("new",),
        currencies=("CNY",),
        from_amount={"CNY": 1000},
        below_amount={"CNY": 900000},
    ),
    service="",
)
OFF = Rule(
    position=2, role=Role.SELLER, name="Last year's", rate=Rate.PERCENT, bps=2000, enabled=False
)
FIXED = Rule(
    position=1,
    role=Role.FULFILLER,
    name="Handing over",
    rate=Rate.FIXED,
    fixed={"CNY": 300, "HKD": 330},
    service="Keeps the goods",
)
MANAGES = Rule(
    position=1,
    role=Role.UPLINE,
    name="Contract",
    rate=Rate.PERCENT,
    bps=50,
    enabled=False,
    service="Trains",
)
TERMS = Terms(rules=(NARROW, OFF, FIXED, MANAGES), ceiling_bps=2500, same_point=SamePoint.HIGHER)


@pytest.fixture
def world(sqlite_database: Database, business_clock: Clock, tmp_path: Path) -> World:
    return standing(install(sqlite_database.urls, tmp_path), "sqlite")


@pytest.fixture
def maker(world: World) -> FlaskClient:
    return world.signed_in("maker")


@pytest.fixture
def draft(world: World) -> int:
    """A draft with everything that rules can say."""
    with db.unit_of_work() as session:
        made = plans.start(session, by=f"account:{world.accounts['maker']}", at=clock.now())
        plans.save(session, made.id, TERMS, expected_hash="", by=made.author, at=clock.now())
        return made.id


def form_of(text: str) -> dict[str, Any]:
    """What a browser would send of the editor when nothing is changed."""
    editor = text.partition('action="/admin/plan/')[2].partition("</form>")[0]
    sent: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", editor):
        found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        value = html.unescape(found.get("value", ""))
        if found.get("type") != "checkbox":
            sent[found["name"]] = value
        elif " checked" in tag:
            sent.setdefault(found["name"], []).append(value)
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', editor):
        values = re.findall(r'<option value="([^"]*)"( selected)?', options)
        chosen = [value for value, is_chosen in values if is_chosen]
        sent[name] = (chosen or [values[0][0]])[0]
    return sent


def stored(draft_id: int) -> Terms:
    with db.reading() as session:
        return plans.terms_of(session.get_one(Draft, draft_id))


class TestSaving:
    def test_saving_without_a_change_changes_nothing(self, maker: FlaskClient, draft: int) -> None:
        form = form_of(page(maker, "plan"))

        act(maker, f"plan/{draft}", **form)

        assert stored(draft) == TERMS
        assert stored(draft).content_hash == TERMS.content_hash

    def test_what_is_edited_changes_and_everything_else_stays(
        self, maker: FlaskClient, draft: int
    ) -> None:
        form = form_of(page(maker, "plan"))
        form |= {"rule-0-name": "Honey", "rule-0-value": "9.5", "rule-2-value": "2.50"}

        act(maker, f"plan/{draft}", **form)

        honey, off, fixed, _manages = stored(draft).rules
        assert (honey.name, honey.bps) == ("Honey", 950)
        for one in fields(Rule):
            if one.name not in ("name", "bps"):
                assert getattr(honey, one.name) == getattr(NARROW, one.name), one.name
        assert off == OFF
        assert dict(fixed.fixed) == {"CNY": 250, "HKD": 330}

    def test_a_rule_that_moves_up_takes_its_conditions_along(
        self, maker: FlaskClient, draft: int
    ) -> None:
        act(maker, f"plan/{draft}", **form_of(page(maker, "plan")), up="1")

        first, second = stored(draft).rules[:2]
        assert (first.name, first.position, first.enabled) == (OFF.name, 1, False)
        assert (second.position, second.when, second.cap) == (2, NARROW.when, NARROW.cap)

    def test_a_rule_without_a_name_goes_and_a_named_one_comes(
        self, maker: FlaskClient, draft: int
    ) -> None:
        form = form_of(page(maker, "plan"))
        form |= {"rule-1-name": "", "rule-4-name": "Everybody", "rule-4-value": "5"}

        act(maker, f"plan/{draft}", **form)

        names = [rule.name for rule in stored(draft).rules]
        assert names == [NARROW.name, FIXED.name, MANAGES.name, "Everybody"]
        assert stored(draft).rules[0] == NARROW

    def test_a_rule_is_switched_on_only_by_hand(self, maker: FlaskClient, draft: int) -> None:
        form = form_of(page(maker, "plan"))

        act(maker, f"plan/{draft}", **{**form, "rule-1-enabled": "on"})

        assert [rule.enabled for rule in stored(draft).rules] == [True, True, True, False]

    def test_bad_input_is_marked_in_its_row_and_nothing_is_lost(
        self, maker: FlaskClient, draft: int
    ) -> None:
        form = form_of(page(maker, "plan"))
        form |= {"rule-0-value": "a lot", "rule-2-hold_days": "soon", "rule-4-name": "New one"}

        answer = act(maker, f"plan/{draft}", 422, **form)

        assert "“a lot” is not a percentage" in answer
        assert "“soon” is not a number of days" in answer
        sent_again = form_of(answer)
        for name in ("rule-0-value", "rule-2-hold_days", "rule-3-name", "rule-4-name"):
            assert sent_again[name] == form[name], name
        assert sent_again["rule-0-kinds"] == ["dealer", "kiosk"]
        assert stored(draft) == TERMS

    def test_two_who_edit_at_once_do_not_undo_each_other(
        self, maker: FlaskClient, draft: int
    ) -> None:
        seen = form_of(page(maker, "plan"))
        act(maker, f"plan/{draft}", **{**seen, "rule-0-name": "First"})

        late = act(maker, f"plan/{draft}", 409, **{**seen, "rule-0-name": "Second"})

        assert "was changed since you read it" in late
        assert 'value="Second"' in late
        assert stored(draft).rules[0].name == "First"


class TestReading:
    def test_whoever_publishes_reads_every_condition(
        self, world: World, maker: FlaskClient, draft: int
    ) -> None:
        form = form_of(page(maker, "plan"))
        form |= {"rule-3-name": "", "rule-0-categories": [], "rule-0-kinds": ["dealer"]}
        act(maker, f"plan/{draft}", **form)
        editor = page(maker, "plan")
        with db.unit_of_work() as session:
            plans.submit(session, draft, by="test", at=clock.now())

        shown = page(world.signed_in("checker"), "plan")

        for words in (
            "only for the products",
            "only for the grades gold",
            "new customers",
            "lines from CN¥10.00",
            "lines below CN¥9,000.00",
            "at least CN¥1.00 a line",
            "at most CN¥50.00 a line",
            "of the profit, not of what was paid",
        ):
            assert words in editor, words
            assert words in shown, words
        assert "Switched off" in shown
        assert "the higher of the two" in shown

    def test_what_is_wrong_is_said_in_the_readers_words(
        self, maker: FlaskClient, draft: int
    ) -> None:
        answer = act(maker, f"plan/{draft}", 422, **form_of(page(maker, "plan")), submit="1")

        assert "It names product:77, which does not exist." in answer
        with db.reading() as session:
            assert session.scalars(select(Draft.status)).all().count("submitted") == 0

    def test_people_stand_there_by_name(self, world: World, maker: FlaskClient) -> None:
        assert "account:" not in page(maker, "plan").partition("<main")[2]


def test_every_condition_of_a_rule_is_either_edited_or_said() -> None:
    """A new dimension of the engine must not be hidden from whoever publishes."""
    edited = {"point_kinds", "point_groups", "categories"}
    said = {
        "products", "variants", "collections", "points", "grades", "channels", "customers",
        "currencies", "from_amount", "below_amount",
    }  # fmt: skip
    assert {one.name for one in fields(When)} == edited | said
