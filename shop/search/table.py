"""The search table: FTS5 on SQLite, a tsvector with GIN on PostgreSQL.

No model, because the two have nothing in common but their name. It is made with all other tables;
`NAME` begins the names of everything that belongs to it, so that migrations can look past it.

What was typed may go on, so both keep beginnings of words: without them FTS5 reads all hits before
it gives the first, and PostgreSQL cannot guess how many there are. Titles are kept apart for the same
reason: a word that all texts hold and no title is not looked for in all texts.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    MetaData,
    TableClause,
    Text,
    column,
    event,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Session

from shop.kernel.db import Base
from shop.search.tokens import LONGEST_BEGINNING

NAME = "product_search"
FIELDS = ("title", "named", "document")
"""Titles; titles and other words; everything. What is found in the first of them counts most."""

_TABLES = {
    "sqlite": table(NAME, column("rowid", BigInteger), *(column(one, Text) for one in FIELDS)),
    "postgresql": table(
        NAME, column("product_id", BigInteger), *(column(one, TSVECTOR) for one in FIELDS)
    ),
}

# One letter more, for the mark of the field.
_LENGTHS = " ".join(str(length) for length in range(1, LONGEST_BEGINNING + 2))

CREATE = {
    "sqlite": (
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {NAME} USING "
        f"fts5({', '.join(FIELDS)}, tokenize = 'unicode61 remove_diacritics 0', "
        f"prefix = '{_LENGTHS}')",
    ),
    "postgresql": (
        f"CREATE TABLE IF NOT EXISTS {NAME} "
        f"(product_id BIGINT PRIMARY KEY, {', '.join(f'{one} TSVECTOR NOT NULL' for one in FIELDS)})",
        *(
            # A list of pending entries would be read whole by every search.
            f"CREATE INDEX IF NOT EXISTS ix_{NAME}_{one} ON {NAME} "
            f"USING gin ({one}) WITH (fastupdate = off)"
            for one in FIELDS
        ),
    ),
}

Base.metadata.info.setdefault("unmapped_tables", []).append(NAME)


def of(session: Session) -> TableClause:
    """The table as this database has it; its first column is the product's id."""
    return _TABLES[session.get_bind().dialect.name]


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
