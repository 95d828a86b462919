"""Work that must see the database as if it were alone: repeated when the database says it was not.

PostgreSQL ends one of two serializable transactions that got in each other's way; the whole of it
is then done again, from its first read (design §4: building payouts, closing periods).
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from shop.kernel.db import unit_of_work

T = TypeVar("T")

TRIES = 12
_LONGEST = 1.0
"""Seconds; waits grow up to this, so that one who always loses comes to its turn."""
_AGAIN = ("40001", "40P01")
"""Serialization failure and deadlock, by PostgreSQL's codes."""


def alone(work: Callable[[Session], T]) -> T:
    """Run `work` in a serializable unit of work, again from the beginning if it was disturbed.

    Raises what the last try raised.
    """
    for tried in range(TRIES):
        try:
            with unit_of_work(serializable=True) as session:
                return work(session)
        except DBAPIError as error:
            last = tried == TRIES - 1
            if last or getattr(error.orig, "sqlstate", None) not in _AGAIN:
                raise
        longest = min(0.02 * 2**tried, _LONGEST)
        time.sleep(random.uniform(0, longest))  # noqa: S311 - spreads those who collided
    raise AssertionError("unreachable")
