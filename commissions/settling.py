"""Write the difference between what everybody should have and what is posted.

This is the only writer of decisions, entries and releases; what a whole period adds to them is
reckoned by counting.py. It is told a sale, its facts and which fact is new; it never edits a row,
so a repeated fact finds no difference and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.archive import StoredSale
from commissions.calculator import Reckoning, reckon, reckon_without_plan
from commissions.canonical import plain
from commissions.causes import Cause
from commissions.counting import count
from commissions.facts import Fact
from commissions.ledger import Change, Changes, movement_of_entry, post, shift_balances
from commissions.models import Entry, EntryKind, Release, Ruling
from commissions.rows import table_of, write
from commissions.targets import Origin, Target, targets
from commissions.versions import InForce


@dataclass(slots=True)
class Posted:
    """What stands in the books for one origin."""

    entry_id: int | None = None
    """Null while the decision paid nothing."""
    earned: int = 0
    reversed: int = 0
    reserved: int = 0
    released: bool = False
    claimed: bool = False


@dataclass(slots=True)
class Case:
    """A credited sale with its books."""

    stored: StoredSale
    in_force: InForce | None
    posted: dict[Origin, Posted] = field(default_factory=dict)
    reckoning: Reckoning = field(init=False)
    is_new: bool = field(init=False)
    """Nothing was posted before."""

    def __post_init__(self) -> None:
        self.is_new = not self.posted
        if self.in_force is None:
            self.reckoning = reckon_without_plan(self.stored.sale)
        else:
            self.reckoning = reckon(self.stored.sale, self.in_force.terms)


@dataclass(slots=True)
class Batch:
    """Rows of one unit of work on one sale, written in as few statements as there are tables."""

    case: Case
    ids: Callable[[], int]
    rulings: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    releases: list[dict[str, Any]] = field(default_factory=list)
    changes: Changes = field(default_factory=dict)
    found_by_fact: list[list[Target]] = field(default_factory=list)
    cause: Cause | None = None
    """The last one; None before anything was settled."""

    def change_of(self, payee_key: str) -> Change:
        return self.changes.setdefault((payee_key, self.case.stored.sale.currency), Change())


def settle(batch: Batch, facts: Iterable[Fact], cause: Cause) -> None:
    """Collect whatever the facts make different. Keeps the case's books true for a next call."""
    found = targets(batch.case.reckoning, facts)
    for target in found:
        _settle_target(batch, target, cause)
    batch.found_by_fact.append(found)
    batch.cause = cause


def write_out(session: Session, batch: Batch) -> None:
    """Write what was collected: decisions, entries, releases, postings, balances.

    Periods come first: what they owe for the lines that arrived is posted with these lines.
    """
    _count_periods(session, batch)
    write(session, Ruling, batch.rulings)
    write(session, Entry, batch.entries)
    write(session, Release, batch.releases)
    post(session, map(movement_of_entry, batch.entries), ids=batch.ids)
    shift_balances(session, batch.changes)


def _count_periods(session: Session, batch: Batch) -> None:
    case, cause = batch.case, batch.cause
    if cause is None or case.in_force is None or not case.in_force.terms.counts:
        return
    differences = count(
        session,
        case.stored,
        case.in_force,
        case.reckoning,
        batch.found_by_fact,
        cause,
        is_new=case.is_new,
        ids=batch.ids,
    )
    batch.entries += differences.entries
    batch.releases += differences.releases
    for row in differences.entries:
        batch.change_of(row["payee_key"]).earned += row["amount"]


def books_of(session: Session, stored: StoredSale) -> dict[Origin, Posted]:
    """What is posted for a sale, by origin. Two statements."""
    line_keys = {line_id: key for key, line_id in stored.line_ids.items()}
    ruling, entry, release = table_of(Ruling), table_of(Entry), table_of(Release)
    posted: dict[Origin, Posted] = {}
    for row in session.execute(
        select(ruling.c.line_id, ruling.c.role, ruling.c.cause, ruling.c.cause_key).where(
            ruling.c.sale_id == stored.id
        )
    ):
        posted[line_keys[row.line_id], row.role.value, row.cause, row.cause_key] = Posted()
    by_entry: dict[int, Posted] = {}
    for row in session.execute(
        select(entry, release.c.entry_id.label("released"))
        .join(release, release.c.entry_id == entry.c.id, isouter=True)
        .where(entry.c.sale_id == stored.id)
        .order_by(entry.c.id)
    ):
        if row.kind is EntryKind.EARN:
            book = posted[line_keys[row.line_id], row.role.value, row.cause, row.cause_key]
            book.entry_id, book.released = row.id, row.released is not None
            by_entry[row.id] = book
        _count(by_entry[row.origin_id], row.kind, row.amount)
    return posted


def _count(book: Posted, kind: EntryKind, amount: int) -> None:
    if kind is EntryKind.REVERSE:
        book.reversed -= amount
    elif kind is EntryKind.RESERVE:
        book.reserved -= amount
    else:
        book.earned += amount


