"""The sandbox as a program: a threaded server and a thread that delivers webhooks."""

import logging
import sqlite3
import threading
from collections.abc import Mapping

import requests
from werkzeug.serving import make_server

from .app import create_sandbox
from .core import Sandbox, sandbox_of
from .delivery import deliver_due
from .settings import SandboxSettings

log = logging.getLogger(__name__)

TIMEOUT = 10
LONGEST_NAP = 1.0


def serve(settings: SandboxSettings, host: str, port: int) -> None:
    """Serve until the process is told to end; returns after Ctrl-C."""
    app = create_sandbox(settings)
    server = make_server(host, port, app, threaded=True)
    stop = threading.Event()
    courier = threading.Thread(
        target=deliver_until, args=(sandbox_of(app), stop), name="webhooks", daemon=True
    )
    courier.start()
    log.info("Sandbox of Stripe on http://%s:%s, no real money", host, server.server_port)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        log.info("Sandbox stops")
    finally:
        stop.set()
        server.server_close()


def deliver_until(sandbox: Sandbox, stop: threading.Event) -> None:
    """Deliver webhooks as they come, and let sandbox time pass, until `stop` is set."""
    with requests.Session() as session:
        while not stop.is_set():
            sandbox.news.clear()
            if _deliver(sandbox, Poster(session)) == 0:
                sandbox.news.wait(LONGEST_NAP)


def _deliver(sandbox: Sandbox, post: "Poster") -> int:
    try:
        return deliver_due(sandbox, post)
    except sqlite3.Error:
        # Another process may hold the file for a while; the queue waits in it.
        log.exception("Webhooks could not be read from the sandbox's database")
        return 0


class Poster:
    """Sends webhooks over HTTP and follows no redirect, like Stripe."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Return the status; requests' errors are OSErrors already."""
        answer = self._session.post(
            url, data=body, headers=dict(headers), timeout=TIMEOUT, allow_redirects=False
        )
        return answer.status_code
