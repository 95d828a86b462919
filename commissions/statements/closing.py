"""Close a period of one payee: collect what is on no statement yet, add it up, number it, lock it.

Only sealed rows of the ledger are taken, so that the checksum stands on the chain of blocks. A fact
that comes after its period was closed stands on the next statement, marked as late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from commissions import audit_trail
from commissions.errors import CommissionError, NotFound
from commissions.ledger import earned_account
from commissions.models import Balance, Block, Entry, Payout, Posting, Statement
from commissions.models import StatementLine as LineRow
from commissions.rows import table_of, write
from commissions.sealing import GENESIS, last_block
from commissions.statements.numbering import next_number
from commissions.statements.sums import PAYOUT, RETURNED, VOID, Line, Sums, checksum_of, sums_of

Ids = Callable[[], int]

_CHUNK = 400
_RETURNED_LEGS = ("net", "fee", "tax")


class NotSealed(CommissionError):
    """Rows of the period are younger than the newest sealed block; try again in a quarter hour."""

    code = "not_sealed"


class PeriodOverlaps(CommissionError):
    """The payee's last statement reaches into this period."""

    code = "period_overlaps"


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` until before `end`, both in UTC."""

    start: datetime
    end: datetime


def close_period(
    session: Session,
    payee_key: str,
    currency: str,
    period: Period,
    *,
    series: str,
    by: str,
    at: datetime,
    ids: Ids,
) -> Statement | None:
    """The payee's statement of a period; the one that is there, or None if there is nothing to say.

    Needs a serializable transaction. Raises NotSealed, PeriodOverlaps.
    """
    previous = last_statement(session, payee_key, currency)
    if previous is not None and previous.period_start == period.start:
        return previous
    if previous is not None and previous.period_end > period.start:
        raise PeriodOverlaps(payee=payee_key, statement=previous.id)
    head = last_block(session)
    lines = list(_open_lines(session, payee_key, currency, period))
    if any(line.posting_id > (head.last_id if head else 0) for line in lines):
        raise NotSealed(payee=payee_key)
    opening = previous.closing_amount if previous else 0
    if not lines and not opening:
        return None
    return _issue(
        session,
        _Content(payee_key, currency, period, sums_of(opening, lines), lines),
        head=head,
        series=series,
        previous_id=previous.id if previous else None,
        by=by,
        at=at,
        ids=ids,
    )


def reissue(
    session: Session, statement_id: int, *, reason: str, by: str, at: datetime, ids: Ids
) -> Statement:
    """The same account under a new number, because what was printed around it was wrong.

    Sums and lines stay; what came since stands on the next statement. Raises NotFound.
    """
    first = session.get(Statement, statement_id)
    if first is None:
        raise NotFound(thing="commission_statement", id=statement_id)
    original = session.get_one(Statement, first.original_id)
    copies = session.scalars(select(Statement.copy).where(Statement.original_id == original.id))
    number = next_number(session, original.series)
    copied = {
        column.name: getattr(original, column.name)
        for column in table_of(Statement).columns
        if column.name not in ("id", "number", "copy", "checksum", "reason", "at", "by")
    }
    issued = {
        **copied,
        "id": ids(),
        "number": number,
        "copy": max(copies) + 1,
        "reason": reason,
        "at": at,
        "by": by,
    }
    written = [
        (row.posting_id, row.request_hash, row.amount)
        for row in session.execute(
            select(LineRow.posting_id, LineRow.request_hash, LineRow.amount)
            .where(LineRow.statement_id == original.id)
            .order_by(LineRow.position)
        )
    ]
    issued["checksum"] = checksum_of(head_of(issued), sums_in(issued), written)
    return _write(session, issued, "reissued", by=by, at=at, ids=ids)


def last_statement(session: Session, payee_key: str, currency: str) -> Statement | None:
    """The first issue of the newest period."""
    return session.scalars(
        select(Statement)
        .where(
            Statement.payee_key == payee_key, Statement.currency == currency, Statement.copy == 1
        )
        .order_by(Statement.period_end.desc())
        .limit(1)
    ).first()


def payees_with_account(session: Session) -> list[tuple[str, str]]:
    """(payee, currency) of everybody who ever earned anything."""
    balance = table_of(Balance)
    rows = session.execute(
        select(balance.c.payee_key, balance.c.currency).order_by(
            balance.c.payee_key, balance.c.currency
        )
    )
    return [(row.payee_key, row.currency) for row in rows]


def head_of(statement: dict[str, Any]) -> dict[str, Any]:
    """What the checksum covers besides sums and lines."""
    names = ("payee_key", "currency", "period_start", "period_end", "series", "number", "copy")
    return {name: statement[name] for name in (*names, "block_number", "block_hash")}


def sums_in(statement: dict[str, Any]) -> Sums:
    """The sums among a statement's columns."""
    return Sums(**{name: statement[name] for name in Sums.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class _Content:
    payee_key: str
    currency: str
    period: Period
    sums: Sums
    lines: list[Line]


def _issue(
    session: Session,
    content: _Content,
    *,
    head: Block | None,
    series: str,
    previous_id: int | None,
    by: str,
    at: datetime,
    ids: Ids,
) -> Statement:
    statement_id = ids()
    row: dict[str, Any] = {
        "id": statement_id,
        "original_id": statement_id,
        "previous_id": previous_id,
        "payee_key": content.payee_key,
        "currency": content.currency,
        "period_start": content.period.start,
        "period_end": content.period.end,
        "series": series,
        "number": next_number(session, series),
        "copy": 1,
        **{name: getattr(content.sums, name) for name in Sums.__dataclass_fields__},
        "line_count": len(content.lines),
        "block_number": head.number if head else 0,
        "block_hash": head.hash if head else GENESIS,
        "reason": "",
        "at": at,
        "by": by,
    }
    written = [(line.posting_id, line.request_hash, line.amount) for line in content.lines]
    row["checksum"] = checksum_of(head_of(row), content.sums, written)
    statement = _write(session, row, "closed", by=by, at=at, ids=ids)
    lines = [
        {
            "statement_id": statement_id,
            "position": position,
            "posting_id": line.posting_id,
            "request_hash": line.request_hash,
            "entry_id": line.entry_id,
            "payout_id": line.payout_id,
            "point_key": line.point_key,
            "kind": line.kind,
            "amount": line.amount,
            "is_late": line.is_late,
            "at": line.at,
        }
        for position, line in enumerate(content.lines, start=1)
    ]
    write(session, LineRow, lines)
    return statement


def _write(
    session: Session, row: dict[str, Any], verb: str, *, by: str, at: datetime, ids: Ids
) -> Statement:
    write(session, Statement, [row])
    audit_trail.record(
        session,
        f"commission_statement.{verb}",
        thing=("commission_statement", row["id"]),
        by=by,
        at=at,
        ids=ids,
        after={"series": row["series"], "number": row["number"], "checksum": row["checksum"]},
        note=row["reason"],
    )
    return session.get_one(Statement, row["id"])


def _open_lines(session: Session, payee_key: str, currency: str, period: Period) -> Iterator[Line]:
    """Movements before the period's end that are on no statement yet, oldest first."""
    lines = [
        *_of_entries(session, payee_key, currency, period),
        *_of_payouts(session, payee_key, currency, period),
    ]
    yield from sorted(lines, key=lambda line: (line.at, line.posting_id))


def _of_entries(session: Session, payee_key: str, currency: str, period: Period) -> Iterator[Line]:
    entry, row = table_of(Entry), table_of(LineRow)
    stated = exists(select(1).where(row.c.entry_id == entry.c.id))
    found = session.execute(
        select(entry.c.id, entry.c.point_key, entry.c.kind)
        .where(
            entry.c.payee_key == payee_key,
            entry.c.currency == currency,
            entry.c.at < period.end,
            ~stated,
        )
        .order_by(entry.c.id)
    ).all()
    about = {f"entry:{one.id}": one for one in found}
    for posting in _postings(session, about):
        one = about[posting.key]
        yield Line(
            posting_id=posting.id,
            request_hash=posting.request_hash,
            entry_id=one.id,
            payout_id=None,
            point_key=one.point_key,
            kind=one.kind.value,
            amount=_signed(posting, payee_key),
            is_late=posting.at < period.start,
            at=posting.at,
        )


def _of_payouts(session: Session, payee_key: str, currency: str, period: Period) -> Iterator[Line]:
    row = table_of(LineRow)
    payouts = session.scalars(
        select(Payout).where(Payout.payee_key == payee_key, Payout.currency == currency)
    )
    about: dict[str, tuple[Payout, str, str]] = {}
    for payout in payouts:
        for name, kind in _movements():
            about[f"payout:{payout.id}:{name}"] = (payout, name, kind)
    stated = set(
        session.scalars(
            select(row.c.posting_id)
            .join(Statement, Statement.id == row.c.statement_id)
            .where(
                row.c.payout_id.is_not(None),
                Statement.payee_key == payee_key,
                Statement.currency == currency,
            )
        )
    )
    for posting in _postings(session, about):
        payout, name, kind = about[posting.key]
        if posting.id in stated or posting.at >= period.end:
            continue
        amount = _signed(posting, payee_key)
        fee, withheld = _parts(payout, name, amount)
        yield Line(
            posting_id=posting.id,
            request_hash=posting.request_hash,
            entry_id=None,
            payout_id=payout.id,
            point_key="",
            kind=kind,
            amount=amount,
            fee_amount=fee,
            withheld_amount=withheld,
            is_late=posting.at < period.start,
            at=posting.at,
        )


def _movements() -> Iterator[tuple[str, str]]:
    yield "claimed", PAYOUT
    yield "void", VOID
    for leg in _RETURNED_LEGS:
        yield f"returned:{leg}", RETURNED


def _parts(payout: Payout, name: str, amount: int) -> tuple[int, int]:
    """Fee and withheld tax in a movement of a payout, signed as its amount."""
    sign = 1 if amount > 0 else -1
    if name in ("claimed", "void"):
        return sign * payout.fee_amount, sign * payout.withheld_amount
    return (amount if name == "returned:fee" else 0), (amount if name == "returned:tax" else 0)


def _signed(posting: Any, payee_key: str) -> int:
    """What a posting adds to the payee's account."""
    amount: int = posting.amount
    return amount if posting.credit == earned_account(payee_key) else -amount


def _postings(session: Session, keys: Iterable[str]) -> Iterator[Any]:
    posting = table_of(Posting)
    wanted = iter(keys)
    while chunk := list(islice(wanted, _CHUNK)):
        yield from session.execute(
            select(
                posting.c.id,
                posting.c.key,
                posting.c.request_hash,
                posting.c.credit,
                posting.c.amount,
                posting.c.at,
            ).where(posting.c.key.in_(chunk))
        )
