"""The connection contract that the ledger relies on, for both databases.

SQLite's defaults lose updates and let insert-only guards be bypassed, so an engine is made here
and nowhere else. The shop's kernel builds on it.
"""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

BUSY_TIMEOUT_MS = 5000
"""How long a writer waits for another process before it gives up."""

_SQLITE_CONTRACT = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a committed sale survives a power loss
    "recursive_triggers": 1,  # else INSERT OR REPLACE walks around the insert-only guards
    "busy_timeout": BUSY_TIMEOUT_MS,
    "foreign_keys": 1,
}


class BrokenContract(RuntimeError):
    """The database does not keep a setting that correctness depends on."""


def make_engine(url: str, *, migrating: bool = False, pooled: bool = False) -> Engine:
    """An engine that keeps the contract; `pooled` says that a transaction pooler stands between.

    `migrating` leaves foreign keys unchecked on SQLite, because a rebuilt table would otherwise
    delete its children.
    """
    if not url.startswith("sqlite"):
        behind_pooler = {"connect_args": {"prepare_threshold": None}} if pooled else {}
        return create_engine(
            url, pool_pre_ping=True, pool_size=10, max_overflow=40, **behind_pooler
        )
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def keep_contract(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # the driver must not begin transactions by itself
        cursor = dbapi.cursor()
        for name, value in _SQLITE_CONTRACT.items():
            cursor.execute(f"PRAGMA {name}={0 if migrating and name == 'foreign_keys' else value}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def take_write_lock(connection: Connection) -> None:
        reads = connection.get_execution_options().get("read_only")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def assert_contract(connection: Connection) -> None:
    """Raise BrokenContract unless this connection keeps every setting of its database."""
    if connection.dialect.name == "sqlite":
        for name, wanted in _SQLITE_CONTRACT.items():
            found = connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            if found != wanted:
                raise BrokenContract(f"SQLite: PRAGMA {name} is {found!r}, must be {wanted!r}.")
        return
    isolation = connection.exec_driver_sql("SHOW transaction_isolation").scalar_one()
    if isolation != "read committed":
        raise BrokenContract(f"PostgreSQL: isolation is {isolation}, must be read committed.")
    for name, wanted in {"synchronous_commit": "off", "fsync": "off"}.items():
        found = connection.exec_driver_sql(f"SHOW {name}").scalar_one()
        allowed = connection.get_execution_options().get("may_lose_power", False)
        if found == wanted and not allowed:
            raise BrokenContract(f"PostgreSQL: {name} is off; a committed sale could be lost.")
