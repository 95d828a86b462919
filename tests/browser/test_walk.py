"""The whole main job in a real browser, as a newcomer walks it after `make run`."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PICTURES, Demo
from tests.browser.pictures import side_by_side, upper_part
from tests.browser.steps import be, picture, press

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_from_the_shop_link_to_the_paid_commission(demo: Demo, phone: Page, desk: Page) -> None:
    number, order_page = buy_in_two_shops(phone)
    code = phone.locator(".code").first.inner_text()
    for person in ("owner", "owner2"):
        sees_its_entry(desk, person, number, "Expected")
    ship_the_first_line(desk, number)
    hand_over_the_second(desk, code)
    phone.goto(order_page)
    expect(phone.get_by_text("Delivered").first).to_be_visible()

    demo.flask("clock", "shift", "9d")
    for person in ("owner", "owner2"):
        sees_its_entry(desk, person, number, "Available")

    prepare_and_approve(desk, number)
    refund_makes_a_debt(desk, phone, demo, number)
    side_by_side(PICTURES, ("point-home", "cart", "order"), to="buying")
    upper_part(PICTURES, "why-owner-expected", to="why")
    assert phone.complaints == []  # type: ignore[attr-defined]
    assert [one for one in desk.complaints if not one.startswith("403 ")] == []  # type: ignore[attr-defined]


def buy_in_two_shops(page: Page) -> tuple[str, str]:
    """Two shops, one cart, one payment; returns the order's number and page."""
    page.goto("/en/s/anna/")
    picture(page, "point-home")
    press(page, page.get_by_role("link", name="Tea", exact=True))
    press(page, page.get_by_role("link", name="Pre-Qingming Longjing"))
    press(page, page.get_by_role("listitem").filter(has_text="125 g tin"))
    press(page, page.get_by_role("button", name="Add to cart"))
    page.goto("/en/s/chenbo/p/linden-honey")
    press(page, page.get_by_role("button", name="Add to cart"))
    delivery = page.get_by_label("Delivery").last
    with page.expect_navigation():
        delivery.select_option(label="Collect at Shanye Westlake")
    expect(page.get_by_label("Delivery").last).to_have_value(re.compile(r"\d+"))
    picture(page, "cart")
    press(page, page.get_by_role("link", name="To checkout"))
    page.get_by_label("Address in one line").fill(
        "王小明 13812345678 浙江省杭州市西湖区文三路 100 号"
    )
    press(page, page.get_by_role("button", name="Fill in the fields"))
    expect(page.get_by_label("Street and number")).to_have_value("文三路 100 号")
    page.get_by_label("I agree to the").check()
    picture(page, "checkout")
    page.get_by_role("button", name=re.compile("^Pay ")).click()
    page.wait_for_url(re.compile("/c/pay/"))
    email = page.locator("input[name=email]")
    if email.count() and not email.input_value():
        email.fill("wang@example.com")
    page.locator("form").locator("button").first.click()
    page.wait_for_url(re.compile("/orders/"))
    expect(page.get_by_role("heading", name="Thank you, it is paid")).to_be_visible(timeout=20_000)
    picture(page, "order")
    number = re.search(r"Order ([A-Z0-9]{8})", page.content())
    assert number
    return number[1], page.url


def sees_its_entry(page: Page, person: str, number: str, state: str) -> None:
    be(page, person)
    page.goto("/desk/earnings")
    entry = page.locator("a.entry").filter(has_text=number).first
    expect(entry).to_contain_text(state)
    press(page, entry)
    expect(page.get_by_text("before tax and shipping")).to_be_visible()
    picture(page, f"why-{person}-{state.lower()}")


def ship_the_first_line(page: Page, number: str) -> None:
    be(page, "staff")
    page.goto(f"/admin/orders?text={number}")
    press(page, page.get_by_role("link", name=number).first)
    form = page.locator("form[action$='/ship']")
    if not form.is_visible():
        page.locator("details:has(form[action$='/ship'])").first.locator("summary").first.click()
    form.locator("input[name=carrier]").fill("SF")
    form.locator("input[name=tracking]").fill("SF1234567890")
    picture(page, "order-admin")
    press(page, form.get_by_role("button").last)
    press(page, page.locator("form[action*='/deliver']").first.get_by_role("button"))


def hand_over_the_second(page: Page, code: str) -> None:
    be(page, "clerk")
    page.goto("/desk/hand-over")
    page.get_by_label("Code of the buyer").fill(code)
    press(page, page.get_by_role("button", name="Find").first)
    picture(page, "hand-over")
    press(page, page.get_by_role("button", name="Hand over"))
    expect(page.get_by_text("Handed over.")).to_be_visible()


def prepare_and_approve(page: Page, number: str) -> None:
    be(page, "maker")
    page.goto("/admin/payouts")
    press(page, page.get_by_role("button", name="Prepare a run"))
    expect(page.get_by_role("heading", name="Payout run")).to_be_visible()
    page.goto("/admin/payouts?status=draft")
    expect(page.get_by_role("button", name="Approve the chosen")).to_have_count(0)
    be(page, "checker")
    page.goto("/admin/payouts?status=draft")
    page.locator("tr", has_text="安娜的小店").get_by_role("checkbox").check()
    picture(page, "payouts")
    press(page, page.get_by_role("button", name="Approve the chosen"))
    page.goto("/admin/payouts")
    press(page, page.get_by_role("link", name="安娜的小店").first)
    for _try in range(30):
        if page.get_by_text("Paid", exact=True).count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.get_by_text("Paid", exact=True).first).to_be_visible()
    expect(page.locator("table").first).to_contain_text(number)
    picture(page, "payout")


def refund_makes_a_debt(desk: Page, phone: Page, demo: Demo, number: str) -> None:
    be(desk, "staff")
    desk.goto(f"/admin/orders?text={number}")
    press(desk, desk.get_by_role("link", name=number).first)
    form = desk.locator("form[action$='/refund']")
    if not form.is_visible():
        desk.locator("details:has(form[action$='/refund'])").first.locator("summary").first.click()
    form.locator("input[type=number]").first.fill("1")
    press(desk, form.get_by_role("button").last)
    be(desk, "owner")
    desk.goto("/desk/earnings")
    expect(desk.get_by_text("Owed: later sales pay it off first")).to_be_visible()
    picture(desk, "debt")
    phone.goto("/en/s/anna/p/longjing")
    press(phone, phone.get_by_role("listitem").filter(has_text="250 g bag"))
    press(phone, phone.get_by_role("button", name="Add to cart"))
    with phone.expect_navigation():
        phone.get_by_label("Delivery").last.select_option(label="Collect at Shanye Westlake")
    press(phone, phone.get_by_role("link", name="To checkout"))
    phone.get_by_label("Your name").fill("Li")
    phone.get_by_label("Phone").fill("13912345678")
    phone.get_by_label("I agree to the").check()
    phone.get_by_role("button", name=re.compile("^Pay ")).click()
    phone.wait_for_url(re.compile("/c/pay/"))
    phone.locator("form").locator("button").first.click()
    phone.wait_for_url(re.compile("/orders/"))
    expect(phone.get_by_role("heading", name="Thank you, it is paid")).to_be_visible(timeout=20_000)
    hand_over_the_second(desk, phone.locator(".code").first.inner_text())
    demo.flask("clock", "shift", "9d")
    be(desk, "owner")
    desk.goto("/desk/earnings")
    expect(desk.get_by_text("Owed: later sales pay it off first")).to_have_count(0)
