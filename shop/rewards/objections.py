"""A point's one word against a decision, and the brand's answer to it (reference commissions AT-3).

An objection moves no money. Who upholds it puts things right with an entry by hand, which has a
second person of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    UniqueConstraint,
    select,
)
from sqlalchemy import update as change
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from commissions import queries
from shop.kernel import audit, events, ids
from shop.kernel.db import Base, Id, UtcDateTime
from shop.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from shop.kernel.events import Event
from shop.kernel.words import _l
from shop.network.models import Point
from shop.orders.models import Order, OrderLine
from shop.rewards import keys
from shop.sharing import lost

ANSWER_WITHIN = timedelta(days=14)
LENGTH = 1000


class Subject(StrEnum):
    """What an objection is about."""

    ENTRY = "entry"
    """The amount of an earning."""
    LINE = "line"
    """A line of an order that was credited to somebody else, or to nobody."""


class ObjectionState(StrEnum):
    OPEN = "open"
    UPHELD = "upheld"
    DECLINED = "declined"


class Objection(Base):
    """One word of one point about one thing."""

    __tablename__ = "objection"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subject: Mapped[str] = mapped_column(String(8))
    subject_id: Mapped[int] = mapped_column(Id)
    """The engine's entry, or the order line."""
    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"))
    status: Mapped[str] = mapped_column(String(10), default=ObjectionState.OPEN)
    text: Mapped[str] = mapped_column(Text)
    raised_by: Mapped[str] = mapped_column(String(80))
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Until when the brand has promised an answer."""
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by: Mapped[str | None] = mapped_column(String(80))
    """Null while it is open."""
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("subject", "subject_id", "point_id"),
        CheckConstraint("answered_by IS NULL OR answered_by <> raised_by", name="not_the_same"),
        CheckConstraint("(status = 'open') = (answered_at IS NULL)", name="answered"),
        Index(
            "ix_objection_open",
            "due_at",
            sqlite_where=status == ObjectionState.OPEN,
            postgresql_where=status == ObjectionState.OPEN,
        ),
    )


@dataclass(frozen=True)
class ObjectionAnswered(Event):
    """The brand has answered; the point's owners are told."""

    objection_id: int
    point_id: int
    at: datetime


class SaidAlready(Conflict):
    code = "said_already"

    def __init__(self) -> None:
        super().__init__(_l("You have objected to this already. The answer will stand here."))


@dataclass(frozen=True)
class Shown:
    """An objection with what it is about, for the brand's people."""

    objection: Objection
    point_name: str
    order_number: str
    """Empty for what belongs to a whole period."""
    title: dict[str, str]


def raise_objection(
    session: Session,
    point_id: int,
    subject: Subject,
    subject_id: int,
    *,
    text: str,
    by: str,
    at: datetime,
) -> int:
    """Say once what is wrong, in at most LENGTH characters; the brand must answer.

    Raises NotFound for what is not this point's to ask about, Invalid without words, SaidAlready.
    """
    if not _concerns(session, point_id, subject, subject_id, at):
        raise NotFound(_l("There is nothing of yours here."))
    said = text.strip()[:LENGTH]
    if not said:
        raise Invalid(_l("Please say what is wrong."), field="text")
    objection_id = ids.new()
    try:
        with session.begin_nested():
            session.add(
                Objection(
                    id=objection_id,
                    subject=subject,
                    subject_id=subject_id,
                    point_id=point_id,
                    status=ObjectionState.OPEN,
                    text=said,
                    raised_by=by,
                    raised_at=at,
                    due_at=at + ANSWER_WITHIN,
                    answer="",
                )
            )
            session.flush()
    except IntegrityError as error:
        raise SaidAlready from error
    audit.record(session, "objection.raised", "objection", objection_id, by=by, at=at)
    return objection_id


