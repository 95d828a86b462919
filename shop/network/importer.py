"""A spreadsheet of points on its way in: judged as a whole, tried out, brought in piece by piece.

Each piece is a unit of work together with the progress, so that buyers are not kept waiting, a
killed worker goes on where it was, and nothing comes in twice. All rows are judged before the first
is written, because a row's manager may stand anywhere in the file.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from shop.kernel import audit, clock, files, ids, jobs
from shop.kernel import brand as brands
from shop.kernel.csv_files import BadFile
from shop.kernel.db import reading, unit_of_work
from shop.kernel.errors import Conflict, NotFound
from shop.kernel.words import Words, _l
from shop.network import import_plan, import_rows
from shop.network.import_chunk import Done, Orders, bring_in, look
from shop.network.import_plan import Known, Plan, Step
from shop.network.import_rows import COLUMNS, Problem, Row, Sheet
from shop.network.models import NetworkImport, Point

JOB = "network.import"
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
    return _new(session, key, file_name, options, dry_run, by=by, at=at, work_later=work_later)


def run_for_real(session: Session, import_id: int, *, by: str, at: datetime) -> int:
    """After a dry run: bring the same file in."""
    before = one(session, import_id)
    if not before.dry_run or before.status != "completed":
        raise Conflict(_l("Only a finished dry run can be followed by the real import."))
    return _new(session, before.file_key, before.file_name, options_of(before), False, by=by, at=at)


def retry(session: Session, import_id: int, *, by: str, at: datetime) -> int:
    """Take the failed rows once more, for example after their managers were made."""
    before = one(session, import_id)
    if before.status != "completed" or not before.report.get("problems"):
        raise Conflict(_l("There is nothing to try again."))
    options = Options(invite=options_of(before).invite, retry_of=str(import_id))
    return _new(session, before.file_key, before.file_name, options, before.dry_run, by=by, at=at)


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
        job = one(session, import_id)
        lines = _lines_of(session, job)
    if job.status in ("completed", "failed"):
        return
    try:
        sheet = import_rows.open_sheet(files.path_of(job.file_key))
        plan = _plan(sheet, lines)
    except BadFile as error:
        _give_up(import_id, error)
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
    _end(import_id)


def one(session: Session, import_id: int) -> NetworkImport:
    """An import; raises NotFound."""
    found = session.get(NetworkImport, import_id, populate_existing=True)
    if found is None:
        raise NotFound(_l("There is no such import."))
    return found


def latest(session: Session, *, limit: int = 20) -> Sequence[NetworkImport]:
    """The last imports, newest first."""
    return session.scalars(
        select(NetworkImport).order_by(NetworkImport.id.desc()).limit(limit)
    ).all()


def options_of(job: NetworkImport) -> Options:
    """What was asked for when the import was started."""
    return Options(**job.report["options"])


def _new(
    session: Session,
    key: str,
    file_name: str,
    options: Options,
    dry_run: bool,
    *,
    by: str,
    at: datetime,
    work_later: bool = True,
) -> int:
    import_id = ids.new()
    session.execute(
        insert(NetworkImport).values(
            id=import_id,
            file_name=file_name[-200:],
            file_key=key,
            status="pending",
            dry_run=dry_run,
            total_count=0,
            done_count=0,
            report={"options": asdict(options), "problems": []},
            by=by,
            created_at=at,
        )
    )
    if work_later:
        jobs.enqueue(session, JOB, {"id": str(import_id)}, at=at)
    return import_id


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
    """Note what the file is and what cannot be done; whoever goes on keeps the counts.

    The condition decides between workers that begin at the same moment: a second beginning would
    set the counts of the first one's pieces back to nought.
    """
    report = {
        **job.report,
        "encoding": sheet.layout.encoding,
        "delimiter": sheet.layout.delimiter,
        "unknown_columns": [
            header
            for at, header in enumerate(sheet.layout.headers)
            if at not in sheet.columns.values() and header
        ],
        **dict.fromkeys(COUNTS, 0),
        "problems": [problem.as_json() for problem in plan.problems],
    }
    with unit_of_work() as session:
        begun = session.execute(
            update(NetworkImport)
            .where(NetworkImport.id == job.id, NetworkImport.status == "pending")
            .values(status="processing", total_count=len(plan.steps), report=report)
            .returning(NetworkImport.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        return begun is not None or one(session, job.id).status == "processing"


def _advance(job: NetworkImport, sheet: Sheet, steps: Sequence[Step], done: int) -> bool:
    """Bring in one piece and note the progress; False if another worker noted it first."""
    at = clock.now()
    with unit_of_work() as session:
        mine = session.execute(
            update(NetworkImport)
            .where(
                NetworkImport.id == job.id,
                NetworkImport.done_count == done,
                NetworkImport.status == "processing",
            )
            .values(done_count=done + len(steps))
            .returning(NetworkImport.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if mine is None:
            return False
        orders = Orders(
            by=job.by,
            at=at,
            invite=options_of(job).invite,
            parent_header=sheet.header_of("parent_key"),
        )
        result = (look if job.dry_run else bring_in)(session, steps, orders)
        _count(one(session, job.id), result)
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


def _end(import_id: int) -> None:
    at = clock.now()
    with unit_of_work() as session:
        stored = one(session, import_id)
        if stored.status != "processing":
            return
        stored.status, stored.finished_at = "completed", at
        if not stored.dry_run:
            counts = {name: stored.report[name] for name in COUNTS}
            audit.record(
                session, "network.imported", "network_import", import_id, by=stored.by, at=at,
                after={**counts, "failed": len(failed_lines(stored))},
            )  # fmt: skip


def failed_lines(job: NetworkImport) -> set[int]:
    """Lines of the file that were refused."""
    return {int(problem["line"]) for problem in job.report.get("problems", ())}


def _give_up(import_id: int, error: BadFile) -> None:
    words = error.message if isinstance(error.message, Words) else Words(str(error.message))
    with unit_of_work() as session:
        stored = one(session, import_id)
        stored.status, stored.finished_at = "failed", clock.now()
        stored.report = {
            **stored.report,
            "problem": {"msgid": words.msgid, "values": words.values, "line": error.line},
        }


def _lines_of(session: Session, job: NetworkImport) -> set[int] | None:
    """The lines that a retry takes; None takes all."""
    retry_of = options_of(job).retry_of
    return failed_lines(one(session, int(retry_of))) if retry_of else None
