"""Ceilings and the law at the desk, and the evidence that each published plan keeps."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from shop.accounts.models import Account
from shop.kernel import clock, db
from shop.rewards import plan as plans
from shop.rewards.models import Act
from tests.conftest import on_sqlite
from tests.web.admin.test_finance_pages import act, consent, page
from tests.web.admin.test_plan_pages import form_of, form_of_rule, seen
from tests.world import World

pytestmark = on_sqlite


@pytest.fixture
def draft(world: World) -> int:
    """A draft that begins with the plan in force, which states everything."""
    with db.unit_of_work() as session:
        return plans.start(session, by=f"account:{world.accounts['maker']}", at=clock.now()).id


def words(answer: str) -> str:
    """The page as somebody reads it."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.partition("<main")[2])).split())


def wanted(**change: Any) -> dict[str, Any]:
    form: dict[str, Any] = {
        "key": "ours", "name": "Our own", "ceiling": "20", "warning": "15", "from": "",
        "requires": ["complaints", "refunds"], "source": "Advice of 3 May", "reason": "new advice",
    }  # fmt: skip
    return {**form, **change}


def put_in_force(maker: FlaskClient, checker: FlaskClient, **change: Any) -> None:
    act(maker, "law", **wanted(**change))
    act(checker, f"consents/{consent().id}", answer="agree")


def submitted(maker: FlaskClient, draft: int, **change: Any) -> None:
    form = form_of(page(maker, "plan"), f' action="/admin/plan/{draft}"')
    act(maker, f"plan/{draft}", **{**form, **change, "seen": seen(draft), "submit": "1"})


def publish(checker: FlaskClient, draft: int, status: int = 303, **change: Any) -> str:
    return words(act(checker, f"plan/{draft}/publish", status, hash=seen(draft), **change))


def paper(client: FlaskClient) -> bytes:
    answer = client.get("/admin/plan/versions/2/evidence.pdf")
    assert answer.status_code == 200
    assert "plan-version-2.pdf" in answer.headers["Content-Disposition"]
    content: bytes = answer.data
    return content


class TestTheProfile:
    def test_china_holds_until_somebody_chooses_another(self, maker: FlaskClient) -> None:
        shown = words(page(maker, "law"))

        assert "China In force Ceiling 30 % Warning from 30 %" in shown
        assert "Pay for looking after sellers not allowed" in shown
        assert "Regulations on Direct Selling, Art. 24" in shown
        assert "The house ships this profile" in shown

    def test_one_asks_and_another_agrees(
        self, maker: FlaskClient, checker: FlaskClient, world: World
    ) -> None:
        act(maker, "law", **wanted())
        assert consent().act == Act.LAW
        assert "China In force" in words(page(maker, "law"))
        act(maker, f"consents/{consent().id}", 403, answer="agree")
        assert "See the profile" in page(checker, "consents")

        act(checker, f"consents/{consent().id}", answer="agree")

        shown = words(page(maker, "law"))
        assert "Our own 1 In force Ceiling 20 % Warning from 15 %" in shown
        assert "Asked for by maker, agreed by checker." in shown

    def test_a_form_begins_with_what_the_house_ships(self, maker: FlaskClient) -> None:
        form = form_of(page(maker, "law?preset=wechat"), ' action="/admin/law"')

        assert (form["key"], form["ceiling"], form["warning"]) == ("wechat", "30", "30")
        assert len(form["requires"]) == 5

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"ceiling": "a lot"}, "“a lot” is not a percentage"),
            ({"warning": "25"}, "The warning cannot be above the ceiling"),
            ({"upline": "yes", "upline_service": "training"}, "Please fill this in."),
            ({"source": ""}, "Please fill this in."),
            ({"reason": ""}, "Please say why."),
            ({"from": "2020-01-01"}, "A profile cannot begin in the past."),
            ({"from": "soon"}, "“soon” is not a date."),
            ({"key": "x y"}, "A key has small letters and digits"),
        ],
    )
    def test_bad_fields_are_marked_and_nothing_is_lost(
        self, maker: FlaskClient, change: dict[str, str], said: str
    ) -> None:
        answer = act(maker, "law", 422, **wanted(**change))

        assert said in words(answer)
        again = form_of(answer, ' action="/admin/law"')
        assert {name: again.get(name) for name in change if name != "upline"} == {
            name: value for name, value in change.items() if name != "upline"
        }
        assert again["requires"] == ["complaints", "refunds"]


