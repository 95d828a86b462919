"""The engine's tables. All rows of a sale carry its key or its id."""

from __future__ import annotations

from commissions.models.entries import Balance, Entry, EntryKind, Hold, Release, Ruling
from commissions.models.facts import FactRow, SaleHead, SaleLineRow, SaleRow
from commissions.models.ledger import Block, Posting
from commissions.models.plans import Draft, DraftStatus, Plan, PlanVersion, RuleRow

__all__ = [
    "Balance",
    "Block",
    "Draft",
    "DraftStatus",
    "Entry",
    "EntryKind",
    "FactRow",
    "Hold",
    "Plan",
    "PlanVersion",
    "Posting",
    "Release",
    "RuleRow",
    "Ruling",
    "SaleHead",
    "SaleLineRow",
    "SaleRow",
]
