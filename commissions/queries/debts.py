"""Debts: who owes, how much, since when, through which point, and what was tried.

Separate from payee_balances.py because a debt has an age, which the running sums do not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from commissions.ledger import earned_account
from commissions.models import Case, CaseKind, Entry, Posting, SaleRow
from commissions.payouts.claims import payees_with_money
from commissions.queries.payee_balances import balances
from commissions.rows import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What one payee owes in one currency, in minor units."""

    payee_key: str
    currency: str
    amount: int
    since: datetime
    """When it last began to owe more than it had."""
    point_key: str
    """The point through which it began to owe; empty if a payout did it."""
    invoiced_at: datetime | None
    """When it was last sent as an invoice since then; None if it was not."""
    invoiced_amount: int = 0

    def age_days(self, at: datetime) -> int:
        """Whole days that it stands."""
        return (at - self.since).days


def debts(session: Session, *, at: datetime) -> list[Debt]:
    """All debts, the oldest first. Later credit pays them off without anybody's doing."""
    owing = [who for *who, available in payees_with_money(session, at) if available < 0]
    found = [debt for who in owing if (debt := debt_of(session, *who, at=at))]
    return sorted(found, key=lambda debt: (debt.since, debt.payee_key, debt.currency))


def debt_of(session: Session, payee_key: str, currency: str, *, at: datetime) -> Debt | None:
    """The debt of one payee, if it owes anything."""
    views = balances(session, payee_key, at=at)
    amount = next((view.debt_amount for view in views if view.currency == currency), 0)
    if not amount:
        return None
    since, entry_id = _began(session, payee_key, currency)
    entry = table_of(Entry)
    point_key = session.scalar(select(entry.c.point_key).where(entry.c.id == entry_id))
    case = table_of(Case)
    invoice = session.execute(
        select(case.c.at, case.c.amount)
        .where(
            case.c.payee_key == payee_key,
            case.c.currency == currency,
            case.c.kind == CaseKind.INVOICE,
            case.c.at >= since,
        )
        .order_by(case.c.id.desc())
        .limit(1)
    ).first()
    return Debt(
        payee_key=payee_key,
        currency=currency,
        amount=amount,
        since=since,
        point_key=point_key or "",
        invoiced_at=invoice.at if invoice else None,
        invoiced_amount=invoice.amount if invoice else 0,
    )


def cases(
    session: Session, *, kinds: Sequence[CaseKind] = (), before: int | None = None, limit: int = 50
) -> Sequence[Case]:
    """What was done by hand, newest first."""
    statement = select(Case).order_by(Case.id.desc()).limit(limit)
    if kinds:
        statement = statement.where(Case.kind.in_(kinds))
    if before is not None:
        statement = statement.where(Case.id < before)
    return session.scalars(statement).all()


def undone_of(session: Session, case_ids: Sequence[int]) -> set[int]:
    """Those of some corrections that were undone."""
    case = table_of(Case)
    rows = session.scalars(select(case.c.reverses_id).where(case.c.reverses_id.in_(case_ids)))
    return {case_id for case_id in rows if case_id is not None}


def sale_keys(session: Session, sale_ids: Sequence[int]) -> dict[int, str]:
    """Keys of sales by the engine's ids."""
    sale = table_of(SaleRow)
    rows = session.execute(select(sale.c.id, sale.c.key).where(sale.c.id.in_(sale_ids)))
    return {row.id: row.key for row in rows}


def _began(session: Session, payee_key: str, currency: str) -> tuple[datetime, int | None]:
    """When the account last went below zero, else its last loss: time, and the entry that did it."""
    posting, account = table_of(Posting), earned_account(payee_key)
    rows = session.execute(
        select(posting.c.at, posting.c.amount, posting.c.credit, posting.c.entry_id)
        .where(
            or_(posting.c.debit == account, posting.c.credit == account),
            posting.c.currency == currency,
        )
        .order_by(posting.c.id)
    )
    total = 0
    began: tuple[datetime, int | None] | None = None
    last_loss = began
    for at, amount, credit, entry_id in rows:
        before, total = total, total + (amount if credit == account else -amount)
        if credit != account:
            last_loss = (at, entry_id)
        if total < 0 <= before:
            began = (at, entry_id)
    found = began if total < 0 else last_loss
    if found is None:
        raise AssertionError("a debt without a loss")
    return found
