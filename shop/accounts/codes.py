"""Sign-in by a one-time code sent to a phone or an e-mail address.

The code is made by the job that sends it; the database keeps only its keyed hash. A code is used up
by one conditional update, and wrong tries are counted in the row, so that parallel guesses do not
get more tries than five.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from shop.accounts import limits
from shop.accounts.models import SignInCode
from shop.kernel import clock, ids, jobs, purging, signing
from shop.kernel.errors import Invalid
from shop.kernel.words import _l

LIFETIME = timedelta(minutes=10)
MAX_TRIES = 5
DIGITS = 6
KEPT = timedelta(days=1)
"""How long a code that nobody can use any more is kept; its row holds a contact."""
SEND_JOB = "accounts.send_code"


class WrongCode(Invalid):
    """The code is wrong, used, too old, or was guessed at too often."""

    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__(
            _l("This code is not right or has expired. Please ask for a new one."), field="code"
        )


def request(
    session: Session, contact: str, *, purpose: str, locale: str, remote: str, at: datetime
) -> None:
    """Ask for a code to be sent; the answer is the same whether the contact is known or not.

    Raises TooManyTries beyond 5 codes an hour for a contact or 30 for an address.
    """
    limits.count(session, f"code:{purpose}:{contact}", most=5, window=timedelta(hours=1))
    limits.count(session, f"code-from:{remote}", most=30, window=timedelta(hours=1))
    code_id = ids.new()
    wall = clock.wall()
    session.execute(
        insert(SignInCode).values(
            id=code_id,
            contact=contact,
            purpose=purpose,
            code_hash="",
            tries=0,
            expires_at=wall + LIFETIME,
            created_at=wall,
        )
    )
    jobs.enqueue(session, SEND_JOB, {"code_id": str(code_id), "locale": locale}, at=at)


def make(session: Session, code_id: int) -> tuple[str, str] | None:
    """For the sending job: a fresh code for this row, as (contact, code); None if it is spent.

    A repeated job makes another code, and only the last one is valid.
    """
    code = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
    contact = session.execute(
        update(SignInCode)
        .where(
            SignInCode.id == code_id,
            SignInCode.used_at.is_(None),
            SignInCode.expires_at > clock.wall(),
        )
        .values(code_hash=_hash(code_id, code))
        .returning(SignInCode.contact)
    ).scalar_one_or_none()
    return None if contact is None else (contact, code)


def use(session: Session, contact: str, code: str, *, purpose: str) -> None:
    """Use up the newest code of this contact.

    Raises WrongCode. The try is counted by the caller's `count_try`, in a transaction of its own,
    so that it stays counted when this one is rolled back.
    """
    row = _newest(session, contact, purpose)
    if row is None or not secrets.compare_digest(row.code_hash, _hash(row.id, code.strip())):
        raise WrongCode
    used = session.execute(
        update(SignInCode)
        .where(
            SignInCode.id == row.id,
            SignInCode.used_at.is_(None),
            SignInCode.expires_at > clock.wall(),
            SignInCode.tries <= MAX_TRIES,
        )
        .values(used_at=clock.wall())
        .returning(SignInCode.id)
    ).one_or_none()
    if used is None:
        raise WrongCode


def count_try(session: Session, contact: str, *, purpose: str) -> None:
    """Count a try before the code is looked at.

    Raises WrongCode when the tries are used up.
    """
    row = _newest(session, contact, purpose)
    if row is None:
        raise WrongCode
    counted = session.execute(
        update(SignInCode)
        .where(SignInCode.id == row.id, SignInCode.tries < MAX_TRIES)
        .values(tries=SignInCode.tries + 1)
        .returning(SignInCode.id)
    ).one_or_none()
    if counted is None:
        raise WrongCode


def purge(_payload: Mapping[str, Any]) -> None:
    """Job, daily: forget codes that have run out, by the wall clock that ends them."""
    purging.forget(SignInCode, SignInCode.expires_at < clock.wall() - KEPT)


def _newest(session: Session, contact: str, purpose: str) -> SignInCode | None:
    return session.scalars(
        select(SignInCode)
        .where(
            SignInCode.contact == contact,
            SignInCode.purpose == purpose,
            SignInCode.code_hash != "",
        )
        .order_by(SignInCode.id.desc())
        .limit(1)
    ).one_or_none()


def _hash(code_id: int, code: str) -> str:
    return signing.fingerprint(f"{code_id}:{code}", purpose="sign-in-code")
