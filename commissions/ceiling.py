"""No plan can overspend: all roles together stay within a share of what was paid. Pure.

A buyer must never pay for a mistake in a plan, so amounts are scaled down, never refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from commissions.arithmetic import FULL_BPS, split


def fit(
    amounts: Sequence[Sequence[int]], bases: Sequence[int], ceiling_bps: int
) -> list[list[int]]:
    """Amounts per line and role, scaled down where the ceiling is breached.

    An order stays within the ceiling exactly, a line within one unit of rounding. Each line keeps
    the proportion of its roles by largest remainder; lines that fit stay as they are.
    """
    earning = [base if any(line) else 0 for line, base in zip(amounts, bases, strict=True)]
    order_limit = sum(earning) * ceiling_bps // FULL_BPS
    total = sum(sum(line) for line in amounts)
    line_breached = any(
        sum(line) > base * ceiling_bps // FULL_BPS + 1
        for line, base in zip(amounts, earning, strict=True)
    )
    if total <= order_limit and not line_breached:
        return [list(line) for line in amounts]
    if order_limit == 0:
        return [[0] * len(line) for line in amounts]
    limits = split(order_limit, earning)
    return [
        split(limit, line) if sum(line) > limit else list(line)
        for line, limit in zip(amounts, limits, strict=True)
    ]
