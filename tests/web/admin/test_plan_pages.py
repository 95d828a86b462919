"""The plan editor: it changes what was changed, and never a condition that it does not show."""

import html
import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from commissions import plan_checks
from commissions.models import Draft
from commissions.terms import Basis, Rate, Role, Rule, SamePoint, Terms, When
from shop.kernel import clock, db
from shop.rewards import plan as plans
from shop.web import plan_words
from tests.conftest import on_sqlite
from tests.web.admin.test_finance_pages import act, page
from tests.world import World

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
def draft(world: World) -> int:
    """A draft with everything that rules can say."""
    with db.unit_of_work() as session:
        made = plans.start(session, by=f"account:{world.accounts['maker']}", at=clock.now())
        plans.save(session, made.id, TERMS, expected_hash="", by=made.author, at=clock.now())
        return made.id


def form_of(text: str, action: str = "") -> dict[str, Any]:
    """What a browser would send of a form when nothing is changed."""
    editor = text.partition("<main")[2].partition(f'<form method="post"{action}')[2]
    editor = editor.partition("</form>")[0]
    sent: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", editor):
        found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        value = html.unescape(found.get("value", ""))
        if found.get("type") not in ("checkbox", "radio"):
            sent[found["name"]] = value
        elif " checked" in tag:
            sent.setdefault(found["name"], []).append(value)
    for name, options in re.findall(
        r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', editor, re.S
    ):
        values = re.findall(r'<option (selected )?value="([^"]*)"', options)
        chosen = [value for is_chosen, value in values if is_chosen]
        sent[name] = (chosen or [values[0][1]])[0]
    for name, value in re.findall(
        r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', editor, re.S
    ):
        sent[name] = html.unescape(value).lstrip("\r\n")
    return sent


def form_of_rule(client: FlaskClient, draft_id: int, key: str) -> dict[str, Any]:
    return form_of(page(client, f"plan/{draft_id}/rules/{key}"))


def stored(draft_id: int) -> Terms:
    with db.reading() as session:
        return plans.terms_of(session.get_one(Draft, draft_id))


def seen(draft_id: int) -> str:
    with db.reading() as session:
        return session.get_one(Draft, draft_id).content_hash


def arrange(client: FlaskClient, draft_id: int, act_: str, key: str, status: int = 303) -> str:
    return act(client, f"plan/{draft_id}/rules", status, act=f"{act_} {key}", seen=seen(draft_id))


