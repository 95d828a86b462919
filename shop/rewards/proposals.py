"""What waits for a second person: one reading for everything that is written down before it holds.

Separate from consents.py, which carries the acts out and so stands above all whose acts they are.
"""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.kernel.db import Base
from shop.rewards.models import Act, Consent, ConsentState

T = TypeVar("T", bound=Base)


def waiting(session: Session, act: Act, model: type[T]) -> Sequence[T]:
    """The rows of `model` that somebody asked to `act` upon, oldest first; one statement."""
    number = model.__table__.c.id
    return session.scalars(
        select(model)
        .join(Consent, Consent.subject_id == number)
        .where(Consent.act == act, Consent.status == ConsentState.OPEN)
        .order_by(number)
    ).all()
