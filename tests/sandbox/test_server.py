"""The sandbox as a process of its own: real sockets, a real webhook receiver."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe
from flask import Flask, request
from werkzeug.serving import make_server

from shop.sandbox.app import create_sandbox
from shop.sandbox.control import inject
from shop.sandbox.core import sandbox_of
from shop.sandbox.settings import SandboxSettings

from .conftest import ROOT, session_params

PROGRAM = """
import sys
from pathlib import Path
from shop.sandbox.serve import serve
from shop.sandbox.settings import SandboxSettings
port, folder, hook = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
serve(
    SandboxSettings(
        database=folder / "sandbox.db",
        data_dir=folder,
        webhook_url=hook,
        public_url=f"http://127.0.0.1:{port}",
    ),
    "127.0.0.1",
    port,
)
"""


class Receiver:
    """A webhook endpoint on a port of its own."""

    def __init__(self) -> None:
        self.types: list[str] = []
        app = Flask("receiver")
        app.add_url_rule("/hook", view_func=self._take, methods=["POST"])
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def wait_for(self, kind: str) -> None:
        deadline = time.monotonic() + 10
        while kind not in self.types:
            assert time.monotonic() < deadline, self.types
            time.sleep(0.02)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self) -> str:
        body = request.get_data()
        header = request.headers["Stripe-Signature"]
        client = stripe.StripeClient("sk_test_gridshop")
        self.types.append(client.construct_event(body, header, "whsec_gridshop_sandbox").type)
        return ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """A running sandbox."""

    def __init__(self, folder: Path, hook: str) -> None:
        self.folder, self.hook, self.port = folder, hook, free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.process = self._start()

    def client(self, **options: Any) -> stripe.StripeClient:
        return stripe.StripeClient("sk_test_gridshop", base_addresses={"api": self.base}, **options)

    def kill_and_restart(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        arguments = [sys.executable, "-c", PROGRAM, str(self.port), str(self.folder), self.hook]
        environ = {name: value for name, value in os.environ.items() if "STRIPE" not in name}
        process = subprocess.Popen(arguments, cwd=ROOT, env=environ, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            try:
                requests.get(self.base, timeout=1)
            except requests.ConnectionError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                return process


@pytest.fixture
def program(tmp_path: Path, receiver: Receiver) -> Iterator[Program]:
    made = Program(tmp_path, receiver.url)
    yield made
    made.process.terminate()
    made.process.wait()


def test_the_sdk_pays_over_http_and_the_webhook_arrives(
    program: Program, receiver: Receiver
) -> None:
    client = program.client()
    session = client.v1.checkout.sessions.create(session_params())

    answer = requests.post(
        str(session.url),
        data={"method": "wechat_pay", "outcome": "success"},
        allow_redirects=False,
        timeout=5,
    )

    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(session.id)
    receiver.wait_for("checkout.session.completed")
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_nothing_is_lost_when_the_process_is_killed(program: Program, receiver: Receiver) -> None:
    client = program.client()
    session = client.v1.checkout.sessions.create(session_params(), {"idempotency_key": "k"})

    program.kill_and_restart()

    again = client.v1.checkout.sessions.create(session_params(), {"idempotency_key": "k"})
    assert again.id == session.id


def test_a_shifted_clock_expires_sessions_without_anybody_looking(
    program: Program, receiver: Receiver
) -> None:
    program.client().v1.checkout.sessions.create(session_params())

    (program.folder / "clock-offset").write_text(str(25 * 3600))

    receiver.wait_for("checkout.session.expired")


def test_a_lost_call_breaks_the_connection(tmp_path: Path) -> None:
    app = create_sandbox(SandboxSettings(database=tmp_path / "s.db"), {})
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    client = stripe.StripeClient(
        "sk_test_gridshop",
        base_addresses={"api": f"http://127.0.0.1:{server.server_port}"},
        max_network_retries=0,
    )
    inject(sandbox_of(app), "lost_after")

    with pytest.raises(stripe.APIConnectionError):
        client.v1.payment_intents.create({"amount": 5000, "currency": "cny"})
    assert len(client.v1.payment_intents.list().data) == 1

    server.shutdown()
    thread.join()
    server.server_close()
    sandbox_of(app).store.close()
