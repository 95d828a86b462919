"""The brand's plan: what is in force, the draft on the desk, and publishing by a second person."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from commissions import plan_checks, plans, versions
from commissions.models import Draft, DraftStatus, Plan, PlanVersion
from commissions.plan_checks import Market, Problem
from commissions.terms import Rate, Role, Rule, Terms, When
from commissions.versions import InForce
from shop.catalog.models import Category, Product
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


def save(session: Session, draft_id: int, terms: Terms, *, by: str, at: datetime) -> None:
    """Store the draft's rules as they stand on the page; the order is the precedence."""
    plans.change_draft(session, draft_id, terms, by=by, at=at, ids=ids.new)


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


def rules_from(rows: Sequence[Mapping[str, str]], *, currency: str) -> tuple[Rule, ...]:
    """Rules as typed on the page, numbered by role in their order.

    Each row: role, name, rate (percent or fixed), value (basis points or minor units), hold_days,
    kinds, groups, categories (blank-separated keys), service.
    """
    rules: list[Rule] = []
    numbers: dict[Role, int] = {}
    for row in rows:
        role = Role(row["role"])
        numbers[role] = numbers.get(role, 0) + 1
        rate = Rate(row["rate"])
        value = int(row["value"])
        rules.append(
            Rule(
                position=numbers[role],
                role=role,
                name=row["name"],
                rate=rate,
                bps=value if rate is Rate.PERCENT else 0,
                fixed={currency: value} if rate is Rate.FIXED else {},
                hold_days=int(row["hold_days"]),
                when=When(
                    point_kinds=tuple(row["kinds"].split()),
                    point_groups=tuple(row["groups"].split()),
                    categories=tuple(row["categories"].split()),
                ),
                service=row["service"],
            )
        )
    return tuple(rules)


def with_rules(terms: Terms, rules: tuple[Rule, ...]) -> Terms:
    """The same ceiling and policy with other rules."""
    return replace(terms, rules=rules)


def _distinct(session: Session, column: InstrumentedAttribute[str]) -> list[str]:
    return [str(one) for one in session.scalars(select(column).distinct()) if one]
