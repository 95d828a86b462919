"""A word that every product holds costs what a rare one costs, however many products there are."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import event, insert, text

from commissions.connections import make_engine
from shop import search
from shop.catalog.models import Product
from shop.kernel import db
from shop.search import index
from shop.search.table import NAME
from shop.search.tokens import tokens
from tests.conftest import Database
from tests.factories.catalog import LONG_AGO, make_tax

BODY = tokens("产地直发，批次可查 Straight from the farm, every batch can be traced")
COMMON = ("茶", "红茶", "te", "tea", "farm", "直发", "shop", "tea farm")
"""In every title, in every text, or in every other word."""


def fill(database: Database, first: int, last: int) -> None:
    """Products that all hold the common words, written as the index writes them."""
    numbers = range(first, last + 1)
    with db.unit_of_work() as session:
        if first == 1:
            make_tax(session)
        session.execute(
            insert(Product),
            [
                {
                    "id": n, "slug": f"p{n}", "title": {}, "summary": {}, "body": {},
                    "status": "active", "published_at": LONG_AGO, "option_names": [], "tags": [],
                    "seo": {}, "extra": {}, "from_amount": 1, "sellable": True, "version": 1,
                    "created_at": LONG_AGO, "updated_at": LONG_AGO,
                }
                for n in numbers
            ],
        )  # fmt: skip
        documents = {n: [tokens(f"武夷山红茶 tea no{n}"), ["shop"], BODY] for n in numbers}
        index.write(session, numbers, documents)
    if database.kind == "postgresql":
        owner = make_engine(database.urls.owner)
        with owner.begin() as connection:
            connection.execute(text(f"ANALYZE {NAME}, product"))
        owner.dispose()


def work(database: Database, query: str, at: datetime) -> int:
    """Rows that PostgreSQL looks at, or hundreds of steps of SQLite's machine, for one page."""
    with db.reading() as session:
        if database.kind == "sqlite":
            taken = list[int]()
            driver: Any = session.connection().connection.driver_connection
            driver.set_progress_handler(lambda: taken.append(1), 100)
            search.find(session, query, at=at)
            driver.set_progress_handler(None, 0)
            return len(taken)
        return _rows(session, database, query, at)


def _rows(session: db.Session, database: Database, query: str, at: datetime) -> int:
    asked = list[tuple[str, Any]]()

    def note(_conn: object, _cursor: object, sql: str, values: Any, *_rest: object) -> None:
        asked.append((sql, values))

    event.listen(database.engine, "before_cursor_execute", note)
    search.find(session, query, at=at)
    event.remove(database.engine, "before_cursor_execute", note)
    ((sql, values),) = asked
    plan = session.connection().exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
    return _looked_at(plan.scalar_one()[0]["Plan"])


def _looked_at(node: dict[str, Any]) -> int:
    gone = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    own = (node["Actual Rows"] + gone) * node["Actual Loops"]
    return int(own) + sum(map(_looked_at, node.get("Plans", ())))


def test_four_times_the_products_are_no_more_work(database: Database, at: datetime) -> None:
    fill(database, 1, 1000)
    few = {query: work(database, query, at) for query in COMMON}
    fill(database, 1001, 4000)
    many = {query: work(database, query, at) for query in COMMON}

    assert {query: many[query] for query in COMMON if many[query] > few[query] * 1.2 + 20} == {}


def test_the_newest_of_those_that_hold_it_in_the_title_come_first(
    database: Database, at: datetime
) -> None:
    fill(database, 1, 40)
    with db.unit_of_work() as session:
        index.write(session, [7], {7: [tokens("Honey from the farm"), ["shop"], BODY]})
        first = search.find(session, "farm", at=at, limit=3)
        second = search.find(session, "farm", at=at, limit=3, after=first.next_key)

    assert first.items == [7, 40, 39]
    assert second.items == [38, 37, 36]


@pytest.mark.parametrize("typed", ["honeycombs", "honeycomb", "honey", "h", "wild honeyc"])
def test_a_word_is_found_by_its_beginning_however_long(
    database: Database, at: datetime, typed: str
) -> None:
    fill(database, 1, 2)
    with db.unit_of_work() as session:
        index.write(session, [1], {1: [tokens("Wild honeycombs"), [], []]})

        assert search.find(session, typed, at=at).items == [1]
        assert search.find(session, f"{typed}x", at=at).items == []
