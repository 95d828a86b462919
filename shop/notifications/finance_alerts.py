"""What people of finance hear when payouts need them: a mail to each, with the page to look at."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from shop.accounts import queries as people
from shop.accounts.models import FINANCE, Account
from shop.kernel import brand as brands
from shop.kernel import jobs
from shop.kernel.db import reading
from shop.kernel.i18n import _, _l, in_locale, text_of
from shop.kernel.words import Words, say
from shop.notifications import outgoing
from shop.rewards.alerts import HALTED, OVERDUE, QUARANTINED, AlertRaised
from shop.rewards.payout_models import FinanceAlert

TELL = "notifications.finance_alert"
_WORDS: Mapping[str, Words] = {
    HALTED: _l(
        "Payouts are halted. Sales go on. Look at the reason, then two people let them go on."
    ),
    QUARANTINED: _l(
        "The facts of a payout disagree. Its page shows what we booked and what Stripe has."
    ),
    OVERDUE: _l(
        "Somebody has been waiting for a payout for more than five weeks and is in no run."
    ),
}


def on_raised(session: Session, event: AlertRaised) -> None:
    """Each of them is written to in a job of its own."""
    for person in people.staff(session):
        if person.staff_roles.intersection(FINANCE) and not person.disabled:
            payload = {"account_id": str(person.id), "alert_id": str(event.alert_id)}
            jobs.enqueue(session, TELL, payload, at=event.at)


def send(payload: Mapping[str, Any]) -> None:
    """Job: tell one person what needs them and where it stands."""
    with reading() as session:
        person = session.get_one(Account, int(payload["account_id"]))
        alert = session.get_one(FinanceAlert, int(payload["alert_id"]))
        brand = brands.current(session)
    path = f"/admin/payouts/{alert.subject_id}" if alert.subject_id else "/admin/payouts"
    with in_locale(person.locale):
        subject = _("%(brand)s: payouts need you", brand=text_of(brand.name))
        body = f"{say(_WORDS[alert.code])}\n\n{outgoing.address(path)}"
        outgoing.send(person.email or person.phone, subject, body)
