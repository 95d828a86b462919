"""Who did what to which thing: the engine's insert-only audit table, with the shop's ids."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from commissions import audit_trail
from shop.kernel import ids

__all__ = ["record"]


def record(
    session: Session,
    action: str,
    thing: str,
    thing_id: int | str,
    *,
    by: str,
    at: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    note: str = "",
) -> None:
    """Write one audit row in the transaction of the act; values hold ids, never personal data."""
    audit_trail.record(
        session,
        action,
        thing=(thing, thing_id),
        by=by,
        at=at,
        ids=ids.new,
        before=before,
        after=after,
        note=note,
    )
