"""What the tax office wants to know: payees' data, withholding tables, tax kept, self-billing."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Amount, Base, Id, Json, UtcDateTime, guards


class PayeeTax(Base):
    """Tax data of a payee: the latest row counts, so that what a statement said stays known."""

    __tablename__ = "payee_tax"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    payee_id: Mapped[int] = mapped_column(Id, ForeignKey("payee.id"), index=True)
    legal_name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(300))
    tax_id_sealed: Mapped[str] = mapped_column(Text)
    """Encrypted; empty if it is not known."""
    tax_id_label: Mapped[str] = mapped_column(String(40))
    """Masked, for people."""
    vat_code: Mapped[str] = mapped_column(String(20))
    """How the commission is treated: `none`, `standard`, `reverse_charge`, `exempt`."""
    vat_bps: Mapped[int] = mapped_column(Integer)
    self_billing: Mapped[bool]
    """The payee agreed that the brand writes the invoice."""
    table_key: Mapped[str] = mapped_column(String(40))
    """Withholding table; empty if nothing is kept."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))


class TaxChangeState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class PayeeTaxChange(Base):
    """Tax data that a payee entered; it counts once it has rested and finance accepted it."""

    __tablename__ = "payee_tax_change"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    payee_id: Mapped[int] = mapped_column(Id, ForeignKey("payee.id"))
    sealed: Mapped[str] = mapped_column(Text)
    """Name, address and number, encrypted."""
    label: Mapped[str] = mapped_column(String(40))
    """The number, masked."""
    status: Mapped[str] = mapped_column(String(12))
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    usable_from: Mapped[datetime] = mapped_column(UtcDateTime)
    """End of the days in which it rests."""
    decided_by: Mapped[str | None] = mapped_column(String(80))
    """Null while it is open."""
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(String(300))
    """Why it was refused; the payee reads it."""

    __table_args__ = (
        Index(None, "payee_id", "id"),
        Index(
            "uq_payee_tax_change_open",
            "payee_id",
            unique=True,
            sqlite_where=status == TaxChangeState.OPEN,
            postgresql_where=status == TaxChangeState.OPEN,
        ),
        CheckConstraint("status <> 'accepted' OR decided_by <> asked_by", name="four_eyes"),
    )


class WithholdingTable(Base):
    """One version of a withholding table; it holds once a second person agreed."""

    __tablename__ = "withholding_table"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    currency: Mapped[str] = mapped_column(String(3))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    proposed_by: Mapped[str] = mapped_column(String(80))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    agreed_by: Mapped[str | None] = mapped_column(String(80))
    """Null until a second person agreed."""
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(None, "key", "valid_from"),
        CheckConstraint("agreed_by IS NULL OR agreed_by <> proposed_by", name="four_eyes"),
    )


class TaxRecord(Base):
    """Tax kept from one payout, with the table and the year that it was reckoned by."""

    __tablename__ = "tax_record"

    payout_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_payout.id"), primary_key=True)
    payee_id: Mapped[int] = mapped_column(Id, ForeignKey("payee.id"))
    table_id: Mapped[int] = mapped_column(Id, ForeignKey("withholding_table.id"))
    currency: Mapped[str] = mapped_column(String(3))
    tax_year: Mapped[int] = mapped_column(Integer)
    tax_month: Mapped[int] = mapped_column(Integer)
    gross_before: Mapped[int] = mapped_column(Amount)
    withheld_before: Mapped[int] = mapped_column(Amount)
    months: Mapped[int] = mapped_column(Integer)
    gross_amount: Mapped[int] = mapped_column(Amount)
    taxable_amount: Mapped[int] = mapped_column(Amount)
    withheld_amount: Mapped[int] = mapped_column(Amount)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "payee_id", "tax_year"),)


class SelfBilling(Base):
    """The invoice that the brand writes for a payee, on a statement; numbered without gaps."""

    __tablename__ = "self_billing"

    statement_id: Mapped[int] = mapped_column(
        Id, ForeignKey("commission_statement.id"), primary_key=True
    )
    series: Mapped[str] = mapped_column(String(20))
    number: Mapped[int] = mapped_column(Integer)
    payee_tax_id: Mapped[int] = mapped_column(Id, ForeignKey("payee_tax.id"))
    net_amount: Mapped[int] = mapped_column(Amount)
    vat_code: Mapped[str] = mapped_column(String(20))
    vat_bps: Mapped[int] = mapped_column(Integer)
    vat_amount: Mapped[int] = mapped_column(Amount)
    """Contained in the commission: its gross is what the plan pays."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("series", "number"),)


class StatementDocument(Base):
    """A statement as it was first handed out in a language; names may change, this does not."""

    __tablename__ = "statement_document"

    statement_id: Mapped[int] = mapped_column(
        Id, ForeignKey("commission_statement.id"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(4), primary_key=True)
    """`pdf` or `csv`."""
    locale: Mapped[str] = mapped_column(String(8), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    """Encrypted at rest: it may show a tax number."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the document itself."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class PayoutPaper(Base):
    """Credit note or payroll slip of one payout, as it was first handed out in a language."""

    __tablename__ = "payout_paper"

    payout_id: Mapped[int] = mapped_column(Id, ForeignKey("commission_payout.id"), primary_key=True)
    locale: Mapped[str] = mapped_column(String(8), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the document itself."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)


for _model in (PayeeTax, PayoutPaper, TaxRecord, SelfBilling, StatementDocument):
    guards.insert_only(_model.__tablename__)
