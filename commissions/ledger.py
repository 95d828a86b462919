"""Movements between accounts, and the running balances that follow them.

Separate from settling.py because payouts post here too. A payee's account is what the brand owes;
below zero it is what the payee owes the brand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Insert, update
from sqlalchemy.orm import Session

from commissions.canonical import fingerprint
from commissions.models import Balance, EntryKind, Posting
from commissions.rows import dialect_of, table_of, upsert, write

EXPENSE = "brand:commission_expense"
PAYOUT_FEE = "brand:payout_fee"
CASH = "platform:cash"
WITHHELD = "tax:withheld"
BAD_DEBT = "brand:bad_debt"
CLEARING = "payout:clearing"

OTHER_SIDE = {
    EntryKind.WRITE_OFF: BAD_DEBT,
    EntryKind.REPAID: CASH,
    EntryKind.RETURNED: CASH,
}
"""Where an entry's money comes from if it is no expense; a reserve has an account per payee."""

_EARNED, _RESERVE = ":earned", ":reserve"


def earned_account(payee_key: str) -> str:
    return f"payee:{payee_key}{_EARNED}"


def reserve_account(payee_key: str) -> str:
    return f"payee:{payee_key}{_RESERVE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One amount from one account to another; `key` is the business key of the posting."""

    key: str
    debit: str
    credit: str
    amount: int
    currency: str
    at: datetime
    entry_id: int | None = None
    payout_id: int | None = None

    @property
    def request_hash(self) -> str:
        return fingerprint(self)


@dataclass(slots=True)
class Change:
    """What a balance gains."""

    earned: int = 0
    expected: int = 0
    reserve: int = 0


Changes = dict[tuple[str, str], Change]
"""(payee key, currency) → change."""


def movement_of_entry(entry: Mapping[str, Any]) -> Movement:
    """The pair that an entry posts."""
    earned = earned_account(entry["payee_key"])
    other = OTHER_SIDE.get(entry["kind"], EXPENSE)
    if entry["kind"] is EntryKind.RESERVE:
        other = reserve_account(entry["payee_key"])
    gains = entry["amount"] > 0
    return Movement(
        key=f"entry:{entry['id']}",
        debit=other if gains else earned,
        credit=earned if gains else other,
        amount=abs(entry["amount"]),
        currency=entry["currency"],
        at=entry["at"],
        entry_id=entry["id"],
    )


def post(session: Session, movements: Iterable[Movement], *, ids: Callable[[], int]) -> None:
    """Write postings. Their balances are the caller's, who knows what is expected."""
    rows = [
        {
            "id": ids(),
            "key": movement.key,
            "request_hash": movement.request_hash,
            "debit": movement.debit,
            "credit": movement.credit,
            "amount": movement.amount,
            "currency": movement.currency,
            "entry_id": movement.entry_id,
            "payout_id": movement.payout_id,
            "at": movement.at,
        }
        for movement in movements
    ]
    write(session, Posting, rows)


def shift_balances(session: Session, changes: Changes) -> None:
    """Add to running balances, payees in sorted order so that two transactions cannot cross."""
    rows = [
        {
            "payee_key": payee_key,
            "currency": currency,
            "earned_amount": change.earned,
            "expected_amount": change.expected,
            "reserve_amount": change.reserve,
        }
        for (payee_key, currency), change in sorted(changes.items())
        if change != Change()
    ]
    if rows:
        session.execute(_add_up(dialect_of(session)), rows)


@cache
def _add_up(dialect: str) -> Insert:
    table = table_of(Balance)
    statement = upsert(dialect, Balance)
    amounts = ("earned_amount", "expected_amount", "reserve_amount")
    return statement.on_conflict_do_update(
        index_elements=["payee_key", "currency"],
        set_={name: table.c[name] + statement.excluded[name] for name in amounts},
    )


def lock_balances(session: Session, payees: Iterable[tuple[str, str]]) -> None:
    """Take the row locks of (payee, currency) pairs: claims, holds and reserves wait here."""
    table = table_of(Balance)
    for payee_key, currency in sorted(set(payees)):
        session.execute(
            update(table)
            .where(table.c.payee_key == payee_key, table.c.currency == currency)
            .values(earned_amount=table.c.earned_amount)
        )