@on_sqlite
class TestARule:
    @pytest.mark.parametrize("rule", TERMS.rules, ids=lambda rule: rule.name)
    def test_saving_without_a_change_changes_nothing(
        self, maker: FlaskClient, draft: int, rule: Rule
    ) -> None:
        key = plans.key_of(rule)

        act(maker, f"plan/{draft}/rules/{key}", **form_of_rule(maker, draft, key))

        assert stored(draft) == TERMS
        assert stored(draft).content_hash == TERMS.content_hash

    def test_what_is_changed_changes_and_everything_else_stays(
        self, maker: FlaskClient, draft: int
    ) -> None:
        form = form_of_rule(maker, draft, "seller:1") | {"name": "Honey", "percent": "9.5"}
        act(maker, f"plan/{draft}/rules/seller:1", **form)
        form = form_of_rule(maker, draft, "fulfiller:1") | {"fixed": "2.50"}
        act(maker, f"plan/{draft}/rules/fulfiller:1", **form)

        found = {plans.key_of(rule): rule for rule in stored(draft).rules}
        assert found["seller:1"] == replace(NARROW, name="Honey", bps=950)
        assert dict(found["fulfiller:1"].fixed) == {"CNY": 250, "HKD": 330}
        assert found["seller:2"] == OFF

    def test_everything_can_be_said_from_an_empty_form(
        self, world: World, maker: FlaskClient, draft: int
    ) -> None:
        form = form_of_rule(maker, draft, "new") | {
            "name": "Spring", "role": "seller", "rate": "percent", "percent": "8",
            "basis": "paid", "hold_days": "14", "enabled": "y", "kinds": ["dealer"],
            "groups": "vip old", "grades": "gold", "points": "Anna's shop\nBo's shop",
            "goods": "honey\nTEA", "customers": "new", "from_amount": "10",
            "below_amount": "9,000.50", "order_cap": "500", "period": "campaign",
            "campaign_from": "2026-05-01", "campaign_until": "2026-05-31", "period_cap": "2000",
            "tier_mode": "retroactive", "band_1_from": "10000", "band_1_percent": "10",
            "band_2_from": "20000", "band_2_percent": "12.25",
        }  # fmt: skip

        act(maker, f"plan/{draft}/rules/new", **form)

        made = stored(draft).rules[0]
        anna, bo = (f"point:{world.points[name]}" for name in ("anna", "bo"))
        assert (made.name, made.position, made.role) == ("Spring", 1, Role.SELLER)
        assert made.when.points == (anna, bo)
        assert made.when.variants == (f"variant:{world.variants['tea']}",)
        assert len(made.when.products) == 1
        assert made.when.below_amount == {"CNY": 900050}
        assert made.order_cap == {"CNY": 50000}
        assert made.campaign_from == datetime(2026, 4, 30, 16, tzinfo=UTC)
        assert made.campaign_until == datetime(2026, 5, 31, 16, tzinfo=UTC)
        assert [(tier.from_amount, tier.bps) for tier in made.tiers] == [
            ({"CNY": 1_000_000}, 1000),
            ({"CNY": 2_000_000}, 1225),
        ]
        shown = page(maker, "plan")
        for words in (
            "8 % of what was paid",
            "only for the points Anna&#39;s shop or Bo&#39;s shop",
            "from CN¥10,000.00 on 10 %",
            "the band that is reached serves everything",
            "at most CN¥2,000.00 in a campaign",
            "at most CN¥500.00 an order",
        ):
            assert words in shown, words

    def test_a_bonus_has_a_target(self, maker: FlaskClient, draft: int) -> None:
        form = form_of_rule(maker, draft, "new") | {
            "name": "Ten thousand", "role": "bonus", "rate": "fixed", "fixed": "300",
            "enabled": "y", "period": "month", "target": "10000", "service": "Reaching it",
        }  # fmt: skip
        act(maker, f"plan/{draft}/rules/new", **form)

        made = stored(draft).rules[-1]
        assert (made.role, dict(made.target), dict(made.fixed)) == (
            Role.BONUS,
            {"CNY": 1_000_000},
            {"CNY": 30_000},
        )
        assert "for delivered sales of CN¥10,000.00" in page(maker, "plan")

    def test_bad_fields_are_marked_and_nothing_is_lost(
        self, maker: FlaskClient, draft: int
    ) -> None:
        bad = {
            "percent": "a lot", "hold_days": "soon", "cap": "much", "points": "Nobody",
            "goods": "nothing", "band_1_from": "-5", "band_1_percent": "1",
        }  # fmt: skip
        form = form_of_rule(maker, draft, "seller:1") | bad

        answer = act(maker, f"plan/{draft}/rules/seller:1", 422, **form)

        for words in (
            "“a lot” is not a percentage",
            "“soon” is not a number of days",
            "“much” is not an amount",
            "There is no point “Nobody”",
            "“nothing” is neither",
            "cannot be below zero",
        ):
            assert words in answer, words
        again = form_of(answer)
        assert {name: again[name] for name in bad} == bad
        assert again["kinds"] == ["dealer", "kiosk"]
        assert stored(draft) == TERMS

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"role": "fulfiller", "band_1_from": "5", "band_1_percent": "9"}, "has bands"),
            ({"target": "100"}, "Only a bonus has a target"),
            ({"basis": "seller"}, "paid a part of the seller"),
        ],
    )
    def test_what_the_plan_language_forbids_is_said_at_its_field(
        self, maker: FlaskClient, draft: int, changed: dict[str, str], words: str
    ) -> None:
        form = form_of_rule(maker, draft, "seller:1") | changed

        assert words in act(maker, f"plan/{draft}/rules/seller:1", 422, **form)
        assert stored(draft) == TERMS

    def test_two_who_edit_at_once_do_not_undo_each_other(
        self, maker: FlaskClient, draft: int
    ) -> None:
        form = form_of_rule(maker, draft, "seller:1")
        act(maker, f"plan/{draft}/rules/seller:1", **{**form, "name": "First"})

        late = act(maker, f"plan/{draft}/rules/seller:1", 409, **{**form, "name": "Second"})

        assert "was changed since you read it" in late
        assert 'value="Second"' in late
        assert stored(draft).rules[0].name == "First"

    def test_a_new_one_enters_at_the_top(self, maker: FlaskClient, draft: int) -> None:
        form = form_of_rule(maker, draft, "new") | {"name": "Everybody", "percent": "5"}

        act(maker, f"plan/{draft}/rules/new", **form)

        names = [rule.name for rule in stored(draft).rules]
        assert names == ["Everybody", NARROW.name, OFF.name, FIXED.name, MANAGES.name]


