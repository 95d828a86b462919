"""A finance person's month in a real browser: plan, what-if, dispute, payout run, papers."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Demo
from tests.browser.steps import be, in_chinese, picture, press

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

POINTS = 1000
WAIT = 120_000


def test_from_a_draft_to_a_paid_run_of_a_thousand_points(
    demo: Demo, desk: Page, tmp_path: Path
) -> None:
    a_large_network(demo)
    draft_a_plan(desk)
    see_what_it_would_cost(desk)
    have_it_approved(desk)
    take_a_dispute_through(desk, demo)
    prepare_and_send(desk)
    download_the_bank_files(desk, tmp_path)
    seal_what_stands_in_the_books(demo)
    download_a_statement(desk, tmp_path)
    assert [one for one in desk.complaints if not one.startswith("403 ")] == []  # type: ignore[attr-defined]


def a_large_network(demo: Demo) -> None:
    """Points that sold a month ago, and are paid by a file of the bank."""
    demo.inside(
        f"""
from datetime import timedelta
from shop.kernel import clock
from tests.factories.many_payees import many_payees
many_payees({POINTS}, at=clock.now() - timedelta(days=31))
"""
    )


def draft_a_plan(page: Page) -> None:
    be(page, "maker")
    page.goto("/admin/plan")
    press(page, page.get_by_role("button", name="Write a new version"))
    press(page, page.get_by_role("link", name="Add a rule on top").first)
    in_chinese(page, "plan-rule")
    fill_the_rule(page)
    picture(page, "plan-rule")
    press(page, page.get_by_role("button", name="Save the rule"))
    line = page.locator(".rule-line", has_text="Tea month").first
    expect(line).to_contain_text("15 % of what was paid")
    expect(line).to_contain_text("at most CN¥2,000.00 in a month")
    expect(page.locator("#example")).to_contain_text("Together")
    picture(page, "plan")
    in_chinese(page, "plan")


def fill_the_rule(page: Page) -> None:
    page.get_by_label("Name of the rule").fill("Tea month")
    page.get_by_label("Percent", exact=True).first.fill("15")
    page.get_by_label("Tea", exact=True).check()
    page.locator("summary", has_text="Over a period").click()
    page.get_by_label("Counted over").select_option(label="month")
    page.get_by_label("At most, in the period").fill("2000")


def see_what_it_would_cost(page: Page) -> None:
    page.goto("/admin/plan")
    press(page, page.get_by_role("link", name="See what it would have cost"))
    press(page, page.get_by_role("button", name="See what it would have cost"))
    expect(page.get_by_text("would have cost (", exact=False)).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("heading", name="What it would do to payouts")).to_be_visible()
    picture(page, "what-if")
    in_chinese(page, "what-if")


def have_it_approved(page: Page) -> None:
    page.goto("/admin/plan")
    press(page, page.get_by_role("button", name="Hand to a second person"))
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)
    be(page, "checker")
    page.goto("/admin/plan")
    press(page, page.get_by_role("button", name="Publish"))
    expect(page.get_by_text("The plan is published.")).to_be_visible()


def take_a_dispute_through(page: Page, demo: Demo) -> None:
    """The buyer disputes a payment: the earning is held, then taken back when the dispute is lost."""
    operator = demo.environment["STRIPE_API_BASE"]
    before = disputed(page)
    page.goto(operator)
    press(page, page.get_by_role("button", name="Open dispute").first)
    be(page, "staff")
    for _try in range(60):
        if new := disputed(page) - before:
            break
        page.wait_for_timeout(500)
    (number,) = new
    be(page, "checker")
    page.goto(f"/admin/commissions?order={number}")
    press(page, page.locator("td.num a").first)
    expect(page.get_by_text("the buyer disputes the payment").first).to_be_visible()
    picture(page, "dispute")
    in_chinese(page, "dispute")
    page.goto(operator)
    press(page, page.locator("#disputes").get_by_role("button", name="Buyer wins").first)
    for _try in range(60):
        page.goto(f"/admin/commissions?order={number}")
        if page.get_by_text("Taken back").count() > 1:
            break
        page.wait_for_timeout(500)
    press(page, page.locator("td.num a").first)
    expect(page.get_by_text("The dispute was lost").first).to_be_visible()


def disputed(page: Page) -> set[str]:
    """Numbers of the orders whose dispute waits for an answer."""
    be(page, "staff")
    page.goto("/admin/orders?dispute=needs_response")
    return set(re.findall(r"\b[A-Z0-9]{8}\b", page.locator("main").inner_text()))


def prepare_and_send(page: Page) -> None:
    be(page, "maker")
    page.goto("/admin/payouts")
    press(page, page.get_by_role("button", name="Prepare a run"))
    expect(page.get_by_role("progressbar")).to_be_visible()
    picture(page, "run-progress")
    expect(page.get_by_role("progressbar")).to_have_count(0, timeout=WAIT)
    here = page.url
    be(page, "checker")
    page.goto(here)
    picture(page, "run")
    press(page, page.get_by_role("button", name=re.compile("^Approve all 1,?0")))
    expect(page.get_by_role("progressbar")).to_have_count(0, timeout=WAIT)
    be(page, "maker")
    page.goto(here)
    press(page, page.get_by_role("button", name="Write the files"))
    expect(page.get_by_role("progressbar")).to_have_count(0, timeout=WAIT)
    page.goto(here)
    in_chinese(page, "run")


def download_the_bank_files(page: Page, folder: Path) -> None:
    """Together they hold every payout once; then the bank has them."""
    page.goto("/admin/payouts")
    lines = [
        line
        for link in page.get_by_role("link", name="Download").all()
        for line in saved(page, link, folder).read_text(encoding="utf-8-sig").splitlines()[1:]
    ]
    assert len(lines) >= POINTS
    assert len({line.partition(",")[0] for line in lines}) == len(lines)
    press(page, page.get_by_role("button", name="The bank has it").first)
    expect(page.get_by_text("Paid", exact=True).first).to_be_visible()


def seal_what_stands_in_the_books(demo: Demo) -> None:
    """As the worker does once rows are fifteen minutes old."""
    demo.inside(
        """
from datetime import timedelta
from commissions import sealing
from shop.kernel import clock, db, ids
with db.unit_of_work() as session:
    sealing.seal(session, wall=clock.wall() + timedelta(hours=1), by="test", ids=ids.new)
"""
    )


def download_a_statement(page: Page, folder: Path) -> None:
    """Last month is closed; each payee has a numbered paper with every line."""
    page.goto("/admin/statements")
    press(page, page.get_by_role("button", name="Close"))
    for _try in range(120):
        if page.locator("tbody tr").count() and not page.get_by_role("progressbar").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    picture(page, "statements")
    press(page, page.locator("tbody th a").first)
    picture(page, "statement")
    in_chinese(page, "statement")
    paper = saved(page, page.get_by_role("link", name="PDF"), folder)
    assert paper.read_bytes().startswith(b"%PDF")
    assert "," in saved(page, page.get_by_role("link", name="CSV"), folder).read_text("utf-8-sig")


def saved(page: Page, link: Locator, folder: Path) -> Path:
    with page.expect_download() as download:
        link.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path
