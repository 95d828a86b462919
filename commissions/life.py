"""The life of a sale after it was paid: handed over, delivered, refunded, disputed.

Each verb stores its fact and lets it take effect in the caller's transaction. All of them may be
called twice and in any order, also before the sale itself is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from commissions.archive import stored_facts, stored_sale
from commissions.effects import take_effect
from commissions.errors import TooManyUnits, UnknownLine
from commissions.facts import (
    BadFact,
    CalledOff,
    Delivered,
    Disputed,
    Fact,
    Fulfilled,
    Refunded,
    RefundFailed,
    Sale,
)
from commissions.intake import Head, store_facts
from commissions.settling import Batch, Case, books_of, write_out
from commissions.versions import version_by_id

Ids = Callable[[], int]


def record_fulfilled(session: Session, fact: Fulfilled, *, by: str, ids: Ids) -> bool:
    """Units of a line were handed over; the fulfiller earns. False if it was told before.

    Raises UnknownLine, TooManyUnits (both only once the sale is known) and KeyReused.
    """
    return record_facts(session, [fact], by=by, ids=ids) == 1


def record_delivered(session: Session, fact: Delivered, *, by: str, ids: Ids) -> bool:
    """Hand-overs arrived; what waited for them gets its release. False if it was told before."""
    return record_facts(session, [fact], by=by, ids=ids) == 1


def record_refund(session: Session, fact: Refunded, *, by: str, ids: Ids) -> bool:
    """Money goes back; all roles of a line give back in proportion. False if told before.

    More than what is left of a line is never taken. Raises UnknownLine and KeyReused.
    """
    return record_facts(session, [fact], by=by, ids=ids) == 1


def record_refund_failed(session: Session, fact: RefundFailed, *, by: str, ids: Ids) -> bool:
    """A refund did not happen after all: what it took is given again. False if told before."""
    return record_facts(session, [fact], by=by, ids=ids) == 1


def record_called_off(session: Session, fact: CalledOff, *, by: str, ids: Ids) -> bool:
    """The sale was given up as a whole: all roles give back everything. False if told before."""
    return record_facts(session, [fact], by=by, ids=ids) == 1


def record_dispute(session: Session, fact: Disputed, *, by: str, ids: Ids) -> bool:
    """A dispute opened (hold, and reserve for what is paid), was won or was lost.

    False if it was told before.
    """
    return record_facts(session, [fact], by=by, ids=ids) == 1


def record_facts(session: Session, facts: Sequence[Fact], *, by: str, ids: Ids) -> int:
    """Several facts of one sale at once, such as a parcel of many lines; how many were new.

    The same as one after the other, with the books read once. Raises as the verbs above.
    """
    sale_keys = {fact.sale_key for fact in facts}
    if len(sale_keys) != 1:
        raise BadFact("facts told together belong to one sale")
    head, new = store_facts(session, facts, by=by, ids=ids)
    if new and head.sale_id is not None and head.credited_at is not None:
        known = stored_facts(session, sale_keys)[head.sale_key]
        case = _case(session, head, head.sale_id)
        for fact in new:
            _check(case.stored.sale, known, fact)
        earlier = [fact for fact in known if fact not in new]
        batch = Batch(case, ids)
        for count, fact in enumerate(new, start=1):
            take_effect(session, batch, [*earlier, *new[:count]], fact, by=by)
        write_out(session, batch)
    return len(new)


def _case(session: Session, head: Head, sale_id: int) -> Case:
    stored = stored_sale(session, sale_id)
    in_force = None if head.version_id is None else version_by_id(session, head.version_id)
    return Case(stored, in_force, books_of(session, stored))


def _check(sale: Sale, facts: list[Fact], fact: Fact) -> None:
    quantities = {line.key: line.quantity for line in sale.lines}
    if isinstance(fact, Refunded):
        unknown = [line.line_key for line in fact.lines if line.line_key not in quantities]
        if unknown:
            raise UnknownLine(sale=sale.key, line=unknown[0])
    if not isinstance(fact, Fulfilled):
        return
    if fact.line_key not in quantities:
        raise UnknownLine(sale=sale.key, line=fact.line_key)
    handed = sum(
        other.units
        for other in facts
        if isinstance(other, Fulfilled) and other.line_key == fact.line_key
    )
    if handed > quantities[fact.line_key]:
        raise TooManyUnits(sale=sale.key, line=fact.line_key, units=handed)
