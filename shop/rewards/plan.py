"""The brand's plan: what is in force, the draft on the desk, and publishing by a second person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from commissions import plan_checks, plans, versions
from commissions.models import Draft, DraftStatus, Plan, PlanVersion
from commissions.plan_checks import Market, Problem
from commissions.terms import Rate, Role, Rule, SamePoint, Terms
from commissions.versions import InForce
from shop.catalog.models import Category, Product, Variant
from shop.kernel import brand as brands
from shop.kernel import ids
from shop.network.models import Point, PointKind

KEY = "default"
OPEN = (DraftStatus.DRAFT, DraftStatus.SUBMITTED)


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
    current = in_force(session, at=at)
    terms = current.terms if current else Terms(rules=())
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
    return plans.publish_draft(
        session,
        draft_id,
        effective_from=effective_from,
        expected_hash=expected_hash,
        market=market(session),
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


def names_of(session: Session, terms: Sequence[Terms]) -> dict[str, dict[str, str]]:
    """What rules name by key, in every language that it has: products, variants, points."""
    rules = [rule for one in terms for rule in one.rules]
    products = _numbers(key for rule in rules for key in rule.when.products)
    variants = _numbers(key for rule in rules for key in rule.when.variants)
    points = _numbers(key for rule in rules for key in rule.when.points)
    found: dict[str, dict[str, str]] = {}
    for number, title in session.execute(
        select(Product.id, Product.title).where(Product.id.in_(products))
    ):
        found[f"product:{number}"] = title
    for number, sku in session.execute(
        select(Variant.id, Variant.sku).where(Variant.id.in_(variants))
    ):
        found[f"variant:{number}"] = {"en": sku or ""}
    for number, name in session.execute(select(Point.id, Point.name).where(Point.id.in_(points))):
        found[f"point:{number}"] = {"en": name}
    return found


def _numbers(names: Iterable[str]) -> list[int]:
    tails = (name.rpartition(":")[2] for name in names)
    return sorted({int(tail) for tail in tails if tail.isdigit()})


def discard(session: Session, draft_id: int, *, by: str, at: datetime) -> None:
    plans.discard_draft(session, draft_id, by=by, at=at, ids=ids.new)


def problems(session: Session, terms: Terms) -> list[Problem]:
    """What stands against publishing, and what should be thought about."""
    return plan_checks.check(terms, market(session))


def market(session: Session) -> Market:
    """What a plan has to fit: the sold currency, and the things that rules may name."""
    return Market(
        currencies=(brands.current(session).currency,),
        known={
            "point_kinds": [kind.value for kind in PointKind],
            "point_groups": _distinct(session, Point.group_key),
            "grades": _distinct(session, Point.grade),
            "categories": [f"category:{one}" for one in session.scalars(select(Category.id))],
            "products": [f"product:{one}" for one in session.scalars(select(Product.id))],
        },
    )


def terms_of(draft: Draft) -> Terms:
    """The rules of a draft."""
    return plans.terms_of_draft(draft)


@dataclass(frozen=True, kw_only=True)
class TypedRule:
    """What the page edits of a rule."""

    key: str
    """The rule of the draft that it was, as `key_of` names it; empty for a new one."""
    role: Role
    name: str
    enabled: bool
    rate: Rate
    value: int | None
    """Basis points, or minor units of the brand's currency; None leaves a fixed rate as it is."""
    hold_days: int
    kinds: tuple[str, ...]
    groups: tuple[str, ...]
    categories: tuple[str, ...]
    service: str


def key_of(rule: Rule) -> str:
    """Names a rule within its terms."""
    return f"{rule.role.value}:{rule.position}"


def edited(
    before: Terms,
    typed: Sequence[TypedRule],
    *,
    ceiling_bps: int,
    same_point: SamePoint,
    currency: str,
) -> Terms:
    """The terms with the page's changes, its rules numbered by role in their order.

    Whatever the page does not edit stays as it was in the rule that a row stands for: a condition
    that got lost would pay more people more money.
    """
    known = {key_of(rule): rule for rule in before.rules}
    numbers: dict[Role, int] = {}
    rules = []
    for row in typed:
        numbers[row.role] = numbers.get(row.role, 0) + 1
        rules.append(_edited(known.get(row.key), row, numbers[row.role], currency))
    return replace(before, rules=tuple(rules), ceiling_bps=ceiling_bps, same_point=same_point)


def _edited(before: Rule | None, row: TypedRule, position: int, currency: str) -> Rule:
    base = before or Rule(position=position, role=row.role, name=row.name, rate=row.rate)
    return replace(
        base,
        position=position,
        role=row.role,
        name=row.name,
        enabled=row.enabled,
        rate=row.rate,
        bps=_bps(base, row),
        fixed=_fixed(base, row, currency),
        hold_days=row.hold_days,
        when=replace(
            base.when,
            point_kinds=row.kinds,
            point_groups=row.groups,
            categories=row.categories,
        ),
        service=row.service,
    )


def _bps(base: Rule, row: TypedRule) -> int:
    if row.rate is Rate.PERCENT:
        return row.value or 0
    return base.bps if base.rate is Rate.FIXED else 0


def _fixed(base: Rule, row: TypedRule, currency: str) -> Mapping[str, int]:
    """Amounts in other currencies stay; a percentage that becomes an amount begins with its own."""
    if row.rate is Rate.PERCENT:
        return base.fixed if base.rate is Rate.PERCENT else {}
    known = base.fixed if base.rate is Rate.FIXED else {}
    return dict(known) if row.value is None else {**known, currency: row.value}


def _distinct(session: Session, column: InstrumentedAttribute[str]) -> list[str]:
    return [str(one) for one in session.scalars(select(column).distinct()) if one]
