"""Alembic over the kernel's own engine and the one MetaData."""

import os

from alembic import context
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from shop import schema
from shop.kernel import db
from shop.kernel.settings import from_environment

FOREIGN = ("product_search", "huey_", "sqlite_")
"""Tables that are not described by the MetaData: search shadows, the queue's, the database's."""

schema_is_known = schema  # importing it makes the MetaData whole


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind == "table" and name is not None and name.startswith(FOREIGN))


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET lock_timeout = '5s'"))
    context.configure(
        connection=connection,
        target_metadata=db.Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        include_name=include_name,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
        check_foreign_keys(connection)
        grant(connection)


def check_foreign_keys(connection: Connection) -> None:
    """On SQLite the keys were off while tables were rebuilt: look before the commit."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"the migration broke foreign keys: {broken[:5]}")


def grant(connection: Connection) -> None:
    """Let the application's role work on the tables, where there is one."""
    role = os.environ.get("APPLICATION_ROLE", "")
    if role and MigrationContext.configure(connection).get_current_revision() is not None:
        db.grant_application(connection, role)


def main() -> None:
    given: Connection | None = context.config.attributes.get("connection")
    if given is not None:
        run(given)
        return
    settings = from_environment()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = db.make_engine(settings.migration_database_url, migrating=True)
    with engine.connect() as connection:
        run(connection)
        connection.commit()
    engine.dispose()


main()
