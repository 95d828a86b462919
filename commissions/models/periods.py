"""What a point sold in a whole period, line by line, and what that adds to the lines' own entries.

Separate from entries.py because a period belongs to no sale: many sales meet in its row.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from commissions.guards import insert_only
from commissions.schema import Amount, Base, Choice, Id, Json, PrimaryId
from commissions.terms import Role


class PeriodRow(Base):
    """Running sums of one rule, beneficiary and period. Its row is the lock that orders deliveries.

    A projection: the sums of `Counted` and of `Award`, compared by the proof.
    """

    __tablename__ = "commission_period"
    __table_args__ = (
        UniqueConstraint("rule_id", "point_key", "payee_key", "currency", "period_key"),
        Index(None, "point_key", "id"),
    )

    id: Mapped[PrimaryId]
    rule_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_rule.id"))
    version_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_plan_version.id"))
    point_key: Mapped[str]
    payee_key: Mapped[str]
    """A point that changes hands begins a new count."""
    currency: Mapped[str]
    period_key: Mapped[str]
    """`2026-01`, `2026-Q1`, `2026` or `campaign`."""
    seq: Mapped[int]
    """How often its sums changed."""
    base_amount: Mapped[int] = mapped_column(Amount)
    """Net delivered sales."""
    line_amount: Mapped[int] = mapped_column(Amount)
    """What the lines themselves earn, net. A bonus has none: it counts sales, no earnings."""
    room_amount: Mapped[int] = mapped_column(Amount)
    """The most the ceiling lets the period add."""
    award_amount: Mapped[int] = mapped_column(Amount)
    """What was added so far; below zero for a cap."""
    first_available_at: Mapped[datetime]
    last_available_at: Mapped[datetime]
    """From when the first and the last of its lines may be paid."""


class Counted(Base):
    """What one change of one line added to the sums of a period, or took from them."""

    __tablename__ = "commission_counted"
    __table_args__ = (
        UniqueConstraint("period_id", "seq", "line_id", "role", "cause", "cause_key"),
        Index(None, "sale_id"),
        CheckConstraint("role IN ('seller', 'fulfiller', 'upline')", name="role"),
    )

    id: Mapped[PrimaryId]
    period_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_period.id"))
    seq: Mapped[int]
    sale_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_sale.id"))
    line_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_sale_line.id"))
    role: Mapped[Role] = mapped_column(Choice(Role))
    """With cause and key the name of the decision that is counted."""
    is_bonus: Mapped[bool]
    """Whether it counts for a bonus of its seller, not for its own rule."""
    position: Mapped[int]
    """Place of the counting rule in its list."""
    cause: Mapped[str]
    cause_key: Mapped[str]
    base_amount: Mapped[int] = mapped_column(Amount)
    line_amount: Mapped[int] = mapped_column(Amount)
    room_amount: Mapped[int] = mapped_column(Amount)
    delivered_at: Mapped[datetime]
    available_at: Mapped[datetime]
    at: Mapped[datetime]


class Award(Base):
    """One difference between what a period comes to and what its lines earn.

    It counted every `Counted` of its period up to its own number.
    """

    __tablename__ = "commission_award"
    __table_args__ = (
        UniqueConstraint("period_id", "seq"),
        CheckConstraint("amount <> 0", name="amount"),
    )

    id: Mapped[PrimaryId]
    period_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_period.id"))
    seq: Mapped[int]
    cause: Mapped[str]
    cause_key: Mapped[str]
    base_amount: Mapped[int] = mapped_column(Amount)
    line_amount: Mapped[int] = mapped_column(Amount)
    total_amount: Mapped[int] = mapped_column(Amount)
    """All differences of the period together, this one included."""
    amount: Mapped[int] = mapped_column(Amount)
    trace: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime]
    by: Mapped[str]


for _model in (Counted, Award):
    insert_only(_model.__tablename__)
