"""What a point's owners hear when the brand has answered their objection.

Separate from messages.py because the words are those of one person to another.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.accounts.models import Account
from shop.kernel import brand as brands
from shop.kernel import jobs
from shop.kernel.db import reading
from shop.kernel.i18n import _, in_locale, text_of
from shop.network.models import PointMembership, PointRole
from shop.notifications import outgoing
from shop.rewards.objections import Objection, ObjectionAnswered, ObjectionState, Subject

TELL_OF_ANSWER = "notifications.objection_answered"


def on_answered(session: Session, event: ObjectionAnswered) -> None:
    """Each owner is written to in a job of its own."""
    owners = session.scalars(
        select(PointMembership.account_id)
        .where(PointMembership.point_id == event.point_id, PointMembership.role == PointRole.OWNER)
        .order_by(PointMembership.account_id)
    )
    for account_id in owners.all():
        payload = {"account_id": str(account_id), "objection_id": str(event.objection_id)}
        jobs.enqueue(session, TELL_OF_ANSWER, payload, at=event.at)


def send_answer(payload: Mapping[str, Any]) -> None:
    """Job: tell one owner what was decided, in the answer's own words."""
    with reading() as session:
        owner = session.get_one(Account, int(payload["account_id"]))
        said = session.get_one(Objection, int(payload["objection_id"]))
        brand = brands.current(session)
    with in_locale(owner.locale):
        name = text_of(brand.name)
        subject = (
            _("%(brand)s agrees with your objection", brand=name)
            if said.status == ObjectionState.UPHELD
            else _("%(brand)s has answered your objection", brand=name)
        )
        where = "earnings" if said.subject == Subject.ENTRY else "lines"
        link = outgoing.address(f"/desk/{where}/{said.subject_id}")
        outgoing.send(owner.email or owner.phone, subject, f"{said.answer}\n\n{link}")
