"""What people change about themselves."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from shop.accounts.models import Account
from shop.kernel import audit
from shop.kernel.errors import Invalid
from shop.kernel.i18n import LOCALES
from shop.kernel.words import _l

LONGEST_NAME = 120


def rename(session: Session, account_id: int, name: str, *, at: datetime) -> None:
    """Change the name; raises Invalid if it is too long."""
    cleaned = " ".join(name.split())
    if len(cleaned) > LONGEST_NAME:
        raise Invalid(_l("This is too long."), field="name")
    session.execute(update(Account).where(Account.id == account_id).values(name=cleaned))
    audit.record(
        session, "account.renamed", "account", account_id, by=f"account:{account_id}", at=at
    )


def speak(session: Session, account_id: int, tag: str) -> None:
    """Choose the language of desk, admin and account pages; unknown ones are ignored."""
    if tag in LOCALES:
        session.execute(update(Account).where(Account.id == account_id).values(locale=tag))
