"""Products that hold the typed words, the best first."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from shop.catalog.models import ProductStatus
from shop.kernel.db import UtcDateTime
from shop.kernel.pages import Page
from shop.search.table import NAME
from shop.search.tokens import phrases

MAX_DEPTH = 1000
"""Results beyond are never asked for; their number would only cost."""

_SHOWN = "AND product.status = :active AND product.published_at <= :at"
_FIND = {
    "sqlite": f"""
        SELECT product.id FROM {NAME} JOIN product ON product.id = {NAME}.rowid
        WHERE {NAME} MATCH :query {{shown}}
        ORDER BY bm25({NAME}, 10.0, 4.0, 1.0), product.id LIMIT :limit OFFSET :offset
    """,  # noqa: S608 - our own name
    "postgresql": f"""
        SELECT product.id FROM {NAME} JOIN product ON product.id = {NAME}.product_id
        WHERE {NAME}.document @@ CAST(:query AS tsquery) {{shown}}
        ORDER BY ts_rank('{{{{0.1, 0.1, 0.4, 1.0}}}}', {NAME}.document, CAST(:query AS tsquery))
            DESC, product.id
        LIMIT :limit OFFSET :offset
    """,  # noqa: S608 - our own name
}


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
    values: dict[str, object] = {"query": _WRITTEN[kind](words), "limit": limit + 1}
    if at is not None:
        values |= {"active": ProductStatus.ACTIVE.value, "at": at}
    statement = text(_FIND[kind].format(shown=_SHOWN if at is not None else ""))
    if at is not None:
        statement = statement.bindparams(bindparam("at", type_=UtcDateTime))
    rows = session.scalars(statement, {**values, "offset": offset}).all()
    return Page(list(rows[:limit]), str(offset + limit) if len(rows) > limit else "")


def _fts5(words: Sequence[Sequence[str]]) -> str:
    return " AND ".join(f'"{" ".join(phrase)}"*' for phrase in words)


def _tsquery(words: Sequence[Sequence[str]]) -> str:
    def phrase_of(phrase: Sequence[str]) -> str:
        *firsts, last = phrase
        return " <-> ".join([*(f"'{word}'" for word in firsts), f"'{last}':*"])

    return " & ".join(f"({phrase_of(phrase)})" for phrase in words)


_WRITTEN = {"sqlite": _fts5, "postgresql": _tsquery}
