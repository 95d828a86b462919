"""The brand's shipping rates: one for each region, the longest matching division prefix wins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shop.catalog.events import TaxClassRemoved
from shop.catalog.taxes import ClassInUse
from shop.fulfillment import rates
from shop.fulfillment.models import ShippingRate
from shop.kernel import audit, ids
from shop.kernel.errors import Invalid, NotFound
from shop.kernel.i18n import Texts
from shop.kernel.words import Words, _l

LONGEST_WAIT = 120
"""Days."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A rate as staff write it; amounts in minor units of the brand's currency."""

    region: str
    """Division code prefix such as 65 (Xinjiang); empty for everywhere else."""
    name: Texts
    amount: int | None
    """None: not delivered there."""
    free_over_amount: int | None = None
    tax_class: str = "standard"
    days_min: int = 2
    days_max: int = 4
    active: bool = True


def write(
    session: Session, rate: Rate, *, by: str, at: datetime, rate_id: int | None = None
) -> int:
    """Add a rate, or change the one with `rate_id`; orders that were made keep theirs.

    Raises Invalid with every bad field named, and for a region that another rate has; NotFound.
    """
    _check(rate)
    values = {**rate.__dict__, "name": dict(rate.name)}
    try:
        with session.begin_nested():
            found = _change(session, rate_id, values) if rate_id else _add(session, values)
    except IntegrityError as error:
        raise Invalid(
            _l("There is a rate for this region already; change that one."), field="region"
        ) from error
    rates.kept.forget(session)
    audit.record(
        session, "shipping_rate.written", "shipping_rate", found, by=by, at=at, after=values
    )
    return found


def keep_class(session: Session, event: TaxClassRemoved) -> None:
    """Refuse, by ClassInUse, if a rate is of the class; hears of `TaxClassRemoved`."""
    of_class = ShippingRate.tax_class == event.tax_class
    if session.scalar(select(ShippingRate.id).where(of_class).limit(1)) is not None:
        raise ClassInUse


def one(session: Session, rate_id: int) -> ShippingRate:
    """A rate; raises NotFound."""
    found = session.scalars(select(ShippingRate).where(ShippingRate.id == rate_id)).one_or_none()
    if found is None:
        raise NotFound(_l("There is no such rate."))
    return found


def _add(session: Session, values: Mapping[str, object]) -> int:
    rate_id = ids.new()
    session.execute(insert(ShippingRate).values(id=rate_id, **values))
    return rate_id


def _change(session: Session, rate_id: int, values: Mapping[str, object]) -> int:
    changed = session.execute(
        update(ShippingRate)
        .where(ShippingRate.id == rate_id)
        .values(**values)
        .returning(ShippingRate.id)
    ).one_or_none()
    if changed is None:
        raise NotFound(_l("There is no such rate."))
    return rate_id


def _check(rate: Rate) -> None:
    wrong: dict[str, Words | str] = {}
    if rate.region and not (rate.region.isascii() and rate.region.isdigit()):
        wrong["region"] = _l("A region is the beginning of a division code, such as 65.")
    elif len(rate.region) > 12:
        wrong["region"] = _l("This is too long.")
    if not any(rate.name.values()):
        wrong["name_zh"] = _l("Please fill this in.")
    if rate.amount is not None and rate.amount < 0:
        wrong["amount"] = _l("This must not be below zero.")
    if rate.free_over_amount is not None and rate.free_over_amount < 0:
        wrong["free_over"] = _l("This must not be below zero.")
    if not 0 <= rate.days_min <= rate.days_max <= LONGEST_WAIT:
        wrong["days_max"] = _l("The longest time must not be shorter than the shortest.")
    if wrong:
        raise Invalid(_l("Please check the marked fields."), fields=wrong)
