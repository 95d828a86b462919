"""The hosted page in a real browser with scripts off: it works, and its policy lets it work."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, Request
from werkzeug.serving import make_server

from shop.gateway.transport import WsgiTransport
from shop.sandbox.app import create_sandbox
from shop.sandbox.core import sandbox_of
from shop.sandbox.settings import SandboxSettings

from .conftest import session_params

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on this machine"),
]

RETURN_PAGE = '<link rel="icon" href="data:,"><h1>Thank you</h1>'

SIZES = [(390, 844), (1280, 800)]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_type_launch_args,
        "executable_path": shutil.which("chromium"),
        "args": ["--no-sandbox", "--disable-dev-shm-usage"],
    }


def _serve(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shop() -> Iterator[str]:
    """Another origin, to which the page must be able to lead back."""
    app = Flask("shop")
    app.add_url_rule("/return", view_func=lambda: RETURN_PAGE)
    yield from _serve(app)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[tuple[str, stripe.StripeClient]]:
    app = create_sandbox(SandboxSettings(database=tmp_path / "s.db", brand_name="Shanye"), {})
    client = stripe.StripeClient("sk_test_gridshop", http_client=WsgiTransport(app))
    for base in _serve(app):
        yield base, client
    sandbox_of(app).store.close()


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture(params=SIZES, ids=["phone", "desk"])
def plain_page(
    browser: Browser, request: pytest.FixtureRequest, complaints: list[str]
) -> Iterator[Page]:
    width, height = request.param
    context = browser.new_context(
        viewport={"width": width, "height": height}, java_script_enabled=False
    )
    page = context.new_page()

    def hear(message: ConsoleMessage) -> None:
        complaints.append(message.text)

    def hear_failure(failed: Request) -> None:
        # A click may leave the page while its icon is still on the way.
        if failed.failure != "net::ERR_ABORTED":
            complaints.append(failed.url)

    page.on("console", hear)
    page.on("requestfailed", hear_failure)
    yield page
    context.close()


def test_a_buyer_confirms_in_the_wallet_and_comes_back_to_the_shop(
    plain_page: Page,
    shop: str,
    sandbox: tuple[str, stripe.StripeClient],
    complaints: list[str],
) -> None:
    base, client = sandbox
    session = client.v1.checkout.sessions.create(
        session_params(success_url=f"{shop}/return", locale="zh")
    )

    plain_page.goto(f"{base}/c/pay/{session.id}")
    plain_page.get_by_text("微信支付").check()
    assert not plain_page.get_by_text("稍后发起争议").is_visible()
    plain_page.get_by_text("需要确认").check()
    plain_page.get_by_role("button", name="支付 ¥256.00").click()
    plain_page.get_by_role("button", name="确认").click()

    assert plain_page.get_by_role("heading", name="Thank you").is_visible()
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert complaints == []


def test_nothing_is_wider_than_the_screen(
    plain_page: Page, shop: str, sandbox: tuple[str, stripe.StripeClient]
) -> None:
    base, client = sandbox
    session = client.v1.checkout.sessions.create(session_params(success_url=f"{shop}/return"))

    for path in (f"/c/pay/{session.id}", "/"):
        plain_page.goto(base + path)
        size = plain_page.viewport_size
        assert size is not None
        box = plain_page.locator("main").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]
