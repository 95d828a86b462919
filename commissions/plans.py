"""Plans on their way from a draft to a published version that never changes again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, true, update
from sqlalchemy.orm import Session

from commissions import audit_trail
from commissions.canonical import plain, read
from commissions.errors import CommissionError, NotFound, StaleState
from commissions.models import Draft, DraftStatus, Plan, PlanVersion, RuleRow
from commissions.models.plans import drafts
from commissions.plan_checks import Market, Problem, check
from commissions.rows import row_count, table_of, write
from commissions.terms import Role, Rule, Terms

Ids = Callable[[], int]


class NotPublishable(CommissionError):
    """The terms have errors; `problems` says which and what to do."""

    code = "not_publishable"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.sentence for problem in problems))
        self.problems = problems


class SamePerson(CommissionError):
    """Four eyes are needed: whoever made it cannot approve it."""

    code = "same_person"


class TermsChanged(CommissionError):
    """The draft is not what the approver saw."""

    code = "terms_changed"


class Retroactive(CommissionError):
    """A version cannot begin in the past; corrections of the past are entries of their own."""

    code = "retroactive"


def create_plan(session: Session, key: str, *, name: str, by: str, at: datetime, ids: Ids) -> Plan:
    """A new plan without any version yet."""
    plan = Plan(id=ids(), key=key, name=name, at=at, by=by)
    session.add(plan)
    session.flush()
    audit_trail.record(
        session, "commission_plan.created", thing=("commission_plan", key), by=by, at=at, ids=ids
    )
    return plan


def start_draft(
    session: Session,
    plan_key: str,
    terms: Terms,
    *,
    by: str,
    at: datetime,
    ids: Ids,
    note: str = "",
) -> Draft:
    """A new draft of a plan. Raises NotFound."""
    plan_id = _plan_id(session, plan_key)
    draft = Draft(
        id=ids(),
        plan_id=plan_id,
        status=DraftStatus.DRAFT,
        terms=plain(terms),
        content_hash=terms.content_hash,
        author=by,
        note=note,
        created_at=at,
        changed_at=at,
    )
    session.add(draft)
    session.flush()
    _tell(session, draft.id, "started", by=by, at=at, ids=ids, after={"hash": draft.content_hash})
    return draft


def change_draft(
    session: Session,
    draft_id: int,
    terms: Terms,
    *,
    by: str,
    at: datetime,
    ids: Ids,
    expected_hash: str = "",
) -> None:
    """Replace the terms of a draft; whoever changes it last is its author.

    `expected_hash` names the content that the editor began with.
    Raises StaleState once it was submitted, or if somebody else changed it meanwhile.
    """
    as_seen = Draft.content_hash == expected_hash if expected_hash else true()
    changing = (
        update(Draft)
        .where(Draft.id == draft_id, Draft.status == DraftStatus.DRAFT, as_seen)
        .values(terms=plain(terms), content_hash=terms.content_hash, author=by, changed_at=at)
        .execution_options(synchronize_session="fetch")
    )
    if row_count(session, changing) == 0:
        raise StaleState(thing="commission_plan_draft", id=draft_id)
    _tell(session, draft_id, "changed", by=by, at=at, ids=ids, after={"hash": terms.content_hash})


def submit_draft(session: Session, draft_id: int, *, by: str, at: datetime, ids: Ids) -> bool:
    """Hand a draft to a second person."""
    return drafts.move(session, Draft, draft_id, to=DraftStatus.SUBMITTED, by=by, at=at, ids=ids)


def return_draft(
    session: Session, draft_id: int, *, by: str, at: datetime, ids: Ids, note: str
) -> bool:
    """Give a submitted draft back to its author, with a reason."""
    return drafts.move(
        session, Draft, draft_id, to=DraftStatus.DRAFT, by=by, at=at, ids=ids, note=note
    )


def discard_draft(
    session: Session, draft_id: int, *, by: str, at: datetime, ids: Ids, note: str = ""
) -> bool:
    """Put a draft away for good."""
    return drafts.move(
        session, Draft, draft_id, to=DraftStatus.DISCARDED, by=by, at=at, ids=ids, note=note
    )


def publish_draft(
    session: Session,
    draft_id: int,
    *,
    effective_from: datetime,
    expected_hash: str,
    market: Market,
    by: str,
    at: datetime,
    ids: Ids,
    approver_name: str = "",
    effective_to: datetime | None = None,
) -> PlanVersion:
    """Make a submitted draft a version, by a second person who names the content that was read.

    The law that holds at its beginning is in `market`; what it was checked against, who approved it
    and what it promises stay with the version as evidence.

    Raises SamePerson, TermsChanged, NotPublishable, Retroactive, StaleState.
    """
    draft = session.get(Draft, draft_id, populate_existing=True)
    if draft is None:
        raise NotFound(thing="commission_plan_draft", id=draft_id)
    if draft.author == by:
        raise SamePerson(draft=draft_id, by=by)
    if draft.content_hash != expected_hash:
        raise TermsChanged(draft=draft_id)
    if effective_from < at:
        raise Retroactive(draft=draft_id)
    terms = read(Terms, draft.terms)
    problems = check(terms, market, approver=approver_name)
    if any(problem.is_error for problem in problems):
        raise NotPublishable([problem for problem in problems if problem.is_error])
    drafts.move(
        session,
        Draft,
        draft_id,
        to=DraftStatus.PUBLISHED,
        expected=DraftStatus.SUBMITTED,
        by=by,
        at=at,
        ids=ids,
    )
    number = 1 + (
        session.scalar(
            select(func.max(PlanVersion.number)).where(PlanVersion.plan_id == draft.plan_id)
        )
        or 0
    )
    version = PlanVersion(
        id=ids(),
        plan_id=draft.plan_id,
        number=number,
        effective_from=effective_from,
        effective_to=effective_to,
        ceiling_bps=terms.ceiling_bps,
        same_point=terms.same_point,
        zone=terms.zone,
        promises=plain(terms.promises),
        content_hash=draft.content_hash,
        draft_id=draft.id,
        author=draft.author,
        approver=by,
        published_at=at,
        evidence=_evidence(terms, market, problems, approver=(by, approver_name)),
    )
    session.add(version)
    session.flush()
    write(session, RuleRow, [_rule_row(rule, version.id, ids) for rule in terms.rules])
    return version


def terms_of_draft(draft: Draft) -> Terms:
    """The terms of a draft. Raises Unreadable for unknown dimensions, never drops them."""
    return read(Terms, draft.terms)


def _plan_id(session: Session, plan_key: str) -> int:
    plan_id = session.scalar(select(Plan.id).where(Plan.key == plan_key))
    if plan_id is None:
        raise NotFound(thing="commission_plan", key=plan_key)
    return plan_id


def _evidence(
    terms: Terms, market: Market, problems: Sequence[Problem], *, approver: tuple[str, str]
) -> dict[str, Any]:
    warnings = [
        {
            "code": problem.code,
            "role": problem.role,
            "position": problem.position,
            "params": dict(problem.params),
        }
        for problem in problems
    ]
    services = [
        {
            "role": rule.role.value,
            "position": rule.position,
            "name": rule.name,
            "service": rule.service,
            "contract": rule.contract,
        }
        for rule in terms.rules
        if rule.enabled and rule.role is not Role.SELLER
    ]
    key, name = approver
    return {
        "currencies": list(market.currencies),
        "profile": plain(market.profile),
        "approver": {"key": key, "name": name},
        "ceiling_bps": terms.ceiling_bps,
        "services": services,
        "promises": plain(terms.promises),
        "warnings": warnings,
    }


def _rule_row(rule: Rule, version_id: int, ids: Ids) -> dict[str, Any]:
    columns = {name for name in table_of(RuleRow).columns.keys() if hasattr(rule, name)}  # noqa: SIM118
    words = {name: getattr(rule, name) for name in columns}
    amounts = {name: dict(value) for name, value in words.items() if isinstance(value, Mapping)}
    return {
        **words,
        **amounts,
        "tiers": plain(rule.tiers),
        "tier_mode": rule.tier_mode if rule.tiers else None,
        "conditions": plain(rule.when),
        "id": ids(),
        "version_id": version_id,
    }


def _tell(
    session: Session,
    draft_id: int,
    verb: str,
    *,
    by: str,
    at: datetime,
    ids: Ids,
    after: Mapping[str, Any],
) -> None:
    thing = ("commission_plan_draft", draft_id)
    audit_trail.record(
        session, f"commission_plan_draft.{verb}", thing=thing, by=by, at=at, ids=ids, after=after
    )
