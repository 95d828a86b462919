"""Fixtures of the engine's tests: a fresh database of either kind and an allocator of ids."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from commissions import create_schema
from tests.databases import KINDS, Urls, engine_to, fresh_database

_counter = itertools.count(1)
"""Ids never come again in a process: published terms are kept by engine and id."""
Ids = Callable[[], int]
Sessions = sessionmaker[Session]


def build(engine: Engine) -> None:
    """Make the template: the engine's own schema."""
    with engine.begin() as connection:
        create_schema(connection)


@pytest.fixture(params=KINDS)
def urls(request: pytest.FixtureRequest) -> Iterator[Urls]:
    urls = fresh_database(request.param, "commissions", build)
    yield urls
    urls.drop()


@pytest.fixture
def engine(urls: Urls) -> Iterator[Engine]:
    engine = engine_to(urls.app)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    return sessionmaker(engine)


@pytest.fixture
def session(sessions: Sessions) -> Iterator[Session]:
    with sessions() as session:
        yield session


@pytest.fixture
def ids() -> Ids:
    return _counter.__next__  # threads share it: one step of the counter cannot be divided
