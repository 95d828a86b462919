"""Fixtures that every test may use: fresh real databases and the kernel bound to them."""

import gc
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine

from shop import schema
from shop.kernel import clock, db, files, kept, signing
from tests.databases import APP_ROLE, KINDS, Urls, engine_to, fresh_database
from tests.installation import Installation, install
from tests.world import World, found_world, standing

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""A Monday noon in Shanghai, when most tests begin."""

SHARED = Path(os.environ.get("GRIDSHOP_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture
def keeps_what_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """For counts of statements: a slow machine must not read anew in the middle of one."""
    monkeypatch.setattr(kept, "SECONDS", 600.0)


def build_shop(engine: Engine) -> None:
    """The shop's whole schema, with the application's rights."""
    with engine.begin() as connection:
        schema.create(connection)
        if engine.dialect.name == "postgresql":
            db.grant_application(connection, APP_ROLE)


def build_small_brand(engine: Engine) -> None:
    """The same with the small brand in it, as of START."""
    build_shop(engine)
    url = engine.url.render_as_string(hide_password=False)
    with clock.set_to(START), TemporaryDirectory() as folder:
        found_world(install(Urls(engine.dialect.name, url, url), Path(folder)))
        db.unbind()


Template = tuple[str, Callable[[Engine], None]]
SHOP: Template = ("shop", build_shop)
WORLD: Template = ("world", build_small_brand)


@dataclass
class Database:
    """A fresh database, bound to the kernel as the application's role."""

    kind: str
    urls: Urls
    engine: Engine


on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what does not depend on the database."""
on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
"""For what SQLite's one writer cannot meet."""


class Clock:
    """Business time of a test: stands still until it is told to go on."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    @property
    def now(self) -> datetime:
        return self.moment

    def forward(self, **units: float) -> datetime:
        """Let time pass, for example `forward(days=8)`; returns the new moment."""
        self.moment += timedelta(**units)
        clock.travel(self.moment)
        return self.moment


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The whole schema on SQLite and on PostgreSQL: each test runs on both.

    Tests in the small brand get a copy of a database that it stands in already.
    """
    yield from _database(request.param, tmp_path, _template_of(request))


@pytest.fixture
def installation(database: Database, tmp_path: Path, business_clock: Clock) -> Installation:
    """The application and its sandbox.

    No application context is held open: requests would share one `g` and see each other's user.
    """
    return install(database.urls, tmp_path)


@pytest.fixture
def world(installation: Installation, database: Database) -> World:
    """The small brand."""
    return standing(installation, database.kind)


@pytest.fixture
def sqlite_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The same on SQLite only, for what does not depend on the database."""
    yield from _database("sqlite", tmp_path, _template_of(request))


def _template_of(request: pytest.FixtureRequest) -> Template:
    return WORLD if "world" in request.fixturenames else SHOP


def _database(kind: str, folder: Path, template: Template = SHOP) -> Iterator[Database]:
    urls = fresh_database(kind, *template)
    engine = engine_to(urls.app)
    db.bind(engine)
    files.keep_in(folder)
    signing.use_keys("test-key")
    yield Database(kind, urls, engine)
    db.unbind()
    urls.drop()


@pytest.fixture
def at() -> datetime:
    """A moment to hand to verbs."""
    return START


@pytest.fixture
def business_clock() -> Iterator[Clock]:
    """Business time that stands still at START until the test moves it."""
    with clock.set_to(START):
        yield Clock(START)


@pytest.fixture
def shared() -> Path:
    """The folder of shared public data; the test is skipped where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the shared data is absent; set GRIDSHOP_SHARED to its folder")
    return SHARED / "data"


def pytest_collection_finish() -> None:
    """The collector of garbage leaves alone what the whole run needs, and looks less often.

    It took a tenth of the run to look through modules, mappings and tests again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.hookimpl(trylast=True)  # after pytest-randomly has shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("heavy") is None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests ran on which database, and what was left out and why."""
    ran = [
        report.nodeid
        for outcome in ("passed", "failed", "error")
        for report in terminalreporter.stats.get(outcome, ())
        if isinstance(report, pytest.TestReport) and report.when != "teardown"
    ]
    left_out = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", ())
        if isinstance(report.longrepr, tuple)
    )
    terminalreporter.section("databases")
    on = {kind: sum(f"{kind}" in one.partition("[")[2] for one in ran) for kind in KINDS}
    for kind, count in on.items():
        terminalreporter.line(f"{count:6} tests on {kind}")
    terminalreporter.line(
        f"{len(ran) - sum(on.values()):6} tests that need no database, or run on SQLite alone"
    )
    for reason, count in sorted(left_out.items()):
        if count:
            terminalreporter.line(f"{count:6} left out: {reason}")
    if "not soak" in terminalreporter.config.option.markexpr:
        terminalreporter.line("       left out: the long runs marked soak; `make soak` runs them")
