"""The checkout page as a buyer's visitor meets it, without any script."""

import re
from typing import Any

import pytest
import stripe
from werkzeug.test import Client, TestResponse

from shop.sandbox.payment_pages import METHOD_NAMES, OUTCOME_TEXTS
from shop.sandbox.phrases import CHINESE

from .conftest import ROOT, World


def path_of(session: stripe.checkout.Session) -> str:
    return str(session.url).removeprefix("http://sandbox.test")


def post(visitor: Client, path: str, **fields: str) -> TestResponse:
    choice = {"method": "card", "outcome": "success", "email": "a@example.com", **fields}
    return visitor.post(path, data=choice)


@pytest.fixture
def visitor(world: World) -> Client:
    return world.app.test_client()


class TestForm:
    def test_it_shows_brand_lines_and_amount_under_the_sandbox_band(
        self, world: World, visitor: Client
    ) -> None:
        page = visitor.get(path_of(world.session())).get_data(as_text=True)

        for text in ("Shanye", "土鸡蛋", "× 2", "¥256.00", "Sandbox – no real money"):
            assert text in page
        assert "buyer@example.com" in page
        assert 'href="http://shop.test/cart"' in page

    def test_it_speaks_chinese_when_the_session_does(self, world: World, visitor: Client) -> None:
        page = visitor.get(path_of(world.session(locale="zh"))).get_data(as_text=True)

        assert '<html lang="zh-CN">' in page
        assert "支付 ¥256.00" in page
        assert "不涉及真实资金" in page

    def test_it_follows_the_browser_when_the_session_leaves_it_open(
        self, world: World, visitor: Client
    ) -> None:
        path = path_of(world.session(locale="auto"))

        page = visitor.get(path, headers={"Accept-Language": "zh-CN,zh;q=0.9"})

        assert '<html lang="zh-CN">' in page.get_data(as_text=True)

    def test_it_asks_for_an_address_only_when_none_was_passed(
        self, world: World, visitor: Client
    ) -> None:
        asked = world.client.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "success_url": "http://shop.test/done",
                "line_items": [
                    {
                        "price_data": {
                            "currency": "cny",
                            "unit_amount": 900,
                            "product_data": {"name": "<script>alert(1)</script>"},
                        },
                        "quantity": 1,
                    }
                ],
            }
        )
        page = visitor.get(path_of(asked)).get_data(as_text=True)

        assert 'name="email"' in page
        assert "<script>alert" not in page
        assert 'name="email"' not in visitor.get(path_of(world.session())).get_data(as_text=True)

    def test_it_offers_what_the_session_allows(self, world: World, visitor: Client) -> None:
        session = world.session(allowed_payment_method_types=["alipay"])

        page = visitor.get(path_of(session)).get_data(as_text=True)

        assert 'value="alipay"' in page
        assert 'value="card"' not in page
        assert 'value="dispute"' not in page
        assert 'value="refund_pending"' in page

    def test_an_unknown_address_is_a_designed_404(self, visitor: Client) -> None:
        answer = visitor.get("/c/pay/cs_test_nothing")

        assert answer.status_code == 404
        assert "Sandbox – no real money" in answer.get_data(as_text=True)


class TestPay:
    def test_paying_leads_back_with_the_session_id(self, world: World, visitor: Client) -> None:
        session = world.session()

        answer = post(visitor, path_of(session))

        assert answer.status_code == 303
        assert answer.location == f"http://shop.test/pay/return?session={session.id}"
        paid = world.client.v1.checkout.sessions.retrieve(session.id)
        assert paid.payment_status == "paid"

    def test_a_decline_comes_back_to_the_page_and_says_so(
        self, world: World, visitor: Client
    ) -> None:
        session = world.session()

        answer = post(visitor, path_of(session), outcome="decline")

        assert answer.location == f"/c/pay/{session.id}"
        assert "Your card was declined." in visitor.get(answer.location).get_data(as_text=True)

    @pytest.mark.parametrize("method", ["card", "alipay", "wechat_pay"])
    def test_a_confirmation_can_be_given_or_refused(
        self, world: World, visitor: Client, method: str
    ) -> None:
        session = world.session()
        asked = post(visitor, path_of(session), method=method, outcome="action")
        assert asked.location == f"/c/pay/{session.id}/confirm"
        assert "Confirm the payment" in visitor.get(asked.location).get_data(as_text=True)

        refused = visitor.post(asked.location, data={"answer": "refuse"})
        assert "The payment was not confirmed" in visitor.get(refused.location).get_data(True)
        post(visitor, path_of(session), method=method, outcome="action")
        given = visitor.post(asked.location, data={"answer": "confirm"})

        assert given.location == f"http://shop.test/pay/return?session={session.id}"

    def test_a_second_click_on_confirm_does_no_harm(self, world: World, visitor: Client) -> None:
        session = world.session()
        asked = post(visitor, path_of(session), outcome="action")
        visitor.post(asked.location, data={"answer": "confirm"})

        again = visitor.post(asked.location, data={"answer": "confirm"})

        assert again.location == f"/c/pay/{session.id}"

    @pytest.mark.parametrize(
        "fields",
        [
            {"method": "bitcoin"},
            {"outcome": "riches"},
            {"method": "alipay", "outcome": "dispute"},
            {"outcome": "refund_pending"},
            {"email": "nobody"},
        ],
    )
    def test_a_refused_form_comes_back_filled_in(
        self, world: World, visitor: Client, fields: dict[str, str]
    ) -> None:
        params: Any = {"customer_email": None}
        session = world.session(**params)

        answer = post(visitor, path_of(session), **fields)

        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert 'role="alert"' in page
        assert fields.get("email", "a@example.com") in page
        assert world.client.v1.checkout.sessions.retrieve(session.id).status == "open"

    def test_a_form_from_another_site_is_refused(self, world: World, visitor: Client) -> None:
        path, data = path_of(world.session()), {"method": "card", "outcome": "success"}

        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.test"}):
            assert visitor.post(path, data=data, headers=headers).status_code == 403
        same = visitor.post(path, data=data, headers={"Sec-Fetch-Site": "same-origin"})
        assert same.status_code == 303


