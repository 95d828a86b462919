"""Periods count what their lines imply, and have been given what they come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from commissions.archive import StoredSale
from commissions.auditing.finding import Finding
from commissions.calculator import Reckoning
from commissions.counting import Before, group_of
from commissions.models import Award, Counted, Entry, PeriodRow, Release
from commissions.periods import Slot, Sums, award_of, countings
from commissions.rows import table_of
from commissions.targets import Target
from commissions.versions import InForce, version_by_id


def of_sale(
    stored: StoredSale,
    in_force: InForce,
    reckoning: Reckoning,
    found: Sequence[Target],
    before: Mapping[Slot, Before],
) -> Iterator[Finding]:
    """Lines of a sale that count otherwise than their facts say."""
    places = {slot: one.place for slot, one in before.items()}
    expected = countings(reckoning, found, places)
    for slot in sorted({*expected, *before}):
        counting, written = expected.get(slot), before.get(slot)
        should = counting.sums if counting else Sums()
        has = written.sums if written else Sums()
        same_place = (
            counting is None
            or written is None
            or written.group == group_of(stored, in_force, counting)
        )
        if should != has or not (same_place or has == Sums()):
            detail = {"expected": should.base, "found": has.base}
            name = ":".join((stored.sale.key, *slot[0], slot[1]))
            yield Finding("counting_differs", name, detail)


def check(session: Session) -> Iterator[Finding]:
    """Periods whose sums, awards and entries do not agree with each other."""
    yield from _sums(session)
    yield from _entries(session)


def _sums(session: Session) -> Iterator[Finding]:
    period, counted, award = map(table_of, (PeriodRow, Counted, Award))
    names = ("base_amount", "line_amount", "room_amount")
    sums = (
        select(counted.c.period_id, *(func.sum(counted.c[name]).label(name) for name in names))
        .group_by(counted.c.period_id)
        .subquery()
    )
    awards = (
        select(award.c.period_id, func.sum(award.c.amount).label("awarded"))
        .group_by(award.c.period_id)
        .subquery()
    )
    rows = session.execute(
        select(period, *(sums.c[name].label(f"sum_{name}") for name in names), awards.c.awarded)
        .join(sums, sums.c.period_id == period.c.id, isouter=True)
        .join(awards, awards.c.period_id == period.c.id, isouter=True)
        .order_by(period.c.id)
    ).mappings()
    for row in rows:
        thing = f"period:{row['id']}"
        for name in names:
            should = int(row[f"sum_{name}"] or 0)
            if row[name] != should:
                detail = {"column": name, "expected": should, "found": row[name]}
                yield Finding("period_differs", thing, detail)
        total = _comes_to(session, row)
        for column, found in (("award_amount", row["award_amount"]), ("awards", row["awarded"])):
            if total != int(found or 0):
                detail = {"column": column, "expected": total, "found": int(found or 0)}
                yield Finding("award_differs", thing, detail)


def _comes_to(session: Session, row: Mapping[Any, Any]) -> int:
    in_force = version_by_id(session, row["version_id"])
    rule = next(rule for rule in in_force.terms.rules if in_force.rule_id(rule) == row["rule_id"])
    sums = Sums(row["base_amount"], row["line_amount"], row["room_amount"])
    return award_of(rule, row["currency"], sums)[0]


def _entries(session: Session) -> Iterator[Finding]:
    """Each award has exactly its entry with a release, and each such entry its award."""
    award, period, entry, release = map(table_of, (Award, PeriodRow, Entry, Release))
    same = and_(
        entry.c.amount == award.c.amount,
        entry.c.payee_key == period.c.payee_key,
        entry.c.point_key == period.c.point_key,
        entry.c.currency == period.c.currency,
        entry.c.rule_id == period.c.rule_id,
        entry.c.version_id == period.c.version_id,
        release.c.payee_key == period.c.payee_key,
    )
    unlike = (
        select(award.c.id)
        .join(period, period.c.id == award.c.period_id)
        .join(entry, entry.c.award_id == award.c.id, isouter=True)
        .join(release, release.c.entry_id == entry.c.id, isouter=True)
        .where(or_(entry.c.id.is_(None), release.c.entry_id.is_(None), ~same))
        .order_by(award.c.id)
    )
    for award_id in session.scalars(unlike):
        yield Finding("award_entry_differs", f"award:{award_id}")
