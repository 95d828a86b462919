"""The demo as `make run` brings it up, and a real Chromium in front of it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURES = Path(os.environ.get("GRIDSHOP_PICTURES", ROOT / "test-results"))


@pytest.hookimpl(trylast=True)  # after pytest-randomly has shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The finance month publishes a plan of its own, which a newcomer's walk must not meet."""
    items.sort(key=lambda item: item.path.name == "test_finance.py")


@dataclass
class Demo:
    """A running demo: where it answers, and its environment for commands."""

    url: str
    environment: dict[str, str]

    def flask(self, *arguments: str) -> str:
        """Run a command beside it."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def inside(self, code: str) -> None:
        """Run some lines in a process of the same installation."""
        start = "from wsgi import app\nwith app.app_context():\n"
        lines = "".join(f"    {line}\n" for line in code.strip().splitlines())
        subprocess.run(
            [sys.executable, "-c", start + lines], cwd=ROOT, env=self.environment, check=True
        )


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Everything as a newcomer starts it, with fewer orders and free ports."""
    web, sandbox = free_port(), free_port()
    url = f"http://127.0.0.1:{web}"
    environment = {
        **os.environ,
        "GRIDSHOP_DEMO": "1",
        "GRIDSHOP_DEMO_ORDERS": "12",
        "FLASK_APP": "wsgi",
        "DATA_DIR": str(tmp_path_factory.mktemp("demo")),
        "PUBLIC_URL": url,
        "STRIPE_API_BASE": f"http://127.0.0.1:{sandbox}",
    }
    log = tmp_path_factory.mktemp("log") / "run.log"
    with log.open("w") as out:
        running = subprocess.Popen(
            [sys.executable, "-m", "shop.trial.run"],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=out,
        )
        try:
            wait_for(f"{url}/readyz", running, log)
            yield Demo(url, environment)
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(timeout=60)


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        assert not os.environ.get("CI"), "the browser tests need Debian's chromium"
        pytest.skip("no chromium on this machine: the browser walk is left out")
    browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def phone(chromium: Browser, demo: Demo) -> Iterator[Page]:
    """A phone-sized page whose console and network must stay clean."""
    yield from clean_page(
        chromium.new_context(
            viewport={"width": 390, "height": 844}, locale="en-GB", base_url=demo.url
        )
    )


@pytest.fixture
def desk(chromium: Browser, demo: Demo) -> Iterator[Page]:
    """A desk-sized page of another browser."""
    yield from clean_page(
        chromium.new_context(
            viewport={"width": 1280, "height": 900}, locale="en-GB", base_url=demo.url
        )
    )


def clean_page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "response",
        lambda answer: (
            complaints.append(f"{answer.status} {answer.url}")
            if answer.status >= 400 and not re.search(r"favicon", answer.url)
            else None
        ),
    )
    page.on("dialog", lambda dialog: dialog.accept())
    page.complaints = complaints  # type: ignore[attr-defined]
    yield page
    context.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 240
    while time.monotonic() < until:
        assert running.poll() is None, log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(log.read_text()[-3000:])
