"""Which law the plans of the brand are checked against: the profile in force, and changes of it.

The house ships China; the brand adds what it needs. Whoever could raise a ceiling alone could allow
a plan alone, so a profile holds once a second person of finance agreed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commissions.arithmetic import FULL_BPS
from commissions.law import CHINA, LegalProfile, Requirement
from shop.kernel import audit, ids
from shop.kernel.errors import Conflict, Invalid, NotFound
from shop.kernel.words import Words, _l
from shop.rewards import proposals
from shop.rewards.law_models import LegalProfileRow
from shop.rewards.models import Act


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A profile as somebody wants it."""

    key: str
    name: str
    ceiling_bps: int
    warning_bps: int
    upline_allowed: bool = False
    upline_reason: str = ""
    upline_service: str = ""
    requires: Collection[Requirement] = tuple(Requirement)
    source: str = ""


def in_force(session: Session, *, at: datetime) -> LegalProfile:
    """The profile that holds at a moment: of those agreed to, the one that began last."""
    row = session.scalars(
        select(LegalProfileRow)
        .where(LegalProfileRow.agreed_at.is_not(None), LegalProfileRow.effective_from <= at)
        .order_by(LegalProfileRow.effective_from.desc(), LegalProfileRow.id.desc())
        .limit(1)
    ).first()
    return CHINA if row is None else profile_of(row)


def coming(session: Session, *, at: datetime) -> list[LegalProfileRow]:
    """Profiles that were agreed to and begin later, the next one first."""
    return list(
        session.scalars(
            select(LegalProfileRow)
            .where(LegalProfileRow.agreed_at.is_not(None), LegalProfileRow.effective_from > at)
            .order_by(LegalProfileRow.effective_from, LegalProfileRow.id)
        )
    )


def history(session: Session) -> Sequence[LegalProfileRow]:
    """Every version that was ever agreed to, the one that begins last on top."""
    return session.scalars(
        select(LegalProfileRow)
        .where(LegalProfileRow.agreed_at.is_not(None))
        .order_by(LegalProfileRow.effective_from.desc(), LegalProfileRow.id.desc())
    ).all()


def by_id(session: Session, profile_id: int) -> LegalProfileRow | None:
    """One version of a profile."""
    return session.get(LegalProfileRow, profile_id)


def profile_of(row: LegalProfileRow) -> LegalProfile:
    """A row in the engine's words."""
    return LegalProfile(
        key=row.key,
        name=row.name,
        number=row.number,
        ceiling_bps=row.ceiling_bps,
        warning_bps=row.warning_bps,
        upline_allowed=row.upline_allowed,
        upline_reason=row.upline_reason,
        upline_service=row.upline_service,
        requires=tuple(Requirement(one) for one in row.requires),
        source=row.source,
        reference=str(row.id),
    )


def propose(session: Session, wanted: Wanted, *, begins: datetime, by: str, at: datetime) -> int:
    """A new profile, or a new version of one; it holds once a second person agreed.

    Raises Invalid with every bad field named, Conflict if another one waits.
    """
    _check(wanted, begins, at)
    if proposals.waiting(session, Act.LAW, LegalProfileRow):
        raise Conflict(_l("Another profile waits for a second person."))
    latest = select(func.max(LegalProfileRow.number)).where(LegalProfileRow.key == wanted.key)
    row = LegalProfileRow(
        id=ids.new(),
        key=wanted.key,
        number=1 + (session.scalar(latest) or 0),
        name=wanted.name.strip(),
        ceiling_bps=wanted.ceiling_bps,
        warning_bps=wanted.warning_bps,
        upline_allowed=wanted.upline_allowed,
        upline_reason=wanted.upline_reason.strip() if wanted.upline_allowed else "",
        upline_service=wanted.upline_service.strip() if wanted.upline_allowed else "",
        requires=[one.value for one in Requirement if one in wanted.requires],
        source=wanted.source.strip(),
        effective_from=begins,
        proposed_by=by,
        proposed_at=at,
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:  # somebody took the number meanwhile
        raise Conflict(_l("Another profile waits for a second person.")) from error
    return row.id


def put_in_force(session: Session, profile_id: int, *, by: str, at: datetime) -> None:
    """A second person agreed. It begins on its day, and never in the past."""
    row = session.get(LegalProfileRow, profile_id)
    if row is None or row.agreed_at is not None:
        raise NotFound(_l("There is no such profile."))
    before = in_force(session, at=at)
    row.agreed_by, row.agreed_at = by, at
    row.effective_from = max(row.effective_from, at)
    session.flush()
    audit.record(
        session, "legal_profile.agreed", "legal_profile", profile_id, by=by, at=at,
        before=_plain(before), after=_plain(profile_of(row)),
    )  # fmt: skip


def _plain(profile: LegalProfile) -> dict[str, str | int | bool | list[str]]:
    return {
        "key": profile.key,
        "number": profile.number,
        "ceiling_bps": profile.ceiling_bps,
        "warning_bps": profile.warning_bps,
        "upline_allowed": profile.upline_allowed,
        "upline_reason": profile.upline_reason,
        "requires": [one.value for one in profile.requires],
    }


def _check(wanted: Wanted, begins: datetime, at: datetime) -> None:
    wrong: dict[str, Words | str] = {}
    key = wanted.key
    if not (key.replace("_", "").isalnum() and key.isascii() and key.islower() and len(key) <= 40):
        wrong["key"] = _l("A key has small letters and digits, such as china.")
    lengths = {"name": 120, "source": 2000, "upline_reason": 500, "upline_service": 500}
    for name, longest in lengths.items():
        if len(getattr(wanted, name)) > longest:
            wrong[name] = _l("This is too long.")
    asked = ["name", "source"]
    if wanted.upline_allowed:
        asked += ["upline_reason", "upline_service"]
    for name in asked:
        if not getattr(wanted, name).strip():
            wrong[name] = _l("Please fill this in.")
    if not 0 <= wanted.ceiling_bps <= FULL_BPS:
        wrong["ceiling"] = _l("A ceiling is between 0 and 100 percent.")
    elif not 0 <= wanted.warning_bps <= wanted.ceiling_bps:
        wrong["warning"] = _l("The warning cannot be above the ceiling.")
    if begins < at:
        wrong["from"] = _l("A profile cannot begin in the past.")
    if wrong:
        raise Invalid(_l("Please check the marked fields."), fields=wrong)
