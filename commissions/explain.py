"""Why this amount, why not me, when is it payable: answered in codes and numbers.

No prose: the host says it in its own languages. Everything comes from what was frozen when the
decision was made, nothing is recomputed with today's rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.archive import ids_of_sale
from commissions.decisions import Outcome
from commissions.errors import NotFound
from commissions.models import (
    Case,
    Entry,
    EntryKind,
    Payout,
    PlanVersion,
    RuleRow,
    Ruling,
    SaleLineRow,
    SaleRow,
)
from commissions.queries import Earning, earning, entries_of
from commissions.rows import table_of
from commissions.statuses import EntryStatus
from commissions.terms import Role


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an answer: a code that the host has a sentence for, and its numbers."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer about one earning."""

    earning: Earning
    why_this_amount: tuple[Step, ...]
    when_payable: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineExplanation:
    """The answer about one line and role: who was chosen, and what it came to."""

    role: Role
    cause: str
    cause_key: str
    outcome: Outcome
    point_key: str
    steps: tuple[Step, ...]


def explain_entry(session: Session, entry_id: int, *, at: datetime) -> Explanation:
    """Why an earning has its amount, and when it can be paid. Raises NotFound."""
    found = earning(session, entry_id, at=at)
    if found is None:
        raise NotFound(thing="commission_entry", id=entry_id)
    entries = entries_of(session, found.id)
    steps = steps_of_trace(entries[0].trace, entries[0].amount)
    steps = [*_origin(session, entries[0]), *steps, *map(_follow_up, entries[1:])]
    if len(entries) > 1:
        steps.append(Step("net", {"amount": found.net_amount}))
    return Explanation(
        earning=found,
        why_this_amount=tuple(steps),
        when_payable=tuple(_payable(session, found, at)),
    )


def explain_line(
    session: Session, sale_key: str, line_key: str, *, for_point: str | None = None
) -> list[LineExplanation]:
    """Every decision about a line. With `for_point` others are not named: "why (not) me?"."""
    ruling, sale, line = table_of(Ruling), table_of(SaleRow), table_of(SaleLineRow)
    entry = table_of(Entry)
    rows = session.execute(
        select(ruling, line.c.losers, line.c.source, entry.c.trace.label("paid_trace"))
        .join(sale, sale.c.id == ruling.c.sale_id)
        .join(line, line.c.id == ruling.c.line_id)
        .join(
            entry,
            (entry.c.line_id == ruling.c.line_id)
            & (entry.c.role == ruling.c.role)
            & (entry.c.cause == ruling.c.cause)
            & (entry.c.cause_key == ruling.c.cause_key)
            & (entry.c.kind == EntryKind.EARN),
            isouter=True,
        )
        .where(sale.c.id.in_(ids_of_sale(sale_key)), line.c.key == line_key)
        .order_by(ruling.c.id)
    ).all()
    if not rows:
        raise NotFound(thing="commission_sale_line", sale=sale_key, line=line_key)
    return [_line_explanation(row._mapping, for_point) for row in rows]


def steps_of_trace(trace: Mapping[str, Any], amount: int) -> list[Step]:
    """A stored working as steps, from the base to the amount."""
    steps = [Step("passed_over", passed) for passed in trace.get("passed_over", ())]
    if "rule" in trace:
        steps.append(Step("rule", trace["rule"]))
    if "base" in trace:
        steps.append(Step("base", trace["base"]))
    steps += _rate(trace)
    steps += [
        Step(code, trace[code])
        for code in (
            "award",
            "counted",
            "pool",
            "bound",
            "order_cap",
            "ceiling",
            "higher_of",
            "handed_over",
            "band",
        )
        if code in trace
    ]
    steps += [Step("band_part", band) for band in trace.get("bands", ())]
    steps += [
        Step(code, trace[code])
        for code in ("target", "period_cap", "award_ceiling", "period_total", "period")
        if code in trace
    ]
    if "refusal" in trace:
        steps.append(Step("refusal", {"reason": trace["refusal"]}))
    steps.append(Step("amount", {"amount": amount}))
    return steps