def _settle_target(batch: Batch, target: Target, cause: Cause) -> None:
    book = batch.case.posted.get(target.origin)
    if book is None:
        book = batch.case.posted[target.origin] = Posted()
        _rule(batch, target, cause)
    if target.decision.amount != book.earned:
        _earn(batch, target, book, cause)
    if book.entry_id is None:
        return
    at_risk = target.at_risk_amount if book.claimed or book.reserved else 0
    _follow(batch, target, book, cause, EntryKind.REVERSE, book.reversed - target.reversed_amount)
    _follow(batch, target, book, cause, EntryKind.RESERVE, book.reserved - at_risk)
    if not book.released and target.left > 0:
        _release(batch, target, book, cause)


def _rule(batch: Batch, target: Target, cause: Cause) -> None:
    decision, case = target.decision, batch.case
    batch.rulings.append(
        {
            "id": batch.ids(),
            "sale_id": case.stored.id,
            "line_id": case.stored.line_ids[decision.line_key],
            "role": decision.role,
            "cause": decision.cause,
            "cause_key": decision.cause_key,
            "outcome": decision.outcome,
            "point_key": decision.party.point_key if decision.party else "",
            "amount": decision.amount,
            "forgone_amount": decision.forgone_amount,
            "currency": case.stored.sale.currency,
            "version_id": case.in_force.version_id if case.in_force else None,
            "rule_id": _rule_id(case, target),
            "trace": None if decision.amount else plain(decision.trace),
            "at": cause.at,
        }
    )


def _earn(batch: Batch, target: Target, book: Posted, cause: Cause) -> None:
    if book.entry_id is not None:
        _follow(batch, target, book, cause, EntryKind.ADJUST, target.decision.amount - book.earned)
        return
    decision = target.decision
    entry_id = book.entry_id = batch.ids()
    earned_by = Cause(decision.cause, decision.cause_key, cause.at, cause.by)
    trace = {"version": batch.case.in_force.number if batch.case.in_force else 0, **decision.trace}
    row = _entry(batch, target, entry_id, EntryKind.EARN, decision.amount, earned_by, trace)
    _add(batch, target, book, {**row, "id": entry_id})


def _follow(
    batch: Batch, target: Target, book: Posted, cause: Cause, kind: EntryKind, amount: int
) -> None:
    if amount == 0 or book.entry_id is None:
        return
    trace = {
        "earned": target.decision.amount,
        "refunded_base": target.refunded_base,
        "line_base": target.line_base,
        "target": target.at_risk_amount if kind == "reserve" else target.reversed_amount,
        "already": book.reserved if kind == "reserve" else book.reversed,
    }
    row = _entry(batch, target, book.entry_id, kind, amount, cause, trace)
    _add(batch, target, book, {**row, "id": batch.ids()})


def _entry(
    batch: Batch,
    target: Target,
    origin_id: int,
    kind: EntryKind,
    amount: int,
    cause: Cause,
    trace: Mapping[str, Any],
) -> dict[str, Any]:
    decision, case = target.decision, batch.case
    if decision.party is None or decision.rule is None or case.in_force is None:
        raise AssertionError("an amount without beneficiary, rule or version")
    return {
        "origin_id": origin_id,
        "sale_id": case.stored.id,
        "line_id": case.stored.line_ids[decision.line_key],
        "award_id": None,
        "case_id": None,
        "point_key": decision.party.point_key,
        "payee_key": decision.party.payee_key,
        "role": decision.role,
        "kind": kind,
        "cause": cause.name,
        "cause_key": cause.key,
        "amount": amount,
        "currency": case.stored.sale.currency,
        "version_id": case.in_force.version_id,
        "rule_id": case.in_force.rule_id(decision.rule),
        "base_amount": decision.base_amount,
        "hold_days": decision.rule.hold_days,
        "trace": plain(trace),
        "at": cause.at,
        "by": cause.by,
    }


def _add(batch: Batch, target: Target, book: Posted, row: dict[str, Any]) -> None:
    kind, amount = row["kind"], row["amount"]
    _count(book, kind, amount)
    batch.entries.append(row)
    change = batch.change_of(row["payee_key"])
    change.earned += amount
    if kind is EntryKind.RESERVE:
        change.reserve -= amount
    if not book.released:
        change.expected += amount


def _release(batch: Batch, target: Target, book: Posted, cause: Cause) -> None:
    sale = batch.case.stored.sale
    available_at = target.available_at(sale.paid_at)
    if available_at is None or target.decision.party is None:
        return
    batch.releases.append(
        {
            "entry_id": book.entry_id,
            "sale_id": batch.case.stored.id,
            "payee_key": target.decision.party.payee_key,
            "currency": sale.currency,
            "delivered_at": target.delivered_at,
            "available_at": available_at,
            "cause": cause.name,
            "cause_key": cause.key,
            "at": cause.at,
        }
    )
    book.released = True
    batch.change_of(target.decision.party.payee_key).expected -= (
        book.earned - book.reversed - book.reserved
    )


def _rule_id(case: Case, target: Target) -> int | None:
    if target.decision.rule is None or case.in_force is None:
        return None
    return case.in_force.rule_id(target.decision.rule)
