"""Plans: drafts may change, published versions and their rules never do."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from commissions.guards import insert_only
from commissions.schema import Base, Choice, Id, Json, PrimaryId
from commissions.states import Machine
from commissions.terms import Basis, Period, Rate, Role, SamePoint, TierMode


class DraftStatus(StrEnum):
    """Where a draft stands on its way to a second person."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    PUBLISHED = "published"
    DISCARDED = "discarded"


drafts = Machine(
    {
        DraftStatus.DRAFT: {DraftStatus.SUBMITTED, DraftStatus.DISCARDED},
        DraftStatus.SUBMITTED: {
            DraftStatus.DRAFT,
            DraftStatus.PUBLISHED,
            DraftStatus.DISCARDED,
        },
        DraftStatus.PUBLISHED: set(),
        DraftStatus.DISCARDED: set(),
    }
)


class Plan(Base):
    """A name under which versions follow each other."""

    __tablename__ = "commission_plan"

    id: Mapped[PrimaryId]
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]


class Draft(Base):
    """Terms on their way; whole documents, because an editor moves lines about."""

    __tablename__ = "commission_plan_draft"
    __table_args__ = (Index(None, "plan_id", "id"),)

    id: Mapped[PrimaryId]
    plan_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_plan.id"))
    status: Mapped[DraftStatus] = mapped_column(Choice(DraftStatus))
    terms: Mapped[dict[str, Any]] = mapped_column(Json)
    content_hash: Mapped[str]
    author: Mapped[str]
    """Who changed it last; somebody else must publish it."""
    note: Mapped[str]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class PlanVersion(Base):
    """Published terms. The newest one that began before a sale was placed serves it."""

    __tablename__ = "commission_plan_version"
    __table_args__ = (
        UniqueConstraint("plan_id", "number"),
        Index(None, "plan_id", "effective_from"),
        CheckConstraint("author <> approver", name="four_eyes"),
        CheckConstraint("ceiling_bps BETWEEN 0 AND 10000", name="ceiling"),
        CheckConstraint("effective_to IS NULL OR effective_to > effective_from", name="period"),
    )

    id: Mapped[PrimaryId]
    plan_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_plan.id"))
    number: Mapped[int]
    effective_from: Mapped[datetime]
    effective_to: Mapped[datetime | None]
    """Null for open end; a later version takes over at its own beginning in any case."""
    ceiling_bps: Mapped[int]
    same_point: Mapped[SamePoint] = mapped_column(Choice(SamePoint))
    zone: Mapped[str]
    """Time zone in which its months begin."""
    promises: Mapped[dict[str, str]] = mapped_column(Json)
    """What it says to the points beside its numbers."""
    content_hash: Mapped[str]
    draft_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_plan_draft.id"))
    author: Mapped[str]
    approver: Mapped[str]
    published_at: Mapped[datetime]
    evidence: Mapped[dict[str, Any]] = mapped_column(Json)
    """What was checked at publication: legal profile, who approved, which services are paid under
    which contract, what is promised, currencies, warnings accepted."""


class RuleRow(Base):
    """One line of a published list."""

    __tablename__ = "commission_rule"
    __table_args__ = (
        UniqueConstraint("version_id", "role", "position"),
        CheckConstraint("role IN ('seller', 'fulfiller', 'upline', 'bonus')", name="role"),
        CheckConstraint("tier_mode IS NULL OR role = 'seller'", name="bands_on_own_sales"),
        CheckConstraint("basis <> 'seller' OR role = 'upline'", name="part_of_seller"),
        CheckConstraint("role <> 'bonus' OR period IS NOT NULL", name="bonus_has_period"),
        CheckConstraint("bps BETWEEN 0 AND 10000", name="bps"),
        CheckConstraint("hold_days >= 0", name="hold_days"),
    )

    id: Mapped[PrimaryId]
    version_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_plan_version.id"))
    role: Mapped[Role] = mapped_column(Choice(Role))
    position: Mapped[int]
    name: Mapped[str]
    enabled: Mapped[bool]
    rate: Mapped[Rate] = mapped_column(Choice(Rate))
    bps: Mapped[int]
    fixed: Mapped[dict[str, int]] = mapped_column(Json)
    basis: Mapped[Basis] = mapped_column(Choice(Basis))
    floor: Mapped[dict[str, int]] = mapped_column(Json)
    cap: Mapped[dict[str, int]] = mapped_column(Json)
    order_cap: Mapped[dict[str, int]] = mapped_column(Json)
    period: Mapped[Period | None] = mapped_column(Choice(Period))
    """Null for a rule that counts nothing."""
    tiers: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    tier_mode: Mapped[TierMode | None] = mapped_column(Choice(TierMode))
    """Null for a rule without bands."""
    period_cap: Mapped[dict[str, int]] = mapped_column(Json)
    target: Mapped[dict[str, int]] = mapped_column(Json)
    campaign_from: Mapped[datetime | None]
    """Null unless the period is a campaign."""
    campaign_until: Mapped[datetime | None]
    """Null unless the period is a campaign."""
    hold_days: Mapped[int]
    conditions: Mapped[dict[str, Any]] = mapped_column(Json)
    service: Mapped[str]
    contract: Mapped[str]


for _model in (PlanVersion, RuleRow):
    insert_only(_model.__tablename__)
