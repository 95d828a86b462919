"""How long a plan over past sales takes, beside an INSERT … SELECT that writes the same rows.

    python -m tests.bench.what_if --lines 1000000

Prints both and their ratio, on SQLite and on PostgreSQL, measured in turn in one run. The limit
looks at no line and at no rule: it copies the finished rows.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from commissions.models import Trial, TrialLine
from commissions.rows import table_of
from commissions.terms import Terms
from commissions.trials.running import run_to_the_end, start_trial
from tests.bench import past_sales
from tests.commissions.conftest import build
from tests.databases import KINDS, fresh_database, make_engine

ROUNDS = 3
_NAMES = ", ".join(list(table_of(TrialLine).columns.keys())[1:])


@dataclass(frozen=True)
class Figures:
    """What was measured, in seconds."""

    kind: str
    lines: int
    sales: int
    rows: int
    first: float
    """The first run, which packs the sales."""
    what_if: float
    insert_select: float
    exact_sales: int
    checked_sales: int

    @property
    def ratio(self) -> float:
        """How many times the limit."""
        return self.what_if / self.insert_select


def measure(kind: str, lines: int, rounds: int = ROUNDS) -> Figures:
    """Make so many lines in a fresh database, then run both in turn."""
    urls = fresh_database(kind, "bench", build)
    engine = make_engine(urls.owner)
    try:
        return _measure(engine, kind, lines, rounds)
    finally:
        engine.dispose()
        urls.drop()


def _measure(engine: Engine, kind: str, lines: int, rounds: int) -> Figures:
    sales, ids = past_sales.write_sales(engine, lines), itertools.count(10**15)
    if kind == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    terms = past_sales.plan()
    first, trial_id = _timed(lambda: _what_if(engine, terms, ids))
    _keep_rows(engine, trial_id)
    ours, limits = [], []
    for _ in range(rounds):
        limits.append(_timed(lambda: _insert_select(engine, terms, ids))[0])
        ours.append(_timed(lambda: _what_if(engine, terms, ids))[0])
    with Session(engine) as session:
        trial = session.get_one(Trial, trial_id)
        if trial.status != "done":
            raise AssertionError(trial.problem)
        return Figures(
            kind=kind,
            lines=trial.line_count,
            sales=sales,
            rows=session.scalar(text("SELECT count(*) FROM bench_rows")) or 0,
            first=first,
            what_if=median(ours),
            insert_select=median(limits),
            exact_sales=trial.exact_sales,
            checked_sales=trial.checked_sales,
        )


def _what_if(engine: Engine, terms: Terms, ids: Iterator[int]) -> int:
    trial_id = _trial(engine, terms, ids)
    for _ in run_to_the_end(
        engine,
        trial_id,
        _unit_of_work(engine),
        by="bench",
        now=lambda: past_sales.BEGIN,
        ids=lambda: next(ids),
    ):
        pass
    return trial_id


_NAMES = ", ".join(list(table_of(TrialLine).columns.keys())[1:])


def _insert_select(engine: Engine, terms: Terms, ids: Iterator[int]) -> int:
    """The limit: the finished rows once more, into the same table with the same constraints."""
    trial_id = _trial(engine, terms, ids)
    with engine.begin() as connection:
        connection.execute(
            text(
                f"INSERT INTO commission_trial_line (trial_id, {_NAMES}) "
                f"SELECT :trial_id, {_NAMES} FROM bench_rows"
            ),
            {"trial_id": trial_id},
        )
    return trial_id


def _keep_rows(engine: Engine, trial_id: int) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE bench_rows AS "
                f"SELECT * FROM commission_trial_line WHERE trial_id = {trial_id} "
                "ORDER BY role, line_id, part"
            )
        )


def _trial(engine: Engine, terms: Terms, ids: Iterator[int]) -> int:
    with Session(engine) as session:
        trial_id = start_trial(
            session,
            terms,
            plan_key="default",
            name="bench",
            placed_from=past_sales.BEGIN,
            placed_until=past_sales.BEGIN.replace(year=2999),
            by="bench",
            at=past_sales.BEGIN,
            ids=lambda: next(ids),
        )
        session.commit()
    return trial_id


def _unit_of_work(engine: Engine) -> Callable[[], object]:
    @contextmanager
    def unit_of_work() -> Iterator[Session]:
        with Session(engine) as session:
            yield session
            session.commit()

    return unit_of_work


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    start = perf_counter()
    answer = work()
    return perf_counter() - start, answer


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--database", choices=KINDS, action="append")
    asked = parser.parse_args()
    for kind in asked.database or KINDS:
        found = measure(kind, asked.lines)
        sys.stdout.write(
            f"what-if on {kind}, {found.lines} lines in {found.sales} sales: "
            f"{found.what_if:.2f} s\n"
            f"  INSERT … SELECT of the same {found.rows} rows: {found.insert_select:.2f} s; "
            f"ratio {found.ratio:.2f}\n"
            f"  first run, which packs the sales {found.first:.1f} s; {found.exact_sales} sales "
            f"by the calculator, {found.checked_sales} compared with it\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
