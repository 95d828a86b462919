"""Who did what to which thing: the engine's insert-only audit table, with the shop's ids."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import audit_trail
from commissions.audit_trail import AuditEntry
from shop.kernel import ids
from shop.kernel.pages import Page

__all__ = ["AuditEntry", "page", "record"]


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


def page(
    session: Session,
    *,
    by: str = "",
    thing: str = "",
    thing_id: str = "",
    action: str = "",
    after: str = "",
    limit: int = 100,
) -> Page[AuditEntry]:
    """Audit rows, newest first, of one actor, of one kind of thing or of one thing; one statement.

    `action` is the beginning of an action's name, such as `refund.`.
    """
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit + 1)
    plain = {AuditEntry.by: by, AuditEntry.thing_kind: thing, AuditEntry.thing_key: thing_id}
    query = query.where(*(column == value for column, value in plain.items() if value))
    if action:
        query = query.where(AuditEntry.action.startswith(action, autoescape=True))
    if before := ids.read(after):
        query = query.where(AuditEntry.id < before)
    rows = session.scalars(query).all()
    return Page(rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else "")
