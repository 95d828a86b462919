"""Huey, which carries the numbers of outbox rows to worker threads."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from huey import Huey, MemoryHuey, PostgresHuey, PriorityRedisHuey, SqliteHuey, crontab
from sqlalchemy import make_url

from shop.kernel import jobs, logs, nodes, schedule

SWEEP_LIMIT = 500


def executor(url: str) -> Huey:
    """The carrier for a `JOBS_URL`: a file, PostgreSQL, Redis/Valkey, or `memory:` for tests."""
    if url.startswith("memory:"):
        return MemoryHuey("gridshop", results=False)
    if url.startswith("redis"):
        return PriorityRedisHuey("gridshop", url=url, results=False)
    if url.startswith("postgres"):
        return PostgresHuey("gridshop", dsn=url.replace("+psycopg", ""), results=False)
    path = Path(make_url(url).database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("gridshop", filename=str(path), fsync=True, results=False)


class Worker:
    """One process that does the jobs; `hand_over` is what a web process uses of it."""

    def __init__(
        self,
        huey: Huey,
        *,
        timetable: Mapping[str, timedelta],
        around: Callable[[Callable[[], Any]], Any],
    ) -> None:
        self.huey = huey
        self._timetable = timetable
        self._around = around
        self._task = huey.task(name="run")(self._run)
        huey.periodic_task(crontab(minute="*"), name="sweep")(self.sweep)

    def hand_over(self, row_id: int) -> None:
        """Tell a worker about a row that was just committed."""
        self._task(row_id)

    def sweep(self) -> None:
        """Find what was never handed over, what a dead worker left, and what has become due."""
        self._around(self._sweep)

    def work(self, *, threads: int) -> None:
        """Work until SIGTERM; a running job is finished first."""
        consumer = self.huey.create_consumer(
            workers=threads,
            periodic=True,
            check_worker_health=True,
            graceful_signal="TERM",
            shutdown_timeout=60,
        )
        consumer.run()

    def _run(self, row_id: int) -> None:
        def once() -> None:
            logs.clear()
            logs.bind(job_id=str(row_id))
            jobs.run(row_id)

        self._around(once)

    def _sweep(self) -> None:
        nodes.renew()
        schedule.enqueue_due(self._timetable)
        for row_id in jobs.due(limit=SWEEP_LIMIT):
            self.hand_over(row_id)
