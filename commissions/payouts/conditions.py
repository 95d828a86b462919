"""What a rail asks of a payout in one currency: the least amount, the fee, and when two must agree.

Pure, and apart from preparing.py, so that a page can show what a run would do.
"""

from __future__ import annotations

from dataclasses import dataclass

from commissions.arithmetic import share_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Conditions of one rail in one currency; amounts in minor units."""

    minimum: int = 1
    """Least gross amount; less waits for the next run."""
    fee_amount: int = 0
    """Fixed part of the fee."""
    fee_bps: int = 0
    """Part of the gross amount, in basis points."""
    second_from_amount: int | None = None
    """From this gross amount on two people must approve; None if one is always enough."""

    def fee_of(self, gross: int) -> int:
        """The fee of a gross amount, rounded once, half up."""
        return self.fee_amount + share_of(gross, self.fee_bps)

    def approvals_for(self, gross: int) -> int:
        """How many people besides the maker must agree to this much within a day."""
        limit = self.second_from_amount
        return 2 if limit is not None and gross >= limit else 1
