"""What nearly every request reads and hardly anybody changes, kept in the process.

Separate from the tables themselves so that the rule stands once: at most two seconds old on other
processes, never old on the one that changed them. A request that works with such a copy is like
one that came two seconds earlier; what must not be late is read in its own transaction, or kept
with the version that it was read at.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from shop.kernel import db

SECONDS = 2.0
MOST = 512
"""So many copies of one kind; the one that was asked for longest ago makes room."""
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class Kept(Generic[T]):
    """What `load` reads, kept for this process and its database."""

    def __init__(self, load: Callable[[Session], T]) -> None:
        self._load = load
        self._found: tuple[T, float, object] | None = None

    def get(self) -> T:
        """The copy; read anew, in a session of its own, when it is too old."""
        wall, binding = time.monotonic(), db.binding()
        found = self._found
        if found is None or found[2] is not binding or wall - found[1] > SECONDS:
            with db.reading() as session:
                found = self._load(session), wall, binding
            self._found = found
        return found[0]

    def forget(self, session: Session) -> None:
        """Call where the table changes: the copy is dropped when the change is committed."""
        db.after_commit(session, self._drop)

    def _drop(self) -> None:
        self._found = None


class KeptByKey(Generic[K, T]):
    """The same for things with a key; what does not exist is not kept."""

    def __init__(self, load: Callable[[Session, K], T | None]) -> None:
        self._load = load
        self._found = Shelf[K, tuple[T, float]]()

    def get(self, key: K) -> T | None:
        """The copy; read anew, in a session of its own, when it is too old."""
        wall, found = time.monotonic(), self._found.get(key)
        if found is not None and wall - found[1] <= SECONDS:
            return found[0]
        with db.reading() as session:
            fresh = self._load(session, key)
        if fresh is not None:
            self._found.put(key, (fresh, wall))
        return fresh

    def forget(self, session: Session) -> None:
        """Call where one changes: all copies are dropped when the change is committed."""
        db.after_commit(session, self._found.clear)


class Shelf(Generic[K, T]):
    """As many copies as MOST, all from the database in use.

    Safe between threads, since each step is one of the interpreter's.
    """

    def __init__(self) -> None:
        self._copies: OrderedDict[K, T] = OrderedDict()
        self._binding: object = None

    def get(self, key: K) -> T | None:
        if self._binding is not db.binding():
            self._binding = db.binding()
            self._copies.clear()
        found = self._copies.get(key)
        if found is not None:
            with suppress(KeyError):  # another thread may have dropped it
                self._copies.move_to_end(key)
        return found

    def put(self, key: K, copy: T) -> None:
        self._copies[key] = copy
        while len(self._copies) > MOST:
            with suppress(KeyError):
                self._copies.popitem(last=False)

    def clear(self) -> None:
        self._copies.clear()
