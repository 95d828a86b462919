"""Credit a recorded sale: choose the plan version, decide every line, post.

Separate from intake.py: recording must not fail, crediting may, and is then repeated by a job.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commissions.archive import StoredSale, stored_facts, stored_sale
from commissions.calculator import SALE
from commissions.causes import Cause
from commissions.effects import take_effect
from commissions.errors import NotFound
from commissions.facts import Sale
from commissions.history import in_order
from commissions.intake import Claim, RecordedSale, record_claimed_sale
from commissions.models import SaleHead, SaleRow
from commissions.rows import table_of
from commissions.settling import Batch, Case, settle, write_out
from commissions.versions import id_at, version_by_id

log = logging.getLogger(__name__)


def credit_sale(
    session: Session,
    sale: RecordedSale | str,
    *,
    by: str,
    at: datetime,
    ids: Callable[[], int],
) -> bool:
    """Decide and post a sale, with all facts that arrived before; False if that was done already.

    `sale` is the answer of `record_sale`, or a sale key. Raises NotFound for an unknown key.
    """
    stored = sale.stored if isinstance(sale, RecordedSale) else _by_key(session, sale)
    claim = _claim(session, stored, at)
    if claim is None:
        return False
    has_facts = isinstance(sale, str) or sale.has_facts
    _credit(session, stored, claim, has_facts=has_facts, by=by, at=at, ids=ids)
    return True


def take_sale(
    session: Session, sale: Sale, *, by: str, at: datetime, ids: Callable[[], int]
) -> bool:
    """Record a sale and credit it at once: what a shop calls where an order is paid.

    The sale stays whatever the calculator says: False if that failed. `credit_sale` tries again,
    `uncredited_sales` remembers, and `audit` reports it. Raises KeyReused.
    """
    recorded = record_claimed_sale(session, sale, by=by, at=at, ids=ids)
    try:
        with session.begin_nested():
            if recorded.claim is None:
                credit_sale(session, recorded, by=by, at=at, ids=ids)
            else:
                _credit(
                    session,
                    recorded.stored,
                    recorded.claim,
                    has_facts=recorded.has_facts,
                    by=by,
                    at=at,
                    ids=ids,
                )
    except Exception:  # no commission error stops an order
        log.exception("sale %s is recorded and not credited yet", sale.key)
        if recorded.claim is not None:
            _give_back(session, sale.key)
        return False
    return True


def uncredited_sales(session: Session, *, limit: int = 100) -> list[str]:
    """Keys of sales that are recorded but not credited, oldest first."""
    head = table_of(SaleHead)
    return list(
        session.scalars(
            select(head.c.sale_key)
            .where(head.c.credited_at.is_(None), head.c.sale_id.is_not(None))
            .order_by(head.c.sale_id)
            .limit(limit)
        )
    )


def _catch_up(session: Session, batch: Batch, *, by: str) -> None:
    """Work off facts that came before the sale, one by one, so that each names its own entries."""
    sale_key = batch.case.stored.sale.key
    facts = in_order(stored_facts(session, [sale_key]).get(sale_key, []))
    for count, fact in enumerate(facts, start=1):
        take_effect(session, batch, facts[:count], fact, by=by)


def _credit(
    session: Session,
    stored: StoredSale,
    claim: Claim,
    *,
    has_facts: bool,
    by: str,
    at: datetime,
    ids: Callable[[], int],
) -> None:
    in_force = version_by_id(session, claim.version_id) if claim.version_id else None
    batch = Batch(Case(stored, in_force), ids)
    settle(batch, [], Cause(SALE, stored.sale.key, at, by))
    if has_facts:
        _catch_up(session, batch, by=by)
    write_out(session, batch)


def _give_back(session: Session, sale_key: str) -> None:
    head = table_of(SaleHead)
    unclaimed = {"credited_at": None, "version_id": None}
    session.execute(update(head).where(head.c.sale_key == sale_key).values(unclaimed))


def _claim(session: Session, stored: StoredSale, at: datetime) -> Claim | None:
    """Whoever comes first credits the sale, under the version in force at its time; None if late.

    The version is chosen by the statement that stores it, so that none can be put in between. Lines
    that were added later have the version of their sale, and wait until that is credited.
    """
    head, sale = table_of(SaleHead), stored.sale
    version = id_at(sale.plan_key, sale.placed_at)
    mine = [head.c.sale_key == sale.key, head.c.credited_at.is_(None)]
    if stored.part_of_id is not None:
        first = head.alias("first")
        is_first = (first.c.sale_id == stored.part_of_id) & first.c.credited_at.is_not(None)
        version = select(first.c.version_id).where(is_first)
        mine.append(version.exists())
    claim = (
        update(head)
        .where(*mine)
        .values(credited_at=at, version_id=version.scalar_subquery())
        .returning(head.c.version_id)
    )
    row = session.execute(claim).one_or_none()
    return None if row is None else Claim(row.version_id)


def _by_key(session: Session, sale_key: str) -> StoredSale:
    table = table_of(SaleRow)
    sale_id = session.scalar(select(table.c.id).where(table.c.key == sale_key))
    if sale_id is None:
        raise NotFound(thing="commission_sale", key=sale_key)
    return stored_sale(session, sale_id)
