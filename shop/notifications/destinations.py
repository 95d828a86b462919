"""What the owners hear when money is to go somewhere else: the warning that a thief cannot stop.

Sent to whoever owns the payee's points, while the new destination still rests.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from shop.accounts.models import Account
from shop.kernel import brand as brands
from shop.kernel import jobs
from shop.kernel.brand import Brand
from shop.kernel.db import reading
from shop.kernel.i18n import _, in_locale, text_of
from shop.kernel.moments import format_moment
from shop.network import queries
from shop.network.destinations import DestinationChanged
from shop.network.models import PayeeDestination
from shop.notifications import outgoing

TELL_OWNERS = "notifications.destination_changed"


def on_changed(session: Session, event: DestinationChanged) -> None:
    """Each owner is written to in a job of its own."""
    for account_id in queries.owners_of_payee(session, event.payee_id):
        payload = {"account_id": str(account_id), "destination_id": str(event.destination_id)}
        jobs.enqueue(session, TELL_OWNERS, payload, at=event.at)


def send_warning(payload: Mapping[str, Any]) -> None:
    """Job: tell one owner where payouts will go, from when on, and what to do if that is wrong."""
    with reading() as session:
        owner = session.get_one(Account, int(payload["account_id"]))
        destination = session.get_one(PayeeDestination, int(payload["destination_id"]))
        brand = brands.current(session)
    with in_locale(owner.locale):
        subject = _("%(brand)s: your payouts go to another account", brand=text_of(brand.name))
        outgoing.send(owner.email or owner.phone, subject, _body(destination, brand))


def _body(destination: PayeeDestination, brand: Brand) -> str:
    parts = [
        _("From now on your payouts are to go to: %(label)s", label=destination.label),
        _(
            "It is used from %(moment)s on; until then nothing is paid.",
            moment=format_moment(destination.usable_from, brand.zone),
        ),
        _(
            "If that was not you, sign in, correct it, and tell us at once. %(reach)s",
            reach=brand.reach,
        ),
        outgoing.address("/desk/payee"),
    ]
    return "\n\n".join(parts)
