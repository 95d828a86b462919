"""What was decided, what was earned and taken back, and when it may be paid."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from commissions.arithmetic import MAX_AMOUNT
from commissions.decisions import Outcome
from commissions.guards import insert_only
from commissions.schema import Amount, Base, Choice, Id, Json, PrimaryId
from commissions.terms import Role


class EntryKind(StrEnum):
    """What an entry does."""

    EARN = "earn"
    ADJUST = "adjust"
    """A late hand-over moved a unit of rounding."""
    REVERSE = "reverse"
    """A refund or lost dispute took back, or (positive) a failed refund gave again."""
    RESERVE = "reserve"
    """An open dispute holds back what was paid already, or (positive) lets go of it."""
    DIFFERENCE = "difference"
    """What a whole period adds to the entries of its lines, or (negative) takes from them."""
    MANUAL = "manual"
    """Two people put something right by hand."""
    WRITE_OFF = "write_off"
    """A debt that the brand gives up."""
    REPAID = "repaid"
    """A payee brought back what it owed."""
    RETURNED = "returned"
    """A part of a payout that came back from the provider, or (negative) its end in the whole."""


ORIGINS = (
    EntryKind.EARN,
    EntryKind.DIFFERENCE,
    EntryKind.MANUAL,
    EntryKind.WRITE_OFF,
    EntryKind.REPAID,
    EntryKind.RETURNED,
)
"""Kinds that stand for themselves; all others follow one of these."""


class Ruling(Base):
    """One decision on one line, role and cause: every paid line has one, paid or not."""

    __tablename__ = "commission_decision"
    __table_args__ = (
        Index("uq_commission_decision", "line_id", "role", "cause", "cause_key", unique=True),
        Index(None, "sale_id"),
        Index(None, "point_key", "id"),
        CheckConstraint("role IN ('seller', 'fulfiller', 'upline')", name="role"),
        CheckConstraint("(amount > 0) = (outcome = 'paid')", name="paid"),
    )

    id: Mapped[PrimaryId]
    sale_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_sale.id"))
    line_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_sale_line.id"))
    role: Mapped[Role] = mapped_column(Choice(Role))
    cause: Mapped[str]
    cause_key: Mapped[str]
    outcome: Mapped[Outcome] = mapped_column(Choice(Outcome))
    point_key: Mapped[str]
    """Empty if there was no candidate."""
    amount: Mapped[int] = mapped_column(Amount)
    forgone_amount: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str]
    version_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_plan_version.id"))
    """Null if no version was in force."""
    rule_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_rule.id"))
    """Null if no rule matched."""
    trace: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Null if an entry was made: it keeps the trace."""
    at: Mapped[datetime]


class Entry(Base):
    """One signed, immutable commission amount. Its status is derived, never stored."""

    __tablename__ = "commission_entry"

    id: Mapped[PrimaryId]
    origin_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_entry.id"))
    """The earning it belongs to; its own id for the earning itself."""
    sale_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_sale.id"))
    """Null for a difference, which belongs to a period, and for what was done by hand."""
    line_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_sale_line.id"))
    """Null where the sale is."""
    award_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_award.id"))
    """Null but for a difference; the award knows the lines that it counted."""
    case_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_case.id"))
    """Null but for what was done by hand; the case knows who agreed, and why."""
    point_key: Mapped[str]
    payee_key: Mapped[str]
    """Frozen at the cause's time; a later change of owner moves nothing."""
    role: Mapped[Role] = mapped_column(Choice(Role))
    kind: Mapped[EntryKind] = mapped_column(Choice(EntryKind))
    cause: Mapped[str]
    cause_key: Mapped[str]
    amount: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str]
    version_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_plan_version.id"))
    """Null for what was done by hand."""
    rule_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_rule.id"))
    """Null for what was done by hand."""
    base_amount: Mapped[int] = mapped_column(Amount)
    hold_days: Mapped[int]
    trace: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime]
    by: Mapped[str]

    __table_args__ = (
        Index(
            "uq_commission_entry_earn",
            "line_id",
            "role",
            "cause",
            "cause_key",
            unique=True,
            sqlite_where=text("kind = 'earn'"),
            postgresql_where=text("kind = 'earn'"),
        ),
        Index(
            "uq_commission_entry_follow",
            "origin_id",
            "kind",
            "cause",
            "cause_key",
            unique=True,
            sqlite_where=text("kind <> 'earn'"),
            postgresql_where=text("kind <> 'earn'"),
        ),
        Index(
            "uq_commission_entry_award",
            "award_id",
            unique=True,
            sqlite_where=text("award_id IS NOT NULL"),
            postgresql_where=text("award_id IS NOT NULL"),
        ),
        Index(
            "uq_commission_entry_case",
            "case_id",
            unique=True,
            sqlite_where=text("case_id IS NOT NULL"),
            postgresql_where=text("case_id IS NOT NULL"),
        ),
        Index(None, "sale_id"),
        Index(None, "origin_id"),
        Index(None, "payee_key", "currency", "id"),
        Index(None, "point_key", "id"),
        CheckConstraint(
            f"amount <> 0 AND amount BETWEEN -{MAX_AMOUNT} AND {MAX_AMOUNT}", name="amount"
        ),
        CheckConstraint(
            "(kind IN ('earn', 'difference', 'manual', 'write_off', 'repaid', 'returned'))"
            " = (origin_id = id)",
            name="origin",
        ),
        CheckConstraint("kind <> 'earn' OR amount > 0", name="earn_is_positive"),
        CheckConstraint(
            "role IN ('seller', 'fulfiller', 'upline', 'bonus', 'manual')", name="role"
        ),
        CheckConstraint(
            "kind IN ('earn', 'adjust', 'reverse', 'reserve', 'difference',"
            " 'manual', 'write_off', 'repaid', 'returned')",
            name="kind",
        ),
        # No amount without its source: a line that was sold, an award with the lines it counted, or
        # a case that two people agreed on.
        CheckConstraint(
            "(kind IN ('earn', 'adjust', 'reverse', 'reserve') AND role NOT IN ('bonus', 'manual')"
            " AND sale_id IS NOT NULL AND line_id IS NOT NULL"
            " AND award_id IS NULL AND case_id IS NULL)"
            " OR (kind = 'difference' AND role <> 'manual' AND award_id IS NOT NULL"
            " AND case_id IS NULL AND sale_id IS NULL AND line_id IS NULL)"
            " OR (kind IN ('manual', 'write_off', 'repaid', 'returned', 'reverse')"
            " AND role = 'manual'"
            " AND case_id IS NOT NULL AND award_id IS NULL"
            " AND sale_id IS NULL AND line_id IS NULL)",
            name="source",
        ),
        CheckConstraint(
            "(role = 'manual') = (version_id IS NULL) AND (version_id IS NULL) = (rule_id IS NULL)",
            name="plan",
        ),
        CheckConstraint(
            "kind NOT IN ('write_off', 'repaid') OR amount > 0", name="debt_ends_upward"
        ),
    )