def answer(
    session: Session, objection_id: int, *, upheld: bool, text: str, by: str, at: datetime
) -> None:
    """Answer an open objection; the point reads every word.

    Raises Invalid without words, Forbidden for whoever raised it, Conflict if it is answered.
    """
    said = text.strip()[:LENGTH]
    if not said:
        raise Invalid(_l("Please answer in words: the point reads them."), field="text")
    found = session.get(Objection, objection_id)
    if found is None:
        raise NotFound(_l("There is no such objection."))
    if found.raised_by == by:
        raise Forbidden(_l("This is your own objection. Another person must answer."))
    status = ObjectionState.UPHELD if upheld else ObjectionState.DECLINED
    # Of two who answer at once, one is told so: the point must not read two answers.
    moved = session.execute(
        change(Objection)
        .where(Objection.id == objection_id, Objection.status == ObjectionState.OPEN)
        .values(status=status, answer=said, answered_by=by, answered_at=at)
        .returning(Objection.point_id)
    ).one_or_none()
    if moved is None:
        raise Conflict(_l("Somebody answered it meanwhile."))
    audit.record(
        session,
        "objection.answered",
        "objection",
        objection_id,
        by=by,
        at=at,
        after={"status": str(status)},
    )
    events.publish(session, ObjectionAnswered(objection_id, moved.point_id, at))


def of_point(
    session: Session, point_id: int, subject: Subject, subject_id: int
) -> Objection | None:
    """What this point said about a thing."""
    return session.scalars(
        select(Objection).where(
            Objection.subject == subject,
            Objection.subject_id == subject_id,
            Objection.point_id == point_id,
        )
    ).one_or_none()


def open_ones() -> Select[int]:
    """Ids of those that wait for an answer."""
    return select(Objection.id).where(Objection.status == ObjectionState.OPEN)


def waiting(session: Session, *, limit: int = 100) -> list[Shown]:
    """Open objections, those that must be answered first in front."""
    found = session.execute(
        select(Objection, Point.name)
        .join(Point, Point.id == Objection.point_id)
        .where(Objection.status == ObjectionState.OPEN)
        .order_by(Objection.due_at, Objection.id)
        .limit(limit)
    )
    return _shown(session, [(row.Objection, row.name) for row in found])


def answered(session: Session, *, limit: int = 30) -> list[Shown]:
    """The latest answers."""
    found = session.execute(
        select(Objection, Point.name)
        .join(Point, Point.id == Objection.point_id)
        .where(Objection.status != ObjectionState.OPEN)
        .order_by(Objection.answered_at.desc(), Objection.id.desc())
        .limit(limit)
    )
    return _shown(session, [(row.Objection, row.name) for row in found])


def _concerns(
    session: Session, point_id: int, subject: Subject, subject_id: int, at: datetime
) -> bool:
    if subject is Subject.ENTRY:
        found = queries.earning(session, subject_id, at=at)
        return found is not None and found.point_key == keys.point(point_id)
    return lost.was_in_the_running(session, subject_id, point_id)


def _shown(session: Session, found: Sequence[tuple[Objection, str]]) -> list[Shown]:
    line_ids = _line_ids(session, [one for one, _name in found])
    lines = {
        row.id: row
        for row in session.execute(
            select(OrderLine.id, Order.number, OrderLine.title)
            .join(Order, Order.id == OrderLine.order_id)
            .where(OrderLine.id.in_(sorted(line_ids.values())))
        )
    }
    shown = []
    for one, name in found:
        line = lines.get(line_ids.get(one.id, 0))
        shown.append(Shown(one, name, line.number if line else "", line.title if line else {}))
    return shown


def _line_ids(session: Session, found: Sequence[Objection]) -> dict[int, int]:
    """The order line behind each objection; an earning of a whole period has none."""
    entries = [one.subject_id for one in found if one.subject == Subject.ENTRY]
    lines = queries.lines_of_entries(session, entries)
    of_entries = {
        one.id: keys.number(lines[one.subject_id]) for one in found if one.subject_id in lines
    }
    return of_entries | {one.id: one.subject_id for one in found if one.subject == Subject.LINE}
