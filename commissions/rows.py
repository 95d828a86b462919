"""Rows in and out by the set: one statement for many rows, on both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Executable, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from commissions.schema import Base


def table_of(model: type[Base]) -> Table:
    """The table behind a model, for Core statements."""
    return cast("Table", model.__table__)


def write(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows in one statement; nothing for none."""
    if rows:
        session.execute(insert(table_of(model)), list(rows))


def dialect_of(session: Session) -> str:
    """The name of the database that a session talks to."""
    return session.get_bind().dialect.name


def upsert(dialect: str, model: type[Base]) -> postgresql.Insert:
    """An insert of this dialect that can say what to do on a conflict.

    What is said at every sale and at every fact is put together once: that takes longer than
    sending it.
    """
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return cast("postgresql.Insert", make(table_of(model)))


def row_count(session: Session, statement: Executable) -> int:
    """Run a conditional statement; how many rows it met."""
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
