"""The one way to change a status: a table of allowed steps, a conditional update, an audit row.

Separate from the things that have a status, so that the rule stands once and a test can walk
every pair of every table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from commissions import audit_trail
from commissions.errors import NotFound, StaleState
from commissions.schema import Base

S = TypeVar("S", bound=StrEnum)


class Machine(Generic[S]):
    """Allowed steps of one StrEnum. `steps` names, for each state, the states that may follow."""

    def __init__(self, steps: Mapping[S, Set[S]], *, column: str = "status") -> None:
        self.steps = steps
        self.column = column

    def before(self, to: S) -> tuple[S, ...]:
        """States from which `to` may be reached."""
        return tuple(state for state, following in self.steps.items() if to in following)

    def allows(self, start: S, to: S) -> bool:
        return to in self.steps.get(start, ())

    def move(
        self,
        session: Session,
        model: type[Base],
        id: int,
        *,
        to: S,
        by: str,
        at: datetime,
        ids: Callable[[], int],
        note: str = "",
        expected: S | None = None,
        also: Mapping[str, Any] | None = None,
        only_if: ColumnElement[bool] | None = None,
    ) -> bool:
        """Bring one row to `to` and write the audit row; True if it moved.

        A row that stands there already is a silent success (False). `expected` narrows the states
        it may come from; `also` sets further columns and `only_if` adds a condition, both in the
        same statement.
        Raises StaleState if it stands elsewhere, NotFound if there is no such row.
        """
        allowed = self.before(to) if expected is None else (expected,)
        if expected is not None and not self.allows(expected, to):
            raise StaleState(f"{expected} to {to} is no step", thing=model.__tablename__, id=id)
        start = allowed[0] if len(allowed) == 1 else self._current(session, model, id)
        if start == to:
            return False
        if start not in allowed or not self._update(session, model, id, start, to, also, only_if):
            return self._refuse(session, model, id, to)
        audit_trail.record(
            session,
            f"{model.__tablename__}.{to}",
            thing=(model.__tablename__, id),
            by=by,
            at=at,
            ids=ids,
            before={self.column: str(start)},
            after={self.column: str(to)},
            note=note,
        )
        return True

    def _update(
        self,
        session: Session,
        model: type[Base],
        id: int,
        start: S,
        to: S,
        also: Mapping[str, Any] | None,
        only_if: ColumnElement[bool] | None,
    ) -> bool:
        # The row count decides: of two who try, one finds the state gone.
        statement = (
            update(model)
            .where(getattr(model, "id") == id, getattr(model, self.column) == start)  # noqa: B009
            .values({self.column: to, **(also or {})})
            .execution_options(synchronize_session=False)
        )
        if only_if is not None:
            statement = statement.where(only_if)
        moved = cast("CursorResult[Any]", session.execute(statement)).rowcount == 1
        loaded = session.identity_map.get(identity_key(model, id))
        if loaded is not None:
            session.expire(loaded)
        return moved

    def _current(self, session: Session, model: type[Base], id: int) -> S:
        column = getattr(model, self.column)
        status = session.scalar(select(column).where(getattr(model, "id") == id))  # noqa: B009
        if status is None:
            raise NotFound(thing=model.__tablename__, id=id)
        found: S = status
        return found

    def _refuse(self, session: Session, model: type[Base], id: int, to: S) -> bool:
        current = self._current(session, model, id)
        if current == to:
            return False
        raise StaleState(
            f"{model.__tablename__} {id} is {current}, not ready to become {to}",
            thing=model.__tablename__,
            id=id,
            current=str(current),
            wanted=str(to),
        )
