"""Lines that come to an order later: an edit, or what a returned line is exchanged for.

They are reckoned by themselves under the version that was frozen on the order, so that no amount of
the lines that were there moves. A smaller quantity, and the returned half of an exchange, are refunds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.archive import StoredSale, stored_sale
from commissions.crediting import credit_sale
from commissions.errors import NotFound, UnknownLine
from commissions.facts import LinesAdded
from commissions.intake import record_part
from commissions.models import SaleRow
from commissions.rows import table_of


def add_lines(session: Session, added: LinesAdded, *, by: str, ids: Callable[[], int]) -> bool:
    """Record and credit lines that were added to a sale; False if it was told before.

    They have the day of the order, its plan version and its customer, and are paid when they were
    added. Raises NotFound for an unknown sale, UnknownLine for a replaced line that is none of its
    own, and KeyReused.
    """
    first = _first(session, added.sale_key)
    if added.replaces and added.replaces not in first.line_ids:
        raise UnknownLine(sale=added.sale_key, line=added.replaces)
    recorded = record_part(
        session,
        replace(first.sale, key=added.own_key, paid_at=added.at, lines=added.lines),
        part_of_id=first.id,
        replaces=added.replaces,
        by=by,
        at=added.at,
        ids=ids,
    )
    credit_sale(session, recorded, by=by, at=added.at, ids=ids)
    return recorded.is_new


def _first(session: Session, sale_key: str) -> StoredSale:
    table = table_of(SaleRow)
    sale_id = session.scalar(
        select(table.c.id).where(table.c.key == sale_key, table.c.part_of_id.is_(None))
    )
    if sale_id is None:
        raise NotFound(thing="commission_sale", key=sale_key)
    return stored_sale(session, sale_id)
