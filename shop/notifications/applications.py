"""What somebody who asked to become a point hears: the shop is open, or why not.

Separate from messages.py because the receiver is an account, not the contact of an order.
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
from shop.network.joining import ApplicationDecided
from shop.network.models import Application, Point
from shop.notifications import outgoing
from shop.storefront.models import Storefront

TO_APPLICANT = "notifications.to_applicant"


def on_decided(session: Session, event: ApplicationDecided) -> None:
    """The applicant learns of the decision, in a job of its own."""
    payload = {"application_id": str(event.application_id)}
    jobs.enqueue(session, TO_APPLICANT, payload, at=event.at)


def send_decision(payload: Mapping[str, Any]) -> None:
    """Job: write to the applicant, in the language of the account, what was decided."""
    with reading() as session:
        row = session.execute(
            select(
                Application.approved,
                Application.note,
                Point.name,
                Storefront.slug,
                Account.email,
                Account.phone,
                Account.locale,
            )
            .join(Point, Point.id == Application.point_id)
            .join(Account, Account.id == Application.account_id)
            .outerjoin(Storefront, Storefront.point_id == Point.id)
            .where(Application.id == int(payload["application_id"]))
        ).one()
        brand = brands.current(session)
    with in_locale(row.locale):
        write = _welcome if row.approved else _refusal
        subject, body = write(row, text_of(brand.name))
        outgoing.send(row.email or row.phone, subject, body)


def _welcome(row: Any, brand: str) -> tuple[str, str]:
    shop = outgoing.public_address(f"/s/{row.slug}/" if row.slug else "/", row.locale)
    parts = [
        _("Your shop is open. Send its address to people you know:"),
        shop,
        row.note,
        _("On your desk you find links to share, your orders and what you earn. Sign in there:"),
        outgoing.address("/desk/"),
    ]
    subject = _("%(brand)s: your shop “%(name)s” is open", brand=brand, name=row.name)
    return subject, "\n\n".join(filter(None, parts))


def _refusal(row: Any, brand: str) -> tuple[str, str]:
    parts = [
        _("Thank you for asking. We cannot open “%(name)s” now.", name=row.name),
        _("The reason: %(reason)s", reason=row.note) if row.note else "",
        _("You may apply again when that has changed:"),
        outgoing.public_address("/apply", row.locale),
    ]
    subject = _("%(brand)s: about your application", brand=brand)
    return subject, "\n\n".join(filter(None, parts))
