"""The brand's plan: what is in force, the draft on the desk, and publishing by a second person."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from commissions import plan_checks, plans, versions
from commissions.models import Draft, DraftStatus, Plan, PlanVersion
from commissions.plan_checks import Market, Problem
from commissions.terms import Promises, Role, Rule, Terms
from commissions.versions import InForce
from shop.accounts import queries as people
from shop.catalog.models import Category, Product, Variant
from shop.kernel import brand as brands
from shop.kernel import ids
from shop.network.models import Point, PointKind
from shop.rewards import law

KEY = "default"
OPEN = (DraftStatus.DRAFT, DraftStatus.SUBMITTED)
ROLES = (Role.SELLER, Role.FULFILLER, Role.UPLINE, Role.BONUS)
"""In the order in which pages show them."""


def in_force(session: Session, *, at: datetime) -> InForce | None:
    """The version that sales of this moment are reckoned by."""
    return versions.version_at(session, KEY, at)


def history(session: Session) -> Sequence[PlanVersion]:
    """All versions, the newest first; coming ones stand on top."""
    return session.scalars(
        select(PlanVersion)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .where(Plan.key == KEY)
        .order_by(PlanVersion.number.desc())
    ).all()


def version(session: Session, number: int) -> PlanVersion | None:
    """One published version, by its number."""
    return session.scalars(
        select(PlanVersion)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .where(Plan.key == KEY, PlanVersion.number == number)
    ).one_or_none()


def open_draft(session: Session) -> Draft | None:
    """The draft that is being written or waits for its second person."""
    return session.scalars(
        select(Draft)
        .join(Plan, Plan.id == Draft.plan_id)
        .where(Plan.key == KEY, Draft.status.in_(OPEN))
        .order_by(Draft.id.desc())
        .limit(1)
    ).one_or_none()


def start(session: Session, *, by: str, at: datetime) -> Draft:
    """A draft that begins with what is in force, or with nothing."""
    if session.scalar(select(Plan.id).where(Plan.key == KEY)) is None:
        plans.create_plan(session, KEY, name="Commission plan", by=by, at=at, ids=ids.new)
    current, brand = in_force(session, at=at), brands.current(session)
    first = Terms(rules=(), promises=Promises(complaints=brand.reach))
    terms = current.terms if current else first
    terms = replace(terms, zone=brand.timezone)
    return plans.start_draft(session, KEY, terms, by=by, at=at, ids=ids.new)


def save(
    session: Session, draft_id: int, terms: Terms, *, expected_hash: str, by: str, at: datetime
) -> None:
    """Store the draft as it stands on the page; the order of its rules is the precedence.

    Raises StaleState if the draft is not the one that the page showed.
    """
    plans.change_draft(
        session, draft_id, terms, by=by, at=at, ids=ids.new, expected_hash=expected_hash
    )


def submit(session: Session, draft_id: int, *, by: str, at: datetime) -> None:
    """Hand the draft to a second person."""
    plans.submit_draft(session, draft_id, by=by, at=at, ids=ids.new)


def publish(
    session: Session,
    draft_id: int,
    *,
    expected_hash: str,
    effective_from: datetime,
    by: str,
    at: datetime,
) -> PlanVersion:
    """Make it a version that never changes; by somebody else than its author."""
    draft = by_id(session, draft_id)
    terms = terms_of(draft) if draft else Terms(rules=())
    return plans.publish_draft(
        session,
        draft_id,
        effective_from=effective_from,
        expected_hash=expected_hash,
        market=market(session, terms, at=effective_from),
        approver_name=people.names_of(session, [by]).get(by, ""),
        by=by,
        at=at,
        ids=ids.new,
    )


def give_back(session: Session, draft_id: int, *, note: str, by: str, at: datetime) -> None:
    """Return a submitted draft to its author, with a reason."""
    plans.return_draft(session, draft_id, by=by, at=at, ids=ids.new, note=note)


def by_id(session: Session, draft_id: int) -> Draft | None:
    """One draft, whatever became of it."""
    return session.get(Draft, draft_id)


def discard(session: Session, draft_id: int, *, by: str, at: datetime) -> None:
    plans.discard_draft(session, draft_id, by=by, at=at, ids=ids.new)


def problems(session: Session, terms: Terms, *, at: datetime) -> list[Problem]:
    """What stands against publishing for a start at this moment, and what to think about."""
    return plan_checks.check(terms, market(session, terms, at=at))


def market(session: Session, terms: Terms, *, at: datetime) -> Market:
    """What terms that begin at this moment have to fit: the sold currency, the law that holds
    then, and the things that their rules name."""
    brand, whens = brands.current(session), [rule.when for rule in terms.rules]
    named = {
        "categories": (Category.id, {key for when in whens for key in when.categories}),
        "products": (Product.id, {key for when in whens for key in when.products}),
        "variants": (Variant.id, {key for when in whens for key in when.variants}),
        "points": (Point.id, {key for when in whens for key in when.points}),
    }
    return Market(
        currencies=(brand.currency,),
        zone=brand.timezone,
        profile=law.in_force(session, at=at),
        known={
            "point_kinds": [kind.value for kind in PointKind],
            "point_groups": _distinct(session, Point.group_key),
            "grades": _distinct(session, Point.grade),
            **{name: _existing(session, *each) for name, each in named.items()},
        },
    )


def _existing(
    session: Session, column: InstrumentedAttribute[int], named: Collection[str]
) -> list[str]:
    """Of these keys those whose thing exists; the others need not be looked at."""
    numbers = {int(tail): key for key in named if (tail := key.rpartition(":")[2]).isdigit()}
    found = session.scalars(select(column).where(column.in_(sorted(numbers)))) if numbers else ()
    return [numbers[one] for one in found]


def terms_of(draft: Draft) -> Terms:
    """The rules of a draft."""
    return plans.terms_of_draft(draft)


def key_of(rule: Rule) -> str:
    """Names a rule within its terms."""
    return f"{rule.role.value}:{rule.position}"


def rule_of(terms: Terms, key: str) -> Rule | None:
    """The rule of this key."""
    return next((rule for rule in terms.rules if key_of(rule) == key), None)


def with_rule(terms: Terms, key: str, rule: Rule) -> Terms:
    """The terms with this rule instead of the one of the key; a new one enters at the top.

    On top it is seen and tried first: below, a rule that always wins would hide it (RC-2).
    """
    before = rule_of(terms, key)
    if before is not None and before.role is rule.role:
        return _numbered(terms, [rule if one is before else one for one in terms.rules])
    return _numbered(terms, [rule, *(one for one in terms.rules if one is not before)])


def moved(terms: Terms, key: str, *, up: bool) -> Terms:
    """The terms with a rule one place up or down in its role; at the end of it nothing moves."""
    rule = rule_of(terms, key)
    if rule is None:
        return terms
    group = [one for one in _in_order(terms.rules) if one.role is rule.role]
    at = group.index(rule)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(group):
        return terms
    group[at], group[to] = group[to], group[at]
    return _numbered(terms, [*group, *(one for one in terms.rules if one.role is not rule.role)])


def without(terms: Terms, key: str) -> Terms:
    """The terms without a rule."""
    return _numbered(terms, [one for one in terms.rules if key_of(one) != key])


def switched(terms: Terms, key: str, *, on: bool) -> Terms:
    """The terms with a rule switched on or off."""
    rules = [replace(one, enabled=on) if key_of(one) == key else one for one in terms.rules]
    return replace(terms, rules=tuple(rules))


def _numbered(terms: Terms, rules: Sequence[Rule]) -> Terms:
    """Rules by role, numbered in the order in which they stand here."""
    ordered = sorted(rules, key=lambda one: ROLES.index(one.role))
    numbers: dict[Role, int] = {}
    placed = []
    for rule in ordered:
        numbers[rule.role] = numbers.get(rule.role, 0) + 1
        placed.append(replace(rule, position=numbers[rule.role]))
    return replace(terms, rules=tuple(placed))


def _in_order(rules: Sequence[Rule]) -> list[Rule]:
    return sorted(rules, key=lambda one: (ROLES.index(one.role), one.position))


def _distinct(session: Session, column: InstrumentedAttribute[str]) -> list[str]:
    return [str(one) for one in session.scalars(select(column).distinct()) if one]
