"""What the lines of a statement add up to, and the checksum over all of it. Pure.

Apart from closing.py because the proof adds everything up again and must not use its writing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from commissions.canonical import fingerprint
from commissions.models.entries import EntryKind

PAYOUT, VOID, RETURNED = "payout", "payout_void", "payout_returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One movement of the payee's account."""

    posting_id: int
    request_hash: str
    entry_id: int | None
    payout_id: int | None
    point_key: str
    kind: str
    amount: int
    fee_amount: int = 0
    """Of a payout: the part that the payee does not get, signed as the amount."""
    withheld_amount: int = 0
    is_late: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The columns of a statement; `closing` is what is carried to the next period."""

    opening_amount: int
    earned_amount: int
    reversed_amount: int
    held_amount: int
    released_amount: int
    paid_amount: int
    fee_amount: int
    withheld_amount: int
    closing_amount: int


def sums_of(opening: int, lines: Iterable[Line]) -> Sums:
    """Add the lines up by what they are."""
    earned = reversed_ = held = released = paid = fee = withheld = 0
    closing = opening
    for line in lines:
        closing += line.amount
        if line.payout_id is not None:
            fee -= line.fee_amount
            withheld -= line.withheld_amount
            paid -= line.amount - line.fee_amount - line.withheld_amount
        elif line.kind == EntryKind.RETURNED:
            paid -= line.amount
        elif line.kind == EntryKind.RESERVE:
            held, released = held - min(line.amount, 0), released + max(line.amount, 0)
        elif line.kind == EntryKind.REVERSE:
            reversed_ -= line.amount
        else:
            earned += line.amount
    return Sums(
        opening_amount=opening,
        earned_amount=earned,
        reversed_amount=reversed_,
        held_amount=held,
        released_amount=released,
        paid_amount=paid,
        fee_amount=fee,
        withheld_amount=withheld,
        closing_amount=closing,
    )


def checksum_of(head: Mapping[str, Any], sums: Sums, lines: Sequence[tuple[int, str, int]]) -> str:
    """The hash of a statement: what it is, its sums, and (posting, its hash, amount) of each line."""
    return fingerprint([dict(head), asdict(sums), [list(line) for line in lines]])
