"""Sales and facts are as they were told, and the entries are what they imply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from commissions.archive import StoredSale, stored_sales
from commissions.auditing import periods
from commissions.auditing.finding import Finding
from commissions.calculator import FULFILLED
from commissions.canonical import fingerprint, read
from commissions.counting import Before, counted_before
from commissions.facts import FACTS, Fact
from commissions.models import (
    Entry,
    EntryKind,
    FactRow,
    Plan,
    PlanVersion,
    Release,
    Ruling,
    SaleHead,
    SaleRow,
)
from commissions.periods import Slot
from commissions.rows import table_of
from commissions.settling import Case
from commissions.targets import Origin, Target, targets
from commissions.versions import version_by_id

BATCH = 500
LONGEST_TRANSACTION = timedelta(minutes=5)


@dataclass(slots=True)
class _Books:
    """What is posted for one origin."""

    first: Mapping[Any, Any]
    earned: int = 0
    reversed: int = 0
    reserved: int = 0
    release: Mapping[Any, Any] | None = None


@dataclass(slots=True)
class _Batch:
    """Everything that belongs to some sales."""

    heads: list[Mapping[Any, Any]]
    sales: dict[int, StoredSale]
    facts: dict[str, list[Mapping[Any, Any]]]
    entries: dict[int, list[Mapping[Any, Any]]]
    rulings: dict[int, list[Mapping[Any, Any]]]
    releases: dict[int, Mapping[Any, Any]]
    counted: dict[int, dict[Slot, Before]]
    firsts: dict[int, Row[*tuple[Any, ...]]]
    """Sales that others were added to, with their versions."""


def check(session: Session, after_sale_id: int) -> Iterator[tuple[int, Iterable[Finding]]]:
    """Sales in batches: how many, and what is wrong with them."""
    timeline = _timeline(session)
    last = after_sale_id
    while batch := _read_batch(session, last):
        last = batch.heads[-1]["sale_id"]
        yield (
            len(batch.heads),
            [
                finding
                for head in batch.heads
                for finding in _of_sale(session, head, batch, timeline)
            ],
        )


def _of_sale(
    session: Session,
    head: Mapping[Any, Any],
    batch: _Batch,
    timeline: list[Mapping[Any, Any]],
) -> Iterator[Finding]:
    stored = batch.sales.get(head["sale_id"])
    if stored is None:
        yield Finding("sale_missing", head["sale_key"])
        return
    key = stored.sale.key
    if fingerprint(stored.sale) != stored.request_hash or key != head["sale_key"]:
        yield Finding("sale_altered", key)
    facts = []
    for row in batch.facts.get(key, ()):
        fact = read(FACTS[row["kind"]], row["body"])
        facts.append(fact)
        if fingerprint(fact) != row["request_hash"] or (fact.key, fact.at) != (
            row["key"],
            row["at"],
        ):
            yield Finding("fact_altered", f"{key}:{row['kind']}:{row['key']}")
    if head["credited_at"] is None:
        yield Finding("sale_uncredited", key)
        return
    possible = _possible_versions(timeline, stored, head["credited_at"])
    if stored.part_of_id is not None:
        first = batch.firsts[stored.part_of_id]
        possible = [first.version_id]
        if not _is_of(stored, first):
            yield Finding("addition_differs", key)
    if head["version_id"] not in possible:
        detail = {"expected": possible[0], "found": head["version_id"]}
        yield Finding("wrong_version", key, detail)
        return
    yield from _compare(session, stored, facts, batch, head["version_id"])


def _is_of(stored: StoredSale, first: Row[*tuple[Any, ...]]) -> bool:
    """Whether added lines have what they take from the sale that they came to."""
    sale = stored.sale
    mine = (sale.placed_at, sale.currency, sale.plan_key, sale.customer_key)
    return mine == (first.placed_at, first.currency, first.plan_key, first.customer_key)


def _compare(
    session: Session,
    stored: StoredSale,
    facts: list[Fact],
    batch: _Batch,
    version_id: int | None,
) -> Iterator[Finding]:
    in_force = None if version_id is None else version_by_id(session, version_id)
    case = Case(stored, in_force)
    books, strays = _books(stored, batch)
    yield from strays
    ruled = _ruled(stored, batch)
    found = targets(case.reckoning, facts)
    for target in found:
        name = _name(stored, target.origin)
        if target.origin not in ruled:
            yield Finding("decision_missing", name)
        book = books.pop(target.origin, None)
        if book is None:
            if target.decision.amount:
                detail = {"expected": target.decision.amount, "found": 0}
                yield Finding("entry_missing", name, detail)
            continue
        yield from _compare_amounts(name, target, book)
        yield from _compare_words(name, target, book, case)
        yield from _compare_release(name, target, book, stored)
    for origin in books:
        yield Finding("entry_without_fact", _name(stored, origin))
    if in_force is not None:
        counted = batch.counted.get(stored.id, {})
        yield from periods.of_sale(stored, in_force, case.reckoning, found, counted)


def _compare_amounts(name: str, target: Target, book: _Books) -> Iterator[Finding]:
    at_risk = target.at_risk_amount
    for code, expected, found in (
        ("amount_differs", target.decision.amount, book.earned),
        ("reversal_differs", target.reversed_amount, book.reversed),
        ("reserve_differs", at_risk if book.reserved else 0, book.reserved),
    ):
        if expected != found:
            yield Finding(code, name, {"expected": expected, "found": found})


def _compare_words(name: str, target: Target, book: _Books, case: Case) -> Iterator[Finding]:
    decision, first = target.decision, book.first
    if decision.party is None or decision.rule is None or case.in_force is None:
        return
    expected = {
        "point_key": decision.party.point_key,
        "payee_key": decision.party.payee_key,
        "currency": case.stored.sale.currency,
        "version_id": case.in_force.version_id,
        "rule_id": case.in_force.rule_id(decision.rule),
        "hold_days": decision.rule.hold_days,
    }
    # A hand-over told late may have moved one unit of rounding of those that came after it.
    shift = abs(first["base_amount"] - decision.base_amount)
    if shift > (decision.cause == FULFILLED):
        expected["base_amount"] = decision.base_amount
    for column, value in expected.items():
        if first[column] != value:
            detail = {"column": column, "expected": value, "found": first[column]}
            yield Finding("entry_differs", name, detail)


def _compare_release(
    name: str, target: Target, book: _Books, stored: StoredSale
) -> Iterator[Finding]:
    expected = target.available_at(stored.sale.paid_at)
    if book.release is None:
        if expected is not None and target.left > 0:
            yield Finding("release_missing", name, {"expected": expected.isoformat()})
        return
    # A release is never taken back: facts that came after it may leave it without its reason,
    # but never with an earlier day than delivery and payment allow.
    earliest = max(book.release["delivered_at"], stored.sale.paid_at)
    waited = (book.release["available_at"] - earliest).days
    if waited != book.first["hold_days"]:
        yield Finding("release_differs", name, {"waited": waited})


def _books(stored: StoredSale, batch: _Batch) -> tuple[dict[Origin, _Books], list[Finding]]:
    line_keys = {line_id: key for key, line_id in stored.line_ids.items()}
    by_id: dict[int, _Books] = {}
    books: dict[Origin, _Books] = {}
    strays = []
    for row in batch.entries.get(stored.id, ()):
        if row["kind"] is EntryKind.EARN:
            origin = (
                line_keys.get(row["line_id"], ""),
                row["role"].value,
                row["cause"],
                row["cause_key"],
            )
            book = books[origin] = by_id[row["id"]] = _Books(row)
            book.release = batch.releases.get(row["id"])
        parent = by_id.get(row["origin_id"])
        if parent is None:
            strays.append(Finding("entry_without_origin", str(row["id"])))
            continue
        _count(parent, row)
        if (row["payee_key"], row["currency"]) != (
            parent.first["payee_key"],
            parent.first["currency"],
        ):
            strays.append(Finding("entry_of_another_payee", str(row["id"])))
    return books, strays


def _count(book: _Books, row: Mapping[Any, Any]) -> None:
    if row["kind"] is EntryKind.REVERSE:
        book.reversed -= row["amount"]
    elif row["kind"] is EntryKind.RESERVE:
        book.reserved -= row["amount"]
    else:
        book.earned += row["amount"]


def _ruled(stored: StoredSale, batch: _Batch) -> set[Origin]:
    line_keys = {line_id: key for key, line_id in stored.line_ids.items()}
    return {
        (line_keys.get(row["line_id"], ""), row["role"].value, row["cause"], row["cause_key"])
        for row in batch.rulings.get(stored.id, ())
    }


def _read_batch(session: Session, after: int) -> _Batch | None:
    head = table_of(SaleHead)
    heads = _rows(
        session,
        select(head).where(head.c.sale_id > after).order_by(head.c.sale_id).limit(BATCH),
    )
    if not heads:
        return None
    sale_ids = [row["sale_id"] for row in heads]
    fact, entry, ruling, release = map(table_of, (FactRow, Entry, Ruling, Release))
    keys = [row["sale_key"] for row in heads]
    facts = select(fact).where(fact.c.sale_key.in_(keys)).order_by(fact.c.seq)
    entries = select(entry).where(entry.c.sale_id.in_(sale_ids)).order_by(entry.c.id)
    rulings = select(ruling).where(ruling.c.sale_id.in_(sale_ids))
    releases = select(release).where(release.c.sale_id.in_(sale_ids))
    sales = stored_sales(session, sale_ids)
    return _Batch(
        heads=heads,
        sales=sales,
        facts=_grouped(_rows(session, facts), "sale_key"),
        entries=_grouped(_rows(session, entries), "sale_id"),
        rulings=_grouped(_rows(session, rulings), "sale_id"),
        releases={row["entry_id"]: row for row in _rows(session, releases)},
        counted=counted_before(session, sales.values()),
        firsts=_firsts(session, {one.part_of_id for one in sales.values() if one.part_of_id}),
    )


def _firsts(session: Session, sale_ids: set[int]) -> dict[int, Row[*tuple[Any, ...]]]:
    if not sale_ids:
        return {}
    sale, head = table_of(SaleRow), table_of(SaleHead)
    columns = [sale.c[name] for name in ("placed_at", "currency", "plan_key", "customer_key")]
    rows = session.execute(
        select(sale.c.id, head.c.version_id, *columns)
        .join(head, head.c.sale_id == sale.c.id)
        .where(sale.c.id.in_(sorted(sale_ids)))
    )
    return {row.id: row for row in rows}


def _rows(session: Session, statement: Any) -> list[Mapping[Any, Any]]:
    return list(session.execute(statement).mappings())


def _grouped(rows: Iterable[Mapping[Any, Any]], column: str) -> dict[Any, list[Mapping[Any, Any]]]:
    groups: dict[Any, list[Mapping[Any, Any]]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return groups


def _timeline(session: Session) -> list[Mapping[Any, Any]]:
    version, plan = table_of(PlanVersion), table_of(Plan)
    columns = (
        version.c.id,
        version.c.number,
        version.c.effective_from,
        version.c.effective_to,
        version.c.published_at,
    )
    return _rows(
        session,
        select(plan.c.key.label("plan_key"), *columns)
        .join(plan, plan.c.id == version.c.plan_id)
        .order_by(version.c.effective_from.desc(), version.c.number.desc()),
    )


def _possible_versions(
    timeline: list[Mapping[Any, Any]], stored: StoredSale, credited_at: datetime
) -> list[int | None]:
    """The version in force, and those before it while a publication was being committed."""
    sale = stored.sale
    known = [
        row
        for row in timeline
        if row["plan_key"] == sale.plan_key and row["published_at"] <= credited_at
    ]
    unseen = [row for row in known if row["published_at"] > credited_at - LONGEST_TRANSACTION]
    unseen.sort(key=lambda row: (row["published_at"], row["number"]))
    possible = [_in_force(known, sale.placed_at)]
    while unseen:
        known.remove(unseen.pop())
        possible.append(_in_force(known, sale.placed_at))
    return possible


def _in_force(timeline: list[Mapping[Any, Any]], moment: datetime) -> int | None:
    for row in timeline:
        ends = row["effective_to"]
        if row["effective_from"] <= moment and (ends is None or ends > moment):
            return int(row["id"])
    return None


def _name(stored: StoredSale, origin: Origin) -> str:
    return ":".join((stored.sale.key, *origin))
