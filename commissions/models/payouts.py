"""Payouts: what was claimed for one payee, who agreed, and every step of sending it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from commissions.arithmetic import MAX_AMOUNT
from commissions.guards import insert_only
from commissions.schema import Amount, Base, Choice, Id, Json, PrimaryId
from commissions.states import Machine


class PayoutStatus(StrEnum):
    """Facts (sent, settled, failed, reversed, void) never go back; the others alternate."""

    DRAFT = "draft"
    APPROVED = "approved"
    QUEUED = "queued"
    SENDING = "sending"
    BLOCKED = "blocked"
    """Needs a person; the money stays owed."""
    QUARANTINED = "quarantined"
    """Facts disagree and people look; unless only a part came back, all payouts are halted."""
    SENT = "sent"
    SETTLED = "settled"
    FAILED = "failed"
    """The bank sent it back before it settled; entries are payable again."""
    REVERSED = "reversed"
    """Taken or sent back; entries are payable again."""
    VOID = "void"


_S = PayoutStatus
payout_steps = Machine(
    {
        _S.DRAFT: {_S.APPROVED, _S.VOID, _S.QUARANTINED},
        _S.APPROVED: {_S.DRAFT, _S.QUEUED, _S.VOID, _S.QUARANTINED},
        _S.QUEUED: {_S.SENDING, _S.BLOCKED, _S.VOID, _S.QUARANTINED},
        _S.SENDING: {_S.SENT, _S.QUEUED, _S.BLOCKED, _S.QUARANTINED},
        _S.BLOCKED: {_S.QUEUED, _S.VOID, _S.QUARANTINED},
        _S.QUARANTINED: {_S.BLOCKED, _S.SENT, _S.SETTLED, _S.REVERSED},
        _S.SENT: {_S.SETTLED, _S.FAILED, _S.REVERSED, _S.QUARANTINED},
        _S.SETTLED: {_S.FAILED, _S.REVERSED, _S.QUARANTINED},
        _S.FAILED: set(),
        _S.REVERSED: set(),
        _S.VOID: set(),
    }
)


class LastAnswer(StrEnum):
    """Class of the last answer of a payout's epoch; decides what may happen next."""

    UNKNOWN = "unknown"
    """Time-out, broken connection, key in use, rate limit: it may still land."""
    SAVED_FAILURE = "saved_failure"
    """Refused or failed, and the provider replays that as long as the key lives."""
    REFUSED = "refused"
    """Definitely refused: nothing was made and nothing will be."""


class Payout(Base):
    """Money to one payee in one currency. Also the intent row of the sending protocol."""

    __tablename__ = "commission_payout"
    __table_args__ = (
        Index(None, "payee_key", "id"),
        Index(None, "status", "id"),
        Index(None, "destination_hash", "created_at"),
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_AMOUNT}", name="amount"),
        CheckConstraint(
            "net_amount > 0 AND fee_amount >= 0 AND withheld_amount >= 0"
            " AND net_amount + fee_amount + withheld_amount = amount",
            name="net",
        ),
        CheckConstraint("approved_by IS NULL OR approved_by <> created_by", name="four_eyes"),
        CheckConstraint("approvals_needed BETWEEN 1 AND 2", name="approvals_needed"),
        CheckConstraint(
            "returned_amount >= 0 AND accepted_amount >= 0"
            " AND returned_amount + accepted_amount <= net_amount",
            name="came_back",
        ),
        # Two workers of one run cannot both prepare the same payee.
        UniqueConstraint("run_id", "payee_key", "currency"),
    )

    id: Mapped[PrimaryId]
    run_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_payout_run.id"))
    payee_key: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(Amount)
    """Sum of the claimed entries."""
    net_amount: Mapped[int] = mapped_column(Amount)
    """What is sent: amount less fee and withheld tax."""
    fee_amount: Mapped[int] = mapped_column(Amount)
    withheld_amount: Mapped[int] = mapped_column(Amount)
    rail: Mapped[str]
    status: Mapped[PayoutStatus] = mapped_column(Choice(PayoutStatus))
    status_reason: Mapped[str]
    """Code of what stands in the way, when blocked or quarantined."""
    destination_label: Mapped[str]
    """Masked, for people."""
    destination_hash: Mapped[str]
    destination_sealed: Mapped[str]
    """Encrypted by the caller; the engine cannot read it."""
    destination_ready_at: Mapped[datetime]
    """End of the cool-down after a change of destination."""
    items_hash: Mapped[str]
    terms_hash: Mapped[str]
    """Over amount, currency, destination, items and approvals: what an approval is bound to."""
    approvals_needed: Mapped[int]
    """How many people besides the maker must agree; frozen when it is prepared."""
    group_key: Mapped[str] = mapped_column(unique=True)
    """Names this payout at the provider; the look-up searches by it."""
    epoch: Mapped[int]
    epoch_first_sent_at: Mapped[datetime | None]
    """Null until the current key was used."""
    last_sent_at: Mapped[datetime | None]
    """Null until the first send; never cleared."""
    last_answer: Mapped[LastAnswer | None] = mapped_column(Choice(LastAnswer))
    """Null before the first answer of the epoch."""
    absent_seen_at: Mapped[datetime | None]
    """When a look-up after the quiet time first found nothing."""
    absent_confirmed_at: Mapped[datetime | None]
    """When a second one confirmed it."""
    lease_owner: Mapped[str]
    lease_until: Mapped[datetime | None]
    """Wall time until which `lease_owner` works on it; null if nobody does."""
    transfer_ref: Mapped[str | None] = mapped_column(unique=True)
    """The provider's reference; null until it is known."""
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    approved_at: Mapped[datetime | None]
    """Null until enough people agreed."""
    approved_by: Mapped[str | None]
    """The last one of them; `commission_payout_approval` has all."""
    approved_hash: Mapped[str | None]
    """The terms hash that was agreed to."""
    sent_at: Mapped[datetime | None]
    """Null until the provider has it."""
    settled_at: Mapped[datetime | None]
    """Null until the payee's bank has it."""
    returned_amount: Mapped[int] = mapped_column(Amount, default=0)
    """Of a transfer that was taken back in part: what two people booked as payable again."""
    accepted_amount: Mapped[int] = mapped_column(Amount, default=0)
    """Of the same: what they accepted as it is, because nothing is owed for it."""

    @property
    def known_back_amount(self) -> int:
        """How much of the transfer came back as far as people have decided about it."""
        return self.returned_amount + self.accepted_amount


