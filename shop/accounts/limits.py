"""Limits that guard codes, passwords and pick-up tickets, counted in the database."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shop.accounts.models import AttemptCount
from shop.kernel import clock, purging, signing
from shop.kernel.errors import ShopError
from shop.kernel.words import _l

KEPT = timedelta(days=1)
"""Longer than any window; keys name contacts and addresses."""


class TooManyTries(ShopError):
    code = "too_many_tries"
    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            _l("That was tried too often. Please wait a while and try again."),
            retry_after=retry_after,
        )


def count(session: Session, key: str, *, most: int, window: timedelta) -> None:
    """Count one try in the current window of wall time.

    Raises TooManyTries when `most` tries are used up.
    """
    # Hashed: a key may hold a phone or an e-mail address, and an address may be long.
    key = signing.fingerprint(key, purpose="limit")
    start = _window_start(window)
    if _add_one(session, key, start, most):
        return
    try:
        with session.begin_nested():
            session.execute(insert(AttemptCount).values(key=key, window_start=start, tries=1))
    except IntegrityError:  # somebody else made the row, or it is full
        if not _add_one(session, key, start, most):
            raise TooManyTries(int(window.total_seconds())) from None


def purge(_payload: Mapping[str, Any]) -> None:
    """Job, daily: forget windows that are over, by the wall clock that counts them."""
    purging.forget(AttemptCount, AttemptCount.window_start < clock.wall() - KEPT)


def _add_one(session: Session, key: str, start: datetime, most: int) -> bool:
    added = session.execute(
        update(AttemptCount)
        .where(
            AttemptCount.key == key,
            AttemptCount.window_start == start,
            AttemptCount.tries < most,
        )
        .values(tries=AttemptCount.tries + 1)
        .returning(AttemptCount.tries)
    ).one_or_none()
    return added is not None


def _window_start(window: timedelta) -> datetime:
    wall = clock.wall()
    seconds = int(window.total_seconds())
    return wall - timedelta(seconds=int(wall.timestamp()) % seconds, microseconds=wall.microsecond)