def _rate(trace: Mapping[str, Any]) -> list[Step]:
    if "exact" in trace:
        return [Step("percent", {"bps": trace["rule"]["bps"], **trace["exact"]})]
    if "fixed" in trace.get("rule", ()):
        params = {"each": trace["rule"]["fixed"], "quantity": trace["quantity"]}
        return [Step("fixed", params)]
    return []


def _origin(session: Session, row: Any) -> list[Step]:
    if row.case_id is not None:
        return [_by_hand(session, row)]
    version, rule = table_of(PlanVersion), table_of(RuleRow)
    found = session.execute(
        select(version.c.number, version.c.effective_from, rule.c.name, rule.c.service)
        .join(rule, rule.c.version_id == version.c.id)
        .where(version.c.id == row.version_id, rule.c.id == row.rule_id)
    ).one()
    plan = {"number": found.number, "effective_from": found.effective_from}
    return [
        Step("role", {"role": row.role.value, "service": found.service}),
        Step("plan_version", plan),
    ]


def _by_hand(session: Session, row: Any) -> Step:
    """Who put it right, and why; two people stand behind it."""
    done = session.get_one(Case, row.case_id)
    sale_key = session.scalar(select(SaleRow.key).where(SaleRow.id == done.sale_id))
    params = {
        "kind": done.kind.value,
        "reason": done.reason.value,
        "note": done.note,
        "amount": done.amount,
        "sale": sale_key or "",
        "by": done.by,
        "second": done.second or "",
        "at": done.at,
    }
    return Step("by_hand", params)


def _follow_up(row: Any) -> Step:
    params = {"cause": row.cause, "amount": row.amount, "at": row.at, **row.trace}
    return Step(row.kind.value, params)


def _payable(session: Session, found: Earning, at: datetime) -> list[Step]:
    waits = Step("hold_days", {"days": found.hold_days})
    match found.status:
        case EntryStatus.EXPECTED:
            return [Step("waits_for_delivery"), waits]
        case EntryStatus.PENDING:
            due = {"delivered_at": found.delivered_at, "available_at": found.available_at}
            return [Step("waits_until", due), waits]
        case EntryStatus.HELD:
            held = {"reason": found.hold_reason, "until": found.hold_until}
            return [Step("held", held), *_after_hold(found, at)]
        case EntryStatus.AVAILABLE:
            return [Step("payable_since", {"available_at": found.available_at})]
        case EntryStatus.REVERSED:
            return [Step("reversed")]
        case EntryStatus.IN_PAYOUT | EntryStatus.PAID:
            payout = session.get_one(Payout, found.payout_id)
            params = {
                "payout_id": payout.id,
                "status": payout.status.value,
                "sent_at": payout.sent_at,
            }
            return [Step(found.status.value, params)]


def _after_hold(found: Earning, at: datetime) -> list[Step]:
    if found.available_at is None:
        return [Step("waits_for_delivery"), Step("hold_days", {"days": found.hold_days})]
    if found.available_at > at:
        return [Step("waits_until", {"available_at": found.available_at})]
    return []


def _line_explanation(row: Mapping[Any, Any], for_point: str | None) -> LineExplanation:
    mine = for_point is None or row["point_key"] == for_point
    steps: list[Step] = []
    if row["role"] is Role.SELLER:
        steps += _contest(row, for_point)
    steps.append(Step("outcome", {"outcome": row["outcome"].value}))
    if mine:
        trace = row["paid_trace"] or row["trace"] or {}
        steps += steps_of_trace(trace, row["amount"])
        if row["forgone_amount"]:
            steps.append(Step("forgone", {"amount": row["forgone_amount"]}))
    return LineExplanation(
        role=row["role"],
        cause=row["cause"],
        cause_key=row["cause_key"],
        outcome=row["outcome"],
        point_key=row["point_key"] if mine else "",
        steps=tuple(steps),
    )


def _contest(row: Mapping[Any, Any], for_point: str | None) -> list[Step]:
    """Who was in the running for the sale, and why each lost."""
    losers = [
        Step("lost", {"point": loser["point_key"], "reason": loser["reason"]})
        for loser in row["losers"]
        if for_point in (None, loser["point_key"])
    ]
    if for_point not in (None, row["point_key"]):
        return losers or [Step("no_candidate_of_yours")]
    won = [Step("won", {"point": row["point_key"], "source": row["source"]})]
    return [*(won if row["point_key"] else ()), *losers]
