"""Words of a text, every Chinese character a word of its own.

Pure. Index and query go through the same function, so a phrase of characters in the index equals
the substring in the text; punctuation is gone before a database sees it.
"""

import re
import unicodedata

_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af\U00020000-\U000323af"
_WORD = re.compile(f"[{_CJK}]|[^\\W_{_CJK}]+")
_CHARACTER = re.compile(f"[{_CJK}]")
_MARKS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
LONGEST_BEGINNING = 8
"""Beginnings of words up to so many letters are kept in the index."""
MAX_WORDS = 8
MAX_LETTERS = 80


def tokens(text: str) -> list[str]:
    """Words in their order: full-width as half-width, without case, Latin without accents."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    bare = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", plain)))
    return _WORD.findall(bare)


def beginnings(word: str) -> list[str]:
    """What somebody may have typed of a word so far; a Chinese character is whole at once."""
    if _CHARACTER.fullmatch(word):
        return []
    return [word[:length] for length in range(1, min(len(word), LONGEST_BEGINNING) + 1)]


def phrases(query: str) -> list[list[str]]:
    """What was typed, as phrases: each piece between spaces is one; cut where nobody types on."""
    pieces = [tokens(piece) for piece in query[:MAX_LETTERS].split()]
    return [piece for piece in pieces if piece][:MAX_WORDS]
