"""Bring the periods of a sale up to date: count what arrived, post the difference.

Separate from settling.py because many sales meet in the row of a period. Its row lock is taken
while its sums change, so that two deliveries at once see each other and a cap holds. The order of
locks is: the head of the sale, periods in sorted order, balances in sorted order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, case, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from commissions.archive import StoredSale
from commissions.calculator import Reckoning
from commissions.canonical import plain
from commissions.causes import Cause
from commissions.models import Award, Counted, EntryKind, PeriodRow
from commissions.periods import Counting, Place, Slot, Sums, award_of, countings
from commissions.rows import dialect_of, table_of, upsert, write
from commissions.targets import Target
from commissions.terms import Role, Rule
from commissions.versions import InForce

_GROUP = ("rule_id", "point_key", "payee_key", "currency", "period_key")
Group = tuple[int, str, str, str, str]
"""Rule id, point, payee, currency, period: the unique key of a period's row."""


@dataclass(frozen=True, slots=True)
class Before:
    """Where one line counts by the rows that are written, and with what."""

    group: Group
    place: Place
    sums: Sums
    since: datetime
    """From when it may be paid: a release is never taken back, also if the line moves on."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one line adds to a period, or takes from it."""

    slot: Slot
    place: Place
    sums: Sums
    since: datetime


