"""The one price function: page, cart and order all ask here, so that they agree to the cent.

Pure. Rounds half up in one place a line: the tax per line and rate; units times a price is exact.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from shop.kernel.money import tax_inside, tax_on


@dataclass(frozen=True)
class LinePrice:
    """What a line costs, in minor units of the brand's currency."""

    unit_amount: int
    quantity: int
    discount_amount: int
    line_amount: int
    """As shown: unit price times quantity, less the discount."""
    rate_bps: int
    tax_amount: int
    """Inside the line amount, or on top of it."""
    base_amount: int
    """Before tax: what commissions are taken of."""
    total_amount: int
    """With tax: what the buyer pays for the line."""


@dataclass(frozen=True)
class Totals:
    """What a cart or order costs; the parts add up to the total as shown."""

    subtotal_amount: int
    """Sum of the lines as shown."""
    shipping_amount: int
    """As shown."""
    shipping_tax_amount: int
    tax_amount: int
    """All tax, the shipping's included."""
    total_amount: int


def line_price(
    unit_amount: int,
    quantity: int,
    *,
    rate_bps: int,
    tax_included: bool,
    discount_amount: int = 0,
) -> LinePrice:
    """The price of `quantity` units, tax by `rate_bps` inside or on top of it.

    Raises ValueError if the discount is negative or more than the line.
    """
    full = unit_amount * quantity
    if not 0 <= discount_amount <= full:
        raise ValueError("a discount lies between nothing and the whole line")
    shown = full - discount_amount
    tax = tax_inside(shown, rate_bps) if tax_included else tax_on(shown, rate_bps)
    return LinePrice(
        unit_amount=unit_amount,
        quantity=quantity,
        discount_amount=discount_amount,
        line_amount=shown,
        rate_bps=rate_bps,
        tax_amount=tax,
        base_amount=shown - tax if tax_included else shown,
        total_amount=shown if tax_included else shown + tax,
    )


def totals(lines: Iterable[LinePrice], shipping: LinePrice | None = None) -> Totals:
    """Add up lines and shipping."""
    parts = list(lines)
    everything = [*parts, *([shipping] if shipping else [])]
    return Totals(
        subtotal_amount=sum(line.line_amount for line in parts),
        shipping_amount=shipping.line_amount if shipping else 0,
        shipping_tax_amount=shipping.tax_amount if shipping else 0,
        tax_amount=sum(line.tax_amount for line in everything),
        total_amount=sum(line.total_amount for line in everything),
    )
