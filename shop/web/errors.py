"""Refusals as pages or as JSON, in the reader's language."""

import logging
from typing import Any

from flask import Flask, Response, jsonify, make_response, request
from werkzeug.exceptions import HTTPException

from commissions.errors import CommissionError, NotFound, StaleState
from shop.kernel.errors import Conflict, ShopError
from shop.kernel.errors import NotFound as ShopNotFound
from shop.kernel.i18n import _l
from shop.kernel.words import Words, say
from shop.web.render import render

log = logging.getLogger(__name__)

_SENTENCES: dict[int, tuple[Words, Words]] = {
    400: (
        _l("That did not work"),
        _l("The request was not complete. Please go back and try again."),
    ),
    403: (_l("Not for you"), _l("You may not see this page. Perhaps you need another sign-in.")),
    404: (_l("Nothing here"), _l("This page does not exist, or does not any more.")),
    405: (_l("That did not work"), _l("Please go back and use the button again.")),
    413: (_l("Too large"), _l("This file is too large. Please choose a smaller one.")),
    429: (_l("One moment"), _l("That was tried too often. Please wait a while and try again.")),
    500: (_l("Our mistake"), _l("Something went wrong on our side. Nothing of yours is lost.")),
    503: (
        _l("One moment"),
        _l("Many people are ordering right now. Please try again in a moment."),
    ),
}


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(ShopError, _shop_error)
    app.register_error_handler(CommissionError, _commission_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)


def _shop_error(error: ShopError) -> Response:
    log.info("refused: %s", error.code)
    return _answer(
        error.status, error.code, say(error.message), field=error.field, retry=error.retry_after
    )


def _commission_error(error: CommissionError) -> Response:
    """The engine's refusals in the shop's words."""
    if isinstance(error, NotFound):
        return _shop_error(ShopNotFound(_l("This page does not exist, or does not any more.")))
    if isinstance(error, StaleState):
        return _shop_error(
            Conflict(_l("Somebody else changed this meanwhile. Please look at it again."))
        )
    return _shop_error(Conflict(_l("This cannot be done: %(code)s.", code=error.code)))


def _http_error(error: HTTPException) -> Response:
    code = error.code or 500
    if code < 400:
        response: Response = make_response(error.get_response())
        return response
    return _answer(code, str(code), "")


def _crash(error: Exception) -> Response:
    log.error("unexpected error", exc_info=error)
    return _answer(500, "internal", "")


def _answer(status: int, code: str, sentence: str, *, field: str = "", retry: int = 0) -> Response:
    title, usual = _SENTENCES.get(status, _SENTENCES[500 if status >= 500 else 400])
    text = sentence or say(usual)
    if request.path.startswith(("/api/", "/stripe/", "/wechat/")):
        body: dict[str, Any] = {"error": {"code": code, "message": text}}
        if field:
            body["error"]["field"] = field
        response = jsonify(body)
    else:
        response = make_response(
            render("errors/error.html", title=say(title), text=text, status=status, code=code)
        )
    response.status_code = status
    if retry:
        response.headers["Retry-After"] = str(retry)
    return response
