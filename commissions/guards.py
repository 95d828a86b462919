"""Insert-only tables, enforced by the database itself.

Separate from the tables because the same triggers are installed by `create_schema`, by migrations
(a batch step on SQLite drops them) and are counted again when an application starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, text

from commissions.schema import metadata

_REFUSE_ON_POSTGRESQL = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$
"""


def insert_only(table_name: str) -> None:
    """Declare that rows of this table are never changed, replaced or removed."""
    names = metadata.info.setdefault("insert_only", [])
    if table_name not in names:
        names.append(table_name)


def insert_only_tables() -> tuple[str, ...]:
    """Names of all tables declared insert-only, in the order of their declaration."""
    return tuple(metadata.info.get("insert_only", ()))


def guard_names(dialect_name: str, table_name: str) -> tuple[str, ...]:
    """Names of the triggers that guard one table."""
    verbs = (
        ("change", "truncate") if dialect_name == "postgresql" else ("update", "delete", "insert")
    )
    return tuple(f"guard_{table_name}_{verb}" for verb in verbs)


def guard_statements(dialect_name: str, table_name: str) -> list[str]:
    """Statements that guard one table; running them twice is harmless."""
    if dialect_name == "postgresql":
        return _guard_on_postgresql(table_name)
    return _guard_on_sqlite(table_name)


def install_guards(connection: Connection, tables: Iterable[str] | None = None) -> None:
    """Guard the named tables, or all that are declared insert-only."""
    for table_name in insert_only_tables() if tables is None else tables:
        for statement in guard_statements(connection.dialect.name, table_name):
            connection.execute(text(statement.replace(":", r"\:")))


def drop_guards(connection: Connection, table_name: str) -> None:
    """Remove the guards of one table; for the owner's migrations, which install them again."""
    suffix = f" ON {table_name}" if connection.dialect.name == "postgresql" else ""
    for name in guard_names(connection.dialect.name, table_name):
        connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{suffix}"))


def missing_guards(connection: Connection, tables: Iterable[str] | None = None) -> list[str]:
    """Names of triggers that should stand and do not, or are switched off.

    Looks at the named tables, or at all that are declared insert-only.
    """
    standing = set(connection.scalars(text(_standing(connection.dialect.name))))
    expected = (
        name
        for table_name in (insert_only_tables() if tables is None else tables)
        for name in guard_names(connection.dialect.name, table_name)
    )
    return [name for name in expected if name not in standing]


def _standing(dialect_name: str) -> str:
    if dialect_name == "postgresql":
        return "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    return "SELECT name FROM sqlite_master WHERE type = 'trigger'"


def _guard_on_postgresql(table_name: str) -> list[str]:
    change, truncate = guard_names("postgresql", table_name)
    run = "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    return [
        _REFUSE_ON_POSTGRESQL,
        f"CREATE OR REPLACE TRIGGER {change} BEFORE UPDATE OR DELETE ON {table_name} {run}",
        f"CREATE OR REPLACE TRIGGER {truncate} BEFORE TRUNCATE ON {table_name} {run}",
    ]


def _guard_on_sqlite(table_name: str) -> list[str]:
    update, delete, insert = guard_names("sqlite", table_name)
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table_name} is insert-only'); END"
    # REPLACE deletes the old row without a DELETE statement: the insert guard sees it first.
    same_key = " AND ".join(f"{column} = NEW.{column}" for column in _primary_key(table_name))
    exists = f"EXISTS (SELECT 1 FROM {table_name} WHERE {same_key})"  # noqa: S608 - our own names
    return [
        f"CREATE TRIGGER IF NOT EXISTS {update} BEFORE UPDATE ON {table_name} {refuse}",
        f"CREATE TRIGGER IF NOT EXISTS {delete} BEFORE DELETE ON {table_name} {refuse}",
        f"CREATE TRIGGER IF NOT EXISTS {insert} BEFORE INSERT ON {table_name} "
        f"WHEN {exists} {refuse}",
    ]


def _primary_key(table_name: str) -> Sequence[str]:
    return [column.name for column in metadata.tables[table_name].primary_key]
