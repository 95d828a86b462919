"""Kinds of goods in tax law, and their rates by region."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from shop.catalog.tables import tax_class, tax_rate
from shop.kernel import audit
from shop.kernel.db import insert_new
from shop.kernel.i18n import Texts

STANDARD = "standard"


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
    audit.record(
        session, "tax_class.set", "tax_class", code, by=by, at=at, after={"rates": dict(rates)}
    )
