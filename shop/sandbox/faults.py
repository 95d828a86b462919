"""What goes wrong, decided by one seed.

The n-th decision of a kind depends on seed, kind and n alone, never on the clock or on threads, so
that a run can be repeated. Single faults can also be ordered for the next matching call.
"""

import itertools
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from threading import Lock

from .settings import FaultRates

FURTHEST_BACK = 80
"""How far a reordered webhook may fall back, counted in ids handed out since: some ten events."""


class Fault(StrEnum):
    """What can happen to an API call."""

    RATE_LIMITED = "rate_limited"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    LOST_BEFORE = "lost_before"
    LOST_AFTER = "lost_after"


@dataclass(frozen=True)
class Fate:
    """What will happen to one webhook."""

    copies: int
    dropped: bool
    delayed: bool
    steps_back: int


@dataclass
class _Order:
    fault: Fault
    method: str
    path: str | None
    times: int


class Faults:
    """Draws faults at the rates of the settings and keeps the ones that were ordered."""

    def __init__(self, rates: FaultRates, seed: str) -> None:
        self.rates = rates
        self._seed = seed
        self._draws: dict[str, itertools.count[int]] = defaultdict(itertools.count)
        self._orders: list[_Order] = []
        self._lock = Lock()

    def order(self, fault: Fault, *, method: str, path: str | None, times: int) -> None:
        """Make the next `times` calls of this method and path prefix go wrong."""
        with self._lock:
            self._orders.append(_Order(fault, method, path, times))

    def for_call(self, method: str, path: str) -> Fault | None:
        """Return what happens to this API call; None means that it goes well."""
        ordered = self._take_order(method, path)
        if ordered is not None:
            return ordered
        for fault in Fault:
            if self._happens(fault.value, getattr(self.rates, fault.value)):
                return fault
        return None

    def webhook_fate(self) -> Fate:
        """Return what happens to the next webhook."""
        return Fate(
            copies=2 if self._happens("duplicate", self.rates.duplicate) else 1,
            dropped=self._happens("drop", self.rates.drop),
            delayed=self._happens("delay", self.rates.delay),
            steps_back=self._steps_back(),
        )

    def _steps_back(self) -> int:
        if not self._happens("reorder", self.rates.reorder):
            return 0
        return 1 + int(self._draw("reorder.steps") * FURTHEST_BACK)

    def _happens(self, kind: str, rate: float) -> bool:
        return rate > 0 and self._draw(kind) < rate

    def _draw(self, kind: str) -> float:
        with self._lock:
            number = next(self._draws[kind])
        digest = blake2b(f"{self._seed}:{kind}:{number}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    def _take_order(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for order in self._orders:
                if order.method == method and path.startswith(order.path or ""):
                    order.times -= 1
                    if order.times == 0:
                        self._orders.remove(order)
                    return order.fault
        return None