class Release(Base):
    """From when an earning may be paid. Written once, when the goods have arrived.

    A difference has its own from the beginning: what it counts has arrived.
    """

    __tablename__ = "commission_release"
    __table_args__ = (Index(None, "payee_key", "currency", "available_at"),)

    entry_id: Mapped[int] = mapped_column(
        Id, ForeignKey("commission_entry.id"), primary_key=True, autoincrement=False
    )
    sale_id: Mapped[int | None] = mapped_column(Id)
    """Null for a difference of a period."""
    payee_key: Mapped[str]
    currency: Mapped[str]
    delivered_at: Mapped[datetime]
    available_at: Mapped[datetime]
    cause: Mapped[str]
    cause_key: Mapped[str]
    at: Mapped[datetime]


def _open_only(column: str) -> Index:
    """An index over the few holds that still stand."""
    where = text("released_at IS NULL")
    name = f"ix_commission_hold_open_{column}"
    return Index(name, column, sqlite_where=where, postgresql_where=where)


class Hold(Base):
    """A reason why earnings may not be paid yet, with an owner and, as a rule, a deadline.

    Exactly one of the four targets is set. After `expires_at` it no longer counts, without a job.
    """

    __tablename__ = "commission_hold"

    id: Mapped[PrimaryId]
    key: Mapped[str] = mapped_column(unique=True)
    entry_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_entry.id"))
    sale_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_sale.id"))
    point_key: Mapped[str | None]
    payee_key: Mapped[str | None]
    reason: Mapped[str]
    owner: Mapped[str]
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    """Null for a hold that ends with its cause, as a dispute does."""
    extended_at: Mapped[datetime | None]
    """When its deadline was moved, which is done once; null if it never was."""
    released_at: Mapped[datetime | None]
    """Null while it stands."""
    note: Mapped[str]

    __table_args__ = (
        *(_open_only(name) for name in ("entry_id", "sale_id", "point_key", "payee_key")),
        CheckConstraint(
            "(CASE WHEN entry_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN sale_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN point_key IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN payee_key IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_target",
        ),
    )


class Balance(Base):
    """Running balances of one payee in one currency: a projection, compared with the ledger.

    Its row is also the lock that orders claims, holds and reversals of one payee.
    """

    __tablename__ = "commission_balance"

    payee_key: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    earned_amount: Mapped[int] = mapped_column(Amount)
    """Owed and not claimed by a payout; below zero it is a debt."""
    expected_amount: Mapped[int] = mapped_column(Amount)
    """The part of it whose goods have not arrived yet."""
    reserve_amount: Mapped[int] = mapped_column(Amount)
    """Held back for open disputes about what was paid already."""


for _model in (Ruling, Entry, Release):
    insert_only(_model.__tablename__)
