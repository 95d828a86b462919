"""The running balances equal the ledger, and what is expected equals the entries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commissions.auditing.finding import Finding
from commissions.models import Balance, Entry, Posting, Release
from commissions.rows import table_of

Sums = dict[tuple[str, str], int]


def check(session: Session) -> Iterator[Finding]:
    """Balances that differ from what the books say."""
    earned, reserve = _payee_sums(session)
    expected = _expected(session)
    balance = table_of(Balance)
    rows = session.execute(select(balance).order_by(balance.c.payee_key, balance.c.currency))
    for row in rows:
        who = (row.payee_key, row.currency)
        for column, should in (
            ("earned_amount", earned.pop(who, 0)),
            ("reserve_amount", reserve.pop(who, 0)),
            ("expected_amount", expected.pop(who, 0)),
        ):
            found = getattr(row, column)
            if found != should:
                detail = {"column": column, "expected": should, "found": found}
                yield Finding("balance_differs", ":".join(who), detail)
    for who in sorted({*earned, *reserve, *expected}):
        if earned.get(who) or reserve.get(who) or expected.get(who):
            yield Finding("balance_missing", ":".join(who))


def _payee_sums(session: Session) -> tuple[Sums, Sums]:
    posting = table_of(Posting)
    earned: defaultdict[tuple[str, str], int] = defaultdict(int)
    reserve: defaultdict[tuple[str, str], int] = defaultdict(int)
    for column, sign in ((posting.c.credit, 1), (posting.c.debit, -1)):
        rows = session.execute(
            select(column.label("account"), posting.c.currency, func.sum(posting.c.amount))
            .where(column.like("payee:%"))
            .group_by(column, posting.c.currency)
        )
        for account, currency, amount in rows:
            payee_key, kind = account.removeprefix("payee:").rsplit(":", 1)
            sums = earned if kind == "earned" else reserve
            sums[payee_key, currency] += sign * int(amount)
    return dict(earned), dict(reserve)


def _expected(session: Session) -> Sums:
    entry, release = table_of(Entry), table_of(Release)
    rows = session.execute(
        select(entry.c.payee_key, entry.c.currency, func.sum(entry.c.amount))
        .join(release, release.c.entry_id == entry.c.origin_id, isouter=True)
        .where(release.c.entry_id.is_(None))
        .group_by(entry.c.payee_key, entry.c.currency)
    )
    return {(payee_key, currency): int(amount) for payee_key, currency, amount in rows}