@on_sqlite
class TestTheList:
    def test_a_rule_that_moves_up_takes_its_conditions_along(
        self, maker: FlaskClient, draft: int
    ) -> None:
        arrange(maker, draft, "up", "seller:2")

        first, second = stored(draft).rules[:2]
        assert (first.name, first.position, first.enabled) == (OFF.name, 1, False)
        assert second == replace(NARROW, position=2)

        arrange(maker, draft, "down", "seller:1")
        assert stored(draft) == TERMS

    def test_a_rule_is_switched_and_removed_by_hand_only(
        self, maker: FlaskClient, draft: int
    ) -> None:
        arrange(maker, draft, "on", "seller:2")
        assert [rule.enabled for rule in stored(draft).rules] == [True, True, True, False]
        arrange(maker, draft, "off", "seller:1")
        arrange(maker, draft, "remove", "fulfiller:1")

        names = [(rule.name, rule.enabled) for rule in stored(draft).rules]
        assert names == [(NARROW.name, False), (OFF.name, True), (MANAGES.name, False)]

    def test_a_list_that_was_changed_meanwhile_is_not_rearranged(
        self, maker: FlaskClient, draft: int
    ) -> None:
        before = seen(draft)
        arrange(maker, draft, "up", "seller:2")

        act(maker, f"plan/{draft}/rules", 409, act="remove seller:1", seen=before)

        assert len(stored(draft).rules) == len(TERMS.rules)


@on_sqlite
class TestReading:
    def test_whoever_publishes_reads_every_condition(
        self, world: World, maker: FlaskClient, draft: int
    ) -> None:
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
        form = {"ceiling": "25", "same_point": "higher", "seen": seen(draft), "submit": "1"}

        answer = act(maker, f"plan/{draft}", 422, **form)

        assert "It names product:77, which does not exist." in answer
        with db.reading() as session:
            assert session.scalars(select(Draft.status)).all().count("submitted") == 0

    def test_people_stand_there_by_name(self, world: World, maker: FlaskClient) -> None:
        assert "account:" not in page(maker, "plan").partition("<main")[2]

    def test_a_real_order_shows_what_the_draft_would_pay(
        self, world: World, maker: FlaskClient
    ) -> None:
        order = world.buy("honey", slug="anna-shop")
        with db.unit_of_work() as session:
            plans.start(session, by=f"account:{world.accounts['maker']}", at=clock.now())
        with db.reading() as session:
            draft = plans.open_draft(session)
        assert draft is not None
        form = form_of_rule(maker, draft.id, "new") | {"name": "Half", "percent": "25"}
        act(maker, f"plan/{draft.id}/rules/new", **form)

        for path in ("plan", f"plan?order={order.number.lower()}"):
            shown = page(maker, path).partition('id="example"')[2]
            assert order.number in shown
            assert "Anna&#39;s shop" in shown
            assert "CN¥21.90" in shown  # a quarter of 87.61, which is 99.00 before tax
        assert "There is no such order" in page(maker, "plan?order=NOPE")


def test_every_problem_of_a_plan_has_words() -> None:
    """Nobody should have to read the engine's English."""
    assert plan_checks._SENTENCES.keys() == plan_words._PROBLEMS.keys()


def test_every_condition_of_a_rule_is_either_edited_or_said() -> None:
    """A new dimension of the engine must not be hidden from whoever publishes."""
    edited = {
        "products", "variants", "categories", "points", "point_kinds", "point_groups", "grades",
        "customers", "from_amount", "below_amount",
    }  # fmt: skip
    said = {"collections", "channels", "currencies"}
    assert {one.name for one in fields(When)} == edited | said
