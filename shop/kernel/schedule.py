"""Periodic work: a table of due times, looked at every minute.

A table and not a timer, so that a shift of the demo's clock is noticed and two workers do not both
fire: the conditional update decides who enqueues.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import String, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel import clock, jobs
from shop.kernel.db import Base, UtcDateTime, unit_of_work


class ScheduledRun(Base):
    __tablename__ = "scheduled_run"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    """Name of the job."""
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)


def enqueue_due(table: Mapping[str, timedelta]) -> list[str]:
    """Enqueue every job of the table whose time has come; returns their names."""
    now = clock.now()
    fired = []
    with unit_of_work() as session:
        known = {
            row.name: row.due_at
            for row in session.execute(select(ScheduledRun.name, ScheduledRun.due_at))
        }
        for name in sorted(table.keys() - known.keys()):
            session.execute(insert(ScheduledRun).values(name=name, due_at=now))
        for name in sorted(table):
            if known.get(name, now) > now:
                continue
            won = session.execute(
                update(ScheduledRun)
                .where(ScheduledRun.name == name, ScheduledRun.due_at <= now)
                .values(due_at=now + table[name])
                .returning(ScheduledRun.name)
            ).one_or_none()
            if won:
                jobs.enqueue(session, name, at=now, key=f"schedule:{name}")
                fired.append(name)
    return fired
