"""Who did what to which thing, kept for ever.

Holds ids, keys and numbers; never a person's data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Index, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from commissions.guards import insert_only
from commissions.schema import Base, Json, PrimaryId


class AuditEntry(Base):
    """One act of one actor on one thing."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "thing_kind", "thing_key", "id"), Index(None, "by", "id"))

    id: Mapped[PrimaryId]
    at: Mapped[datetime]
    by: Mapped[str]
    """Opaque key of the actor, such as `user:17` or `job:seal`."""
    action: Mapped[str]
    thing_kind: Mapped[str]
    thing_key: Mapped[str]
    """The thing's id or key, as text."""
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    after: Mapped[dict[str, Any] | None] = mapped_column(Json)
    note: Mapped[str]


insert_only(AuditEntry.__tablename__)


def record(
    session: Session,
    action: str,
    *,
    thing: tuple[str, int | str],
    by: str,
    at: datetime,
    ids: Callable[[], int],
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    note: str = "",
) -> None:
    """Write one audit row. `thing` is its kind and its id or key."""
    kind, key = thing
    row = {
        "id": ids(),
        "at": at,
        "by": by,
        "action": action,
        "thing_kind": kind,
        "thing_key": str(key),
        "before": None if before is None else dict(before),
        "after": None if after is None else dict(after),
        "note": note,
    }
    session.execute(insert(AuditEntry), [row])
