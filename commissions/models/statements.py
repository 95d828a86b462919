"""Statements: what a payee earned and got in a period, locked and numbered for good."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from commissions.guards import insert_only
from commissions.schema import Amount, Base, Id, PrimaryId


class Series(Base):
    """The last number given in a series. Its row lock is what leaves no gaps."""

    __tablename__ = "commission_statement_series"

    key: Mapped[str] = mapped_column(primary_key=True)
    last_number: Mapped[int]


class Statement(Base):
    """An account of one payee in one currency over one period."""

    __tablename__ = "commission_statement"
    __table_args__ = (
        UniqueConstraint("series", "number"),
        UniqueConstraint("payee_key", "currency", "period_start", "copy"),
        Index(None, "payee_key", "id"),
        Index(
            "uq_commission_statement_previous",
            "previous_id",
            unique=True,
            sqlite_where=text("copy = 1 AND previous_id IS NOT NULL"),
            postgresql_where=text("copy = 1 AND previous_id IS NOT NULL"),
        ),
        CheckConstraint("period_start < period_end", name="period"),
        CheckConstraint("(copy = 1) = (original_id = id)", name="original"),
        CheckConstraint(
            "closing_amount = opening_amount + earned_amount - reversed_amount - held_amount"
            " + released_amount - paid_amount - fee_amount - withheld_amount",
            name="sum",
        ),
    )

    id: Mapped[PrimaryId]
    original_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_statement.id"))
    """Its own id, or that of the first issue, whose lines a copy shares."""
    previous_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_statement.id"))
    """The first issue of the period before; null for the first period."""
    payee_key: Mapped[str]
    currency: Mapped[str]
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    """The first moment that is not in it."""
    series: Mapped[str]
    number: Mapped[int]
    """Without gaps within its series."""
    copy: Mapped[int]
    """1 for the first issue."""
    opening_amount: Mapped[int] = mapped_column(Amount)
    earned_amount: Mapped[int] = mapped_column(Amount)
    reversed_amount: Mapped[int] = mapped_column(Amount)
    held_amount: Mapped[int] = mapped_column(Amount)
    """Reserved for open disputes."""
    released_amount: Mapped[int] = mapped_column(Amount)
    """Let go of again."""
    paid_amount: Mapped[int] = mapped_column(Amount)
    """Net amount of payouts, less those that came back."""
    fee_amount: Mapped[int] = mapped_column(Amount)
    withheld_amount: Mapped[int] = mapped_column(Amount)
    closing_amount: Mapped[int] = mapped_column(Amount)
    line_count: Mapped[int]
    block_number: Mapped[int]
    """The newest sealed block of the ledger when it was closed; 0 before the first."""
    block_hash: Mapped[str]
    checksum: Mapped[str]
    """Over all of the above, the block and every line."""
    reason: Mapped[str]
    """Why it was issued again; empty for the first issue."""
    at: Mapped[datetime]
    by: Mapped[str]


class StatementLine(Base):
    """One posting on one statement; no posting is on two."""

    __tablename__ = "commission_statement_line"
    __table_args__ = (
        Index(None, "entry_id"),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("entry_id IS NOT NULL OR payout_id IS NOT NULL", name="source"),
    )

    statement_id: Mapped[int] = mapped_column(
        Id, ForeignKey("commission_statement.id"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    posting_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_posting.id"), unique=True)
    request_hash: Mapped[str]
    entry_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_entry.id"))
    """Null for a movement of a payout."""
    payout_id: Mapped[int | None] = mapped_column(Id, ForeignKey("commission_payout.id"))
    """Null for an entry."""
    point_key: Mapped[str]
    """Whose part it is; empty for a payout, which is the payee's as a whole."""
    kind: Mapped[str]
    """Kind of the entry, or `payout`, `payout_void`, `payout_returned`."""
    amount: Mapped[int] = mapped_column(Amount)
    """What it changed in the balance."""
    is_late: Mapped[bool]
    """It belongs to an earlier period that was closed when it came."""
    at: Mapped[datetime]
    """Business time of its cause."""


for _model in (Statement, StatementLine):
    insert_only(_model.__tablename__)
