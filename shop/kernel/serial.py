"""Work that must see the database as if it were alone: one at a time, and again if disturbed.

PostgreSQL ends one of two serializable transactions that got in each other's way; the whole of it
is then done again, from its first read (design §4: building payouts, closing periods). Works of
this kind would disturb each other most, so they queue; the rest is repeated.
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from shop.kernel.db import unit_of_work
from shop.kernel.schedule import ScheduledRun

T = TypeVar("T")

TRIES = 12
_LONGEST = 1.0
"""Seconds; waits grow up to this, so that one who always loses comes to its turn."""
_AGAIN = ("40001", "40P01")
"""Serialization failure and deadlock, by PostgreSQL's codes."""
_TURN = text(f"LOCK TABLE {ScheduledRun.__tablename__} IN SHARE UPDATE EXCLUSIVE MODE")
"""Held by one at a time and in nobody else's way: readers and writers of that table go on.

A table's lock, because it is the only one to wait for before the transaction looks at anything. One
that waits for a row or for an advisory lock looks first, and is disturbed by whom it waited for.
"""


def alone(work: Callable[[Session], T]) -> T:
    """Run `work` in a serializable unit of work, again from the beginning if it was disturbed.

    Raises what the last try raised.
    """
    for tried in range(TRIES):
        try:
            with unit_of_work(serializable=True) as session:
                if session.get_bind().dialect.name == "postgresql":
                    session.execute(_TURN)
                return work(session)
        except DBAPIError as error:
            last = tried == TRIES - 1
            if last or getattr(error.orig, "sqlstate", None) not in _AGAIN:
                raise
        longest = min(0.02 * 2**tried, _LONGEST)
        time.sleep(random.uniform(0, longest))  # noqa: S311 - spreads those who collided
    raise AssertionError("unreachable")
