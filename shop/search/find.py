"""Products that hold the typed words, the best first.

Best is whatever holds them in its title, then in its title and other words, then anywhere; the newest
first among equals. Weighing every hit would cost the more the commoner a word is; of each of the three
only as many as a page needs are read, newest first, and their order is exact all the same.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from shop.catalog.models import ProductStatus
from shop.kernel.db import UtcDateTime
from shop.kernel.pages import Page
from shop.search.index import BEGINNING, MARKS
from shop.search.table import FIELDS, NAME
from shop.search.tokens import beginnings, phrases

MAX_DEPTH = 1000
"""Results beyond are never asked for; their number would only cost."""

_SHOWN = "AND product.status = :active AND product.published_at <= :at"
_HIT = {
    "sqlite": (f"{NAME}.rowid", f"{NAME} MATCH :{{field}}"),
    "postgresql": (f"{NAME}.product_id", f"{NAME}.{{field}} @@ CAST(:{{field}} AS tsquery)"),
}
"""The product's id, and what a hit in a field is."""


def _statement(kind: str) -> str:
    number, hit = _HIT[kind]
    parts = [
        f"SELECT * FROM (SELECT {number} AS id, {tier} AS tier FROM {NAME} "  # noqa: S608 - our names
        f"JOIN product ON product.id = {number} WHERE {hit.format(field=field)} {{shown}} "
        f"ORDER BY {number} DESC LIMIT :most) AS in_{field}"
        for tier, field in enumerate(FIELDS)
    ]
    return (
        f"SELECT id FROM (SELECT id, min(tier) AS tier FROM ({' UNION ALL '.join(parts)}) AS hits "  # noqa: S608 - our names
        "GROUP BY id) AS ranked ORDER BY tier, id DESC LIMIT :limit OFFSET :offset"
    )


_FIND = {kind: _statement(kind) for kind in _HIT}


def find(
    session: Session,
    query: str,
    *,
    at: datetime | None,
    limit: int = 24,
    after: str = "",
) -> Page[int]:
    """Ids of products with all typed words, in any language; one statement.

    Each piece between spaces is a phrase, its last word may go on: “红茶”, “茶”, “iphone 手机壳”,
    a SKU. `at` narrows to what is published then; None finds drafts too.
    """
    words = phrases(query)
    offset = int(after) if re.fullmatch(r"[0-9]{1,4}", after) else 0
    if not words or offset >= MAX_DEPTH:
        return Page([])
    kind = session.get_bind().dialect.name
    values: dict[str, object] = {**_WRITTEN[kind](words), "limit": limit + 1}
    if at is not None:
        values |= {"active": ProductStatus.ACTIVE.value, "at": at}
    statement = text(_FIND[kind].format(shown=_SHOWN if at is not None else ""))
    if at is not None:
        statement = statement.bindparams(bindparam("at", type_=UtcDateTime))
    values |= {"offset": offset, "most": offset + limit + 1}
    rows = session.scalars(statement, values).all()
    return Page(list(rows[:limit]), str(offset + limit) if len(rows) > limit else "")


def _fts5(words: Sequence[Sequence[str]]) -> dict[str, str]:
    def phrase_of(phrase: Sequence[str], mark: str) -> str:
        return " ".join(mark + word for word in phrase)

    return {
        field: " AND ".join(f'"{phrase_of(phrase, mark)}"*' for phrase in words)
        for field, mark in MARKS.items()
    }


def _tsquery(words: Sequence[Sequence[str]]) -> dict[str, str]:
    def phrase_of(phrase: Sequence[str]) -> str:
        *firsts, last = phrase
        return " <-> ".join([*(f"'{word}'" for word in firsts), _going_on(last)])

    return dict.fromkeys(FIELDS, " & ".join(f"({phrase_of(phrase)})" for phrase in words))


def _going_on(word: str) -> str:
    """A word that may be longer; its beginning is a word of the index, whose commonness is known."""
    begun = beginnings(word)
    if not begun:
        return f"'{word}'"
    if len(begun) == len(word):
        return f"'{BEGINNING}{word}'"
    return f"('{BEGINNING}{begun[-1]}' & '{word}':*)"


_WRITTEN = {"sqlite": _fts5, "postgresql": _tsquery}
