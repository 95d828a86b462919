"""A product file on its way in: checked, tried out, brought in piece by piece, reported, retried.

The way of every file stands in `kernel.incoming`; here stands what is different about products.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from shop.catalog import csv_groups, csv_read, import_report, taxes
from shop.catalog.csv_groups import Group
from shop.catalog.csv_products import Rules
from shop.catalog.csv_read import BadFile, Sheet
from shop.catalog.import_chunk import Orders, Outcome, import_groups
from shop.catalog.models import ImportJob
from shop.catalog.tables import import_row
from shop.kernel import brand, clock, files, ids
from shop.kernel.db import reading, unit_of_work
from shop.kernel.errors import Conflict, Invalid
from shop.kernel.i18n import LOCALES
from shop.kernel.incoming import Intake
from shop.kernel.words import _l

INTAKE = Intake(ImportJob, job="catalog.import", action="catalog.imported")
MAX_BYTES = 100 * 1024 * 1024
CHUNK_ROWS = 400
"""Rows that are written in one go: about a quarter of a second of SQLite's only writer."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a file is to be taken."""

    language: str = LOCALES[0]
    """Language of the columns that name none."""
    update_stock: bool = False
    """Also set the stock of variants that are there already."""
    blank_clears: bool = False
    """A blank cell empties the field; otherwise it keeps what is there."""
    encoding: str = ""
    delimiter: str = ""
    """Empty to find out."""
    retry_of: str = ""
    """Id of an import whose failed products are taken once more."""


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

    Raises BadFile if the file is empty, too large, or no product file at all.
    """
    if len(content) > MAX_BYTES:
        raise BadFile(_l("The file is larger than %(count)s megabytes.", count=MAX_BYTES >> 20))
    if options.language not in LOCALES:
        raise Invalid(_l("This language is not known."), field="language")
    key = files.put(content, ".csv")
    csv_read.read(files.path_of(key), encoding=options.encoding, delimiter=options.delimiter)
    return INTAKE.add(
        session, key, file_name, options, dry_run=dry_run, by=by, at=at, work_later=work_later
    )


def run_for_real(session: Session, job_id: int, *, by: str, at: datetime) -> int:
    """After a dry run: bring the same file in with the same options."""
    job = INTAKE.tried(session, job_id)
    return INTAKE.add(
        session, job.file_key, job.file_name, options_of(job), dry_run=False, by=by, at=at
    )


def retry(session: Session, job_id: int, *, by: str, at: datetime) -> int:
    """Take the failed products of an import once more, for example after a tax class was made."""
    job = INTAKE.one(session, job_id)
    if job.status not in ("completed", "failed"):
        raise Conflict(_l("This import is still running."))
    options = Options(**{**job.options, "retry_of": str(job_id)})
    return INTAKE.add(
        session, job.file_key, job.file_name, options, dry_run=job.dry_run, by=by, at=at
    )


def work(payload: Mapping[str, Any]) -> None:
    """Job `catalog.import`: bring in what is left of the file."""
    run(int(payload["id"]))


def run(job_id: int) -> None:
    """Bring in what is left of an import, to its end."""
    for _progress in progress(job_id):
        pass


def progress(job_id: int) -> Generator[tuple[int, int]]:
    """The same, telling after each piece how many products of how many are done."""
    with reading() as session:
        job = INTAKE.one(session, job_id)
    if job.status in ("completed", "failed"):
        return
    try:
        sheet = sheet_of(job)
        found = csv_groups.scan(sheet)
    except BadFile as error:
        INTAKE.give_up(job_id, error)
        return
    wanted = _wanted_groups(job)
    total = found.total if wanted is None else len(wanted)
    if not _begin(job, sheet, total):
        return
    done = job.done_count
    yield done, total
    waiting = _skip(csv_groups.groups(sheet, found), done, wanted)
    for chunk in _chunks(waiting):
        if not _advance(job, sheet, found, chunk, done):
            return  # another worker is at it
        done += len(chunk)
        yield done, total
    with unit_of_work() as session:
        INTAKE.end(session, job_id, import_report.counts(session, job_id))


def options_of(job: ImportJob) -> Options:
    """What was asked for when the import was started."""
    return Options(**job.options)


def sheet_of(job: ImportJob) -> Sheet:
    """The import's file as a table; raises BadFile."""
    options = options_of(job)
    return csv_read.read(
        files.path_of(job.file_key), encoding=options.encoding, delimiter=options.delimiter
    )


