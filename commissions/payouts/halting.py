"""The switch that stops all sending. Looking up and recording go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import audit_trail
from commissions.models import Halt
from commissions.plans import SamePerson
from commissions.rows import dialect_of, table_of, upsert

Ids = Callable[[], int]


def is_halted(session: Session) -> bool:
    table = table_of(Halt)
    return bool(session.scalar(select(table.c.halted).where(table.c.id == 1)))


def halt_payouts(session: Session, *, reason: str, by: str, at: datetime, ids: Ids) -> None:
    """Stop sending, with a code for why: a failed check, a restore, a doubled transfer."""
    _set(session, halted=True, reason=reason, by=by, at=at, ids=ids)


def resume_payouts(
    session: Session, *, reason: str, by: str, second: str, at: datetime, ids: Ids
) -> None:
    """Let payouts be sent again; two people must agree. Raises SamePerson."""
    if by == second:
        raise SamePerson(by=by)
    _set(session, halted=False, reason=f"{reason} (with {second})", by=by, at=at, ids=ids)


def _set(session: Session, *, halted: bool, reason: str, by: str, at: datetime, ids: Ids) -> None:
    values = {"halted": halted, "reason": reason, "at": at, "by": by}
    statement = upsert(dialect_of(session), Halt).values(id=1, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
    verb = "halted" if halted else "resumed"
    audit_trail.record(
        session,
        f"commission_payouts.{verb}",
        thing=("commission_payout_halt", 1),
        by=by,
        at=at,
        ids=ids,
        note=reason,
    )
