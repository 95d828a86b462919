"""Which language a page speaks.

Public addresses carry it: the default language bare, others under a prefix (`/en/…`), so that pages
can be cached and linked. The prefix is moved into SCRIPT_NAME before Flask sees the path, and every
address that Flask builds keeps it. Desk, admin and account pages follow the account, and the demo's
mailbox does as they do.
"""

from collections.abc import Callable, Iterable
from typing import Any

from flask import g, has_request_context, request, session

from shop.kernel.i18n import LOCALES, locale
from shop.web.actor import current_actor

_PERSONAL = ("/desk", "/admin", "/me", "/mailbox")
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class LocalePrefix:
    """WSGI middleware that takes `/en` off the path."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        for tag in LOCALES[1:]:
            if path == f"/{tag}" or path.startswith(f"/{tag}/"):
                environ["gridshop.locale"] = tag
                environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + f"/{tag}"
                environ["PATH_INFO"] = path[len(tag) + 1 :] or "/"
                break
        return self._app(environ, start_response)


def choose() -> str:
    """The language of this request: address, else choice, else account, else the default."""
    if not has_request_context():
        return LOCALES[0]
    if "locale" not in g:
        g.locale = _choose()
    tag: str = g.locale
    return tag


def is_personal(path: str) -> bool:
    """Whether a page's language is the reader's own choice, not part of its address."""
    return path.startswith(tuple(f"{one}/" for one in _PERSONAL)) or path in _PERSONAL


def _choose() -> str:
    if tag := request.environ.get("gridshop.locale"):
        return str(tag)
    if is_personal(request.path):
        chosen = session.get("locale") or current_actor().locale
        if chosen in LOCALES:
            return str(chosen)
    return LOCALES[0]


__all__ = ["LocalePrefix", "choose", "is_personal", "locale"]
