"""`make run`: bring the demo up — database, sandbox, worker, web — and stop them together."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
HOST, PORT, SANDBOX_PORT = "127.0.0.1", "8000", "8001"
ENVIRONMENT = {
    "GRIDSHOP_DEMO": "1",
    "FLASK_APP": "wsgi",
    "PUBLIC_URL": f"http://{HOST}:{PORT}",
    "STRIPE_API_BASE": f"http://{HOST}:{SANDBOX_PORT}",
}


def main() -> None:
    """Run until Ctrl-C, SIGTERM, or until one of the processes ends."""
    os.chdir(ROOT)
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    tell("database")
    python("-m", "alembic", "-c", "migrations/alembic.ini", "upgrade", "head")
    tell("demo data (once; about a minute)")
    python("-m", "flask", "demo", "build")
    children = start()
    signal.signal(signal.SIGTERM, stop_at_signal)
    try:
        wait_for(f"{os.environ['PUBLIC_URL']}/readyz")
        tell(f"ready: {os.environ['PUBLIC_URL']}/s/anna/   (Ctrl-C ends it)")
        while all(child.poll() is None for child in children):
            time.sleep(0.5)
    except KeyboardInterrupt:
        pass
    finally:
        stop(children)


def start() -> list[subprocess.Popen[bytes]]:
    """Sandbox, worker and web, each a process of its own."""
    flask = (sys.executable, "-m", "flask")
    port = os.environ["PUBLIC_URL"].rpartition(":")[2]
    sandbox_port = os.environ["STRIPE_API_BASE"].rpartition(":")[2]
    web = (
        sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1",
        "--blocking-threads", "8", "--host", HOST, "--port", port, "--log-level", "warning",
        "wsgi:app",
    )  # fmt: skip
    return [
        spawn((*flask, "sandbox", "serve", "--host", HOST, "--port", sandbox_port)),
        spawn((*flask, "jobs", "work")),
        spawn(web),
    ]


def spawn(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command)  # noqa: S603  (our own programs)


def stop(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()


def stop_at_signal(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def wait_for(url: str, seconds: float = 60) -> None:
    """Wait until the address answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310  (our own address)
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"{url} does not answer")


def python(*arguments: str) -> None:
    subprocess.run((sys.executable, *arguments), check=True)  # noqa: S603  (our own programs)


def tell(words: str) -> None:
    sys.stderr.write(f"gridshop: {words}\n")


if __name__ == "__main__":
    main()
