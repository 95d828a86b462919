"""Languages: gettext catalogs for our own words, per-language texts for the brand's words."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from babel import Locale
from babel.lists import format_list
from flask import Flask, has_app_context
from flask_babel import Babel, force_locale, gettext, ngettext
from flask_babel import get_locale as _babel_locale

from shop.kernel.words import Words, _l, translate_with

LOCALES = ("zh", "en")
"""Languages of the pages, by their short tag; the first is the default."""

LOCALE_NAMES = {"zh": "中文", "en": "English"}
BABEL_NAMES = {"zh": "zh_Hans", "en": "en"}
"""What Babel calls them."""

Texts = Mapping[str, str]
"""A text of the brand by language tag, for example {"zh": "蜂蜜", "en": "Honey"}."""

__all__ = [
    "BABEL_NAMES",
    "LOCALES",
    "LOCALE_NAMES",
    "Texts",
    "Words",
    "_",
    "_l",
    "best_locale",
    "country_name",
    "in_locale",
    "init_app",
    "listed",
    "locale",
    "ngettext",
    "text_of",
]


def _(msgid: str, **values: Any) -> str:
    """The translated sentence, now."""
    return str(gettext(msgid, **values))


def init_app(app: Flask, *, choose: Any, timezone: Any) -> None:
    """Set up Babel; `choose()` gives the short tag of the request's language."""
    Babel(
        app,
        locale_selector=lambda: BABEL_NAMES[choose()],
        timezone_selector=timezone,
        default_translation_directories="translations",
    )
    translate_with(_translate)


def _translate(words: Words) -> str:
    if not has_app_context():
        return words.msgid % words.values if words.values else words.msgid
    values = {k: _translate(v) if isinstance(v, Words) else v for k, v in words.values.items()}
    return str(gettext(words.msgid, **values))


def locale() -> str:
    """Short tag of the language in use: "zh" or "en"."""
    found = _babel_locale() if has_app_context() else None
    return found.language if found is not None and found.language in LOCALES else LOCALES[0]


@contextmanager
def in_locale(tag: str) -> Iterator[None]:
    """Speak `tag` inside the block: for mails and jobs, where no request chooses."""
    with force_locale(BABEL_NAMES.get(tag, BABEL_NAMES[LOCALES[0]])):
        yield


def best_locale(accept_language: str) -> str:
    """The first of our languages that a browser asks for.

    Quality values are respected by order only; browsers send the list sorted.
    """
    for part in accept_language.split(","):
        tag = part.split(";")[0].strip().lower()[:2]
        if tag in LOCALES:
            return tag
    return LOCALES[0]


def listed(texts: Iterable[str], *, last: Literal["and", "or"] = "and") -> str:
    """Several texts as the reader's language lists them: “a, b, and c”, “甲、乙和丙”."""
    style: Literal["standard", "or"] = "or" if last == "or" else "standard"
    return format_list(list(texts), style=style, locale=BABEL_NAMES[locale()])


def country_name(code: str) -> str:
    """A country by its two letters, as the reader calls it; the letters if it has no name."""
    return str(Locale.parse(BABEL_NAMES[locale()]).territories.get(code, code))


def text_of(texts: Texts, tag: str | None = None) -> str:
    """The brand's text in the wanted language, else in any language that has it."""
    wanted = tag or locale()
    for candidate in (wanted, *LOCALES, *texts):
        if texts.get(candidate):
            return texts[candidate]
    return ""