class TestAfterwards:
    def test_a_paid_session_says_so_and_leads_back(self, world: World, visitor: Client) -> None:
        session = world.session()
        path = path_of(session)
        post(visitor, path)

        page = visitor.get(path).get_data(as_text=True)

        assert "This payment is complete" in page
        assert f"http://shop.test/pay/return?session={session.id}" in page
        assert "<form" not in page

    def test_paying_twice_pays_once(self, world: World, visitor: Client) -> None:
        path = path_of(world.session())
        post(visitor, path)

        assert post(visitor, path).status_code == 303
        assert len(world.client.v1.charges.list().data) == 1

    def test_an_expired_session_says_so_and_leads_to_the_shop(
        self, world: World, visitor: Client
    ) -> None:
        path = path_of(world.session())
        world.clock.forward(hours=25)

        page = visitor.get(path).get_data(as_text=True)

        assert "This page has expired" in page
        assert "http://shop.test/cart" in page
        assert post(visitor, path).location == path

    def test_the_receipt_of_a_charge_can_be_looked_at(self, world: World, visitor: Client) -> None:
        charge = world.charge()
        path = str(charge.receipt_url).removeprefix("http://sandbox.test")

        assert "¥256.00" in visitor.get(path).get_data(as_text=True)


def every_page(world: World, visitor: Client) -> list[TestResponse]:
    waiting, done, over = world.session(), world.session(), world.session()
    post(visitor, path_of(waiting), outcome="action")
    post(visitor, path_of(done))
    world.client.v1.checkout.sessions.expire(over.id)
    account = world.account(ready=False)
    link = world.client.v1.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "refresh_url": "http://shop.test/again",
            "return_url": "http://shop.test/back",
        }
    )
    paths = [
        "/",
        "/nothing",
        path_of(waiting),
        f"{path_of(waiting)}/confirm",
        path_of(done),
        path_of(over),
        link.url.removeprefix("http://sandbox.test"),
    ]
    return [visitor.get(path) for path in paths]


def test_no_page_has_inline_style_or_script_or_calls_elsewhere(
    world: World, visitor: Client
) -> None:
    for answer in every_page(world, visitor):
        page = answer.get_data(as_text=True)
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", page)
        assert not re.search(r'(src|href)="(https?:)?//(?!shop\.test|sandbox\.test)', page)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_every_page_is_labelled(world: World, visitor: Client) -> None:
    for answer in every_page(world, visitor):
        assert "Sandbox – no real money" in answer.get_data(as_text=True)


def test_the_policy_lets_the_form_lead_back_to_the_shop(world: World, visitor: Client) -> None:
    policy = visitor.get(path_of(world.session())).headers["Content-Security-Policy"]

    assert "form-action 'self' http://shop.test;" in policy


def test_the_style_sheet_is_served(visitor: Client) -> None:
    with visitor.get("/sandbox-static/sandbox.css") as answer:
        assert answer.mimetype == "text/css"


def test_no_page_sets_a_cookie(world: World, visitor: Client) -> None:
    assert not any("Set-Cookie" in answer.headers for answer in every_page(world, visitor))


def test_every_text_of_the_pages_has_its_chinese() -> None:
    texts = set(METHOD_NAMES.values()) | {text for pair in OUTCOME_TEXTS.values() for text in pair}
    for file in (ROOT / "templates" / "sandbox").glob("*.html"):
        texts |= set(re.findall(r"""\bt\(\s*["'](.+?)["']\s*[,)]""", file.read_text("utf-8")))

    assert texts - set(CHINESE) == set()