def _begin(job: ImportJob, sheet: Sheet, total: int) -> bool:
    with unit_of_work() as session:
        taxes.need_standard(session)
    return INTAKE.begin(
        job.id,
        total=total,
        report={
            "encoding": sheet.encoding,
            "delimiter": sheet.delimiter,
            "dialect": sheet.dialect,
            "unknown_columns": [c.header for c in sheet.columns if not c.is_known],
        },
    )


def _advance(
    job: ImportJob, sheet: Sheet, found: csv_groups.Scan, chunk: Sequence[Group], done: int
) -> bool:
    """Bring in one piece and note the progress; False if another worker noted it first."""
    at = clock.now()
    with unit_of_work() as session:
        if not INTAKE.take(session, job.id, done=done, count=len(chunk)):
            return False
        trial = session.begin_nested()
        outcomes = import_groups(session, chunk, _orders(session, job, sheet, found, at))
        if job.dry_run:
            trial.rollback()
        else:
            trial.commit()
        _write_report(session, job.id, outcomes)
    return True


def _orders(
    session: Session, job: ImportJob, sheet: Sheet, found: csv_groups.Scan, at: datetime
) -> Orders:
    options = options_of(job)
    rules = Rules(
        language=options.language,
        currency=brand.current(session).currency,
        at=at,
        columns=sheet.columns,
        delimiter=sheet.delimiter,
        blank_clears=options.blank_clears,
        tax_classes=tuple(taxes.classes(session)),
    )
    return Orders(
        key=str(job.id),
        rules=rules,
        by=job.by,
        at=at,
        update_stock=options.update_stock,
        fetch_pictures=not job.dry_run,
        repeated_skus=found.repeated_skus,
    )


def _write_report(session: Session, job_id: int, outcomes: Sequence[Outcome]) -> None:
    rows = [
        {
            "id": row_id,
            "job_id": job_id,
            "line": outcome.line,
            "handle": outcome.handle,
            "status": outcome.status,
            "problems": [problem.as_json() for problem in outcome.problems],
        }
        for row_id, outcome in zip(ids.block(len(outcomes)), outcomes, strict=True)
    ]
    session.execute(insert(import_row), rows)


def _wanted_groups(job: ImportJob) -> set[str | int] | None:
    """Handles (or lines, where there is none) that a retry takes; None takes all."""
    retry_of = options_of(job).retry_of
    if not retry_of:
        return None
    with reading() as session:
        rows = session.execute(
            select(import_row.c.handle, import_row.c.line).where(
                import_row.c.job_id == int(retry_of), import_row.c.status == "failed"
            )
        )
        return {row[0] or row[1] for row in rows}


def _skip(groups: Iterable[Group], done: int, wanted: set[str | int] | None) -> Iterator[Group]:
    chosen = (
        group
        for group in groups
        if wanted is None or (group.handle or group.rows[0].line) in wanted
    )
    for number, group in enumerate(chosen):
        if number >= done:
            yield group


def _chunks(groups: Iterable[Group]) -> Iterator[list[Group]]:
    chunk: list[Group] = []
    rows = 0
    for group in groups:
        chunk.append(group)
        rows += len(group.rows)
        if rows >= CHUNK_ROWS:
            yield chunk
            chunk, rows = [], 0
    if chunk:
        yield chunk
