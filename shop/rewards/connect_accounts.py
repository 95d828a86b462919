"""Accounts of payees at Stripe: opened from the desk, filled in at Stripe, followed by its news.

No call is made inside a transaction: what Stripe answered is written down afterwards, and the
idempotency key makes the same account of a second try.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shop.gateway import client, connect_news
from shop.gateway.events import AccountChanged
from shop.kernel import audit, clock, db
from shop.kernel.errors import Invalid
from shop.kernel.words import _l
from shop.network import destinations
from shop.network.destinations import Destination
from shop.network.models import Rail
from shop.rewards.payout_models import ConnectAccount

COUNTRIES: Sequence[str] = (
    "AU", "CA", "CH", "DE", "ES", "FR", "GB", "HK", "IT", "JP", "MY", "NL", "NZ", "SG", "TH", "US",
)  # fmt: skip
"""Where Stripe opens express accounts that a brand of the region can pay."""


def of_payee(session: Session, payee_id: int) -> ConnectAccount | None:
    return session.get(ConnectAccount, payee_id)


def begin(payee_id: int, country: str, *, base: str, by: str) -> str:
    """Open the payee's account if there is none, and the address where its owner goes on.

    `base` is the address of the desk's page; Stripe comes back to it. Raises Invalid for an unknown
    country, GatewayUnavailable, GatewayRefused.
    """
    with db.reading() as session:
        known = of_payee(session, payee_id)
        account_id = known.account_id if known else ""
    if not account_id:
        account_id = _open(payee_id, country, by=by)
    return client.account_link(
        {
            "account": account_id,
            "type": "account_onboarding",
            "refresh_url": f"{base}/again",
            "return_url": f"{base}/return",
        }
    )


def come_back(payee_id: int, *, by: str) -> bool:
    """The owner is back from Stripe: ask how far the account is; True if it is complete.

    A complete account becomes the payee's destination, with its cool-down.
    """
    with db.reading() as session:
        known = of_payee(session, payee_id)
        account_id = known.account_id if known else ""
    if not account_id:
        return False
    found = connect_news.fetched(account_id)
    with db.unit_of_work() as session:
        note(session, found)
        if found.is_complete:
            destinations.set_destination(
                session,
                payee_id,
                rail=Rail.CONNECT,
                details={"account_id": account_id},
                by=by,
                at=clock.now(),
            )
    return found.is_complete


def note(session: Session, event: AccountChanged) -> None:
    """Write down what an account can do now; accounts that were not opened here are left alone."""
    session.execute(
        update(ConnectAccount)
        .where(ConnectAccount.account_id == event.account_id)
        .values(
            is_complete=event.is_complete,
            can_receive=event.can_receive,
            pays_out=event.pays_out,
            due=list(event.due),
            checked_at=event.at,
        )
        .execution_options(synchronize_session=False)
    )


def problem(session: Session, payee_id: int, place: Destination) -> str:
    """`account_not_ready` if the place is an account of ours that cannot receive now."""
    if place.rail is not Rail.CONNECT:
        return ""
    can_receive = session.scalar(
        select(ConnectAccount.can_receive).where(ConnectAccount.payee_id == payee_id)
    )
    return "account_not_ready" if can_receive is False else ""


def _open(payee_id: int, country: str, *, by: str) -> str:
    if country not in COUNTRIES:
        raise Invalid(_l("Please choose your country."), field="country")
    made = client.create_account(
        {
            "type": "express",
            "country": country,
            "capabilities": {"transfers": {"requested": True}},
            "metadata": {"payee_id": str(payee_id), "app": "gridshop"},
        },
        key=f"connect-account:{payee_id}",
    )
    account_id, at = str(made["id"]), clock.now()
    with db.unit_of_work() as session:
        _keep(session, payee_id, account_id, country, at)
        audit.record(session, "connect_account.opened", "payee", payee_id, by=by, at=at)
    return account_id


def _keep(session: Session, payee_id: int, account_id: str, country: str, at: datetime) -> None:
    session.execute(
        db.insert_new(session, ConnectAccount).values(
            payee_id=payee_id,
            account_id=account_id,
            country=country,
            is_complete=False,
            can_receive=False,
            pays_out=False,
            due=[],
            created_at=at,
            checked_at=at,
        )
    )
