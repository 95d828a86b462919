"""Credit a recorded sale: choose the plan version, decide every line, post.

Separate from intake.py: recording must not fail, crediting may, and is then repeated by a job.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commissions.archive import StoredSale, stored_facts, stored_sale
from commissions.calculator import SALE
from commissions.causes import Cause
from commissions.effects import take_effect
from commissions.errors import NotFound
from commissions.history import in_order
from commissions.intake import RecordedSale
from commissions.models import SaleHead, SaleRow
from commissions.rows import row_count, table_of
from commissions.settling import Batch, Case, settle, write_out
from commissions.versions import version_at


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
    in_force = version_at(session, stored.sale.plan_key, stored.sale.placed_at)
    version_id = in_force.version_id if in_force else None
    if not _claim(session, stored.sale.key, version_id, at):
        return False
    batch = Batch(Case(stored, in_force), ids)
    settle(batch, [], Cause(SALE, stored.sale.key, at, by))
    if isinstance(sale, str) or sale.has_facts:
        _catch_up(session, batch, by=by)
    write_out(session, batch)
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


def _claim(session: Session, sale_key: str, version_id: int | None, at: datetime) -> bool:
    head = table_of(SaleHead)
    claim = (
        update(head)
        .where(head.c.sale_key == sale_key, head.c.credited_at.is_(None))
        .values(credited_at=at, version_id=version_id)
    )
    return row_count(session, claim) == 1


def _by_key(session: Session, sale_key: str) -> StoredSale:
    table = table_of(SaleRow)
    sale_id = session.scalar(select(table.c.id).where(table.c.key == sale_key))
    if sale_id is None:
        raise NotFound(thing="commission_sale", key=sale_key)
    return stored_sale(session, sale_id)