@dataclass(slots=True)
class Differences:
    """Rows of the differences that a change of some periods comes to."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    releases: list[dict[str, Any]] = field(default_factory=list)


def count(
    session: Session,
    stored: StoredSale,
    in_force: InForce,
    reckoning: Reckoning,
    found_by_fact: Sequence[Sequence[Target]],
    cause: Cause,
    *,
    is_new: bool,
    ids: Callable[[], int],
) -> Differences:
    """Count a sale as its facts have it now; the entries that its periods owe or take back.

    `found_by_fact` are the targets after each of the new facts. Writes the sums and their reasons;
    entries and releases are the caller's to write. `is_new` says that nothing of the sale can have
    been counted before. Told again, it changes nothing.
    """
    before = {} if is_new else counted_before(session, [stored]).get(stored.id, {})
    places = {slot: one.place for slot, one in before.items()}
    now: dict[Slot, Counting] = {}
    for found in found_by_fact:
        now = countings(reckoning, found, places)
        places |= {slot: one.place for slot, one in now.items()}
    differences = Differences()
    rules = {in_force.rule_id(rule): rule for rule in in_force.terms.rules if rule.counts}
    for group, steps in sorted(_steps(stored, in_force, before, now).items()):
        period = _shift(session, group, in_force.version_id, steps, ids)
        rows = [_counted(stored, period, step, cause, ids) for step in steps]
        write(session, Counted, rows)
        _settle(session, period, rules[group[0]], in_force, steps, cause, differences, ids)
    return differences


def counted_before(session: Session, sales: Iterable[StoredSale]) -> dict[int, dict[Slot, Before]]:
    """By sale: where its lines count, by what was written. One statement."""
    by_id = {stored.id: stored for stored in sales}
    counted, period = table_of(Counted), table_of(PeriodRow)
    found: dict[int, dict[Slot, dict[Group, Before]]] = {}
    for row in session.execute(
        select(counted, *(period.c[name] for name in _GROUP))
        .join(period, period.c.id == counted.c.period_id)
        .where(counted.c.sale_id.in_(list(by_id)))
        .order_by(counted.c.sale_id, counted.c.id)
    ):
        _fold(found.setdefault(row.sale_id, {}), row, by_id[row.sale_id])
    return {
        sale_id: {slot: _standing(groups) for slot, groups in slots.items()}
        for sale_id, slots in found.items()
    }


def _fold(
    known: dict[Slot, dict[Group, Before]], row: Row[*tuple[Any, ...]], stored: StoredSale
) -> None:
    line_key = next((key for key, id_ in stored.line_ids.items() if id_ == row.line_id), "")
    origin = (line_key, row.role.value, row.cause, row.cause_key)
    slot = (origin, Role.BONUS if row.is_bonus else row.role)
    group: Group = (row.rule_id, row.point_key, row.payee_key, row.currency, row.period_key)
    place = Place(row.position, row.period_key, row.delivered_at, row.available_at)
    sums = Sums(row.base_amount, row.line_amount, row.room_amount)
    groups = known.setdefault(slot, {})
    had = groups.pop(group, None) or Before(group, place, Sums(), place.available_at)
    since = min(had.since, place.available_at)
    groups[group] = Before(group, place, had.sums + sums, since)


def _standing(groups: Mapping[Group, Before]) -> Before:
    """Where a line counts that may have moved: everywhere else its sums came back to nothing."""
    found = list(groups.values())
    standing = next((one for one in found if one.sums != Sums()), found[-1])
    return replace(standing, since=min(one.since for one in found))


def _steps(
    stored: StoredSale,
    in_force: InForce,
    before: Mapping[Slot, Before],
    now: Mapping[Slot, Counting],
) -> dict[Group, list[Step]]:
    """What changes, by period; what leaves a period stands before what enters another."""
    steps: dict[Group, list[Step]] = {}
    for slot in (*before, *(slot for slot in now if slot not in before)):
        old, new = before.get(slot), now.get(slot)
        group = group_of(stored, in_force, new) if new else None
        had = Sums()
        if old and old.group == group:
            had = old.sums
        elif old and old.sums != Sums():
            left = Step(slot, old.place, Sums() - old.sums, old.since)
            steps.setdefault(old.group, []).append(left)
        if new and group and new.sums != had:
            since = new.place.available_at
            if old:
                since = min(since, old.since)
            steps.setdefault(group, []).append(Step(slot, new.place, new.sums - had, since))
    return steps


def group_of(stored: StoredSale, in_force: InForce, counting: Counting) -> Group:
    """Key of the row in which something counts."""
    party = counting.party
    rule_id, currency = in_force.rule_id(counting.rule), stored.sale.currency
    return (rule_id, party.point_key, party.payee_key, currency, counting.place.period_key)


def _shift(
    session: Session,
    group: Group,
    version_id: int,
    steps: Sequence[Step],
    ids: Callable[[], int],
) -> Row[*tuple[Any, ...]]:
    """Add to the sums of a period and lock its row; the row as it stands then."""
    change = sum((step.sums for step in steps), Sums())
    row = {
        **dict(zip(_GROUP, group, strict=True)),
        "id": ids(),
        "version_id": version_id,
        "seq": 1,
        "base_amount": change.base,
        "line_amount": change.line,
        "room_amount": change.room,
        "award_amount": 0,
        "first_available_at": min(step.since for step in steps),
        "last_available_at": max(step.place.available_at for step in steps),
    }
    return session.execute(_add_up(dialect_of(session)), row).one()


@cache
def _add_up(dialect: str) -> ReturningInsert[Any]:
    table = table_of(PeriodRow)
    statement = upsert(dialect, PeriodRow)
    new, first, last = statement.excluded, table.c.first_available_at, table.c.last_available_at
    is_first, is_last = new.first_available_at < first, new.last_available_at > last
    shifted = statement.on_conflict_do_update(
        index_elements=list(_GROUP),
        set_={
            "seq": table.c.seq + 1,
            "base_amount": table.c.base_amount + new.base_amount,
            "line_amount": table.c.line_amount + new.line_amount,
            "room_amount": table.c.room_amount + new.room_amount,
            "first_available_at": case((is_first, new.first_available_at), else_=first),
            "last_available_at": case((is_last, new.last_available_at), else_=last),
        },
    )
    return shifted.returning(*table.c)


def _counted(
    stored: StoredSale,
    period: Row[*tuple[Any, ...]],
    step: Step,
    cause: Cause,
    ids: Callable[[], int],
) -> dict[str, Any]:
    (line_key, role, origin_cause, cause_key), counted_for = step.slot
    return {
        "id": ids(),
        "period_id": period.id,
        "seq": period.seq,
        "sale_id": stored.id,
        "line_id": stored.line_ids[line_key],
        "role": Role(role),
        "is_bonus": counted_for is Role.BONUS,
        "position": step.place.position,
        "cause": origin_cause,
        "cause_key": cause_key,
        "base_amount": step.sums.base,
        "line_amount": step.sums.line,
        "room_amount": step.sums.room,
        "delivered_at": step.place.delivered_at,
        "available_at": step.place.available_at,
        "at": cause.at,
    }


def _settle(
    session: Session,
    period: Row[*tuple[Any, ...]],
    rule: Rule,
    in_force: InForce,
    steps: Sequence[Step],
    cause: Cause,
    differences: Differences,
    ids: Callable[[], int],
) -> None:
    """Post what is missing between what the period has been given and what it comes to."""
    sums = Sums(period.base_amount, period.line_amount, period.room_amount)
    total, working = award_of(rule, period.currency, sums)
    amount = total - period.award_amount
    if amount == 0:
        return
    table = table_of(PeriodRow)
    session.execute(update(table).where(table.c.id == period.id).values(award_amount=total))
    trace = {
        "version": in_force.number,
        "rule": {"position": rule.position, "name": rule.name, "rate": rule.rate.value},
        "award": {"period": rule.period, "key": period.period_key, "role": rule.role},
        **working,
        "period_total": {"total": total, "before": period.award_amount},
    }
    award_id, entry_id = ids(), ids()
    write(
        session,
        Award,
        [
            {
                "id": award_id,
                "period_id": period.id,
                "seq": period.seq,
                "cause": cause.name,
                "cause_key": cause.key,
                "base_amount": sums.base,
                "line_amount": sums.line,
                "total_amount": total,
                "amount": amount,
                "trace": plain(trace),
                "at": cause.at,
                "by": cause.by,
            }
        ],
    )
    differences.entries.append(
        {
            "id": entry_id,
            "origin_id": entry_id,
            "sale_id": None,
            "line_id": None,
            "award_id": award_id,
            "case_id": None,
            "point_key": period.point_key,
            "payee_key": period.payee_key,
            "role": rule.role,
            "kind": EntryKind.DIFFERENCE,
            "cause": cause.name,
            "cause_key": cause.key,
            "amount": amount,
            "currency": period.currency,
            "version_id": in_force.version_id,
            "rule_id": period.rule_id,
            "base_amount": sums.base,
            "hold_days": rule.hold_days,
            "trace": plain(trace),
            "at": cause.at,
            "by": cause.by,
        }
    )
    differences.releases.append(
        {
            "entry_id": entry_id,
            "sale_id": None,
            "payee_key": period.payee_key,
            "currency": period.currency,
            "delivered_at": max(step.place.delivered_at for step in steps),
            "available_at": _available_at(period, rule, steps, amount),
            "cause": cause.name,
            "cause_key": cause.key,
            "at": cause.at,
        }
    )


def _available_at(period: Any, rule: Rule, steps: Sequence[Step], amount: int) -> datetime:
    """From when a difference may be paid, so that on no day more is payable than is due.

    What is added waits for the last of the lines it counts. What a cap takes goes with the line
    that passes it. What bands or a bonus take back counts from the first line on: it may have been
    added for any of them, and what is still to come must never be below zero.
    """
    first: datetime = period.first_available_at
    last: datetime = period.last_available_at
    if amount > 0:
        return last
    if rule.tiers or rule.role is Role.BONUS:
        return first
    return max(step.since for step in steps)
