"""What a refund of some units, or of an amount, takes from a line; pure.

Cumulative, so that any grouping and order of refunds sums to the line exactly (test D3).
"""

from dataclasses import dataclass

from shop.kernel.money import cumulative


@dataclass(frozen=True)
class LineState:
    """What a line was paid with and what already went back, in minor units."""

    quantity: int
    paid_amount: int
    """With tax."""
    base_amount: int
    refunded_count: int
    refunded_amount: int
    refunded_base_amount: int


@dataclass(frozen=True)
class Take:
    """What one refund takes."""

    units: int
    amount: int
    base_amount: int


def units_of(line: LineState, units: int) -> Take:
    """f(already + k) - f(already) of what was paid and of its base."""
    already, after = line.refunded_count, line.refunded_count + units
    amount = _between(line.paid_amount, already, after, line.quantity)
    base = _between(line.base_amount, already, after, line.quantity)
    # Goodwill may already have taken from the line; never give back more than is left.
    return Take(
        units,
        min(amount, line.paid_amount - line.refunded_amount),
        min(base, line.base_amount - line.refunded_base_amount),
    )


def base_of_amount(line: LineState, amount: int) -> int:
    """The part before tax of the next `amount` that goes back on this line."""
    if line.paid_amount == 0:
        return 0
    target = cumulative(line.base_amount, line.refunded_amount + amount, line.paid_amount)
    return max(0, min(target, line.base_amount) - line.refunded_base_amount)


def _between(total: int, already: int, after: int, whole: int) -> int:
    return cumulative(total, after, whole) - cumulative(total, already, whole)
