"""Pages: what templates may use, and small answers that views share."""

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, current_app, flash, g, make_response, redirect, request, url_for
from flask import render_template as _render_template
from markupsafe import Markup

from shop.kernel import brand as brands
from shop.kernel import clock
from shop.kernel.brand import Brand
from shop.kernel.i18n import LOCALE_NAMES, LOCALES, listed, locale, text_of
from shop.kernel.moments import file_stamp, format_date, format_day, format_moment
from shop.kernel.money import format_money
from shop.kernel.words import Words, say
from shop.web.languages import is_personal


def init_app(app: Flask) -> None:
    """Install filters and globals."""
    app.jinja_env.filters.update(
        {
            "money": money,
            "moment": moment,
            "day": day,
            "date": format_date,
            "text": lambda texts: text_of(texts or {}),
            "say": say,
            "listed": listed,
            "bps": bps,
            "clean_html": Markup,  # only for bodies that were cleaned by allow-list when saved
        }
    )
    app.jinja_env.globals.update(
        {
            "asset": asset,
            "media": media,
            "brand": current_brand,
            "locale": locale,
            "locale_names": LOCALE_NAMES,
            "locales": LOCALES,
            "with_args": with_args,
            "in_language": in_language,
            "words": Words,
        }
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def render(template: str, **values: Any) -> str:
    """The page as text."""
    return _render_template(template, **values)


def page(template: str, *, status: int = 200, **values: Any) -> Response:
    """The page as an answer."""
    response: Response = make_response(render(template, **values))
    response.status_code = status
    return response


def back_to(endpoint: str, *, say_so: Words | str = "", tone: str = "good", **values: Any) -> Any:
    """The redirect after a post, with an optional sentence on the next page."""
    if say_so:
        flash(say(say_so), tone)
    return redirect(url_for(endpoint, **values), code=303)


def current_brand() -> Brand:
    """The brand's facts, read once a request."""
    if "brand" not in g:
        g.brand = brands.cached()
    found: Brand = g.brand
    return found


def money(amount: int | None, currency: str | None = None) -> str:
    """An amount in minor units, in the brand's currency unless another is named."""
    return "" if amount is None else format_money(amount, currency or current_brand().currency)


def moment(at: datetime | None, style: str = "medium") -> str:
    """Date and time in the brand's zone."""
    if at is None:
        return ""
    return format_moment(at, current_brand().zone, style=style)


def day(at: datetime | None, style: str = "medium") -> str:
    """The day in the brand's zone."""
    if at is None:
        return ""
    return format_day(at, current_brand().zone, style=style)


def stamp(at: datetime) -> str:
    """The moment in the brand's zone, for the name of a file."""
    return file_stamp(at, current_brand().zone)


def bps(rate: int) -> str:
    """Basis points as a percentage without needless zeros: 1250 → 12.5 %."""
    return f"{rate / 100:.2f}".rstrip("0").rstrip(".") + " %"


def today() -> Any:
    """The brand's day of business time."""
    return clock.now().astimezone(current_brand().zone).date()


def asset(name: str) -> str:
    """URL of a static file with its content's hash in it, so that it can be cached for ever."""
    return f"/static/{name}?v={_digest(str(current_app.static_folder), name)}"


@cache
def _digest(folder: str, name: str) -> str:
    return hashlib.sha256(Path(folder, name).read_bytes()).hexdigest()[:12]


def media(key: str | None) -> str:
    """URL of an uploaded file, or of the placeholder."""
    return f"/media/{key}" if key else asset("img/placeholder.svg")


def with_args(**changes: Any) -> str:
    """The current address with some query arguments changed; None removes one."""
    arguments = {**request.args.to_dict(), **changes}
    query = urlencode({name: value for name, value in arguments.items() if value not in (None, "")})
    return request.script_root + request.path + (f"?{query}" if query else "")


def in_language(tag: str) -> str:
    """The current page in another language: public pages by their address, others by a switch."""
    path = request.full_path.rstrip("?")
    if is_personal(request.path):
        return url_for("store.speak", tag=tag, next=path)
    return path if tag == LOCALES[0] else f"/{tag}{path}"
