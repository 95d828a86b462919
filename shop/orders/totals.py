"""Lines, shipping and tax to totals that add up; pure.

Rounded half up at unit price × quantity and at tax per line, and nowhere else (reference shop §8).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shop.kernel.money import tax_inside, tax_on


@dataclass(frozen=True)
class LineTotals:
    """One line in minor units. `base_amount` is what was paid for the goods before tax."""

    line_amount: int
    tax_amount: int
    base_amount: int

    @property
    def paid_amount(self) -> int:
        """With tax, whether it is inside or on top."""
        return self.base_amount + self.tax_amount


@dataclass(frozen=True)
class Totals:
    """A whole order in minor units."""

    lines_amount: int
    shipping_amount: int
    shipping_tax_amount: int
    tax_amount: int
    total_amount: int


def of_line(
    unit_price: int, quantity: int, *, rate_bps: int, tax_included: bool, discount: int = 0
) -> LineTotals:
    """What one line costs, and its tax."""
    line_amount = unit_price * quantity - discount
    if tax_included:
        tax = tax_inside(line_amount, rate_bps)
        return LineTotals(line_amount, tax, line_amount - tax)
    return LineTotals(line_amount, tax_on(line_amount, rate_bps), line_amount)


def of_order(
    lines: Sequence[LineTotals], *, shipping: int, shipping_rate_bps: int, tax_included: bool
) -> Totals:
    """The sums; lines as shown always add up to the total as shown."""
    shipping_line = of_line(shipping, 1, rate_bps=shipping_rate_bps, tax_included=tax_included)
    tax = sum(line.tax_amount for line in lines) + shipping_line.tax_amount
    shown = sum(line.line_amount for line in lines)
    return Totals(
        lines_amount=shown,
        shipping_amount=shipping,
        shipping_tax_amount=shipping_line.tax_amount,
        tax_amount=tax,
        total_amount=shown + shipping + (0 if tax_included else tax),
    )
