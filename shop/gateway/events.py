"""News from Stripe about money on its way to payees; heard by slices above.

Whoever publishes has fetched the objects: an event is what Stripe shows now, not what it sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shop.kernel.events import Event


@dataclass(frozen=True)
class TransfersSeen(Event):
    """All transfers of one group, as they stand."""

    group: str
    transfers: tuple[Mapping[str, Any], ...]
    at: datetime


@dataclass(frozen=True)
class BankPaymentSeen(Event):
    """A connected account paid out to its owner's bank, or the bank sent it back."""

    account_id: str
    payment_id: str
    is_paid: bool
    """False: it failed, and the money is on the account again."""
    amount: int
    currency: str
    made_at: datetime
    at: datetime


@dataclass(frozen=True)
class AccountChanged(Event):
    """A connected account may receive transfers, or may not any more."""

    account_id: str
    can_receive: bool
    at: datetime
    is_complete: bool = True
    """Its owner has given everything that was asked."""
    pays_out: bool = True
    """Stripe pays it out to its owner's bank."""
    due: tuple[str, ...] = ()
    """What is still asked, in Stripe's codes."""
