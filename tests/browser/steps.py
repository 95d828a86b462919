"""What every walk does: be somebody, follow a link, keep a picture."""

from playwright.sync_api import Locator, Page

from tests.browser.conftest import PICTURES


def be(page: Page, person: str) -> None:
    """Sign in as one of the demo's people, speaking English."""
    page.goto("/me", wait_until="networkidle")
    leave = page.locator("form[action$='/sign-out']").get_by_role("button")
    if leave.count():
        press(page, leave)
    page.goto("/sign-in", wait_until="networkidle")
    press(page, page.locator(f"form:has(input[value='{person}'])").get_by_role("button"))
    page.wait_for_load_state("networkidle")
    page.goto("/speak/en?next=/me", wait_until="networkidle")


def press(page: Page, button: Locator) -> None:
    """Follow a link or send a form, and wait for the answer: the next step must not overtake it."""
    with page.expect_navigation():
        button.click()


def picture(page: Page, name: str) -> None:
    """Keep a picture for people to look at."""
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def in_chinese(page: Page, name: str) -> None:
    """A picture of the same page in Chinese; the reader speaks English again afterwards."""
    there = page.url.partition("://")[2].partition("/")[2]
    page.goto(f"/speak/zh?next=/{there}", wait_until="networkidle")
    picture(page, f"{name}-zh")
    page.goto(f"/speak/en?next=/{there}", wait_until="networkidle")
