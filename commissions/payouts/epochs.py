"""May this payout be sent now, under which key? The rules that make a second transfer impossible.

Separate and pure, because everything hangs on them. An epoch is one idempotency key. Within it the
same key may be repeated while nothing was saved under it; a new epoch needs proof of absence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from commissions.models import LastAnswer

KEY_LIVES = timedelta(hours=23)
"""Providers may forget a key after 24 hours; a forgotten key makes a new transfer."""
QUIET = timedelta(minutes=15)
"""What was sent longer ago and still cannot be seen has not arrived."""
SECOND_LOOK = timedelta(minutes=2)
"""Least time between the two look-ups that prove absence."""


class Next(StrEnum):
    """What a look-up without a result allows."""

    SEND = "send"
    WAIT = "wait"
    NOTE_ABSENCE = "note_absence"
    """First look-up after the quiet time: remember it."""
    NEW_EPOCH = "new_epoch"
    """Absence is proven: a new key is safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """What is known about the current key."""

    first_sent_at: datetime | None
    last_sent_at: datetime | None
    last_answer: LastAnswer | None
    absent_seen_at: datetime | None


def next_step(epoch: Epoch, looked_at: datetime) -> Next:
    """What may happen after a look-up, begun at `looked_at`, found nothing."""
    if epoch.first_sent_at is None or epoch.last_sent_at is None:
        return Next.SEND
    key_lives = looked_at - epoch.first_sent_at < KEY_LIVES
    if key_lives and epoch.last_answer is LastAnswer.UNKNOWN:
        return Next.SEND
    if looked_at - epoch.last_sent_at < QUIET:
        return Next.WAIT
    if epoch.absent_seen_at is None:
        return Next.NOTE_ABSENCE
    proven = looked_at - epoch.absent_seen_at >= SECOND_LOOK
    return Next.NEW_EPOCH if proven else Next.WAIT
