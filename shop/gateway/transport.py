"""Runs the Stripe SDK against a WSGI application in this process, without a socket.

Tests, replays and the demo build use it; production and `make run` talk over HTTP.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import stripe
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


class WsgiTransport(stripe.HTTPClient):
    """An HTTP client of the SDK whose far end is a WSGI callable."""

    name = "wsgi"

    def __init__(self, application: "WSGIApplication") -> None:
        super().__init__()
        self._application = application

    def request(  # type: ignore[override]  # the SDK passes `_usage` to the retrying caller only
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
    ) -> tuple[bytes, int, Headers]:
        """Return body, status and headers; a dropped connection is an APIConnectionError."""
        environ = _environ(method, url, headers or {}, (post_data or "").encode())
        try:
            response = Response.from_app(self._application, environ, buffered=True)
        except ConnectionError as error:
            raise _unreachable(error) from error
        return response.get_data(), response.status_code, response.headers

    def close(self) -> None:
        """Let go of nothing: there is no connection."""


def _environ(method: str, url: str, headers: Mapping[str, str], body: bytes) -> "WSGIEnvironment":
    parts = urlsplit(url)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": method.upper(),
        "SCRIPT_NAME": "",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": parts.netloc,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ


def _unreachable(error: ConnectionError) -> stripe.APIConnectionError:
    # The SDK's error classes carry no types.
    return stripe.APIConnectionError(str(error), should_retry=True)  # type: ignore[no-untyped-call]
