"""Numbers without gaps: one row for each series, counted up in the transaction that uses it."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from commissions.models import Series
from commissions.rows import dialect_of, table_of, upsert


def next_number(session: Session, series: str) -> int:
    """The next number; whoever asks at the same moment waits until this one is used or given up."""
    started = upsert(dialect_of(session), Series).values(key=series, last_number=0)
    session.execute(started.on_conflict_do_nothing())
    table = table_of(Series)
    return int(
        session.execute(
            update(table)
            .where(table.c.key == series)
            .values(last_number=table.c.last_number + 1)
            .returning(table.c.last_number)
        ).scalar_one()
    )
