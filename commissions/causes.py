"""The name a fact has on the entries it causes."""

from __future__ import annotations

from commissions.facts import KINDS, Disputed, Fact, Refunded
from commissions.settling import Cause

_SHORT: dict[type[Fact], str] = {Refunded: "refund"}


def cause_of(fact: Fact, *, by: str) -> Cause:
    """`fulfilled`, `delivered`, `refund`, `refund_failed`, `dispute_opened` / `_won` / `_lost`."""
    if isinstance(fact, Disputed):
        return Cause(f"dispute_{fact.phase}", fact.key, fact.at, by)
    return Cause(_SHORT.get(type(fact), KINDS[type(fact)]), fact.key, fact.at, by)
