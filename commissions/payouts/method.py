"""What a rail with a network has to offer, and the words it answers in.

The engine knows no provider; a host supplies a `PayoutMethod`. Neither call is ever made while a
transaction is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a payee's money goes, as the host knows it now."""

    rail: str
    label: str
    """Masked, for people."""
    hash: str
    """Equal for equal destinations."""
    sealed: str
    """Encrypted by the host."""
    ready_at: datetime
    """End of the cool-down after it was changed."""
    problem: str = ""
    """Code of why nothing can arrive there now; empty if it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One thing to send. Never changes for a given key."""

    payout_id: int
    group_key: str
    """Put on the provider's object; the look-up searches by it."""
    key: str
    """Idempotency key of the current epoch."""
    payee_key: str
    amount: int
    """Minor units, net."""
    currency: str
    destination_hash: str
    destination_sealed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What the provider has."""

    ref: str
    group_key: str
    amount: int
    currency: str
    destination_hash: str
    is_reversed: bool = False
    reversed_amount: int = 0
    """What was taken back so far; less than the amount for a part."""

    @property
    def back_amount(self) -> int:
        """How much of it came back, the whole included."""
        return self.amount if self.is_reversed else self.reversed_amount

    def fits(self, order: Order) -> bool:
        """Whether it is this order and no other; never by prefix."""
        return (self.group_key, self.amount, self.currency, self.destination_hash) == (
            order.group_key,
            order.amount,
            order.currency,
            order.destination_hash,
        )


class AnswerKind(StrEnum):
    """Classes of answers to a send."""

    DONE = "done"
    UNKNOWN = "unknown"
    """Time-out or broken connection: it may still land."""
    BUSY = "busy"
    """Another call with this key runs now."""
    RATE_LIMITED = "rate_limited"
    UNAUTHORIZED = "unauthorized"
    """The host's own credentials are refused."""
    SERVER_ERROR = "server_error"
    """Outcome unknown, and the provider replays this answer for the key."""
    INSUFFICIENT_FUNDS = "insufficient_funds"
    """The platform's own balance is too low."""
    CANNOT_RECEIVE = "cannot_receive"
    INVALID = "invalid"
    KEY_MISUSED = "key_misused"
    """The key was used with other parameters: our own frozen order changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one send."""

    kind: AnswerKind
    transfer: Transfer | None = None
    detail: str = ""
    """A code for the log; no personal data."""


class LookUpFailed(Exception):
    """The provider could not be asked; nothing is known."""


class PayoutMethod(Protocol):
    """A rail with a network. `send` answers with a class and does not raise for expected faults."""

    rail: str

    def look_up(self, order: Order) -> Sequence[Transfer]:
        """All transfers of the order's group, all pages. Raises LookUpFailed."""

    def send(self, order: Order) -> Answer:
        """Create the transfer under the order's key."""
