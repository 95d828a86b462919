"""A whole installation in one process: the real application, the real sandbox, no sockets between.

Stripe's SDK reaches the sandbox through the WSGI transport, and the sandbox's webhooks reach the
application through Werkzeug's client; everything else is as in production.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask.testing import FlaskClient

from shop.app import assemble, connect
from shop.gateway.transport import WsgiTransport
from shop.kernel import clock, jobs
from shop.kernel.settings import Settings
from shop.sandbox import control
from shop.sandbox.app import create_sandbox
from shop.sandbox.core import Sandbox, sandbox_of
from shop.sandbox.delivery import deliver_due
from shop.sandbox.settings import FaultRates, SandboxSettings
from tests.databases import Urls, engine_at

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SECRET = "whsec_test"
KEY = "sk_test_installation"
ORIGIN = "http://localhost"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Installation:
    """The application with its sandbox; one at a time in a process."""

    app: Flask
    sandbox_app: Flask
    settings: Settings
    faults: list[str] = field(default_factory=list)

    @property
    def sandbox(self) -> Sandbox:
        return sandbox_of(self.sandbox_app)

    def client(self) -> FlaskClient:
        """A fresh browser without cookies; its posts come from our own pages."""
        client = self.app.test_client()
        client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
        return client

    @contextmanager
    def at_stripe(self, gate: "WSGIApplication") -> Iterator[None]:
        """Let every call to the sandbox go through a gate, which passes it on when it likes."""
        plain = self.sandbox_app.wsgi_app
        self.sandbox_app.wsgi_app = gate  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            self.sandbox_app.wsgi_app = plain  # type: ignore[method-assign]

    def deliver(self, limit: int = 100) -> int:
        """Let the sandbox post what is due to the webhook."""
        return deliver_due(self.sandbox, self.post_webhook, limit)

    def post_webhook(self, _url: str, headers: Mapping[str, str], body: bytes) -> int:
        """One delivery; gives the status of the answer."""
        answer = self.app.test_client().post("/stripe/webhook", data=body, headers=headers)
        return answer.status_code

    def work(self) -> int:
        """Do every job that is due, as the worker would."""
        with self.app.app_context():
            return jobs.drain()

    def settle(self) -> None:
        """Deliver and work until nothing moves any more."""
        for _round in range(20):
            if not self.deliver() + self.work():
                return

    def pay(self, session_id: str, **choice: Any) -> None:
        """Pay on the sandbox's hosted page."""
        control.pay(self.sandbox, session_id, **choice)


def install(
    urls: Urls,
    folder: Path,
    *,
    faults: FaultRates | None = None,
    seed: int = 1,
    demo: bool = True,
) -> Installation:
    """Bring an installation up over a migrated database."""
    settings = _settings(demo, data_dir=folder, database_url=urls.app, owner_url=urls.owner)
    sandbox = _stand_in(
        SandboxSettings(
            database=":memory:",
            secret_key=KEY,
            webhook_url=f"{ORIGIN}/stripe/webhook",
            webhook_secret=SECRET,
            public_url="http://sandbox.test",
            clock=lambda: clock.now().astimezone(UTC),
            seed=seed,
            faults=faults or FaultRates(),
        )
    )
    app = _assembled(demo)
    connect(app, settings, transport=WsgiTransport(sandbox), engine=engine_at(urls.app))
    return Installation(app, sandbox, settings)


def _settings(demo: bool, *, data_dir: Path, database_url: str, owner_url: str) -> Settings:
    return Settings(
        data_dir=data_dir,
        database_url=database_url,
        migration_database_url=owner_url,
        jobs_url="memory:",
        secret_key="test-key",
        secret_key_fallbacks=(),
        public_url=ORIGIN,
        trusted_proxies=0,
        demo=demo,
        stripe_secret_key=KEY,
        stripe_webhook_secret=SECRET,
        stripe_api_base="http://sandbox.test",
        sandbox_public_url="http://sandbox.test",
        smtp_url="",
        log_format="json",
        pooled=False,
        testing=True,
    )


@cache
def _assembled(demo: bool) -> Flask:
    """The faces, once in a process: they hold nothing of a database or of a test."""
    return assemble(_settings(demo, data_dir=Path(), database_url="", owner_url=""))


def _stand_in(settings: SandboxSettings) -> Flask:
    """The sandbox, its pages made once in a process and its memory empty."""
    app = _sandbox_pages()
    former = sandbox_of(app).store
    sandbox_of(app).begin(settings)
    former.close()
    return app


@cache
def _sandbox_pages() -> Flask:
    return create_sandbox(SandboxSettings(database=":memory:", secret_key=KEY))


def moment(year: int, month: int, day: int, hour: int = 4) -> datetime:
    """A UTC moment."""
    return datetime(year, month, day, hour, tzinfo=UTC)
