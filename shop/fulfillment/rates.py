"""What shipping costs: a flat rate by region, free over an amount."""

from dataclasses import dataclass

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from shop.catalog.models import TaxRate
from shop.fulfillment.models import ShippingRate
from shop.kernel.errors import Invalid
from shop.kernel.words import _l


class NotDelivered(Invalid):
    """The brand does not ship to this region."""

    code = "not_delivered"

    def __init__(self) -> None:
        super().__init__(
            _l("We do not deliver to this address yet. Please choose pick-up or another address."),
            field="province",
        )


@dataclass(frozen=True)
class Quote:
    """Shipping for one order, in minor units of the brand's currency."""

    amount: int
    rate_bps: int
    free_over_amount: int | None
    days_min: int
    days_max: int


FREE = Quote(0, 0, None, 0, 0)


def quote(session: Session, *, division_code: str, goods_amount: int) -> Quote:
    """The rate of the longest matching region.

    Without any rate in the table shipping is free. Raises NotDelivered where the rate says so.
    """
    row = session.execute(
        select(
            ShippingRate.amount,
            ShippingRate.free_over_amount,
            ShippingRate.days_min,
            ShippingRate.days_max,
            TaxRate.rate_bps,
        )
        .outerjoin(TaxRate, (TaxRate.tax_class == ShippingRate.tax_class) & (TaxRate.region == ""))
        .where(
            ShippingRate.active,
            literal(division_code).startswith(ShippingRate.region, autoescape=False),
        )
        .order_by(func.length(ShippingRate.region).desc(), ShippingRate.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return FREE
    if row.amount is None:
        raise NotDelivered
    free = row.free_over_amount is not None and goods_amount >= row.free_over_amount
    return Quote(
        0 if free else row.amount,
        row.rate_bps or 0,
        row.free_over_amount,
        row.days_min,
        row.days_max,
    )
