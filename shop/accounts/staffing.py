"""Members of the brand's staff come, are stopped, and start over with their second factor.

They get no password from anybody: the invitation leads to the sign-in by one-time code, and the
person then chooses a password and sets the second factor up.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from shop.accounts import queries, register
from shop.accounts.models import Account, StaffRole
from shop.accounts.queries import Person
from shop.kernel import audit, jobs
from shop.kernel.errors import Conflict, Invalid, NotFound
from shop.kernel.words import _l

WELCOME = "accounts.welcome_staff"


def invite(
    session: Session,
    email: str,
    *,
    name: str,
    roles: Collection[StaffRole],
    locale: str,
    by: str,
    at: datetime,
) -> Person:
    """Make or find the account, give it its roles, and have the way in sent to it.

    Raises Invalid without a role, FourEyes for two roles that check each other.
    """
    if not roles:
        raise Invalid(_l("Please choose at least one role."), field="roles")
    person = register.with_contact(session, email, name=name, locale=locale, at=at)
    if name and not person.name:
        session.execute(update(Account).where(Account.id == person.id).values(name=name))
    for role in sorted(roles):
        register.grant(session, person.id, role, by=by, at=at)
    jobs.enqueue(session, WELCOME, {"account_id": str(person.id)}, at=at)
    return person


def disable(session: Session, account_id: int, *, by: str, at: datetime) -> bool:
    """Keep a person out from now on, everywhere; False if that was so before.

    Raises Conflict for oneself and for the last administrator.
    """
    person = _existing(session, account_id)
    if by == f"account:{account_id}":
        raise Conflict(_l("You cannot shut yourself out."))
    if person.disabled:
        return False
    if StaffRole.ADMIN in person.staff_roles:
        register.need_another_admin(session, account_id)
    session.execute(
        update(Account)
        .where(Account.id == account_id, Account.disabled_at.is_(None))
        .values(disabled_at=at, session_version=Account.session_version + 1)
    )
    audit.record(session, "account.disabled", "account", account_id, by=by, at=at)
    return True


def enable(session: Session, account_id: int, *, by: str, at: datetime) -> bool:
    """Let a person in again; False if nobody kept them out."""
    if not _existing(session, account_id).disabled:
        return False
    session.execute(update(Account).where(Account.id == account_id).values(disabled_at=None))
    audit.record(session, "account.enabled", "account", account_id, by=by, at=at)
    return True


def sign_out(session: Session, account_id: int, *, by: str, at: datetime) -> None:
    """End all sessions of a person, for example after a phone was lost."""
    _existing(session, account_id)
    register.sign_out_everywhere(session, account_id)
    audit.record(session, "account.signed_out", "account", account_id, by=by, at=at)


def forget_second_factor(session: Session, account_id: int, *, by: str, at: datetime) -> None:
    """Let a person set the second factor up anew; the password stays and all sessions end.

    Raises Conflict for oneself: another administrator must have looked who asks.
    """
    _existing(session, account_id)
    if by == f"account:{account_id}":
        raise Conflict(_l("Another administrator must do this for you."))
    session.execute(
        update(Account)
        .where(Account.id == account_id)
        .values(totp_secret="", totp_last_step=0, session_version=Account.session_version + 1)
    )
    audit.record(session, "account.second_factor_forgotten", "account", account_id, by=by, at=at)


def _existing(session: Session, account_id: int) -> Person:
    person = queries.person(session, account_id)
    if person is None:
        raise NotFound(_l("We cannot find this account."))
    return person