class Approval(Base):
    """One person's agreement to exactly the terms that the hash stands for."""

    __tablename__ = "commission_payout_approval"
    __table_args__ = (CheckConstraint("by <> maker", name="four_eyes"),)

    payout_id: Mapped[int] = mapped_column(
        Id, ForeignKey("commission_payout.id"), primary_key=True, autoincrement=False
    )
    by: Mapped[str] = mapped_column(primary_key=True)
    maker: Mapped[str]
    """Who prepared the payout, so that the database itself can compare."""
    terms_hash: Mapped[str]
    at: Mapped[datetime]


class Claim(Base):
    """An entry in a payout. While the payout lives, no other can have it."""

    __tablename__ = "commission_payout_claim"
    __table_args__ = (
        Index(
            "uq_commission_payout_claim_live",
            "entry_id",
            unique=True,
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
    )

    payout_id: Mapped[int] = mapped_column(
        Id, ForeignKey("commission_payout.id"), primary_key=True, autoincrement=False
    )
    entry_id: Mapped[int] = mapped_column(
        Id, ForeignKey("commission_entry.id"), primary_key=True, autoincrement=False
    )
    amount: Mapped[int] = mapped_column(Amount)
    released_at: Mapped[datetime | None]
    """Null while the payout lives; set when it is void, failed or reversed."""


class Attempt(Base):
    """One thing that happened while sending. The log of a payout, never changed."""

    __tablename__ = "commission_payout_attempt"
    __table_args__ = (Index(None, "payout_id", "id"),)

    id: Mapped[PrimaryId]
    payout_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_payout.id"))
    at: Mapped[datetime]
    by: Mapped[str]
    epoch: Mapped[int]
    key: Mapped[str]
    """Idempotency key in use."""
    event: Mapped[str]
    """`marked`, `answered`, `found`, `absent`, `new_epoch`, `recorded`, …"""
    detail: Mapped[dict[str, Any]] = mapped_column(Json)


class Run(Base):
    """One round of preparing payouts."""

    __tablename__ = "commission_payout_run"

    id: Mapped[PrimaryId]
    at: Mapped[datetime]
    by: Mapped[str]
    note: Mapped[str]


class Skipped(Base):
    """Why a payee was not paid in a run."""

    __tablename__ = "commission_payout_skipped"
    __table_args__ = (UniqueConstraint("run_id", "payee_key", "currency"),)

    id: Mapped[PrimaryId]
    run_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_payout_run.id"))
    payee_key: Mapped[str]
    currency: Mapped[str]
    reason: Mapped[str]
    available_amount: Mapped[int] = mapped_column(Amount)


class Batch(Base):
    """A file of payouts: built once, stored with its hash, handed out byte for byte."""

    __tablename__ = "commission_payout_batch"

    id: Mapped[PrimaryId]
    rail: Mapped[str]
    currency: Mapped[str]
    format: Mapped[str]
    item_count: Mapped[int]
    total_amount: Mapped[int] = mapped_column(Amount)
    """What the file sends in all."""
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]


class BatchItem(Base):
    """One payout in one file."""

    __tablename__ = "commission_payout_batch_item"
    __table_args__ = (Index(None, "payout_id"),)

    batch_id: Mapped[int] = mapped_column(
        Id, ForeignKey("commission_payout_batch.id"), primary_key=True, autoincrement=False
    )
    payout_id: Mapped[int] = mapped_column(
        Id, ForeignKey("commission_payout.id"), primary_key=True, autoincrement=False
    )
    reference: Mapped[str]
    terms_hash: Mapped[str]
    """What was agreed to and written."""


class Halt(Base):
    """Whether payouts may be sent at all: one row, written when a check fails."""

    __tablename__ = "commission_payout_halt"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[PrimaryId]
    halted: Mapped[bool]
    reason: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]


for _model in (Approval, Attempt, Run, Skipped, Batch, BatchItem):
    insert_only(_model.__tablename__)
