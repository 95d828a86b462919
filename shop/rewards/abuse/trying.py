"""What a rule did lately, and what it would do: so that nobody switches one on in the dark."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commissions.abuse.judging import judge_order, judge_point
from commissions.abuse.rules import SCOPES, Action, Check, Rulebook, Scope, Setting
from shop.rewards.abuse import collecting, rejecting, reviewing, watching
from shop.rewards.abuse.models import AbuseCase

LATELY = timedelta(days=28)
MOST_ORDERS = 500
"""So many orders a try looks at, the newest first."""
_CASES = "cases"


@dataclass(frozen=True)
class Tried:
    """How often a rule would be met."""

    looked_at: int
    """Orders of the last weeks, or points that sold something in them."""
    met: int


def lately(session: Session, *, at: datetime) -> Mapping[str, Mapping[str, int]]:
    """Rule → action → how often it was met in the last weeks; one statement."""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    rows = session.execute(
        select(AbuseCase.rule, AbuseCase.action, func.count().label(_CASES))
        .where(AbuseCase.opened_at > at - LATELY)
        .group_by(AbuseCase.rule, AbuseCase.action)
    )
    for rule, action, count in rows:
        found[rule][action] = int(count)
    return found


def would_meet(session: Session, check: Check, rules: Rulebook, *, at: datetime) -> Tried:
    """How often a rule would have been met with its present numbers and lists; writes nothing.

    A handful of statements, whatever was sold.
    """

    def setting(group: str) -> Mapping[Check, Setting]:
        return {check: replace(rules.of(group)[check], action=Action.FLAG)}

    if SCOPES[check] is Scope.ENTRY:
        days = rejecting.longest_household(rules)
        orders = collecting.orders_since(
            session, at - LATELY, at=at, earlier_days=days, limit=MOST_ORDERS
        )
        met = sum(bool(judge_order(one.signals, setting(one.group))) for one in orders)
        return Tried(len(orders), met)
    points = watching.points(session, at=at)
    groups = reviewing.groups_of(session) if rules.groups else {}
    met = sum(
        bool(judge_point(signals, setting(groups.get(point_id, ""))))
        for point_id, signals in points.items()
    )
    return Tried(len(points), met)
