"""A payment provider that behaves as badly as real ones: lost requests, saved errors, late effects.

Keeps idempotency keys for 24 hours and replays what it saved under them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from commissions.payouts.method import Answer, AnswerKind, Order, Transfer
from tests.commissions.factories import moment

KEYS_LIVE = timedelta(hours=24)
LATE = timedelta(minutes=10)


class Fault(StrEnum):
    """What goes wrong with one send."""

    NONE = "none"
    REQUEST_LOST = "request_lost"
    ANSWER_LOST = "answer_lost"
    RATE_LIMITED = "rate_limited"
    ERROR_DONE = "error_done"
    ERROR_NOT_DONE = "error_not_done"
    LATE_REQUEST = "late_request"
    LATE_ERROR_DONE = "late_error_done"
    REFUSED = "refused"


class Crash(StrEnum):
    """When the worker dies during one send."""

    NONE = "none"
    BEFORE_CALL = "before_call"
    AFTER_CALL = "after_call"
    AFTER_COMMIT = "after_commit"


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Clock:
    """Business and wall time of one worker."""

    now: datetime = field(default_factory=lambda: moment(40))

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, span: timedelta) -> None:
        self.now += span


@dataclass
class Provider:
    """One provider with transfers, saved answers and a script of faults."""

    clock: Clock
    rail: str = "net"
    lag: timedelta = timedelta(0)
    script: list[tuple[Fault, Crash]] = field(default_factory=list)
    transfers: list[tuple[datetime, Transfer]] = field(default_factory=list)
    saved: dict[str, tuple[datetime, Answer]] = field(default_factory=dict)
    coming: list[tuple[datetime, Order]] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    """Keys that had their effect."""

    def look_up(self, order: Order) -> list[Transfer]:
        self._land()
        return [
            transfer
            for made_at, transfer in self.transfers
            if transfer.group_key == order.group_key and made_at + self.lag <= self.clock.now
        ]

    def send(self, order: Order) -> Answer:
        self._land()
        fault, crash = self.script.pop(0) if self.script else (Fault.NONE, Crash.NONE)
        if crash is Crash.BEFORE_CALL:
            raise Killed
        answer = self._answer(order, fault)
        if crash is Crash.AFTER_CALL:
            raise Killed
        return answer

    def _answer(self, order: Order, fault: Fault) -> Answer:
        unknown = Answer(kind=AnswerKind.UNKNOWN)
        if fault is Fault.RATE_LIMITED:
            return Answer(kind=AnswerKind.RATE_LIMITED)
        if fault is Fault.REQUEST_LOST:
            return unknown
        if fault is Fault.LATE_REQUEST:
            self.coming.append((self.clock.now + LATE, order))
            return unknown
        known = self._known(order.key)
        if known is not None:
            return known
        if fault is Fault.LATE_ERROR_DONE:
            self.coming.append((self.clock.now + LATE, order))
            return self._save(order.key, Answer(kind=AnswerKind.SERVER_ERROR), self.clock.now)
        if fault is Fault.REFUSED:
            return self._save(order.key, Answer(kind=AnswerKind.INSUFFICIENT_FUNDS), self.clock.now)
        if fault is Fault.ERROR_NOT_DONE:
            return self._save(order.key, Answer(kind=AnswerKind.SERVER_ERROR), self.clock.now)
        done = self._make(order, self.clock.now)
        if fault is Fault.ERROR_DONE:
            return self._save(order.key, Answer(kind=AnswerKind.SERVER_ERROR), self.clock.now)
        self._save(order.key, done, self.clock.now)
        return unknown if fault is Fault.ANSWER_LOST else done

    def _land(self) -> None:
        """Requests that were under way arrive and are worked off as of their arrival."""
        for at, order in [c for c in self.coming if c[0] <= self.clock.now]:
            self.coming.remove((at, order))
            known = self.saved.get(order.key)
            if order.key in self.done:
                continue  # a key has one effect at most, whatever was answered
            if known is None or known[1].kind is AnswerKind.SERVER_ERROR:
                self._save(order.key, self._make(order, at), at)

    def _known(self, key: str) -> Answer | None:
        at, answer = self.saved.get(key, (None, None))
        if at is None or self.clock.now - at >= KEYS_LIVE:
            return None
        return answer

    def _save(self, key: str, answer: Answer, at: datetime) -> Answer:
        self.saved[key] = (at, answer)
        return answer

    def _make(self, order: Order, at: datetime) -> Answer:
        transfer = Transfer(
            ref=f"tr_{len(self.transfers)}_{order.group_key}",
            group_key=order.group_key,
            amount=order.amount,
            currency=order.currency,
            destination_hash=order.destination_hash,
        )
        self.transfers.append((at, transfer))
        self.done.add(order.key)
        return Answer(kind=AnswerKind.DONE, transfer=transfer)
