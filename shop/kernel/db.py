"""The database: one engine, one way to write, and one MetaData for the engine's tables and ours.

`unit_of_work()` is the only place that commits. Reading pages use `reading()`, which takes no lock.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from commissions import guards
from commissions.connections import BUSY_TIMEOUT_MS, assert_contract, make_engine
from commissions.schema import Amount, Base, Id, Json, UtcDateTime
from shop.kernel.errors import Busy
from shop.kernel.locks import FairLock
from shop.kernel.words import _l

__all__ = [
    "Amount",
    "Base",
    "Id",
    "Json",
    "Session",
    "UtcDateTime",
    "after_commit",
    "assert_contract",
    "bind",
    "binding",
    "create_schema",
    "engine",
    "grant_application",
    "guards",
    "insert_new",
    "make_engine",
    "reading",
    "unbind",
    "unit_of_work",
    "upsert",
]

log = logging.getLogger(__name__)

_WRITER_WAIT = BUSY_TIMEOUT_MS / 1000
_PERMISSION = "read_only"


class _Bound:
    """What this process is connected to."""

    engine: Engine | None = None
    binding = object()
    writing: sessionmaker[Session]
    reads: sessionmaker[Session]
    writer = FairLock()
    one_writer = False


def bind(engine: Engine) -> None:
    """Use this engine from now on."""
    _Bound.engine = engine
    _Bound.binding = object()
    _Bound.one_writer = engine.dialect.name == "sqlite"
    _Bound.writing = sessionmaker(engine, expire_on_commit=False)
    _Bound.reads = sessionmaker(
        engine.execution_options(**{_PERMISSION: True}), expire_on_commit=False
    )


def unbind() -> None:
    """Close all connections."""
    if _Bound.engine is not None:
        _Bound.engine.dispose()
    _Bound.engine = None


def engine() -> Engine:
    """The engine in use; raises RuntimeError before `bind`."""
    if _Bound.engine is None:
        raise RuntimeError("no database is bound")
    return _Bound.engine


def binding() -> object:
    """Another object after each `bind`: what was read under an older one is of no use."""
    engine()
    return _Bound.binding


@contextmanager
def unit_of_work(*, serializable: bool = False) -> Iterator[Session]:
    """One transaction that writes: commits at the end of the block, rolls back on an exception.

    `serializable` asks PostgreSQL for that isolation (building payouts, closing periods); SQLite's
    writers are serial anyway. Callbacks of `after_commit` run when the commit is done.
    Raises Busy if the one writer of SQLite is not free within five seconds.
    """
    engine()
    with ExitStack() as stack:
        if _Bound.one_writer and not stack.enter_context(_Bound.writer.hold(_WRITER_WAIT)):
            raise _busy()
        session = stack.enter_context(_Bound.writing())
        try:
            if serializable and not _Bound.one_writer:
                session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
            yield session
            session.commit()
        except OperationalError as error:
            session.rollback()
            if "database is locked" in str(error.orig):
                raise _busy() from error
            raise
        except BaseException:
            session.rollback()
            raise
        callbacks: list[Callable[[], None]] = session.info.pop("after_commit", [])
    for callback in callbacks:
        _run_quietly(callback)


@contextmanager
def reading() -> Iterator[Session]:
    """A session that only reads: it takes no write lock and never commits."""
    engine()
    with _Bound.reads() as session:
        yield session


def after_commit(session: Session, callback: Callable[[], None]) -> None:
    """Run `callback` once the unit of work has committed; its failure is logged only.

    SQLAlchemy's own event of that name also fires at the end of each savepoint.
    """
    session.info.setdefault("after_commit", []).append(callback)


def _run_quietly(callback: Callable[[], None]) -> None:
    try:
        callback()
    except Exception:  # the work is committed; the sweep will find what was not handed over
        log.exception("a callback after commit failed")


def _busy() -> Busy:
    return Busy(
        _l("Many people are ordering right now. Please try again in a moment."), retry_after=2
    )


def create_schema(connection: Connection) -> None:
    """All tables and guards, as the migrations build them; a test compares the two."""
    Base.metadata.create_all(connection)
    guards.install_guards(connection)


def grant_application(connection: Connection, role: str) -> None:
    """Let `role` work on every table without owning one; insert-only tables stay insert-only.

    Does nothing on SQLite, which knows no roles.
    """
    if connection.dialect.name == "sqlite":
        return
    insert_only = set(Base.metadata.info.get("insert_only", ()))
    quoted = connection.dialect.identifier_preparer.quote
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quoted(role)}"))
    for table in Base.metadata.sorted_tables:
        rights = "SELECT, INSERT" + ("" if table.name in insert_only else ", UPDATE, DELETE")
        name = f"{quoted(table.name)}"
        connection.execute(text(f"REVOKE ALL ON {name} FROM {quoted(role)}"))
        connection.execute(text(f"GRANT {rights} ON {name} TO {quoted(role)}"))
    for unmapped in Base.metadata.info.get("unmapped_tables", ()):
        rights = "SELECT, INSERT, UPDATE, DELETE"
        connection.execute(text(f"GRANT {rights} ON {quoted(unmapped)} TO {quoted(role)}"))


def upsert(session: Session, table: Any) -> postgresql.Insert:
    """An INSERT in the database's own words that can say what to do on a conflict."""
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[session.get_bind().dialect.name]
    made: postgresql.Insert = dialect.insert(table)
    return made


def insert_new(session: Session, table: Any) -> postgresql.Insert:
    """An INSERT that leaves rows alone which are there already."""
    return upsert(session, table).on_conflict_do_nothing()
