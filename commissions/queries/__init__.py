"""Everything that pages and reports read from the engine: balances, earnings, decisions, payouts.

Lists are keyset pages, newest first: pass the last id as `before`. The number of statements does
not depend on how much there is.
"""

from __future__ import annotations

from commissions.queries.counts import (
    CountedLine,
    PeriodView,
    counted_lines,
    periods_of_point,
)
from commissions.queries.debts import Debt, cases, debt_of, debts, sale_keys, undone_of
from commissions.queries.decisions import (
    DecisionView,
    decisions_of_sale,
    entries_of,
    open_holds,
    refused_decisions,
    sale_id_of,
)
from commissions.queries.earnings import (
    Earning,
    Wanted,
    earning,
    earnings_of_payee,
    earnings_of_point,
    earnings_of_sale,
    latest_earnings,
    lines_of_entries,
)
from commissions.queries.payee_balances import BalanceView, balances
from commissions.queries.payout_lists import (
    RunTotal,
    approvals,
    payout_items,
    payouts,
    runs,
    skipped,
    skipped_counts,
    totals_of_runs,
)

__all__ = [
    "BalanceView",
    "CountedLine",
    "Debt",
    "DecisionView",
    "Earning",
    "PeriodView",
    "RunTotal",
    "Wanted",
    "approvals",
    "balances",
    "cases",
    "counted_lines",
    "debt_of",
    "debts",
    "decisions_of_sale",
    "earning",
    "earnings_of_payee",
    "earnings_of_point",
    "earnings_of_sale",
    "entries_of",
    "latest_earnings",
    "lines_of_entries",
    "open_holds",
    "payout_items",
    "payouts",
    "periods_of_point",
    "refused_decisions",
    "runs",
    "sale_id_of",
    "sale_keys",
    "skipped",
    "skipped_counts",
    "totals_of_runs",
    "undone_of",
]
