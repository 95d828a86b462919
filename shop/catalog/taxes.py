"""Kinds of goods in tax law, and their rates by region.

Orders freeze the rate that they were made with; whatever is changed here holds for carts and orders
from then on.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shop.catalog.drafts import texts
from shop.catalog.events import TaxClassRemoved, TaxesChanged
from shop.catalog.tables import product, tax_class, tax_rate
from shop.kernel import audit, events
from shop.kernel.db import insert_new
from shop.kernel.errors import Conflict, Invalid, NotFound
from shop.kernel.i18n import Texts
from shop.kernel.words import _l

STANDARD = "standard"
FULL_BPS = 10_000
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_REGION = re.compile(r"[0-9]{0,12}")


class ClassInUse(Conflict):
    """Products or shipping rates are of this class; without it nobody could tell their tax."""

    code = "tax_class_in_use"

    def __init__(self) -> None:
        super().__init__(
            _l("Products or shipping rates are of this class. Give them another one first.")
        )


class RateExists(Invalid):
    code = "rate_exists"

    def __init__(self) -> None:
        super().__init__(
            _l("There is a rate for this region already; change that one."), field="region"
        )


def classes(session: Session) -> dict[str, dict[str, str]]:
    """Names of all tax classes by code."""
    rows = session.execute(select(tax_class.c.code, tax_class.c.name).order_by(tax_class.c.code))
    return {row[0]: row[1] for row in rows}


def rates(session: Session) -> dict[str, dict[str, int]]:
    """Basis points by class and region; the empty region is everywhere else."""
    found: dict[str, dict[str, int]] = {}
    rows = session.execute(
        select(tax_rate.c.tax_class, tax_rate.c.region, tax_rate.c.rate_bps).order_by(
            tax_rate.c.tax_class, tax_rate.c.region
        )
    )
    for code, region, rate_bps in rows:
        found.setdefault(code, {})[region] = rate_bps
    return found


def products_by_class(session: Session) -> dict[str, int]:
    """How many products are of each class."""
    rows = session.execute(select(product.c.tax_class, func.count()).group_by(product.c.tax_class))
    return {row[0]: row[1] for row in rows}


def need_standard(session: Session) -> None:
    """Make the class that every product has unless it says otherwise."""
    session.execute(
        insert_new(session, tax_class).values(
            code=STANDARD, name={"zh": "标准税率", "en": "Standard"}
        )
    )


def set_class(
    session: Session,
    code: str,
    name: Texts,
    rates: Mapping[str, int],
    *,
    by: str,
    at: datetime,
) -> None:
    """Make or change a tax class; `rates` are basis points by region, the empty one is the default.

    Placed orders keep the tax they were placed with.
    """
    session.execute(insert_new(session, tax_class).values(code=code, name=dict(name)))
    session.execute(tax_class.update().where(tax_class.c.code == code).values(name=dict(name)))
    session.execute(delete(tax_rate).where(tax_rate.c.tax_class == code))
    rows = [
        {"tax_class": code, "region": region, "rate_bps": rate}
        for region, rate in sorted(rates.items())
    ]
    if rows:
        session.execute(insert(tax_rate), rows)
    events.publish(session, TaxesChanged(code, at))
    audit.record(
        session, "tax_class.set", "tax_class", code, by=by, at=at, after={"rates": dict(rates)}
    )


def make_class(session: Session, code: str, name: Texts, *, by: str, at: datetime) -> None:
    """A class without rates yet; raises Invalid for a bad or taken code, or without a name."""
    if not _CODE.fullmatch(code):
        raise Invalid(_l("A code has letters, digits and hyphens."), field="code")
    named = _named(name)
    statement = insert_new(session, tax_class).values(code=code, name=named)
    if session.execute(statement.returning(tax_class.c.code)).one_or_none() is None:
        raise Invalid(_l("Another tax class has this code already."), field="code")
    audit.record(session, "tax_class.made", "tax_class", code, by=by, at=at, after={"name": named})


def rename_class(session: Session, code: str, name: Texts, *, by: str, at: datetime) -> None:
    """Give a class other words; its code stays, because products and files name it."""
    before = _name_of(session, code)
    named = _named(name)
    if named == before:
        return
    session.execute(update(tax_class).where(tax_class.c.code == code).values(name=named))
    audit.record(
        session,
        "tax_class.renamed",
        "tax_class",
        code,
        by=by,
        at=at,
        before={"name": before},
        after={"name": named},
    )


def remove_class(session: Session, code: str, *, by: str, at: datetime) -> None:
    """Remove a class that nothing is of, with its rates.

    Raises ClassInUse, as do hearers of TaxClassRemoved whose rows name the class; the standard
    class always stays, for new products have it.
    """
    _name_of(session, code)
    if code == STANDARD:
        raise Conflict(_l("New products are of the standard class; it stays."))
    before = rates(session).get(code, {})
    try:
        with session.begin_nested():
            session.execute(delete(tax_rate).where(tax_rate.c.tax_class == code))
            # The foreign key of products decides, so that no product can slip in between.
            session.execute(delete(tax_class).where(tax_class.c.code == code))
    except IntegrityError as error:
        raise ClassInUse from error
    events.publish(session, TaxClassRemoved(code, at))
    audit.record(
        session, "tax_class.removed", "tax_class", code, by=by, at=at, before={"rates": before}
    )


def add_rate(
    session: Session, code: str, region: str, rate_bps: int, *, by: str, at: datetime
) -> None:
    """A rate for one more region of a class; the empty region is everywhere else.

    Raises Invalid for a region that has one or is no division code, and for a rate beyond 100 %.
    """
    _name_of(session, code)
    if not _REGION.fullmatch(region):
        raise Invalid(
            _l("A region is the beginning of a division code, such as 65."), field="region"
        )
    _check_rate(rate_bps)
    statement = insert_new(session, tax_rate).values(
        tax_class=code, region=region, rate_bps=rate_bps
    )
    if session.execute(statement.returning(tax_rate.c.region)).one_or_none() is None:
        raise RateExists
    _record(session, "tax_rate.added", code, by, at, after=(region, rate_bps))


def change_rate(
    session: Session,
    code: str,
    region: str,
    rate_bps: int,
    *,
    seen_bps: int,
    by: str,
    at: datetime,
) -> None:
    """Another rate for a region, if it still is the one that was seen.

    Raises NotFound, Invalid for a rate beyond 100 %, and Conflict if somebody was faster.
    """
    _check_rate(rate_bps)
    found = rate_of(session, code, region)
    if found == rate_bps:
        return
    changed = session.execute(
        update(tax_rate)
        .where(
            tax_rate.c.tax_class == code,
            tax_rate.c.region == region,
            tax_rate.c.rate_bps == seen_bps,
        )
        .values(rate_bps=rate_bps)
        .returning(tax_rate.c.region)
    ).one_or_none()
    if changed is None:
        raise Conflict(_l("Somebody else changed this meanwhile. Please look at it again."))
    _record(
        session, "tax_rate.changed", code, by, at, before=(region, seen_bps),
        after=(region, rate_bps),
    )  # fmt: skip


def remove_rate(session: Session, code: str, region: str, *, by: str, at: datetime) -> None:
    """Take a region's rate away: what is sent there has the rate of the wider region, else none."""
    gone = session.execute(
        delete(tax_rate)
        .where(tax_rate.c.tax_class == code, tax_rate.c.region == region)
        .returning(tax_rate.c.rate_bps)
    ).one_or_none()
    if gone is None:
        raise NotFound(_l("There is no such rate."))
    _record(session, "tax_rate.removed", code, by, at, before=(region, gone[0]))


