"""Cases: opened by a rule, held until a deadline, answered once by the point, decided by a person.

What rejects a point's new sales holds what it earned before, and both end with the case.

A hold ends by itself at the deadline, without a job. Nothing here takes money away: what was found
true is put right by an entry by hand, which has a second person of its own.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select, true, update
from sqlalchemy.orm import Session

from commissions import holds as engine
from commissions.abuse.judging import Finding
from commissions.abuse.rules import Action
from commissions.holds import On
from commissions.models import Entry, EntryKind, Hold, SaleRow
from shop.kernel import audit, ids
from shop.kernel.db import insert_new
from shop.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from shop.kernel.words import _l
from shop.rewards import keys
from shop.rewards.abuse.models import AbuseCase, Verdict
from shop.rewards.holds import OF_REVIEW

TERM = timedelta(days=14)
"""How long a case may hold something back; extended once, by as much."""
LENGTH = 1000
BY = "job:abuse"


def open_case(
    session: Session,
    finding: Finding,
    *,
    point_id: int,
    order_id: int | None,
    identity: str,
    at: datetime,
    application_id: int | None = None,
) -> bool:
    """Open a case and hold what it concerns; False if it is known.

    About an application nothing is held: there is nothing yet.
    """
    case_id = ids.new()
    values = {
        "id": case_id,
        "rule": finding.check,
        "action": finding.action,
        "point_id": point_id,
        "order_id": order_id,
        "application_id": application_id,
        "about": finding.about,
        "identity": identity,
        "kinds": list(finding.kinds),
        "numbers": dict(finding.numbers),
        "status": Verdict.OPEN,
        "opened_at": at,
        "due_at": at + TERM,
        "answer": "",
        "answered_by": "",
        "note": "",
        "decided_by": "",
    }
    made = insert_new(session, AbuseCase).values(**values).returning(AbuseCase.id)
    if session.scalar(made) is None:
        return False
    about_point = order_id is None and application_id is None
    stops_all = finding.action is Action.REJECT and about_point
    if (finding.action is Action.HOLD and application_id is None) or stops_all:
        for on in _targets(session, point_id, order_id):
            engine.open_hold(
                session,
                on,
                key=f"{_key(case_id)}{on.entry_id or 'point'}",
                reason="abuse",
                owner="finance",
                until=at + TERM,
                by=BY,
                at=at,
                ids=ids.new,
            )
    audit.record(session, f"abuse_case.{finding.action}", "abuse_case", case_id, by=BY, at=at)
    return True


def waiting(session: Session, *, limit: int = 200) -> Sequence[AbuseCase]:
    """Open cases, the nearest deadline first."""
    return session.scalars(
        select(AbuseCase)
        .where(AbuseCase.status == Verdict.OPEN)
        .order_by(AbuseCase.due_at, AbuseCase.id)
        .limit(limit)
    ).all()


def holding(*, at: datetime) -> Select[int]:
    """Ids of those that wait for a person and hold or refuse something meanwhile."""
    return select(AbuseCase.id).where(
        AbuseCase.status == Verdict.OPEN,
        AbuseCase.due_at > at,
        AbuseCase.action != Action.FLAG,
        AbuseCase.application_id.is_(None),
    )


def decided(session: Session, *, limit: int = 50) -> Sequence[AbuseCase]:
    """The last decisions."""
    return session.scalars(
        select(AbuseCase)
        .where(AbuseCase.status != Verdict.OPEN)
        .order_by(AbuseCase.decided_at.desc(), AbuseCase.id.desc())
        .limit(limit)
    ).all()


def of_point(session: Session, point_id: int, *, limit: int = 50) -> Sequence[AbuseCase]:
    """What a point is told: whatever holds or rejected something of it. Flags are no verdict."""
    return session.scalars(
        select(AbuseCase)
        .where(
            AbuseCase.point_id == point_id,
            AbuseCase.action != Action.FLAG,
            AbuseCase.application_id.is_(None),
        )
        .order_by(AbuseCase.id.desc())
        .limit(limit)
    ).all()


def one(session: Session, case_id: int) -> AbuseCase:
    """Raises NotFound."""
    found = session.get(AbuseCase, case_id)
    if found is None:
        raise NotFound(_l("There is no such review."))
    return found


def answer(
    session: Session, case_id: int, *, point_id: int, text: str, by: str, at: datetime
) -> None:
    """The point's one word about a case. Raises NotFound for another point's, Invalid, Conflict."""
    found = one(session, case_id)
    if found.point_id != point_id or found.action == Action.FLAG or found.application_id:
        raise NotFound(_l("There is no such review."))
    said = text.strip()
    if not said or len(said) > LENGTH:
        raise Invalid(_l("Please write up to %(count)s characters.", count=LENGTH), field="text")
    told = session.execute(
        update(AbuseCase)
        .where(
            AbuseCase.id == case_id,
            AbuseCase.answered_at.is_(None),
            AbuseCase.status == Verdict.OPEN,
        )
        .values(answer=said, answered_at=at, answered_by=by)
        .returning(AbuseCase.id)
    ).one_or_none()
    if told is None:
        raise Conflict(_l("You have answered already, or it is decided."))
    audit.record(session, "abuse_case.answered", "abuse_case", case_id, by=by, at=at)


def decide(
    session: Session, case_id: int, verdict: Verdict, *, note: str, by: str, at: datetime
) -> None:
    """Release or uphold. Released lets go at once; upheld keeps what it does until its deadline.

    Other cases that lie on the same keep on holding it: `others` tells them.

    Raises Invalid without a reason, Forbidden for who answered it, Conflict if it is decided.
    """
    found = one(session, case_id)
    if not note.strip():
        raise Invalid(_l("Please write down what you found."), field="note")
    if found.answered_by == by:
        raise Forbidden(_l("Another person must decide what you answered."))
    told = session.execute(
        update(AbuseCase)
        .where(AbuseCase.id == case_id, AbuseCase.status == Verdict.OPEN)
        .values(status=verdict, note=note.strip()[:500], decided_at=at, decided_by=by)
        .returning(AbuseCase.id)
    ).one_or_none()
    if told is None:
        raise Conflict(_l("Somebody else has decided it already."))
    if verdict is Verdict.RELEASED:
        for key in _hold_keys(session, case_id):
            engine.close_hold(session, key, by=by, at=at, ids=ids.new, note=note.strip()[:500])
    audit.record(session, f"abuse_case.{verdict}", "abuse_case", case_id, by=by, at=at)


def extend(session: Session, case_id: int, *, note: str, by: str, at: datetime) -> None:
    """Move the deadline once, with a reason. Raises Invalid, Conflict."""
    if not note.strip():
        raise Invalid(_l("Please write down why it takes longer."), field="note")
    found = one(session, case_id)
    until = found.due_at + TERM
    told = session.execute(
        update(AbuseCase)
        .where(
            AbuseCase.id == case_id,
            AbuseCase.status == Verdict.OPEN,
            AbuseCase.extended_at.is_(None),
            AbuseCase.due_at > at,
        )
        .values(extended_at=at, due_at=until)
        .returning(AbuseCase.id)
    ).one_or_none()
    if told is None:
        raise Conflict(_l("It was extended already, decided, or its deadline has passed."))
    for key in _hold_keys(session, case_id):
        engine.extend_hold(session, key, until=until, by=by, at=at, ids=ids.new, note=note[:500])
    audit.record(session, "abuse_case.extended", "abuse_case", case_id, by=by, at=at, note=note)


def others(session: Session, case: AbuseCase, *, at: datetime) -> Sequence[AbuseCase]:
    """What still holds something of the same order or point, whatever becomes of this case."""
    same = or_(AbuseCase.order_id.is_(None), AbuseCase.order_id == case.order_id)
    if case.order_id is None:
        same = true()
    return session.scalars(
        select(AbuseCase)
        .where(
            AbuseCase.point_id == case.point_id,
            AbuseCase.id != case.id,
            AbuseCase.action != Action.FLAG,
            AbuseCase.application_id.is_(None),
            AbuseCase.status != Verdict.RELEASED,
            AbuseCase.due_at > at,
            same,
        )
        .order_by(AbuseCase.due_at, AbuseCase.id)
    ).all()


def digest(text: str) -> str:
    """A long identity in the length that a case keeps."""
    return hashlib.sha256(text.encode()).hexdigest()


def _targets(session: Session, point_id: int, order_id: int | None) -> list[On]:
    """The seller's earnings of an order, or everything unpaid of a point."""
    if order_id is None:
        return [On(point_key=keys.point(point_id))]
    entries = session.scalars(
        select(Entry.id)
        .join(SaleRow, SaleRow.id == Entry.sale_id)
        .where(
            SaleRow.key == keys.sale(order_id),
            Entry.point_key == keys.point(point_id),
            Entry.kind == EntryKind.EARN,
            Entry.role == "seller",
        )
    )
    return [On(entry_id=entry_id) for entry_id in entries]


def _key(case_id: int) -> str:
    return f"{OF_REVIEW}{case_id}:"


def _hold_keys(session: Session, case_id: int) -> list[str]:
    return list(
        session.scalars(
            select(Hold.key).where(Hold.key.startswith(_key(case_id)), Hold.released_at.is_(None))
        )
    )
