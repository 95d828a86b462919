"""The outbox: work that must happen after a commit, at least once.

A row is written in the transaction that has the reason for the work; Huey only carries its number,
because Huey alone loses the running task when its process is killed. The effect happens once since
it is committed together with the row's end, or because the call outside has an idempotency key.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, Integer, String, Text, func, insert, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from shop.kernel import clock, ids, purging
from shop.kernel.db import Base, Id, Json, UtcDateTime, after_commit, reading, unit_of_work

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
"""Longer than the longest handler's own time-outs."""
MAX_TRIES = 12
KEPT = timedelta(days=35)
"""How long a job that is done can still be looked up."""
_BACKOFF = (5, 15, 60, 300, 900, 3600)


class OutboxJob(Base):
    """One piece of work; holds ids, never personal data."""

    __tablename__ = "outbox_job"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    key: Mapped[str | None] = mapped_column(String(200))
    """Set where the same work must not be queued twice while it waits."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Business time."""
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Wall time until which a worker may be at it."""
    tries: Mapped[int] = mapped_column(Integer, default=0)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dead_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        Index(
            "uq_outbox_job_key_open",
            "key",
            unique=True,
            sqlite_where=(key.is_not(None)) & (done_at.is_(None)) & (dead_at.is_(None)),
            postgresql_where=(key.is_not(None)) & (done_at.is_(None)) & (dead_at.is_(None)),
        ),
        Index(
            "ix_outbox_job_open",
            "due_at",
            sqlite_where=(done_at.is_(None)) & (dead_at.is_(None)),
            postgresql_where=(done_at.is_(None)) & (dead_at.is_(None)),
        ),
    )


@dataclass(frozen=True)
class Job:
    """How a named job runs.

    A job that calls outside (`calls_outside`) gets the payload alone and opens its own units of
    work around the call; all others get a session and commit together with the row's end.
    """

    run: Callable[..., object]
    calls_outside: bool = False


@dataclass(frozen=True)
class Claimed:
    id: int
    name: str
    payload: dict[str, Any]
    tries: int


_jobs: dict[str, Job] = {}
_hand_over: Callable[[int], None] = lambda _row_id: None  # noqa: E731


def bind(jobs: Mapping[str, Job], *, hand_over: Callable[[int], None]) -> None:
    """Install the table of jobs and the executor that carries numbers to a worker."""
    global _hand_over
    _jobs.clear()
    _jobs.update(jobs)
    _hand_over = hand_over


def enqueue(
    session: Session,
    name: str,
    payload: Mapping[str, Any] | None = None,
    *,
    at: datetime,
    key: str | None = None,
    due_at: datetime | None = None,
) -> None:
    """Write the job in this transaction; with a `key`, an open job of that key is enough."""
    if name not in _jobs:
        raise LookupError(f"nobody does the job {name!r}")
    if key is not None and session.scalar(
        select(OutboxJob.id).where(
            OutboxJob.key == key, OutboxJob.done_at.is_(None), OutboxJob.dead_at.is_(None)
        )
    ):
        return
    row_id = ids.new()
    due = due_at or at
    values = {"id": row_id, "name": name, "payload": dict(payload or {}), "key": key, "tries": 0}
    session.execute(
        insert(OutboxJob).values(**values, created_at=at, due_at=due, error="", lease_until=None)
    )
    if due <= at:
        after_commit(session, lambda: _hand_over(row_id))


def run(row_id: int) -> bool:
    """Do one job; True if it was done now, False if it was done, dead or taken by another worker.

    A failure is recorded with a later due time, or as dead after the last try.
    """
    job = claim(row_id)
    if job is None:
        return False
    handler = _jobs.get(job.name)
    try:
        if handler is None:
            raise LookupError(f"nobody does the job {job.name!r}")
        if handler.calls_outside:
            handler.run(job.payload)
            with unit_of_work() as session:
                finish(session, job)
        else:
            with unit_of_work() as session:
                handler.run(session, job.payload)
                finish(session, job)
    except Exception as error:
        log.exception("job %s (%s) failed", job.name, job.id)
        postpone(job, error)
        return False
    return True


def claim(row_id: int) -> Claimed | None:
    """Lease the row, or None if it is done, dead, not due or leased by another worker."""
    wall = clock.wall()
    with unit_of_work() as session:
        row = session.execute(
            update(OutboxJob)
            .where(
                OutboxJob.id == row_id,
                OutboxJob.done_at.is_(None),
                OutboxJob.dead_at.is_(None),
                OutboxJob.due_at <= clock.now(),
                or_(OutboxJob.lease_until.is_(None), OutboxJob.lease_until < wall),
            )
            .values(lease_until=wall + LEASE, tries=OutboxJob.tries + 1)
            .returning(OutboxJob.id, OutboxJob.name, OutboxJob.payload, OutboxJob.tries)
            .execution_options(synchronize_session=False)
        ).one_or_none()
    return Claimed(*row) if row else None


def finish(session: Session, job: Claimed) -> None:
    """End the row in the transaction of its effect."""
    session.execute(
        update(OutboxJob)
        .where(OutboxJob.id == job.id, OutboxJob.done_at.is_(None))
        .values(done_at=clock.now(), lease_until=None, error="")
    )


def postpone(job: Claimed, error: Exception) -> None:
    """Try again later, or give up and leave the row to a person."""
    delay = _BACKOFF[min(job.tries, len(_BACKOFF)) - 1]
    dead = job.tries >= MAX_TRIES
    now = clock.now()
    with unit_of_work() as session:
        session.execute(
            update(OutboxJob)
            .where(OutboxJob.id == job.id, OutboxJob.done_at.is_(None))
            .values(
                lease_until=None,
                error=f"{type(error).__name__}: {error}"[:2000],
                due_at=now + timedelta(seconds=delay),
                dead_at=now if dead else None,
            )
        )


def due(*, limit: int) -> list[int]:
    """Rows that wait for a worker: never handed over, put off, or left by a dead worker."""
    with reading() as session:
        return list(
            session.scalars(
                select(OutboxJob.id)
                .where(
                    OutboxJob.done_at.is_(None),
                    OutboxJob.dead_at.is_(None),
                    OutboxJob.due_at <= clock.now(),
                    or_(OutboxJob.lease_until.is_(None), OutboxJob.lease_until < clock.wall()),
                )
                .order_by(OutboxJob.due_at, OutboxJob.id)
                .limit(limit)
            )
        )


def drain(*, limit: int = 1000) -> int:
    """Do all that is due, in this thread, until nothing is left; returns how many were done."""
    done = 0
    while done < limit and (rows := due(limit=100)):
        finished = [run(row_id) for row_id in rows]
        done += sum(finished)
        if not any(finished):
            break
    return done


def dead(session: Session) -> list[OutboxJob]:
    """Jobs that were given up, newest first."""
    return list(
        session.scalars(
            select(OutboxJob)
            .where(OutboxJob.dead_at.is_not(None), OutboxJob.done_at.is_(None))
            .order_by(OutboxJob.id.desc())
            .limit(200)
        )
    )


def backlog(session: Session) -> tuple[int, datetime | None]:
    """How many jobs are due and not done, and since when the oldest of them waits."""
    row = session.execute(
        select(func.count(), func.min(OutboxJob.due_at)).where(
            OutboxJob.done_at.is_(None),
            OutboxJob.dead_at.is_(None),
            OutboxJob.due_at <= clock.now(),
        )
    ).one()
    return int(row[0]), row[1]


def purge(_payload: Mapping[str, Any]) -> None:
    """Job, daily: forget what was done long ago; dead jobs wait for a person."""
    purging.forget(OutboxJob, OutboxJob.done_at < clock.now() - KEPT)


def revive(session: Session, row_id: int, *, at: datetime) -> bool:
    """Give a dead job its tries back; False if it was not dead."""
    revived = session.execute(
        update(OutboxJob)
        .where(OutboxJob.id == row_id, OutboxJob.dead_at.is_not(None), OutboxJob.done_at.is_(None))
        .values(dead_at=None, tries=0, due_at=at, lease_until=None)
        .returning(OutboxJob.id)
    ).one_or_none()
    if revived:
        after_commit(session, lambda: _hand_over(row_id))
    return revived is not None
