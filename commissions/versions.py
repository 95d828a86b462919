"""Which plan version serves a sale, with its terms as the calculator reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Row, Select, or_, select
from sqlalchemy.orm import Session

from commissions.canonical import read
from commissions.errors import NotFound
from commissions.models import Plan, PlanVersion, RuleRow
from commissions.rows import table_of
from commissions.terms import Promises, Role, Rule, SamePoint, Terms, Tier, TierMode, When


@dataclass(frozen=True, slots=True)
class InForce:
    """A published version, ready to calculate with."""

    version_id: int
    number: int
    terms: Terms
    rule_ids: Mapping[tuple[Role, int], int]

    def rule_id(self, rule: Rule) -> int:
        return self.rule_ids[rule.role, rule.position]


VersionRow = Row[int, int, int, SamePoint, str, dict[str, str]]
_VERSION_COLUMNS = (
    PlanVersion.id,
    PlanVersion.number,
    PlanVersion.ceiling_bps,
    PlanVersion.same_point,
    PlanVersion.zone,
    PlanVersion.promises,
)

_known: WeakKeyDictionary[Engine, dict[int, InForce]] = WeakKeyDictionary()
# A published version never changes, so each process reads it once per database.


def version_at(session: Session, plan_key: str, moment: datetime) -> InForce | None:
    """The version in force: of those that cover the moment, the one that began last."""
    row = session.execute(id_at(plan_key, moment).with_only_columns(*_VERSION_COLUMNS)).first()
    return None if row is None else _ready(session, row)


def id_at(plan_key: str, moment: datetime) -> Select[int]:
    """The id of the version in force, for statements that choose and store it at once."""
    version = PlanVersion
    return (
        select(version.id)
        .join(Plan, Plan.id == version.plan_id)
        .where(
            Plan.key == plan_key,
            version.effective_from <= moment,
            or_(version.effective_to.is_(None), version.effective_to > moment),
        )
        .order_by(version.effective_from.desc(), version.number.desc())
        .limit(1)
    )


def version_by_id(session: Session, version_id: int) -> InForce:
    """One published version. Raises NotFound."""
    known = _known.get(session.get_bind().engine, {}).get(version_id)
    if known is not None:
        return known
    version = PlanVersion
    row = session.execute(select(*_VERSION_COLUMNS).where(version.id == version_id)).first()
    if row is None:
        raise NotFound(thing="commission_plan_version", id=version_id)
    return _ready(session, row)


def _ready(session: Session, row: VersionRow) -> InForce:
    known = _known.setdefault(session.get_bind().engine, {})
    if row.id not in known:
        known[row.id] = _read_version(session, row)
    return known[row.id]


def _read_version(session: Session, row: VersionRow) -> InForce:
    table = table_of(RuleRow)
    rows = session.execute(
        select(table).where(table.c.version_id == row.id).order_by(table.c.role, table.c.position)
    ).all()
    rules = tuple(_rule(rule_row._mapping) for rule_row in rows)
    terms = Terms(
        rules=rules,
        ceiling_bps=row.ceiling_bps,
        same_point=row.same_point,
        zone=row.zone,
        promises=read(Promises, row.promises),
    )
    rule_ids = {(found.role, found.position): found.id for found in rows}
    return InForce(row.id, row.number, terms, rule_ids)


def _rule(row: Mapping[Any, Any]) -> Rule:
    values = {name: row[name] for name in _RULE_COLUMNS}
    return Rule(
        **values,
        tiers=tuple(read(Tier, tier) for tier in row["tiers"]),
        tier_mode=row["tier_mode"] or TierMode.PROGRESSIVE,
        when=read(When, row["conditions"]),
    )


_RULE_COLUMNS = (
    "position",
    "role",
    "name",
    "rate",
    "bps",
    "fixed",
    "basis",
    "floor",
    "cap",
    "order_cap",
    "period",
    "period_cap",
    "target",
    "campaign_from",
    "campaign_until",
    "hold_days",
    "enabled",
    "service",
    "contract",
)
