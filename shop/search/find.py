"""Products that hold the typed words, the best first.

Best is whatever holds them in its title, then in its title and other words, then anywhere; the newest
first among equals. Weighing every hit would cost the more the commoner a word is; of each of the three
only as many as a page needs are read, newest first, and their order is exact all the same.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, cast, column, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from shop.catalog.models import Product, ProductStatus
from shop.kernel.pages import Page
from shop.search.index import BEGINNING, MARKS
from shop.search.table import FIELDS, NAME, of
from shop.search.tokens import beginnings, phrases

MAX_DEPTH = 1000
"""Results beyond are never asked for; their number would only cost."""
_ID, _TIER = "id", "tier"


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
    found = _found(session, words, at=at, most=offset + limit + 1)
    rows = session.scalars(found.limit(limit + 1).offset(offset)).all()
    return Page(list(rows[:limit]), str(offset + limit) if len(rows) > limit else "")


def _found(
    session: Session, words: Sequence[Sequence[str]], *, at: datetime | None, most: int
) -> Select[int]:
    """The newest hits of each field, so many of each at most; every product where it is best."""
    kind, table = session.get_bind().dialect.name, of(session)
    write, hit = _WAYS[kind]
    shown = (
        () if at is None else (Product.status == ProductStatus.ACTIVE, Product.published_at <= at)
    )
    number = table.c[0]
    parts = [
        select(number.label(_ID), literal(tier).label(_TIER))
        .select_from(table)
        .join(Product, Product.id == number)
        .where(hit(table.c[field], typed), *shown)
        .order_by(number.desc())
        .limit(most)
        .subquery()
        for tier, (field, typed) in enumerate(write(words).items())
    ]
    hits = union_all(*(select(one) for one in parts)).subquery()
    ranked = select(hits.c[_ID]).group_by(hits.c[_ID])
    return ranked.order_by(func.min(hits.c[_TIER]), hits.c[_ID].desc())


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


def _matches(_field: ColumnElement[str], typed: str) -> ColumnElement[bool]:
    """A whole row of FTS5 is asked: the marks before the words say in which field."""
    return column(NAME).bool_op("MATCH")(typed)


def _holds(field: ColumnElement[str], typed: str) -> ColumnElement[bool]:
    return field.bool_op("@@")(cast(typed, TSQUERY))


_WAYS = {"sqlite": (_fts5, _matches), "postgresql": (_tsquery, _holds)}
