"""Why entries are written: the cause of a change, and the name a fact has on what it causes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from commissions.facts import KINDS, Disputed, Fact, Refunded

_SHORT: dict[type[Fact], str] = {Refunded: "refund"}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why entries are written now."""

    name: str
    key: str
    at: datetime
    by: str


def cause_of(fact: Fact, *, by: str) -> Cause:
    """`fulfilled`, `delivered`, `refund`, `refund_failed`, `called_off`, `dispute_opened` / `_won` / `_lost`."""
    if isinstance(fact, Disputed):
        return Cause(f"dispute_{fact.phase}", fact.key, fact.at, by)
    return Cause(_SHORT.get(type(fact), KINDS[type(fact)]), fact.key, fact.at, by)
