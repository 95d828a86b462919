"""What shipping costs: a flat rate by region, free over an amount."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.catalog.events import TaxesChanged
from shop.catalog.models import TaxRate
from shop.fulfillment.models import ShippingRate
from shop.kernel.errors import Invalid
from shop.kernel.kept import Kept
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


@dataclass(frozen=True)
class Rate:
    """An active rate with the tax on it."""

    region: str
    amount: int | None
    free_over_amount: int | None
    days_min: int
    days_max: int
    rate_bps: int


def active(session: Session) -> list[Rate]:
    """All active rates, the most precise region first."""
    rows = session.execute(
        select(
            ShippingRate.region,
            ShippingRate.amount,
            ShippingRate.free_over_amount,
            ShippingRate.days_min,
            ShippingRate.days_max,
            func.coalesce(TaxRate.rate_bps, 0),
        )
        .outerjoin(TaxRate, (TaxRate.tax_class == ShippingRate.tax_class) & (TaxRate.region == ""))
        .where(ShippingRate.active)
        .order_by(func.length(ShippingRate.region).desc(), ShippingRate.id)
    )
    return [Rate(*row) for row in rows]


kept = Kept(active)


def follow_taxes(session: Session, _event: TaxesChanged) -> None:
    """The kept rates hold the tax on them; hears of `TaxesChanged`."""
    kept.forget(session)


def quote(*, division_code: str, goods_amount: int) -> Quote:
    """What the rate of the longest matching region asks, from the kept copy of the rates.

    Without any rate in the table shipping is free. Raises NotDelivered where the rate says so.
    """
    rate = next((one for one in kept.get() if division_code.startswith(one.region)), None)
    if rate is None:
        return FREE
    if rate.amount is None:
        raise NotDelivered
    free = rate.free_over_amount is not None and goods_amount >= rate.free_over_amount
    return Quote(
        0 if free else rate.amount,
        rate.rate_bps,
        rate.free_over_amount,
        rate.days_min,
        rate.days_max,
    )
