"""Payees that may be alike, as a family is: the rule about duplicates finds them no more."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import String, cast, delete, select, update
from sqlalchemy.orm import Session

from commissions.abuse.rules import Check
from shop.kernel import audit
from shop.kernel.db import insert_new
from shop.kernel.errors import Invalid, NotFound
from shop.kernel.words import _l
from shop.network.models import Point
from shop.rewards.abuse.models import AbuseCase, AllowedPair


def allow(session: Session, case: AbuseCase, *, note: str, by: str, at: datetime) -> int:
    """Everybody whom this case found alike may be so from now on; how many pairs there are.

    Raises Invalid for a case of another rule, or without a reason.
    """
    payee_id = session.scalar(select(Point.payee_id).where(Point.id == case.point_id))
    if case.rule != Check.DUPLICATE_POINT or payee_id is None:
        raise Invalid(_l("Only points that are alike can be allowed to be so."))
    if not note.strip():
        raise Invalid(_l("Please write down what you found."), field="note")
    pairs = [sorted((payee_id, other_id)) for other_id in others(case)]
    for first, second in pairs:
        row = {"payee_id": first, "other_id": second, "note": note.strip()[:500]}
        session.execute(insert_new(session, AllowedPair).values(**row, at=at, by=by))
        thing = f"{first}:{second}"
        audit.record(session, "abuse_pair.allowed", "abuse_pair", thing, by=by, at=at)
    return len(pairs)


def withdraw(session: Session, payee_id: int, other_id: int, *, by: str, at: datetime) -> None:
    """These two are looked at again. Raises NotFound."""
    gone = session.execute(
        delete(AllowedPair)
        .where(AllowedPair.payee_id == payee_id, AllowedPair.other_id == other_id)
        .returning(AllowedPair.payee_id)
    ).one_or_none()
    if gone is None:
        raise NotFound(_l("There is no such pair."))
    # A likeness is found once for ever; what was found before must not stand in the way now.
    points = select(Point.id).where(Point.payee_id.in_((payee_id, other_id)))
    session.execute(
        update(AbuseCase)
        .where(AbuseCase.rule == Check.DUPLICATE_POINT, AbuseCase.point_id.in_(points))
        .values(identity=cast(AbuseCase.id, String))
    )
    thing = f"{payee_id}:{other_id}"
    audit.record(session, "abuse_pair.withdrawn", "abuse_pair", thing, by=by, at=at)


def pairs(session: Session, *, limit: int = 200) -> Sequence[AllowedPair]:
    """The latest first."""
    newest = (AllowedPair.at.desc(), AllowedPair.payee_id.desc())
    return session.scalars(select(AllowedPair).order_by(*newest).limit(limit)).all()


def others(case: AbuseCase) -> list[int]:
    """The other payees that a case about duplicates found."""
    return [int(one) for one in case.about.split()] if case.rule == Check.DUPLICATE_POINT else []
