"""A spreadsheet of points on its way in: judged as a whole, tried out, brought in piece by piece.

The way of every file stands in `kernel.incoming`. Here all rows are judged before the first
is written, because a row's manager may stand anywhere in the file.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.kernel import brand as brands
from shop.kernel import clock, files
from shop.kernel.csv_files import BadFile
from shop.kernel.db import reading, unit_of_work
from shop.kernel.errors import Conflict
from shop.kernel.incoming import Intake
from shop.kernel.words import _l
from shop.network import import_plan, import_rows
from shop.network.import_chunk import Done, Orders, bring_in, look
from shop.network.import_plan import Known, Plan, Step
from shop.network.import_rows import COLUMNS, Problem, Row, Sheet
from shop.network.models import NetworkImport, Point

JOB = "network.import"
INTAKE = Intake(NetworkImport, job=JOB, action="network.imported")
MAX_BYTES = 50 * 1024 * 1024
CHUNK = 500
"""Rows that are written in one go: a few tenths of a second of SQLite's only writer."""
COUNTS = ("created", "updated", "moved", "unchanged", "invited")


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a file is to be taken."""

    invite: bool = False
    """Send owners their invitation."""
    retry_of: str = ""
    """Id of an import whose failed rows are taken once more."""


def start(
    session: Session,
    content: bytes,
    file_name: str,
    options: Options,
    *,
    dry_run: bool,
    by: str,
    at: datetime,
    work_later: bool = True,
) -> int:
    """Take a file in; a job works it off. Returns the import's id.

    Raises BadFile if the file is empty, too large, or no file of points at all.
    """
    if len(content) > MAX_BYTES:
        raise BadFile(_l("The file is larger than %(count)s megabytes.", count=MAX_BYTES >> 20))
    key = files.put(content, ".csv")
    import_rows.open_sheet(files.path_of(key))
    return INTAKE.add(
        session, key, file_name, options, dry_run=dry_run, by=by, at=at, work_later=work_later
    )


def run_for_real(session: Session, import_id: int, *, by: str, at: datetime) -> int:
    """After a dry run: bring the same file in."""
    before = INTAKE.tried(session, import_id)
    return INTAKE.add(
        session,
        before.file_key,
        before.file_name,
        options_of(before),
        dry_run=False,
        by=by,
        at=at,
    )


def retry(session: Session, import_id: int, *, by: str, at: datetime) -> int:
    """Take the failed rows once more, for example after their managers were made."""
    before = INTAKE.one(session, import_id)
    if before.status != "completed" or not before.report.get("problems"):
        raise Conflict(_l("There is nothing to try again."))
    options = Options(invite=options_of(before).invite, retry_of=str(import_id))
    return INTAKE.add(
        session,
        before.file_key,
        before.file_name,
        options,
        dry_run=before.dry_run,
        by=by,
        at=at,
    )


def work(payload: Mapping[str, Any]) -> None:
    """Job `network.import`: bring in what is left of the file."""
    run(int(payload["id"]))


def run(import_id: int) -> None:
    """Bring in what is left, to the end."""
    for _progress in progress(import_id):
        pass


def progress(import_id: int) -> Generator[tuple[int, int]]:
    """The same, telling after each piece how many rows of how many are done."""
    with reading() as session:
        job = INTAKE.one(session, import_id)
        lines = _lines_of(session, job)
    if job.status in ("completed", "failed"):
        return
    try:
        sheet = import_rows.open_sheet(files.path_of(job.file_key))
        plan = _plan(sheet, lines)
    except BadFile as error:
        INTAKE.give_up(import_id, error)
        return
    done = job.done_count
    if not _begin(job, sheet, plan):
        return
    total = len(plan.steps)
    yield done, total
    while done < total:
        steps = plan.steps[done : done + CHUNK]
        if not _advance(job, sheet, steps, done):
            return  # another worker is at it
        done += len(steps)
        yield done, total
    with unit_of_work() as session:
        stored = INTAKE.one(session, import_id)
        counts = {name: stored.report[name] for name in COUNTS}
        INTAKE.end(session, import_id, {**counts, "failed": len(failed_lines(stored))})


def options_of(job: NetworkImport) -> Options:
    """What was asked for when the import was started."""
    return Options(**job.options)


def _plan(sheet: Sheet, lines: set[int] | None) -> Plan:
    """Judge the whole file against the tree as it stands."""
    with reading() as session:
        country = brands.current(session).country
        known = [
            Known(row[0], import_plan.key_of(row[1], row[0]), row[2], row[3])
            for row in session.execute(
                select(Point.id, Point.external_key, Point.manager_id, Point.status)
            )
        ]
    rows: list[Row] = []
    problems: list[Problem] = []
    unreadable: set[str] = set()
    key_at = sheet.columns["external_key"]
    for raw in sheet.rows():
        if lines is not None and raw.line not in lines:
            continue
        row, wrong = import_rows.parse(sheet, raw, country=country)
        problems.extend(wrong)
        if row is not None:
            rows.append(row)
        elif key_at < len(raw.cells):
            unreadable.add(raw.cells[key_at].strip())
    headers = {name: sheet.header_of(name) for name in COLUMNS}
    plan = import_plan.make(rows, known, headers=headers, unreadable=unreadable)
    plan.problems = sorted([*problems, *plan.problems], key=lambda problem: problem.line)
    return plan


def _begin(job: NetworkImport, sheet: Sheet, plan: Plan) -> bool:
    """Note what the file is and what cannot be done."""
    return INTAKE.begin(
        job.id,
        total=len(plan.steps),
        report={
            "encoding": sheet.layout.encoding,
            "delimiter": sheet.layout.delimiter,
            "unknown_columns": [
                header
                for at, header in enumerate(sheet.layout.headers)
                if at not in sheet.columns.values() and header
            ],
            **dict.fromkeys(COUNTS, 0),
            "problems": [problem.as_json() for problem in plan.problems],
        },
    )


def _advance(job: NetworkImport, sheet: Sheet, steps: Sequence[Step], done: int) -> bool:
    """Bring in one piece and note the progress; False if another worker noted it first."""
    at = clock.now()
    with unit_of_work() as session:
        if not INTAKE.take(session, job.id, done=done, count=len(steps)):
            return False
        orders = Orders(
            by=job.by,
            at=at,
            invite=options_of(job).invite,
            parent_header=sheet.header_of("parent_key"),
        )
        result = (look if job.dry_run else bring_in)(session, steps, orders)
        _count(INTAKE.one(session, job.id), result)
    return True


def _count(stored: NetworkImport, result: Done) -> None:
    report = dict(stored.report)
    for name in COUNTS:
        report[name] += getattr(result, name)
    report["problems"] = [
        *report["problems"],
        *(problem.as_json() for problem in result.problems),
    ]
    stored.report = report


def failed_lines(job: NetworkImport) -> set[int]:
    """Lines of the file that were refused."""
    return {int(problem["line"]) for problem in job.report.get("problems", ())}


def _lines_of(session: Session, job: NetworkImport) -> set[int] | None:
    """The lines that a retry takes; None takes all."""
    retry_of = options_of(job).retry_of
    return failed_lines(INTAKE.one(session, int(retry_of))) if retry_of else None
