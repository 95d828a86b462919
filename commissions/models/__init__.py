"""The engine's tables. All rows of a sale carry its key or its id."""

from __future__ import annotations

from commissions.models.entries import Balance, Entry, EntryKind, Hold, Release, Ruling
from commissions.models.facts import FactRow, SaleHead, SaleLineRow, SaleRow
from commissions.models.ledger import Block, Posting
from commissions.models.payouts import (
    Approval,
    Attempt,
    Batch,
    BatchItem,
    Claim,
    Halt,
    LastAnswer,
    Payout,
    PayoutStatus,
    Run,
    Skipped,
    payout_steps,
)
from commissions.models.periods import Award, Counted, PeriodRow
from commissions.models.plans import Draft, DraftStatus, Plan, PlanVersion, RuleRow
from commissions.models.statements import Series, Statement, StatementLine
from commissions.models.trials import (
    Trial,
    TrialBlock,
    TrialLine,
    TrialPeriod,
    TrialStatus,
    TrialSum,
)

__all__ = [
    "Approval",
    "Attempt",
    "Award",
    "Balance",
    "Batch",
    "BatchItem",
    "Block",
    "Claim",
    "Counted",
    "Draft",
    "DraftStatus",
    "Entry",
    "EntryKind",
    "FactRow",
    "Halt",
    "Hold",
    "LastAnswer",
    "Payout",
    "PayoutStatus",
    "PeriodRow",
    "Plan",
    "PlanVersion",
    "Posting",
    "Release",
    "RuleRow",
    "Ruling",
    "Run",
    "SaleHead",
    "SaleLineRow",
    "SaleRow",
    "Series",
    "Skipped",
    "Statement",
    "StatementLine",
    "Trial",
    "TrialBlock",
    "TrialLine",
    "TrialPeriod",
    "TrialStatus",
    "TrialSum",
    "payout_steps",
]
