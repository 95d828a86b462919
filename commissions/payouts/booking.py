"""What a payout moves in the ledger, and what it does to the payee's balance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from commissions.ledger import (
    CASH,
    CLEARING,
    PAYOUT_FEE,
    WITHHELD,
    Change,
    Movement,
    earned_account,
    post,
    shift_balances,
)
from commissions.models import Balance, Claim, Payout
from commissions.rows import row_count, table_of

Ids = Callable[[], int]


def reserve(session: Session, payout: Payout, *, at: datetime, ids: Ids) -> bool:
    """Take the amount out of what is owed, only if it is there; False if it is not."""
    balance = table_of(Balance)
    taking = (
        update(balance)
        .where(
            balance.c.payee_key == payout.payee_key,
            balance.c.currency == payout.currency,
            balance.c.earned_amount >= payout.amount,
        )
        .values(earned_amount=balance.c.earned_amount - payout.amount)
    )
    if row_count(session, taking) == 0:
        return False
    earned = earned_account(payout.payee_key)
    _post(session, payout, [("claimed", earned, CLEARING, payout.amount)], at, ids)
    return True


def give_back(session: Session, payout: Payout, *, at: datetime, ids: Ids) -> None:
    """Undo `reserve` for a payout that is void: the entries are payable again."""
    earned = earned_account(payout.payee_key)
    _post(session, payout, [("void", CLEARING, earned, payout.amount)], at, ids)
    _free(session, payout, at=at)


def transferred(session: Session, payout: Payout, *, at: datetime, ids: Ids) -> None:
    """The provider has it: out of clearing, net to the payee, fee and tax to their accounts."""
    _post(session, payout, [(f"sent:{n}", CLEARING, to, a) for n, to, a in _legs(payout)], at, ids)


def returned(session: Session, payout: Payout, *, at: datetime, ids: Ids) -> None:
    """Undo `transferred` and `reserve`: everything stands to the payee's credit again."""
    earned = earned_account(payout.payee_key)
    legs = [(f"returned:{n}", account, earned, a) for n, account, a in _legs(payout)]
    _post(session, payout, legs, at, ids)
    _free(session, payout, at=at)


def _legs(payout: Payout) -> list[tuple[str, str, int]]:
    legs = [
        ("net", CASH, payout.net_amount),
        ("fee", PAYOUT_FEE, payout.fee_amount),
        ("tax", WITHHELD, payout.withheld_amount),
    ]
    return [leg for leg in legs if leg[2]]


def _free(session: Session, payout: Payout, *, at: datetime) -> None:
    claim = table_of(Claim)
    session.execute(
        update(claim)
        .where(claim.c.payout_id == payout.id, claim.c.released_at.is_(None))
        .values(released_at=at)
    )
    shift_balances(session, {(payout.payee_key, payout.currency): Change(earned=payout.amount)})


def _post(
    session: Session,
    payout: Payout,
    legs: list[tuple[str, str, str, int]],
    at: datetime,
    ids: Ids,
) -> None:
    movements = [
        Movement(
            key=f"payout:{payout.id}:{name}",
            debit=debit,
            credit=credit,
            amount=amount,
            currency=payout.currency,
            at=at,
            payout_id=payout.id,
        )
        for name, debit, credit, amount in legs
    ]
    post(session, movements, ids=ids)
