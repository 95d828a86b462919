"""The migrations build what the code expects, on both databases, up and down, in one line."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from commissions import guards
from shop.kernel.db import Base
from tests.conftest import build_shop
from tests.databases import KINDS, fresh_database, make_engine

ROOT = Path(__file__).resolve().parents[2]
OURS = ("product_search", "alembic_version")


def config(connection: Connection) -> Config:
    made = Config(str(ROOT / "migrations" / "alembic.ini"))
    made.attributes["connection"] = connection
    return made


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest) -> Iterator[Engine]:
    urls = fresh_database(request.param, "empty", lambda _engine: None)
    engine = make_engine(urls.owner, migrating=True)
    yield engine
    engine.dispose()
    urls.drop()


def test_they_form_one_line_and_are_named_by_number() -> None:
    script = ScriptDirectory(str(ROOT / "migrations"))
    revisions = list(script.walk_revisions())

    assert len(script.get_heads()) == 1
    for revision in revisions:
        assert re.fullmatch(r"\d{4}_[a-z0-9_]+", revision.revision)
        assert Path(revision.path).stem == revision.revision


def test_they_build_what_the_models_say(empty: Engine) -> None:
    with empty.connect() as connection:
        command.upgrade(config(connection), "head")
        connection.commit()
        found = compare_metadata(
            MigrationContext.configure(
                connection,
                opts={
                    "compare_type": False,
                    "include_name": lambda name, kind, _parents: (
                        not (kind == "table" and name.startswith(OURS))
                    ),
                },
            ),
            Base.metadata,
        )
        assert found == []
        assert guards.missing_guards(connection) == []


def test_they_equal_the_schema_that_tests_use(empty: Engine) -> None:
    kind = empty.dialect.name
    urls = fresh_database(kind, "shop", build_shop)
    direct = make_engine(urls.owner)
    try:
        with empty.connect() as connection, direct.connect() as other:
            command.upgrade(config(connection), "head")
            connection.commit()
            assert columns(connection) == columns(other)
            assert triggers(connection) == triggers(other)
    finally:
        direct.dispose()
        urls.drop()


def test_down_takes_everything_away_and_up_works_again(empty: Engine) -> None:
    with empty.connect() as connection:
        command.upgrade(config(connection), "head")
        connection.commit()
        command.downgrade(config(connection), "base")
        connection.commit()
        left = {name for name in inspect(connection).get_table_names() if name != "alembic_version"}
        assert left == set()
        command.upgrade(config(connection), "head")
        connection.commit()


def test_every_table_is_strict_on_sqlite(empty: Engine) -> None:
    if empty.dialect.name != "sqlite":
        pytest.skip("PostgreSQL is always strict")
    with empty.connect() as connection:
        command.upgrade(config(connection), "head")
        connection.commit()
        loose = connection.execute(
            text("SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0")
        ).scalars()
        ours = [name for name in loose if not name.startswith(("sqlite_", *OURS))]
    assert ours == []


def columns(connection: Connection) -> dict[str, set[tuple[str, str, bool]]]:
    seen = inspect(connection)
    return {
        table: {
            (column["name"], str(column["type"]), bool(column["nullable"]))
            for column in seen.get_columns(table)
        }
        for table in seen.get_table_names()
        if not table.startswith(OURS)
    }


def triggers(connection: Connection) -> set[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    return set(connection.execute(text(query)).scalars())
