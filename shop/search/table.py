"""The search table: FTS5 on SQLite, a tsvector with GIN on PostgreSQL.

No model, because the two have nothing in common but their name. It is made with all other tables;
`NAME` begins the names of everything that belongs to it, so that migrations can look past it.
"""

from typing import Any

from sqlalchemy import Connection, MetaData, event, text

from shop.kernel.db import Base

NAME = "product_search"

CREATE = {
    "sqlite": (
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {NAME} USING "
        "fts5(title, words, body, tokenize = 'unicode61 remove_diacritics 0')",
    ),
    "postgresql": (
        f"CREATE TABLE IF NOT EXISTS {NAME} "
        "(product_id BIGINT PRIMARY KEY, document TSVECTOR NOT NULL)",
        f"CREATE INDEX IF NOT EXISTS ix_{NAME}_document ON {NAME} USING gin (document)",
    ),
}

Base.metadata.info.setdefault("unmapped_tables", []).append(NAME)


def create(connection: Connection) -> None:
    """Make the table if it is not there; for the migration, and with all other tables."""
    for statement in CREATE[connection.dialect.name]:
        connection.execute(text(statement))


def drop(connection: Connection) -> None:
    """Remove the table; for the migration's way back."""
    connection.execute(text(f"DROP TABLE IF EXISTS {NAME}"))


def is_ours(name: str) -> bool:
    """Whether a table or index belongs to the search: FTS5 keeps shadow tables of its own."""
    return name.startswith((NAME, f"ix_{NAME}"))


@event.listens_for(Base.metadata, "after_create")
def _with_all_tables(_target: MetaData, connection: Connection, **_: Any) -> None:
    create(connection)
