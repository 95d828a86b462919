"""A fair lock for the one writer that SQLite allows.

SQLite's busy handler polls, so under load some threads starve. Threads of one process therefore
queue here in order of arrival; other processes are ordered by the busy time-out.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class FairLock:
    """First come, first served; waiting is limited."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._queue: deque[threading.Event] = deque()

    @contextmanager
    def hold(self, timeout: float) -> Iterator[bool]:
        """Hold the lock in the block; yields False if `timeout` seconds were not enough."""
        taken = self._acquire(timeout)
        try:
            yield taken
        finally:
            if taken:
                self._release()

    def _acquire(self, timeout: float) -> bool:
        turn = threading.Event()
        with self._guard:
            if not self._held:
                self._held = True
                return True
            self._queue.append(turn)
        if turn.wait(timeout):
            return True
        with self._guard:
            if turn.is_set():  # it was handed over between the time-out and the guard
                return True
            self._queue.remove(turn)
        return False

    def _release(self) -> None:
        with self._guard:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._held = False
