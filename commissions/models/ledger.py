"""Double entry in pairs: one row moves one amount from one account to another.

An imbalance cannot be written. Rows carry no hash of their predecessor, so sales do not wait for
each other; blocks are sealed over them later.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from commissions.arithmetic import MAX_AMOUNT
from commissions.guards import insert_only
from commissions.schema import Amount, Base, Id, Json, PrimaryId


class Posting(Base):
    """One movement. `key` is its business key: one fact, one posting."""

    __tablename__ = "commission_posting"
    __table_args__ = (
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_AMOUNT}", name="amount"),
        CheckConstraint("debit <> credit", name="two_accounts"),
    )

    id: Mapped[PrimaryId]
    key: Mapped[str] = mapped_column(unique=True)
    request_hash: Mapped[str]
    debit: Mapped[str]
    credit: Mapped[str]
    amount: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str]
    entry_id: Mapped[int | None] = mapped_column(Id)
    """Null for movements of a payout."""
    payout_id: Mapped[int | None] = mapped_column(Id)
    """Null for movements of an entry."""
    at: Mapped[datetime]
    """Business time of the cause."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """Wall time of the database, for sealing."""


class Block(Base):
    """A sealed run of postings, chained to the block before."""

    __tablename__ = "commission_block"

    number: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    first_id: Mapped[int] = mapped_column(Id)
    last_id: Mapped[int] = mapped_column(Id, unique=True)
    row_count: Mapped[int]
    previous_hash: Mapped[str] = mapped_column(unique=True)
    hash: Mapped[str]
    sums: Mapped[dict[str, Any]] = mapped_column(Json)
    """Net credit of each account in this block: {currency: {account: amount}}."""
    house_totals: Mapped[dict[str, Any]] = mapped_column(Json)
    """Balances of the accounts that are no payee's, up to and including this block."""
    sealed_at: Mapped[datetime]
    by: Mapped[str]


for _model in (Posting, Block):
    insert_only(_model.__tablename__)
