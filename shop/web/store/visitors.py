"""The first-party cookies of a visitor: the cart, who sent them here, and a name of the browser.

They are set by posts and by /l and /q links only, so that pages stay cacheable.
"""

import re
from typing import Any

from flask import Response, current_app, g, request

from shop.kernel import ids, signing
from shop.sharing.touches import Seen

CART = "gs_cart"
TOUCH = "gs_touch"
DEVICE = "gs_device"
"""Set at checkout, and where people who work at a point sign in."""
_YEAR = 60 * 60 * 24 * 365
_TOUCH_DAYS = 60 * 60 * 24 * 31
_DEVICE_DAYS = 60 * 60 * 24 * 180
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,60}")


def cart_token() -> str:
    """What opens the visitor's cart; empty for a new visitor, and for a cookie that is not ours."""
    token = request.cookies.get(CART, "")
    return token if _TOKEN.fullmatch(token) else ""


def touch() -> Seen | None:
    """The last link or code that this browser came by, if its cookie is genuine."""
    value = signing.unsign(request.cookies.get(TOUCH, ""), purpose="touch", max_age=_TOUCH_DAYS)
    return Seen.from_json(value) if isinstance(value, dict) else None


def name() -> str:
    """A random name of this browser; nothing about the person."""
    seen = touch()
    return seen.visitor if seen else _kept_name() or ids.public_token()


def keep_name(response: Any, name: str) -> Any:
    """Let the browser keep its name, so that it is known again at the next order or sign-in."""
    if name and name != _kept_name():
        _set(response, DEVICE, signing.sign(name, purpose="device"), _DEVICE_DAYS)
    return response


def _kept_name() -> str:
    value = signing.unsign(request.cookies.get(DEVICE, ""), purpose="device", max_age=_DEVICE_DAYS)
    return value if isinstance(value, str) else ""


def remember(response: Any) -> Any:
    """Set the cookies that this request has made."""
    token = g.pop("new_cart_token", None)
    if token:
        _set(response, CART, token, _YEAR)
    elif token == "":
        forget_cart(response)
    seen: Seen | None = g.pop("new_touch", None)
    if seen is not None:
        _set(response, TOUCH, signing.sign(seen.to_json(), purpose="touch"), _TOUCH_DAYS)
    return response


def forget_cart(response: Any) -> Any:
    """After an order or a sign-out: the next thing added begins a new cart."""
    response.delete_cookie(CART)
    return response


def _set(response: Response, cookie: str, value: str, age: int) -> None:
    response.set_cookie(
        cookie,
        value,
        max_age=age,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SETTINGS"].secure_cookies,
    )
