"""What became of an import: lists for its page, and the failed rows to correct and send again."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.catalog import csv_groups
from shop.catalog.csv_problems import sentence
from shop.catalog.csv_read import Sheet, with_formula_guard
from shop.catalog.tables import import_row
from shop.kernel.pages import Page
from shop.kernel.words import say

STATUSES = ("created", "updated", "unchanged", "failed")


class Report(NamedTuple):
    """One product of a finished or running import."""

    id: int
    line: int
    handle: str
    status: str
    problems: list[dict[str, Any]]


def report(
    session: Session, job_id: int, *, status: str = "", after: str = "", limit: int = 100
) -> Page[Report]:
    """What happened product by product, in the order of the file."""
    start_id = int(after) if re.fullmatch(r"[0-9]{1,18}", after) else 0
    query = (
        select(
            import_row.c.id,
            import_row.c.line,
            import_row.c.handle,
            import_row.c.status,
            import_row.c.problems,
        )
        .where(import_row.c.job_id == job_id, import_row.c.id > start_id)
        .order_by(import_row.c.id)
        .limit(limit + 1)
    )
    if status in STATUSES:
        query = query.where(import_row.c.status == status)
    rows = [Report(*row) for row in session.execute(query)]
    return Page(rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else "")


def counts(session: Session, job_id: int) -> dict[str, int]:
    """How many products ended how."""
    rows = session.execute(
        select(import_row.c.status, func.count())
        .where(import_row.c.job_id == job_id)
        .group_by(import_row.c.status)
    )
    return dict.fromkeys(STATUSES, 0) | {row[0]: row[1] for row in rows}


def failed_rows(session: Session, job_id: int, sheet: Sheet) -> Iterator[str]:
    """The rows of failed products as a file to correct and send again, with a column of reasons."""
    rows = session.execute(
        select(import_row.c.handle, import_row.c.line, import_row.c.problems).where(
            import_row.c.job_id == job_id, import_row.c.status == "failed"
        )
    ).all()
    failed = {row[0] or row[1]: row[2] for row in rows}
    columns = {column.index for column in sheet.columns if column.field == "problem"}
    yield "\ufeff" + _line([*_without(sheet.headers, columns), "Problem"])
    for raw, row in csv_groups.raw_rows(sheet):
        problems = failed.get(csv_groups.handle_of(row) or raw.line)
        if problems is not None:
            said = [sentence(one) for one in problems if one["line"] == raw.line]
            cells = [*raw.cells, *[""] * (len(sheet.headers) - len(raw.cells))]
            text = with_formula_guard(" ".join(map(say, said)))
            yield _line([*_without(cells, columns), text])


def _without(cells: Sequence[str], columns: set[int]) -> list[str]:
    return [cell for index, cell in enumerate(cells) if index not in columns]


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
