"""Work that must be alone: it queues, and is done again if it was disturbed after all."""

from functools import partial

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from shop.kernel import clock, ids, serial
from shop.kernel.db import reading, unit_of_work
from shop.kernel.jobs import OutboxJob
from tests.conftest import Database, on_postgresql
from tests.races import together


@pytest.fixture
def row_id(database: Database) -> int:
    """A row that counts."""
    row_id, at = ids.new(), clock.now()
    with unit_of_work() as session:
        session.execute(
            insert(OutboxJob).values(
                id=row_id, name="kernel.purge", payload={}, key=None, created_at=at, due_at=at,
                tries=0, done_at=None, dead_at=None, error="",
            )
        )  # fmt: skip
    return row_id


def count(session: Session, row_id: int) -> int:
    return session.scalars(select(OutboxJob.tries).where(OutboxJob.id == row_id)).one()


def add_one(row_id: int, session: Session) -> None:
    """Look, and write what was seen and one more."""
    seen = count(session, row_id)
    session.execute(update(OutboxJob).where(OutboxJob.id == row_id).values(tries=seen + 1))


def test_those_who_meet_take_turns(
    database: Database, row_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the lock of the turn: could not serialize access, on PostgreSQL (seen)."""
    monkeypatch.setattr(serial, "TRIES", 1)

    def ten_times() -> None:
        for _time in range(10):
            serial.alone(partial(add_one, row_id))

    told = together([ten_times] * 4)

    assert told == [None] * 4
    with reading() as session:
        assert count(session, row_id) == 40


@on_postgresql
def test_who_is_disturbed_by_others_begins_again(database: Database, row_id: int) -> None:
    """With `TRIES` = 1: could not serialize access (seen)."""
    looks = []

    def disturbed(session: Session) -> None:
        looks.append(count(session, row_id))
        if len(looks) == 1:
            with unit_of_work() as other:
                add_one(row_id, other)
        add_one(row_id, session)

    serial.alone(disturbed)

    assert looks == [0, 1]
    with reading() as session:
        assert count(session, row_id) == 2
