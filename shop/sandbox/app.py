"""The sandbox as a WSGI application of its own."""

import os
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from . import api, operator_pages, payment_pages, web
from .core import Sandbox
from .delivery import release_interrupted
from .settings import SandboxSettings, refuse_live_keys

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROOT = Path(__file__).resolve().parents[2]


class BreakingConnection:
    """Lets a call end without an answer.

    It stands outside Flask, which would turn any error into one. Werkzeug's server would keep the
    connection open for the next request, so its socket is closed here; a caller without a socket
    sees the error itself.
    """

    def __init__(self, inner: "WSGIApplication") -> None:
        self._inner = inner

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer, or raise ConnectionResetError if the call was marked as lost."""
        answer = self._inner(environ, _Held(environ, start_response))
        if environ.get(api.DROPPED):
            if "werkzeug.socket" in environ:
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionResetError("The sandbox dropped this connection on purpose.")
        return answer


class _Held:
    """Passes the status line on, unless the connection is about to break."""

    def __init__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> None:
        self._environ = environ
        self._start_response = start_response

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        if self._environ.get(api.DROPPED):
            return _swallow
        return self._start_response(status, headers, exc_info)


def _swallow(data: bytes) -> None:
    """Take the place of `write` on a connection that is about to break."""


def create_sandbox(settings: SandboxSettings, environ: Mapping[str, str] = os.environ) -> Flask:
    """Return the sandbox: its API under `/v1`, its hosted pages, its operator page at `/`.

    Raises LiveKeyPresent if the settings or the environment hold a live key.
    """
    refuse_live_keys(settings, environ)
    app = Flask(
        "shop.sandbox",
        static_folder=str(ROOT / "shop" / "sandbox" / "static"),
        static_url_path="/sandbox-static",
        template_folder=str(ROOT / "templates" / "sandbox"),
    )
    sandbox = Sandbox(settings)
    release_interrupted(sandbox)
    app.extensions["sandbox"] = sandbox
    app.register_blueprint(api.blueprint(sandbox))
    app.register_blueprint(payment_pages.blueprint(sandbox))
    app.register_blueprint(operator_pages.blueprint(sandbox))
    web.harden(app, sandbox)
    app.register_error_handler(404, lambda _error: _not_found(sandbox))
    app.register_error_handler(405, lambda _error: _not_found(sandbox))
    app.wsgi_app = BreakingConnection(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _not_found(sandbox: Sandbox) -> Response:
    if request.path.startswith("/v1"):
        return api.unknown_address(request.method, request.path)
    return web.render(sandbox, "missing.html", status=404)
