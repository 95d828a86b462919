"""Where an earning stands: derived from release, holds, claim and clock, never stored."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from commissions.models import PayoutStatus

PAID = (PayoutStatus.SENT, PayoutStatus.SETTLED)


class EntryStatus(StrEnum):
    """The way of an earning."""

    EXPECTED = "expected"
    """Paid by the buyer, not delivered yet."""
    PENDING = "pending"
    """Delivered; its days of waiting run."""
    AVAILABLE = "available"
    HELD = "held"
    """Something has to be looked at first."""
    IN_PAYOUT = "in_payout"
    PAID = "paid"
    REVERSED = "reversed"
    """Taken back to the last unit."""


def status_of(
    *,
    net_amount: int,
    available_at: datetime | None,
    is_held: bool,
    payout_status: PayoutStatus | None,
    at: datetime,
) -> EntryStatus:
    """The status of one earning at a moment. `payout_status` is that of its live claim."""
    if payout_status is not None:
        return EntryStatus.PAID if payout_status in PAID else EntryStatus.IN_PAYOUT
    if net_amount == 0:
        return EntryStatus.REVERSED
    if is_held:
        return EntryStatus.HELD
    if available_at is None:
        return EntryStatus.EXPECTED
    return EntryStatus.AVAILABLE if available_at <= at else EntryStatus.PENDING
