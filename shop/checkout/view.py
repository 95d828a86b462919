"""A cart as it stands now: today's prices, what is missing, what it would cost.

The cart page, the checkout page and PREPARE all look at this one view, so that they agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from shop.catalog import pricing
from shop.catalog.pricing import LinePrice, Totals
from shop.catalog.queries import CartVariant
from shop.checkout import queries
from shop.checkout.queries import Line, Opened, StoredLine
from shop.fulfillment import rates
from shop.fulfillment.rates import FREE, NotDelivered, Quote
from shop.kernel.brand import Brand
from shop.network.queries import Buyer


@dataclass(frozen=True)
class ViewLine:
    """One line with today's price and its problem, if any."""

    stored: StoredLine
    variant: CartVariant | None
    price: LinePrice
    problem: str
    """Empty, `not_sold`, `sold_out` or `short`."""
    available: int
    """Units that could be had, over all lines of the same variant; meaningful with a problem."""

    @property
    def delivery(self) -> str:
        if self.stored.pickup_location_id is not None:
            return "pickup"
        if self.variant is not None and not self.variant.requires_shipping:
            return "digital"
        return "shipping"

    @property
    def price_rose(self) -> bool:
        return self.price.unit_amount > self.stored.unit_price_amount

    @property
    def price_fell(self) -> bool:
        return self.price.unit_amount < self.stored.unit_price_amount


@dataclass(frozen=True)
class CartView:
    """The whole cart; amounts in minor units of the brand's currency."""

    cart_id: int
    lines: Sequence[ViewLine]
    totals: Totals
    quote: Quote
    delivered: bool
    """False if the brand does not ship to the address."""

    @property
    def count(self) -> int:
        return sum(line.stored.quantity for line in self.lines)

    @property
    def problems(self) -> list[ViewLine]:
        return [line for line in self.lines if line.problem]

    @property
    def ships(self) -> bool:
        return any(line.delivery == "shipping" for line in self.lines)

    @property
    def free_shipping_gap(self) -> int:
        """How much more would make shipping free; 0 if it is, or never is."""
        if not self.ships or self.quote.free_over_amount is None:
            return 0
        return max(0, self.quote.free_over_amount - self.totals.subtotal_amount)


def of(
    session: Session,
    cart_id: int,
    *,
    brand: Brand,
    at: datetime,
    division_code: str = "",
    buyer: Buyer | None = None,
) -> CartView:
    """Price the cart, one statement. `buyer` lets the lines know whose own point sold them."""
    stored = queries.lines(
        session, cart_id, currency=brand.currency, at=at, region=division_code, buyer=buyer
    )
    return priced(cart_id, stored, brand=brand, division_code=division_code)


def of_opened(opened: Opened, *, brand: Brand) -> CartView:
    """Price a cart that was read with its lines, for the address in it."""
    division_code = str(opened.cart.contact.get("division_code", ""))
    return priced(opened.cart.id, opened.lines, brand=brand, division_code=division_code)


def priced(cart_id: int, stored: Sequence[Line], *, brand: Brand, division_code: str) -> CartView:
    """What these lines come to; `division_code` says how they are sent."""
    problems = _problems(stored)
    lines = [
        ViewLine(
            line,
            variant,
            _price(line, variant, tax_included=brand.tax_included),
            problems.get(line.id, ""),
            _available(variant),
        )
        for line, variant in stored
    ]
    quote, delivered = _quote(lines, division_code)
    shipping = (
        pricing.line_price(
            quote.amount, 1, rate_bps=quote.rate_bps, tax_included=brand.tax_included
        )
        if quote.amount
        else None
    )
    totals = pricing.totals([line.price for line in lines], shipping)
    return CartView(cart_id, lines, totals, quote, delivered)


def _price(line: StoredLine, variant: CartVariant | None, *, tax_included: bool) -> LinePrice:
    if variant is None or variant.unit_amount is None:
        return pricing.line_price(
            line.unit_price_amount, line.quantity, rate_bps=0, tax_included=tax_included
        )
    return pricing.line_price(
        variant.unit_amount, line.quantity, rate_bps=variant.rate_bps, tax_included=tax_included
    )


def _problems(lines: Sequence[Line]) -> dict[int, str]:
    """A hint by line id: the reservation decides. Demand is summed over the lines (test A3)."""
    wanted: dict[int, int] = {}
    for line, _variant in lines:
        wanted[line.variant_id] = wanted.get(line.variant_id, 0) + line.quantity
    found: dict[int, str] = {}
    for line, variant in lines:
        if variant is None or not variant.published:
            found[line.id] = "not_sold"
        elif is_limited(variant) and variant.available < wanted[line.variant_id]:
            found[line.id] = "short" if variant.available > 0 else "sold_out"
    return found


def is_limited(variant: CartVariant) -> bool:
    return variant.track_inventory and not variant.backorderable


def _available(variant: CartVariant | None) -> int:
    return max(0, variant.available) if variant is not None else 0


def _quote(lines: Sequence[ViewLine], division_code: str) -> tuple[Quote, bool]:
    if not any(line.delivery == "shipping" for line in lines):
        return FREE, True
    goods = sum(line.price.line_amount for line in lines if line.delivery == "shipping")
    try:
        return rates.quote(division_code=division_code, goods_amount=goods), True
    except NotDelivered:
        return FREE, False
