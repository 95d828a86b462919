"""Making accounts: a buyer or owner by a confirmed contact, staff by an administrator."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shop.accounts import queries
from shop.accounts.models import FINANCE, Account, StaffMembership, StaffRole
from shop.accounts.queries import Person
from shop.kernel import audit, ids
from shop.kernel.errors import Conflict, NotFound
from shop.kernel.words import _l


class FourEyes(Conflict):
    code = "four_eyes"

    def __init__(self) -> None:
        super().__init__(
            _l("One person cannot prepare payouts and approve them. Give one of the roles only.")
        )


def with_contact(session: Session, contact: str, *, name: str, locale: str, at: datetime) -> Person:
    """The account of a confirmed contact, made now if there is none."""
    known = queries.person_by_contact(session, contact)
    if known is not None:
        return known
    account_id = ids.new()
    column = "email" if "@" in contact else "phone"
    try:
        with session.begin_nested():
            session.execute(
                insert(Account).values(
                    id=account_id,
                    name=name,
                    locale=locale,
                    created_at=at,
                    session_version=1,
                    totp_last_step=0,
                    **{column: contact},
                )
            )
    except IntegrityError:  # the same contact was confirmed in another tab at the same moment
        pass
    found = queries.person_by_contact(session, contact)
    if found is None:
        raise NotFound(_l("We cannot find this account."))
    return found


def grant(session: Session, account_id: int, role: StaffRole, *, by: str, at: datetime) -> None:
    """Give a person a role at the brand; holding it already is fine.

    Raises FourEyes for the second of the two roles that check each other.
    """
    _take_turn(session, [account_id])
    person = _existing(session, account_id)
    if role in person.staff_roles:
        return
    if person.staff_roles | {role} >= set(FINANCE):
        raise FourEyes
    session.execute(
        insert(StaffMembership).values(
            account_id=account_id, role=role, granted_at=at, granted_by=by
        )
    )
    audit.record(
        session, "staff.granted", "account", account_id, by=by, at=at, after={"role": role}
    )


def revoke(session: Session, account_id: int, role: StaffRole, *, by: str, at: datetime) -> None:
    """Take a role away and sign the person out everywhere.

    Raises Conflict for the last administrator, who could never be replaced.
    """
    if role is StaffRole.ADMIN:
        need_another_admin(session, account_id)
    session.execute(
        delete(StaffMembership).where(
            StaffMembership.account_id == account_id, StaffMembership.role == role
        )
    )
    sign_out_everywhere(session, account_id)
    audit.record(
        session, "staff.revoked", "account", account_id, by=by, at=at, before={"role": role}
    )


def sign_out_everywhere(session: Session, account_id: int) -> None:
    """End all sessions of an account."""
    session.execute(
        update(Account)
        .where(Account.id == account_id)
        .values(session_version=Account.session_version + 1)
    )


def need_another_admin(session: Session, account_id: int) -> None:
    """Raises Conflict if nobody else could administer the shop.

    Administrators who go at the same moment stand in line, else both would find the other.
    """
    known = {one.id for one in queries.staff(session) if StaffRole.ADMIN in one.staff_roles}
    _take_turn(session, sorted(known))
    others = [
        one
        for one in queries.staff(session)
        if StaffRole.ADMIN in one.staff_roles and not one.disabled and one.id != account_id
    ]
    if not others:
        raise Conflict(_l("Somebody must remain administrator."))


def _take_turn(session: Session, account_ids: Sequence[int]) -> None:
    """Changes of an account's roles stand in line at its row; SQLite has one writer anyway."""
    session.execute(
        select(Account.id)
        .where(Account.id.in_(account_ids))
        .order_by(Account.id)
        .with_for_update(key_share=True)
    )


def _existing(session: Session, account_id: int) -> Person:
    person = queries.person(session, account_id)
    if person is None:
        raise NotFound(_l("We cannot find this account."))
    return person
