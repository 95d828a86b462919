"""Messages that go to points, staff and whoever signs in or is invited.

Handlers write outbox rows only; the texts are made by the sending job, in the receiver's language,
from ids, so that no personal data waits in a queue.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.accounts import codes
from shop.accounts import queries as people
from shop.accounts.models import Account
from shop.kernel import brand as brands
from shop.kernel import clock, jobs
from shop.kernel.db import reading, unit_of_work
from shop.kernel.i18n import LOCALES, _, in_locale, text_of
from shop.kernel.money import format_money
from shop.network import joining
from shop.network.models import PointMembership, PointRole
from shop.notifications import buyers, outgoing
from shop.orders.events import OrderPlaced
from shop.orders.models import Order, OrderLine
from shop.sharing.models import LineAttribution

TELL = "notifications.placed"
TO_POINT = "notifications.to_point"


def on_placed(session: Session, event: OrderPlaced) -> None:
    """One row in the sale's own transaction; who is written to is looked up by the worker."""
    jobs.enqueue(session, TELL, {"order_id": str(event.order_id)}, at=event.at)


def tell_of_placed(session: Session, payload: Mapping[str, Any]) -> None:
    """Job: the buyer gets a confirmation; each point that brought a line gets a ping."""
    order_id, at = int(payload["order_id"]), clock.now()
    buyers.tell(session, order_id, "placed", at=at)
    points = session.scalars(
        select(LineAttribution.point_id)
        .where(LineAttribution.order_id == order_id, LineAttribution.point_id.is_not(None))
        .distinct()
        .order_by(LineAttribution.point_id)
    ).all()
    for point_id in points:
        whom = {"order_id": str(order_id), "point_id": str(point_id)}
        jobs.enqueue(session, TO_POINT, whom, at=at)


def send_to_point(payload: Mapping[str, Any]) -> None:
    """Job: tell a point's owners of a sale."""
    order_id, point_id = int(payload["order_id"]), int(payload["point_id"])
    with reading() as session:
        owners = session.execute(
            select(Account.email, Account.phone, Account.locale)
            .join(PointMembership, PointMembership.account_id == Account.id)
            .where(PointMembership.point_id == point_id, PointMembership.role == PointRole.OWNER)
        ).all()
        order = session.execute(
            select(Order.number, Order.currency).where(Order.id == order_id)
        ).one()
        amounts = session.scalars(
            select(OrderLine.line_amount)
            .join(LineAttribution, LineAttribution.order_line_id == OrderLine.id)
            .where(OrderLine.order_id == order_id, LineAttribution.point_id == point_id)
        ).all()
    for owner in owners:
        with in_locale(owner.locale):
            total = format_money(sum(amounts), order.currency)
            subject = _("A sale in your shop: %(total)s", total=total)
            words = _("Order %(number)s. See what you earn:", number=order.number)
            link = outgoing.address("/desk/earnings")
            outgoing.send(owner.email or owner.phone, subject, f"{words}\n\n{link}")


def send_code(payload: Mapping[str, Any]) -> None:
    """Job: make a one-time code and send it; only its hash is kept."""
    with unit_of_work() as session:
        made = codes.make(session, int(payload["code_id"]))
        brand = brands.current(session)
    if made is None:
        return
    contact, code = made
    with in_locale(str(payload.get("locale", "zh"))):
        subject = _("%(code)s is your code for %(brand)s", code=code, brand=text_of(brand.name))
        outgoing.send(contact, subject, _("It is valid for ten minutes. Tell it to nobody."))


def send_invitation(payload: Mapping[str, Any]) -> None:
    """Job: make an invitation's token and send its link."""
    with unit_of_work() as session:
        made = joining.make_token(session, int(payload["invitation_id"]))
        brand = brands.current(session)
        locale = _of_invitation(session, made, str(payload.get("locale", ""))) if made else ""
    if made is None:
        return
    with in_locale(locale):
        subject = _(
            "%(brand)s invites you to %(point)s", brand=text_of(brand.name), point=made.point_name
        )
        link = outgoing.public_address(f"/invite/{made.token}", locale)
        outgoing.send(made.contact, subject, f"{_('Open this link to join:')}\n\n{link}")


def _of_invitation(session: Session, made: joining.Ready, inviters: str) -> str:
    """The receiver's language where the account is known, else what the inviter speaks."""
    receiver = people.person_by_contact(session, made.contact)
    if receiver is not None:
        return receiver.locale
    if inviters in LOCALES:
        return inviters
    inviter = people.person_by_key(session, made.invited_by)
    return inviter.locale if inviter is not None else LOCALES[0]


def send_staff_welcome(payload: Mapping[str, Any]) -> None:
    """Job: tell a new member of staff how to get in; the mail itself opens nothing."""
    with reading() as session:
        row = session.execute(
            select(Account.email, Account.phone, Account.locale).where(
                Account.id == int(payload["account_id"])
            )
        ).one()
        brand = brands.current(session)
    with in_locale(row.locale):
        subject = _("You belong to the staff of %(brand)s", brand=text_of(brand.name))
        words = _(
            "Sign in with this address and the code that we send you. "
            "Then choose a password and set up the second factor."
        )
        outgoing.send(row.email or row.phone, subject, f"{words}\n\n{outgoing.address('/sign-in')}")
