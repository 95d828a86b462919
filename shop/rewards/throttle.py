"""How fast payouts may ask Stripe: a bucket of tokens for each kind of request.

Stripe refuses what comes faster than its limit; a refused request would only be repeated. A bucket
belongs to one process, and one job sends at a time.
"""

import threading
import time
from collections.abc import Callable


class Bucket:
    """`rate` tokens flow in each second, `size` of them can lie there."""

    def __init__(
        self,
        rate: float,
        size: int,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.rate = rate
        self.size = size
        self._now = now
        self._sleep = sleep
        self._tokens = float(size)
        self._at = now()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Take one token; waits, in the order of those who came, until there is one."""
        with self._lock:
            self._fill()
            if self._tokens < 1:
                self._sleep((1 - self._tokens) / self.rate)
                self._fill()
            self._tokens -= 1

    def _fill(self) -> None:
        now = self._now()
        self._tokens = min(self.size, self._tokens + (now - self._at) * self.rate)
        self._at = now
