"""Keeps the search table beside the products, in the transaction that changes them."""

import html
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from shop.catalog.events import ProductsChanged
from shop.catalog.models import Category, Product, Variant
from shop.search import table
from shop.search.tokens import beginnings, tokens

_TAG = re.compile(r"<[^>]*>")
_BLOCK = 500
_MAX_TOKENS = 4000
"""Of one field; PostgreSQL counts places up to 16,383."""

Fields = Sequence[list[str]]
"""Tokens of title, other words and body, the weightiest first."""


def refresh(session: Session, event: ProductsChanged) -> None:
    """Index what was changed again; hears of `ProductsChanged`."""
    _index(session, event.product_ids)


def rebuild(session: Session) -> int:
    """Index every product anew; returns how many."""
    session.execute(delete(table.of(session)))
    product_ids = session.scalars(select(Product.id).order_by(Product.id)).all()
    for start in range(0, len(product_ids), _BLOCK):
        _index(session, product_ids[start : start + _BLOCK])
    return len(product_ids)


def _index(session: Session, product_ids: Collection[int]) -> None:
    if product_ids:
        write(session, product_ids, dict(_documents(session, product_ids)))


def write(session: Session, product_ids: Collection[int], documents: Mapping[int, Fields]) -> None:
    """Find these products by their documents from now on; one without a document not at all."""
    found = table.of(session)
    number, said = found.c[0], _WRITTEN[session.get_bind().dialect.name]
    session.execute(delete(found).where(number.in_(product_ids)))
    rows = [
        {number.name: product_id, **_of_fields(fields, said)}
        for product_id, fields in documents.items()
    ]
    if rows:
        session.execute(insert(found), rows)


def _documents(session: Session, product_ids: Collection[int]) -> Iterable[tuple[int, Fields]]:
    words = _words_of_variants(session, product_ids)
    rows = session.execute(
        select(
            Product.id,
            Product.title,
            Product.summary,
            Product.vendor,
            Product.product_type,
            Product.tags,
            Product.option_names,
            Category.name,
            Product.body,
        )
        .outerjoin(Category, Category.id == Product.category_id)
        .where(Product.id.in_(product_ids))
    )
    for id, title, summary, vendor, kind, tags, options, category, body in rows:
        others = [
            *_texts(summary), vendor, kind, *tags, *_texts(category or {}),
            *(one for name in options for one in _texts(name)), *words.get(id, []),
        ]  # fmt: skip
        yield id, [_tokens(_texts(title)), _tokens(others), _tokens(map(_plain, _texts(body)))]


def _words_of_variants(session: Session, product_ids: Collection[int]) -> dict[int, list[str]]:
    rows = session.execute(
        select(Variant.product_id, Variant.sku, Variant.barcode, Variant.option_values).where(
            Variant.product_id.in_(product_ids), Variant.active
        )
    )
    words: dict[int, list[str]] = {}
    for product_id, sku, barcode, values in rows:
        said = words.setdefault(product_id, [])
        for word in (sku or "", barcode, *(one for value in values for one in _texts(value))):
            if word not in said:
                said.append(word)
    return words


def _texts(value: Mapping[str, str]) -> list[str]:
    return list(value.values())


def _plain(markup: str) -> str:
    return html.unescape(_TAG.sub(" ", markup))


def _tokens(texts: Iterable[str]) -> list[str]:
    """Tokens of several texts; an empty one keeps a phrase from reaching into the next."""
    found: list[str] = []
    for one in texts:
        found += [*tokens(one), ""] if one else []
    return found[:_MAX_TOKENS]


def _marked(field: str, words: list[str]) -> str:
    return " ".join(MARKS[field] + one if one else _GAP for one in words)


MARKS = {"title": "\ue001", "named": "\ue002", "document": ""}
"""What stands before each word of a field in FTS5, so that a title's words are words of their own."""
BEGINNING = "^"
"""Stands before the beginning of a word in a vector; no word holds it."""
_GAP = "\ue000"
"""A private-use letter, which FTS5 counts as a word and nobody types."""


def _vector(_field: str, words: list[str]) -> str:
    """Written out, because PostgreSQL's own parser would split words otherwise."""
    return " ".join(
        f"'{said}':{place}"
        for place, word in enumerate(words, start=1)
        if word
        for said in (word, *(BEGINNING + one for one in beginnings(word)))
    )


def _of_fields(fields: Fields, write: Callable[[str, list[str]], str]) -> dict[str, str]:
    title, words, body = fields
    return {
        "title": write("title", title),
        "named": write("named", [*title, *words]),
        "document": write("document", [*title, *words, *body]),
    }


_WRITTEN = {"sqlite": _marked, "postgresql": _vector}
