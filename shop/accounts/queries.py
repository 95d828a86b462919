"""Reading people: who signs in, who belongs to the staff."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from shop.accounts.models import Account, StaffMembership


@dataclass(frozen=True)
class Person:
    """An account with its staff roles, read-only."""

    id: int
    name: str
    phone: str | None
    email: str | None
    locale: str
    session_version: int
    disabled: bool
    has_password: bool
    has_totp: bool
    staff_roles: frozenset[str]


def person(session: Session, account_id: int) -> Person | None:
    """One account with its roles, one statement."""
    return _one(session, Account.id == account_id)


def person_by_contact(session: Session, contact: str) -> Person | None:
    """The account that a normalized phone number or e-mail address belongs to."""
    return _one(session, (Account.email == contact) if "@" in contact else Account.phone == contact)


def person_by_key(session: Session, key: str) -> Person | None:
    """Whom an audit key such as `account:<id>` names; None for what is no person."""
    kind, _, number = key.partition(":")
    return person(session, int(number)) if kind == "account" and number.isdigit() else None


def names_of(session: Session, actors: Iterable[str]) -> dict[str, str]:
    """Names behind the `account:<id>` keys of audit rows and timelines; one statement."""
    numbers = {key: key.removeprefix("account:") for key in actors}
    ids = {int(number): key for key, number in numbers.items() if number.isdigit()}
    if not ids:
        return {}
    rows = session.execute(
        select(Account.id, Account.name, Account.email, Account.phone).where(
            Account.id.in_(sorted(ids))
        )
    )
    return {ids[row.id]: row.name or row.email or row.phone or "" for row in rows}


def key_of(session: Session, typed: str) -> str:
    """The audit key of whom somebody typed: an e-mail, a phone number, a name, or the key itself."""
    row = session.execute(
        select(Account.id)
        .where(or_(Account.email == typed.lower(), Account.phone == typed, Account.name == typed))
        .order_by(Account.id)
        .limit(1)
    ).one_or_none()
    return f"account:{row.id}" if row else typed


def staff(session: Session) -> list[Person]:
    """Everybody with a role at the brand, by name."""
    ids = select(StaffMembership.account_id)
    rows = _rows(session, Account.id.in_(ids))
    return sorted(rows, key=lambda one: (one.name, one.id))


def _one(session: Session, condition: ColumnElement[bool]) -> Person | None:
    found = _rows(session, condition)
    return found[0] if found else None


def _rows(session: Session, condition: ColumnElement[bool]) -> list[Person]:
    rows = session.execute(
        select(Account, StaffMembership.role)
        .outerjoin(StaffMembership, StaffMembership.account_id == Account.id)
        .where(condition)
        .order_by(Account.id)
    ).all()
    accounts: dict[int, Account] = {}
    roles: dict[int, set[str]] = {}
    for account, role in rows:
        accounts[account.id] = account
        roles.setdefault(account.id, set()).update([role] if role else [])
    return [_person(account, roles[account.id]) for account in accounts.values()]


def _person(account: Account, roles: set[str]) -> Person:
    return Person(
        id=account.id,
        name=account.name,
        phone=account.phone,
        email=account.email,
        locale=account.locale,
        session_version=account.session_version,
        disabled=account.disabled_at is not None,
        has_password=bool(account.password_hash),
        # A secret counts once a code of it was used; an interrupted set-up may begin anew.
        has_totp=bool(account.totp_secret) and account.totp_last_step > 0,
        staff_roles=frozenset(roles),
    )
