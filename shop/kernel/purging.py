"""Forgetting rows whose time is over, a batch at a time.

Separate from the tables themselves so that the rule stands once: each batch is a transaction of its
own, so that a sale never waits for a long delete, and a purge that is cut off goes on next time.
"""

from typing import Any

from sqlalchemy import ColumnElement, delete, inspect, select, tuple_

from shop.kernel.db import Base, unit_of_work

BATCH = 1000


def forget(table: type[Base], *over: ColumnElement[bool], batch: int = BATCH) -> int:
    """Delete the rows of a state table for which all of `over` holds; returns how many.

    Never for insert-only tables, which the database guards. Call it with no transaction open.
    """
    key: Any = inspect(table).primary_key
    whole = key[0] if len(key) == 1 else tuple_(*key)
    oldest = select(*key).where(*over).order_by(*key).limit(batch)
    gone = 0
    while True:
        with unit_of_work() as session:
            count = _rows(session.execute(delete(table).where(whole.in_(oldest))))
        gone += count
        if count < batch:
            return gone


def _rows(result: Any) -> int:
    return int(result.rowcount)
