"""What a plan would have cost: kept results of what-if runs, and the packed sales they read.

Separate from entries.py because nothing here is money: a result may be thrown away and made anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from commissions.schema import Amount, Base, Choice, Id, Json, PrimaryId
from commissions.states import Machine
from commissions.terms import Role


class TrialStatus(StrEnum):
    """How far a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Its result differed from the calculator, or the run broke off; `problem` says why."""


trials = Machine(
    {
        TrialStatus.QUEUED: {TrialStatus.RUNNING, TrialStatus.FAILED},
        TrialStatus.RUNNING: {TrialStatus.DONE, TrialStatus.FAILED},
        TrialStatus.DONE: set(),
        TrialStatus.FAILED: set(),
    }
)


class Trial(Base):
    """One plan over the sales of a stretch of time, with its progress."""

    __tablename__ = "commission_trial"
    __table_args__ = (
        Index(None, "plan_key", "id"),
        CheckConstraint("placed_from < placed_until", name="stretch"),
        CheckConstraint("status IN ('queued', 'running', 'done', 'failed')", name="status"),
    )

    id: Mapped[PrimaryId]
    plan_key: Mapped[str]
    name: Mapped[str]
    draft_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_plan_draft.id"))
    """Null where a published version was tried."""
    version_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_plan_version.id"))
    """Null where a draft was tried."""
    terms: Mapped[dict[str, Any]] = mapped_column(Json)
    """The rules as they stood when the run was asked for: a draft may change meanwhile."""
    content_hash: Mapped[str]
    placed_from: Mapped[datetime]
    placed_until: Mapped[datetime]
    """Exclusive."""
    status: Mapped[TrialStatus] = mapped_column(Choice(TrialStatus))
    after_sale_id: Mapped[int] = mapped_column(Id)
    """The last sale that was worked off; where the next worker goes on."""
    done_sales: Mapped[int]
    total_sales: Mapped[int]
    line_count: Mapped[int]
    cut_count: Mapped[int]
    """Lines that the ceiling scaled down."""
    exact_sales: Mapped[int]
    """Sales that the calculator itself reckoned, because something about them was unusual."""
    checked_sales: Mapped[int]
    """Sales of the sample that was compared with the calculator, line by line."""
    carry: Mapped[dict[str, Any]] = mapped_column(Json)
    """Totals so far, for whoever goes on; empty at the end."""
    problem: Mapped[str]
    """Why it failed; empty otherwise."""
    at: Mapped[datetime]
    by: Mapped[str]
    ended_at: Mapped[datetime | None]
    """Null until it is done or failed."""

    @property
    def last_moment(self) -> datetime:
        """A moment of the last day that counts."""
        return self.placed_until - timedelta(seconds=1)


class TrialLine(Base):
    """What one beneficiary of a line earns by the books, and would have earned, net of refunds."""

    __tablename__ = "commission_trial_line"
    __table_args__ = (CheckConstraint("role IN ('seller', 'fulfiller', 'upline')", name="role"),)

    trial_id: Mapped[int] = mapped_column(
        Id, ForeignKey("commission_trial.id"), primary_key=True, autoincrement=False
    )
    role: Mapped[Role] = mapped_column(Choice(Role), primary_key=True)
    line_id: Mapped[int] = mapped_column(
        Id, ForeignKey("commission_sale_line.id"), primary_key=True, autoincrement=False
    )
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Which hand-over of the line, from zero; zero for who sold it."""
    now_amount: Mapped[int] = mapped_column(Amount)
    then_amount: Mapped[int] = mapped_column(Amount)
    cut_amount: Mapped[int] = mapped_column(Amount)
    """What the ceiling would have taken, before refunds."""


class TrialSum(Base):
    """A total of a run: by role, point, payee, product or month."""

    __tablename__ = "commission_trial_sum"
    __table_args__ = (
        CheckConstraint(
            "dimension IN ('role', 'point', 'payee', 'product', 'month')", name="dimension"
        ),
    )

    trial_id: Mapped[int] = mapped_column(
        Id, ForeignKey("commission_trial.id"), primary_key=True, autoincrement=False
    )
    dimension: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    line_count: Mapped[int]
    base_amount: Mapped[int] = mapped_column(Amount)
    now_amount: Mapped[int] = mapped_column(Amount)
    then_amount: Mapped[int] = mapped_column(Amount)
    cut_amount: Mapped[int] = mapped_column(Amount)


class TrialPeriod(Base):
    """What a rule that counts a period would have counted for one beneficiary, and added."""

    __tablename__ = "commission_trial_period"
    __table_args__ = (
        UniqueConstraint(
            "trial_id", "role", "position", "point_key", "payee_key", "currency", "period_key"
        ),
    )

    id: Mapped[PrimaryId]
    trial_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_trial.id"))
    role: Mapped[str]
    position: Mapped[int]
    point_key: Mapped[str]
    payee_key: Mapped[str]
    currency: Mapped[str]
    period_key: Mapped[str]
    base_amount: Mapped[int] = mapped_column(Amount)
    line_amount: Mapped[int] = mapped_column(Amount)
    room_amount: Mapped[int] = mapped_column(Amount)
    award_amount: Mapped[int] = mapped_column(Amount)
    """What the period adds to its lines; below zero for a cap."""


class TrialBlock(Base):
    """Some hundred sales as columns of integers: what every run reads, packed once.

    A copy: made anew as soon as the count of its sales or of their facts is another.
    """

    __tablename__ = "commission_trial_block"
    __table_args__ = (
        UniqueConstraint("plan_key", "first_sale_id"),
        CheckConstraint("first_sale_id <= last_sale_id", name="order"),
    )

    id: Mapped[PrimaryId]
    plan_key: Mapped[str]
    first_sale_id: Mapped[int] = mapped_column(Id)
    last_sale_id: Mapped[int] = mapped_column(Id)
    sale_count: Mapped[int]
    fact_count: Mapped[int]
    credited_count: Mapped[int]
    names: Mapped[dict[str, Any]] = mapped_column(Json)
    """Points and kinds of lines, by the numbers that the columns use."""
    columns: Mapped[bytes] = mapped_column(LargeBinary)