class TestADraft:
    @pytest.mark.parametrize("name", ["complaints", "refunds", "cooling_off"])
    def test_without_its_promises_goes_to_nobody(
        self, maker: FlaskClient, draft: int, name: str
    ) -> None:
        said = {
            "complaints": "State where points complain, and who answers.",
            "refunds": "State what becomes of earnings when a buyer is refunded.",
            "cooling_off": "State how long a new point may step back.",
        }
        form = form_of(page(maker, "plan"), f' action="/admin/plan/{draft}"')

        answer = act(maker, f"plan/{draft}", 422, **{**form, name: " ", "submit": "1"})

        assert said[name] in words(answer)

    def test_a_service_without_a_contract_is_refused(self, maker: FlaskClient, draft: int) -> None:
        form = form_of_rule(maker, draft, "fulfiller:1")
        act(maker, f"plan/{draft}/rules/fulfiller:1", **{**form, "contract": " "})

        assert "Handed over 1: Name the contract under which this service is paid." in words(
            page(maker, "plan")
        )

    def test_an_upline_waits_for_a_law_that_allows_it(
        self, maker: FlaskClient, checker: FlaskClient, draft: int
    ) -> None:
        form = form_of_rule(maker, draft, "new") | {
            "name": "Looks after", "role": "upline", "percent": "2", "enabled": "y",
            "service": "Trains sellers", "contract": "Dealer contract",
        }  # fmt: skip
        act(maker, f"plan/{draft}/rules/new", **form)
        assert "allows no pay for managing other sellers" in words(page(maker, "plan"))

        put_in_force(
            maker, checker, ceiling="30", warning="30",
            upline="yes", upline_reason="Advice of 3 May", upline_service="Training",
        )  # fmt: skip

        assert "allows no pay" not in words(page(maker, "plan"))
        submitted(maker, draft)
        publish(checker, draft)
        shown = words(page(maker, "plan/versions/2"))
        assert "allowed: Advice of 3 May · Service: Training" in shown
        assert "Contract: Dealer contract" in shown

    def test_begins_under_the_law_of_its_first_day(
        self, maker: FlaskClient, checker: FlaskClient, draft: int
    ) -> None:
        later = (clock.now() + timedelta(days=10)).date().isoformat()
        put_in_force(maker, checker, **{"from": later})
        submitted(maker, draft)
        assert "From" in words(page(checker, "plan"))

        after = f"{(clock.now() + timedelta(days=20)).date().isoformat()}T08:00"
        refused = publish(checker, draft, 409, **{"from": after})
        assert "The ceiling of 30.00 % is above the 20.00 % that the law's profile" in refused

        publish(checker, draft)  # today China holds


class TestEvidence:
    def test_is_read_and_taken_along_in_both_languages(
        self, world: World, maker: FlaskClient, checker: FlaskClient, draft: int
    ) -> None:
        put_in_force(maker, checker, ceiling="30", warning="10")
        submitted(maker, draft, complaints="Ms Li, 0571-1234")
        publish(checker, draft)

        shown = words(page(maker, "plan/versions/2"))

        for one in (
            "Written by maker",
            "Approved and published by checker",
            "Ceiling of all earnings of a line 30 %",
            "Profile Our own",
            "Its version 1",
            "A plan is published only if it says where points complain; it says what becomes of",
            "Put in force by maker · checker",
            "Source Advice of 3 May",
            "Service: 备货并在柜台交付 / Keeps the goods and hands them over at the counter",
            "Contract: 门店协议第 2 项服务 / Store agreement, service 2",
            "Complaints Ms Li, 0571-1234",
            "All roles together can reach 15.00 % of what was paid.",
        ):
            assert one in shown, one
        assert "plan/versions/2" in page(maker, "plan")
        assert paper(maker).startswith(b"%PDF")
        with db.unit_of_work() as session:
            session.execute(update(Account).values(locale="zh"))
        in_chinese = words(page(maker, "plan/versions/2"))
        assert "批准并发布 checker" in in_chinese
        assert "；" in in_chinese
        assert "; " not in in_chinese
        assert paper(maker).startswith(b"%PDF")
        page(maker, "plan/versions/9", 404)

    def test_stays_when_the_law_changes_and_the_plan_is_told(
        self, maker: FlaskClient, checker: FlaskClient
    ) -> None:
        before = words(page(maker, "plan/versions/1"))
        put_in_force(maker, checker)
        page(maker, "law")  # which says what was done

        assert words(page(maker, "plan/versions/1")) == before
        assert "The law's profile that holds now would refuse this plan." in words(
            page(maker, "plan")
        )
