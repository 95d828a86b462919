"""Small tables that nearly every request reads and hardly anybody changes, kept in the process.

Separate from the tables themselves so that the rule stands once: at most two seconds old on other
processes, never old on the one that changed them. A request that works with such a copy is like
one that came two seconds earlier; what must not be late is read in its own transaction.
"""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from shop.kernel import db

SECONDS = 2.0
T = TypeVar("T")


class Kept(Generic[T]):
    """What `load` reads, kept for this process and its database."""

    def __init__(self, load: Callable[[Session], T]) -> None:
        self._load = load
        self._found: tuple[T, float, int] | None = None

    def get(self) -> T:
        """The copy; read anew, in a session of its own, when it is too old."""
        wall, engine = time.monotonic(), id(db.engine())
        found = self._found
        if found is None or found[2] != engine or wall - found[1] > SECONDS:
            with db.reading() as session:
                found = self._load(session), wall, engine
            self._found = found
        return found[0]

    def forget(self, session: Session) -> None:
        """Call where the table changes: the copy is dropped when the change is committed."""
        db.after_commit(session, self._drop)

    def _drop(self) -> None:
        self._found = None
