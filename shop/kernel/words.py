"""Words that know no language yet.

Slices below the web raise errors and label states without a request around them, so a sentence
travels as its English msgid with values, and is translated where it is shown.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Words:
    """A msgid of the gettext catalogs with its values; `%(name)s` marks a value."""

    msgid: str
    values: dict[str, Any] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return say(self)


def _l(msgid: str, **values: Any) -> Words:
    """Mark a sentence for translation; extracted by `pybabel extract -k _l`."""
    return Words(msgid, values)


def _untranslated(words: Words) -> str:
    return words.msgid % words.values if words.values else words.msgid


_translate: Callable[[Words], str] = _untranslated


def translate_with(translate: Callable[[Words], str]) -> None:
    """Install the translator; `kernel.i18n` does this when the application starts."""
    global _translate
    _translate = translate


def say(words: Words | str) -> str:
    """The sentence in the reader's language."""
    return words if isinstance(words, str) else _translate(words)
