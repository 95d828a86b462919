"""What the calculator answers for one line, role and cause: an amount, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from commissions.facts import Party
from commissions.terms import Role, Rule


class Outcome(StrEnum):
    """Paid, or the reason why nothing was paid."""

    PAID = "paid"
    NO_PLAN = "no_plan"
    """No plan version was in force when the order was placed."""
    NO_CANDIDATE = "no_candidate"
    """Nobody brought the sale, or the brand itself handed over."""
    NOT_COMMISSIONABLE = "not_commissionable"
    INELIGIBLE = "ineligible"
    """The beneficiary may not earn; its share stays with the brand and nobody moves up."""
    NO_CONTRACT = "no_contract"
    """An upline earns under a service contract only, and there was none."""
    SAME_POINT = "same_point"
    """The upline is the seller itself."""
    NO_RULE = "no_rule"
    ZERO_BASE = "zero_base"
    """Nothing was paid for the line, or there was no profit."""
    ZERO_AMOUNT = "zero_amount"
    """A rule matched and yields nothing."""
    CEILING = "ceiling"
    """The ceiling left nothing for this role."""
    LOWER_THAN_SELLER = "lower_than_seller"
    """The plan pays the higher of two shares, and the seller's was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One answer. `amount` is above zero exactly when the outcome is PAID."""

    line_key: str
    role: Role
    cause: str
    """`sale` or `fulfilled`."""
    cause_key: str
    outcome: Outcome
    party: Party | None = None
    rule: Rule | None = None
    amount: int = 0
    base_amount: int = 0
    forgone_amount: int = 0
    """What a beneficiary would have earned that may not earn, or has no contract."""
    trace: Mapping[str, Any]
    """Everything that led here: codes, keys and numbers, no prose."""