def rate_of(session: Session, code: str, region: str) -> int:
    """Basis points that stand for exactly this region; raises NotFound."""
    found = session.scalar(
        select(tax_rate.c.rate_bps).where(tax_rate.c.tax_class == code, tax_rate.c.region == region)
    )
    if found is None:
        raise NotFound(_l("There is no such rate."))
    return int(found)


def _name_of(session: Session, code: str) -> dict[str, str]:
    found = session.scalar(select(tax_class.c.name).where(tax_class.c.code == code))
    if found is None:
        raise NotFound(_l("There is no such tax class."))
    return dict(found)


def _named(name: Texts) -> dict[str, str]:
    named = texts(name)
    if not named:
        raise Invalid(_l("Please fill this in."), field="name_zh")
    return named


def _check_rate(rate_bps: int) -> None:
    if not 0 <= rate_bps <= FULL_BPS:
        raise Invalid(_l("A rate lies between 0 and 100 percent."), field="percent")


def _record(
    session: Session,
    action: str,
    code: str,
    by: str,
    at: datetime,
    *,
    before: tuple[str, int] | None = None,
    after: tuple[str, int] | None = None,
) -> None:
    def told(rate: tuple[str, int] | None) -> dict[str, str | int] | None:
        return {"region": rate[0], "rate_bps": rate[1]} if rate else None

    events.publish(session, TaxesChanged(code, at))
    audit.record(
        session, action, "tax_class", code, by=by, at=at, before=told(before), after=told(after)
    )
