"""How somebody becomes a point: apply and be approved, or accept an invitation.

There is no fee and no purchase on the way, and no column that could hold one (law is schema,
reference commissions §6.2).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from shop.kernel import audit, clock, events, ids, jobs
from shop.kernel.errors import Conflict, Invalid, NotFound
from shop.kernel.events import Event
from shop.kernel.words import _l
from shop.network import points
from shop.network.models import (
    Application,
    Invitation,
    Point,
    PointKind,
    PointRole,
    PointStatus,
)
from shop.network.points import NewPoint

INVITE = "network.send_invitation"
INVITATION_LIFE = timedelta(days=14)


@dataclass(frozen=True)
class ApplicationDecided(Event):
    """An application was approved or declined; whoever asked wants to hear it."""

    application_id: int
    at: datetime


@dataclass(frozen=True)
class ApplicationMade(Event):
    """Somebody asks to become a point; whoever hears it may refuse by an error that says why."""

    application_id: int
    point_id: int
    account_id: int
    at: datetime


class InvitationGone(NotFound):
    code = "invitation_gone"

    def __init__(self) -> None:
        super().__init__(
            _l("This invitation was used or has expired. Ask whoever invited you for a new one.")
        )


def apply(
    session: Session, *, account_id: int, kind: PointKind, name: str, words: str, at: datetime
) -> int:
    """Ask to become a point; returns the point, which waits for approval.

    Raises Conflict if this person's application is still open.
    """
    waiting = session.scalar(
        select(Application.id).where(
            Application.account_id == account_id, Application.decided_at.is_(None)
        )
    )
    if waiting is not None:
        raise Conflict(_l("Your application is already with us. You will hear from us soon."))
    point_id = points.make(
        session,
        NewPoint(kind=kind, name=name),
        by=f"account:{account_id}",
        at=at,
        owner_account_id=account_id,
        status=PointStatus.APPLIED,
    )
    application_id = ids.new()
    session.execute(
        insert(Application).values(
            id=application_id,
            point_id=point_id,
            account_id=account_id,
            words=words[:2000],
            applied_at=at,
            decided_by="",
            note="",
        )
    )
    events.publish(session, ApplicationMade(application_id, point_id, account_id, at))
    return point_id


def decide(
    session: Session, point_id: int, *, approve: bool, note: str, by: str, at: datetime
) -> None:
    """Approve or decline an application; the conditional update decides between two people.

    `note` is sent to whoever applied; a refusal needs one.
    Raises Conflict if it was decided before, Invalid for a refusal without a reason.
    """
    decided = session.execute(
        update(Application)
        .where(Application.point_id == point_id, Application.decided_at.is_(None))
        .values(decided_at=at, decided_by=by, approved=approve, note=note[:1000])
        .returning(Application.id)
    ).one_or_none()
    if decided is None:
        raise Conflict(_l("Somebody else has decided this application already."))
    if not approve and not note.strip():  # asked second: a decided one needs no reason any more
        raise Invalid(_l("Please say why; the applicant reads it."), field="note")
    to = PointStatus.ACTIVE if approve else PointStatus.CLOSED
    points.change_status(session, point_id, to, by=by, at=at, note=note)
    # After the change of status: an approved point has its storefront now.
    events.publish(session, ApplicationDecided(decided.id, at))


def invite(
    session: Session,
    point_id: int,
    role: PointRole,
    contact: str,
    *,
    locale: str,
    by: str,
    at: datetime,
) -> int:
    """Invite somebody to work at a point; the sending job makes the token.

    `locale` is what the inviter speaks: it is used for somebody whom we do not know yet.
    """
    invitation_id = ids.new()
    session.execute(
        insert(Invitation).values(
            id=invitation_id,
            token_hash="",
            point_id=point_id,
            role=role,
            contact=contact,
            invited_by=by,
            created_at=at,
            expires_at=at + INVITATION_LIFE,
        )
    )
    payload = {"invitation_id": str(invitation_id), "locale": locale}
    jobs.enqueue(session, INVITE, payload, at=at)
    audit.record(session, "point.invited", "point", point_id, by=by, at=at, after={"role": role})
    return invitation_id


@dataclass(frozen=True)
class Ready:
    """An invitation that can be sent now."""

    contact: str
    point_name: str
    invited_by: str
    token: str


def make_token(session: Session, invitation_id: int) -> Ready | None:
    """For the sending job: the invitation with a fresh token; None if it was accepted or is over."""
    token = ids.public_token()
    row = session.execute(
        update(Invitation)
        .where(
            Invitation.id == invitation_id,
            Invitation.accepted_at.is_(None),
            Invitation.expires_at > clock.now(),
        )
        .values(token_hash=_hash(token))
        .returning(Invitation.contact, Invitation.point_id, Invitation.invited_by)
    ).one_or_none()
    if row is None:
        return None
    name = session.execute(select(Point.name).where(Point.id == row.point_id)).scalar_one()
    return Ready(row.contact, name, row.invited_by, token)


def open_invitation(session: Session, token: str, *, at: datetime) -> Invitation:
    """The invitation behind a link; raises InvitationGone."""
    found = session.scalars(
        select(Invitation).where(
            Invitation.token_hash == _hash(token),
            Invitation.accepted_at.is_(None),
            Invitation.expires_at > at,
        )
    ).one_or_none()
    if found is None:
        raise InvitationGone
    return found


def accept(session: Session, token: str, *, account_id: int, at: datetime) -> int:
    """Take the role; returns the point. One use, by one conditional update."""
    row = session.execute(
        update(Invitation)
        .where(
            Invitation.token_hash == _hash(token),
            Invitation.accepted_at.is_(None),
            Invitation.expires_at > at,
        )
        .values(accepted_at=at, accepted_by=account_id)
        .returning(Invitation.point_id, Invitation.role)
    ).one_or_none()
    if row is None:
        raise InvitationGone
    points.join(session, row.point_id, account_id, PointRole(row.role), at=at)
    audit.record(
        session,
        "point.joined",
        "point",
        row.point_id,
        by=f"account:{account_id}",
        at=at,
        after={"role": row.role},
    )
    return int(row.point_id)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def point_name(session: Session, point_id: int) -> str:
    """The name of the point that an invitation is for."""
    return session.execute(select(Point.name).where(Point.id == point_id)).scalar_one()
