"""A file on its way in, whatever it holds: kept, tried out, brought in piece by piece, ended.

Each piece is a unit of work of its own together with the progress, so that buyers are not kept
waiting, a killed worker goes on where it was, and nothing comes in twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from sqlalchemy import Boolean, Integer, String, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from shop.kernel import audit, clock, ids, jobs
from shop.kernel.csv_files import BadFile
from shop.kernel.db import Id, Json, UtcDateTime, unit_of_work
from shop.kernel.errors import Conflict, NotFound
from shop.kernel.words import Words, _l


class IncomingFile:
    """The columns of an import, for a table of each kind of file."""

    __tablename__: str

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    file_key: Mapped[str] = mapped_column(String(120))
    status: Mapped[str] = mapped_column(String(20))
    """pending, processing, completed, failed."""
    dry_run: Mapped[bool] = mapped_column(Boolean)
    options: Mapped[dict[str, Any]] = mapped_column(Json)
    total_count: Mapped[int] = mapped_column(Integer, default=0)
    done_count: Mapped[int] = mapped_column(Integer, default=0)
    report: Mapped[dict[str, Any]] = mapped_column(Json)
    by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Options(Protocol):
    """A frozen dataclass: how a file is to be taken."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


M = TypeVar("M", bound=IncomingFile)


class Intake(Generic[M]):
    """What all imports of one table have in common; `job` works them off."""

    def __init__(self, model: type[M], *, job: str, action: str) -> None:
        self.model = model
        self.job = job
        self.action = action
        """Name of the audit row of a finished import."""

    def add(
        self,
        session: Session,
        file_key: str,
        file_name: str,
        options: Options,
        *,
        dry_run: bool,
        by: str,
        at: datetime,
        work_later: bool = True,
    ) -> int:
        """Write down that a kept file is to come in; returns the import's id."""
        import_id = ids.new()
        session.execute(
            insert(self.model).values(
                id=import_id,
                file_name=file_name[-200:],
                file_key=file_key,
                status="pending",
                dry_run=dry_run,
                options=asdict(options),
                total_count=0,
                done_count=0,
                report={},
                by=by,
                created_at=at,
            )
        )
        if work_later:
            jobs.enqueue(session, self.job, {"id": str(import_id)}, at=at)
        return import_id

    def one(self, session: Session, import_id: int) -> M:
        """An import; raises NotFound."""
        found = session.get(self.model, import_id, populate_existing=True)
        if found is None:
            raise NotFound(_l("There is no such import."))
        return found

    def latest(self, session: Session, *, limit: int = 20) -> Sequence[M]:
        """The last imports, newest first."""
        return session.scalars(select(self.model).order_by(self.model.id.desc()).limit(limit)).all()

    def tried(self, session: Session, import_id: int) -> M:
        """A dry run that may be followed by the real one; raises Conflict for any other."""
        before = self.one(session, import_id)
        if not before.dry_run or before.status != "completed":
            raise Conflict(_l("Only a finished dry run can be followed by the real import."))
        return before

    def begin(self, import_id: int, *, total: int, report: Mapping[str, Any]) -> bool:
        """Note what the file is; whoever goes on later keeps the counts.

        The condition decides between workers that begin at the same moment: a second beginning
        would set the counts of the first one's pieces back to nought.
        """
        with unit_of_work() as session:
            begun = session.execute(
                update(self.model)
                .where(self.model.id == import_id, self.model.status == "pending")
                .values(status="processing", total_count=total, report=dict(report))
                .returning(self.model.id)
                .execution_options(synchronize_session=False)
            ).one_or_none()
            return begun is not None or self.one(session, import_id).status == "processing"

    def take(self, session: Session, import_id: int, *, done: int, count: int) -> bool:
        """Win the next piece for this transaction; False if another worker noted it first."""
        mine = session.execute(
            update(self.model)
            .where(
                self.model.id == import_id,
                self.model.done_count == done,
                self.model.status == "processing",
            )
            .values(done_count=done + count)
            .returning(self.model.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        return mine is not None

    def end(self, session: Session, import_id: int, result: Mapping[str, Any]) -> None:
        """All pieces are in; `result` joins the report, and the audit of a real import."""
        stored, at = self.one(session, import_id), clock.now()
        if stored.status != "processing":
            return
        stored.report = {**stored.report, **result}
        stored.status, stored.finished_at = "completed", at
        if not stored.dry_run:
            audit.record(
                session, self.action, stored.__tablename__, import_id, by=stored.by, at=at,
                after=dict(result),
            )  # fmt: skip

    def give_up(self, import_id: int, error: BadFile) -> None:
        """The file cannot be read to its end; the report says why."""
        words = error.message if isinstance(error.message, Words) else Words(str(error.message))
        with unit_of_work() as session:
            stored = self.one(session, import_id)
            stored.status, stored.finished_at = "failed", clock.now()
            stored.report = {
                **stored.report,
                "problem": {"msgid": words.msgid, "values": words.values, "line": error.line},
            }
