"""Staff sign in with a password and a second factor; nobody else has a password."""

from datetime import timedelta

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shop.accounts import limits
from shop.accounts.models import Account
from shop.kernel import clock, signing
from shop.kernel.errors import Invalid
from shop.kernel.words import _l

SHORTEST = 12
_hasher = PasswordHasher()
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$zQ4AmlqATzjYJpurLubYyQ$VCRrCPPeDDHbyBIUnfft8aWoJRtep7ZnSRkQholFYzo"
"""Hash of a password that was thrown away: verified for unknown contacts, so that an answer takes as
long as for known ones. Written down, because to reckon it costs each command of the shop 0.1 s.
"""


class WrongPassword(Invalid):
    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__(_l("Contact or password is not right."), field="password")


class WrongSecondFactor(Invalid):
    code = "wrong_second_factor"

    def __init__(self) -> None:
        super().__init__(
            _l("This code is not right. Wait for the next one and try again."), field="code"
        )


def set_password(session: Session, account_id: int, password: str) -> None:
    """Store a new password and end all sessions.

    Raises Invalid if it is shorter than 12 characters.
    """
    if len(password) < SHORTEST:
        raise Invalid(
            _l("Please choose at least %(count)s characters.", count=SHORTEST), field="password"
        )
    session.execute(
        update(Account)
        .where(Account.id == account_id)
        .values(password_hash=_hasher.hash(password), session_version=Account.session_version + 1)
    )


def check(session: Session, contact: str, password: str) -> int:
    """The account id behind contact and password.

    Raises WrongPassword for anything wrong, in equal time. Tries are counted by `count_try`.
    """
    column = Account.email if "@" in contact else Account.phone
    row = session.execute(
        select(Account.id, Account.password_hash).where(
            column == contact, Account.disabled_at.is_(None)
        )
    ).one_or_none()
    stored = row.password_hash if row and row.password_hash else NOBODY
    try:
        _hasher.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        raise WrongPassword from None
    if row is None or not row.password_hash:
        raise WrongPassword
    return int(row.id)


def count_try(session: Session, contact: str, *, remote: str) -> None:
    """Count a try before the costly check.

    Raises TooManyTries beyond 10 in 15 minutes for a contact or 50 for an address.
    """
    limits.count(session, f"password:{contact}", most=10, window=timedelta(minutes=15))
    limits.count(session, f"password-from:{remote}", most=50, window=timedelta(minutes=15))


def begin_second_factor(session: Session, account_id: int) -> str:
    """A new secret for an authenticator app; it counts once `use_second_factor` has seen a code."""
    secret = pyotp.random_base32()
    session.execute(
        update(Account)
        .where(Account.id == account_id)
        .values(totp_secret=signing.seal(secret), totp_last_step=0)
    )
    return secret


def provisioning_uri(secret: str, *, contact: str, issuer: str) -> str:
    """What the QR code for an authenticator app says."""
    return pyotp.TOTP(secret).provisioning_uri(name=contact, issuer_name=issuer)


def use_second_factor(session: Session, account_id: int, code: str) -> None:
    """Accept a code once; one step of clock drift to either side is fine.

    Raises WrongSecondFactor. The last used step is kept, else a code would work twice.
    """
    sealed = session.execute(
        select(Account.totp_secret).where(Account.id == account_id)
    ).scalar_one()
    if not sealed:
        raise WrongSecondFactor
    totp = pyotp.TOTP(signing.unseal(sealed))
    step = int(clock.wall().timestamp()) // totp.interval
    for candidate in (step, step - 1, step + 1):
        if totp.at(candidate * totp.interval) == code.strip() and _use_step(
            session, account_id, candidate
        ):
            return
    raise WrongSecondFactor


def _use_step(session: Session, account_id: int, step: int) -> bool:
    used = session.execute(
        update(Account)
        .where(Account.id == account_id, Account.totp_last_step < step)
        .values(totp_last_step=step)
        .returning(Account.id)
    ).one_or_none()
    return used is not None
