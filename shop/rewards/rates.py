"""A point's rates in the course of time: what was, is and will be in force for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from commissions import matching, versions
from commissions.terms import Promises, Rule
from shop.rewards import parties, plan

MOST = 12
"""Versions that are shown, the newest first."""


@dataclass(frozen=True)
class Rates:
    """One version as far as it concerns a point; rules in their precedence."""

    number: int
    begins: datetime
    ends: datetime | None
    """Null while nothing comes after it."""
    is_coming: bool
    is_current: bool
    rules: Sequence[Rule]
    promises: Promises


def of_point(session: Session, point_id: int, *, at: datetime) -> list[Rates]:
    """Coming versions first, then the one in force, then past ones; empty for no such point."""
    standing = parties.of_points(session, [point_id]).get(point_id)
    if standing is None:
        return []
    current = plan.in_force(session, at=at)
    found: list[Rates] = []
    following: datetime | None = None
    newest = sorted(plan.history(session), key=lambda one: (one.effective_from, one.number))
    for version in reversed(newest[-MOST:]):
        if following is not None and version.effective_from >= following:
            continue  # a later version with the same beginning took its place
        terms = versions.version_by_id(session, version.id).terms
        rules = [rule for role in plan.ROLES for rule in terms.of_role(role)]
        found.append(
            Rates(
                number=version.number,
                begins=version.effective_from,
                ends=version.effective_to or following,
                is_coming=version.effective_from > at,
                is_current=current is not None and current.version_id == version.id,
                rules=[rule for rule in rules if matching.serves(rule, standing.party)],
                promises=terms.promises,
            )
        )
        following = version.effective_from
    return found
