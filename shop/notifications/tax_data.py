"""What the owners hear when a payee's tax data is to change: the warning while it still rests."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from shop.accounts.models import Account
from shop.kernel import brand as brands
from shop.kernel import jobs
from shop.kernel.db import reading
from shop.kernel.i18n import _, in_locale, text_of
from shop.kernel.moments import format_moment
from shop.network import queries
from shop.notifications import outgoing
from shop.rewards.tax_changes import TaxDataChanging
from shop.rewards.tax_models import PayeeTaxChange

TELL_OWNERS = "notifications.tax_data_changing"


def on_changing(session: Session, event: TaxDataChanging) -> None:
    """Each owner is written to in a job of its own."""
    for account_id in queries.owners_of_payee(session, event.payee_id):
        payload = {"account_id": str(account_id), "change_id": str(event.change_id)}
        jobs.enqueue(session, TELL_OWNERS, payload, at=event.at)


def send_warning(payload: Mapping[str, Any]) -> None:
    """Job: tell one owner that tax data was entered, and what to do if that is wrong."""
    with reading() as session:
        owner = session.get_one(Account, int(payload["account_id"]))
        change = session.get_one(PayeeTaxChange, int(payload["change_id"]))
        brand = brands.current(session)
    with in_locale(owner.locale):
        body = [
            _("Somebody entered new tax data for your earnings."),
            _(
                "The brand looks at it and accepts it on %(moment)s at the earliest.",
                moment=format_moment(change.usable_from, brand.zone),
            ),
            _(
                "If that was not you, sign in, withdraw it, and tell us at once. %(reach)s",
                reach=brand.reach,
            ),
            outgoing.address("/desk/payee/tax"),
        ]
        subject = _("%(brand)s: your tax data is to change", brand=text_of(brand.name))
        outgoing.send(owner.email or owner.phone, subject, "\n\n".join(body))
