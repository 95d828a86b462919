"""What is over is forgotten by itself, in batches; what waits for a person is not."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from shop.accounts.models import AttemptCount, SignInCode
from shop.gateway.models import InboxEvent
from shop.kernel import clock, ids, jobs, purging
from shop.kernel.db import Base, reading, unit_of_work
from shop.kernel.jobs import OutboxJob
from shop.kernel.schedule import enqueue_due
from shop.notifications.models import MailboxMessage
from shop.wiring import TIMETABLE
from tests.conftest import Clock, Database
from tests.installation import Installation, install

PURGES = {name: each for name, each in TIMETABLE.items() if "purge" in name}


@pytest.fixture
def shop(database: Database, business_clock: Clock, tmp_path: Path) -> Installation:
    return install(database.urls, tmp_path)


def job(*, done: bool = True, dead: bool = False) -> None:
    at = clock.now()
    with unit_of_work() as session:
        session.execute(
            insert(OutboxJob).values(
                id=ids.new(), name="kernel.purge", payload={}, key=None, created_at=at, due_at=at,
                tries=1, done_at=at if done else None, dead_at=at if dead else None, error="",
            )
        )  # fmt: skip


def event(status: str = "processed") -> None:
    at, row_id = clock.now(), ids.new()
    with unit_of_work() as session:
        session.execute(
            insert(InboxEvent).values(
                id=row_id, provider="stripe", event_id=f"evt_{row_id}", type="x", object_id="o",
                account="", body_hash="0" * 64, created_at=at, received_at=at, status=status,
                tries=1, error="", handled_at=at if status in ("processed", "ignored") else None,
            )
        )  # fmt: skip


def message() -> None:
    with unit_of_work() as session:
        session.execute(
            insert(MailboxMessage).values(
                id=ids.new(), channel="sms", recipient="+86138", subject="", body="", at=clock.now()
            )
        )


def code(expires_at: datetime) -> None:
    with unit_of_work() as session:
        session.execute(
            insert(SignInCode).values(
                id=ids.new(), contact="a@example.com", purpose="sign_in", code_hash="", tries=0,
                expires_at=expires_at, created_at=expires_at,
            )
        )  # fmt: skip


def tries(key: str, start: datetime) -> None:
    with unit_of_work() as session:
        session.execute(insert(AttemptCount).values(key=key, window_start=start, tries=1))


def count(table: type[Base]) -> int:
    with reading() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def a_day_comes(app: Flask) -> None:
    """The worker looks at its timetable and does what is due."""
    with app.app_context():
        enqueue_due(PURGES)
        jobs.drain()


class TestTheDailyPurge:
    def test_news_and_jobs_are_kept_for_thirty_five_days(
        self, shop: Installation, business_clock: Clock
    ) -> None:
        event()
        event("ignored")
        message()
        job()

        business_clock.forward(days=34)
        a_day_comes(shop.app)
        kept = count(InboxEvent), count(MailboxMessage)
        business_clock.forward(days=2)
        a_day_comes(shop.app)

        assert kept == (2, 1)
        assert (count(InboxEvent), count(MailboxMessage)) == (0, 0)
        with reading() as session:
            oldest = session.execute(select(func.min(OutboxJob.created_at))).scalar_one()
        assert clock.now() - oldest < timedelta(days=35)

    def test_what_a_person_has_to_look_at_stays(
        self, shop: Installation, business_clock: Clock
    ) -> None:
        event("failed")
        event("dead")
        event("received")
        job(done=False, dead=True)

        business_clock.forward(days=400)
        a_day_comes(shop.app)

        assert count(InboxEvent) == 3
        with reading() as session:
            assert len(jobs.dead(session)) == 1

    def test_codes_and_counted_tries_are_forgotten_by_the_wall_clock(
        self, shop: Installation
    ) -> None:
        wall = clock.wall()
        code(wall - timedelta(days=2))
        code(wall + timedelta(minutes=5))
        tries("code:a@example.com", wall - timedelta(days=2))
        tries("code:a@example.com", wall - timedelta(minutes=5))

        a_day_comes(shop.app)

        assert (count(SignInCode), count(AttemptCount)) == (1, 1)


def test_a_purge_takes_batch_after_batch(shop: Installation, business_clock: Clock) -> None:
    for _number in range(7):
        event()
    business_clock.forward(days=1)

    gone = purging.forget(InboxEvent, InboxEvent.received_at < clock.now(), batch=3)

    assert (gone, count(InboxEvent)) == (7, 0)
