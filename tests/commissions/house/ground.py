"""A database that is kept for many histories: each is rolled back as if it had never been.

Verbs open and commit as always; their transactions are savepoints within the one of the history.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session, sessionmaker

from commissions import create_schema
from commissions.connections import make_engine
from tests.commissions.conftest import build
from tests.databases import Urls, fresh_database

Sessions = sessionmaker[Session]


class Ground:
    """One database of a kind. Ids go on from history to history: published terms are cached."""

    def __init__(self, kind: str = "sqlite") -> None:
        self.urls: Urls | None = None
        if kind == "sqlite":
            self.engine = make_engine("sqlite://")
            with self.engine.begin() as connection:
                create_schema(connection)
        else:
            self.urls = fresh_database(kind, "commissions", build)
            self.engine = make_engine(self.urls.app)
        self.ids: Callable[[], int] = itertools.count(1).__next__

    @contextmanager
    def history(self) -> Iterator[Sessions]:
        """Sessions of one history, gone at its end."""
        with self.engine.connect() as connection:
            outer = connection.begin()
            try:
                yield sessionmaker(connection, join_transaction_mode="create_savepoint")
            finally:
                outer.rollback()

    def close(self) -> None:
        self.engine.dispose()
        if self.urls is not None:
            self.urls.drop()
