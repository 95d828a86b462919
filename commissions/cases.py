"""What people put right by hand: corrections of an amount, and the ends of a debt.

Two people stand behind everything that moves money. Nothing is edited: a correction is undone by a
case of its own. What is given waits its days like every earning; what is taken counts at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import audit_trail
from commissions.arithmetic import exponent
from commissions.canonical import fingerprint
from commissions.errors import CommissionError, KeyReused, NotFound, UnknownLine
from commissions.ledger import Change, lock_balances, movement_of_entry, post, shift_balances
from commissions.models import (
    Case,
    CaseKind,
    Entry,
    EntryKind,
    Reason,
    Release,
    Ruling,
    SaleLineRow,
    SaleRow,
)
from commissions.plans import SamePerson
from commissions.queries.payee_balances import balances
from commissions.rows import table_of, write
from commissions.terms import Role

Ids = Callable[[], int]


class NotThatMuchDebt(CommissionError):
    """More would end than the payee owes now."""

    code = "not_that_much_debt"


class AlreadyReversed(CommissionError):
    """A correction is undone once."""

    code = "already_reversed"


class NoReason(CommissionError):
    """What is done by hand needs its reason in plain words, and an amount."""

    code = "no_reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Something to put right. `key` names it for ever; `amount` is signed, in minor units."""

    key: str
    point_key: str
    payee_key: str
    currency: str
    amount: int
    reason: Reason
    note: str
    sale_key: str = ""
    """The sale that it concerns, if it concerns one."""
    line_key: str = ""
    decision_id: int | None = None
    """The decision that it puts right, if it is about one; names sale and line by itself."""
    hold_days: int = 14
    """Days that a gain waits before it may be paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What becomes of a debt, or of a part of it. `amount` is positive, in minor units."""

    key: str
    point_key: str
    payee_key: str
    currency: str
    amount: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What came back of a payout after it was sent: one point's part of it.

    `amount` is in minor units; below zero it ends what was given before, because the rest came back
    as well and the payout gives everything to the payee again.
    """

    key: str
    payout_id: int
    point_key: str
    payee_key: str
    currency: str
    amount: int
    note: str


def correct(
    session: Session, wanted: Correction, *, by: str, second: str, at: datetime, ids: Ids
) -> int:
    """Give to a point or take from it; the case. Told again it is found, not doubled.

    Raises SamePerson, NoReason, KeyReused, NotFound and UnknownLine.
    """
    if by == second:
        raise SamePerson(by=by)
    if not wanted.note.strip() or wanted.amount == 0:
        raise NoReason(key=wanted.key)
    exponent(wanted.currency)
    sale_id, line_id = _concerns(session, wanted)
    case = _new_case(wanted, CaseKind.CORRECTION, by=by, second=second, at=at, ids=ids)
    more = {"reason": wanted.reason, "sale_id": sale_id, "line_id": line_id}
    days = wanted.hold_days if wanted.amount > 0 else 0
    case |= {**more, "decision_id": wanted.decision_id, "hold_days": days}
    lock_balances(session, [(wanted.payee_key, wanted.currency)])
    if known := _known(session, case):
        return known
    _write(session, case, EntryKind.MANUAL, at=at, ids=ids)
    return int(case["id"])


def reverse(
    session: Session,
    case_id: int,
    *,
    key: str,
    note: str,
    by: str,
    second: str,
    at: datetime,
    ids: Ids,
) -> int:
    """Undo a correction, once; the case that does it. It takes effect with what it undoes.

    Raises SamePerson, NoReason, NotFound, KeyReused, and AlreadyReversed.
    """
    if by == second:
        raise SamePerson(by=by)
    if not note.strip():
        raise NoReason(key=key)
    undone = session.get(Case, case_id)
    if undone is None or undone.kind is not CaseKind.CORRECTION:
        raise NotFound(thing="commission_case", id=case_id)
    wanted = Correction(
        key=key,
        point_key=undone.point_key,
        payee_key=undone.payee_key,
        currency=undone.currency,
        amount=-undone.amount,
        reason=undone.reason,
        note=note,
    )
    case = _new_case(wanted, CaseKind.REVERSAL, by=by, second=second, at=at, ids=ids)
    more = {"reason": undone.reason, "sale_id": undone.sale_id, "line_id": undone.line_id}
    case |= {**more, "decision_id": undone.decision_id, "reverses_id": case_id}
    lock_balances(session, [(undone.payee_key, undone.currency)])
    if known := _known(session, case):
        return known
    _refuse_second_time(session, case_id)
    _write(session, case, EntryKind.REVERSE, at=at, ids=ids)
    return int(case["id"])


def write_off(
    session: Session, wanted: Ending, *, by: str, second: str, at: datetime, ids: Ids
) -> int:
    """The brand gives up a debt: what the payee owes now, or less of it; the case.

    Raises SamePerson, NoReason, KeyReused, NotThatMuchDebt.
    """
    return _end(session, wanted, CaseKind.WRITE_OFF, by=by, second=second, at=at, ids=ids)


def repay(session: Session, wanted: Ending, *, by: str, second: str, at: datetime, ids: Ids) -> int:
    """The payee brought back what it owed, or a part of it; the case. Raises as `write_off`."""
    return _end(session, wanted, CaseKind.REPAYMENT, by=by, second=second, at=at, ids=ids)


def note_invoice(session: Session, wanted: Ending, *, by: str, at: datetime, ids: Ids) -> int:
    """A debt was sent as an invoice; the case. It goes on being netted until it is repaid.

    Raises NoReason, KeyReused, NotThatMuchDebt.
    """
    return _end(session, wanted, CaseKind.INVOICE, by=by, second=None, at=at, ids=ids)


def give_returned(
    session: Session, wanted: Returned, *, by: str, second: str, at: datetime, ids: Ids
) -> int:
    """What came back is payable again at once; the case. Told again it is found, not doubled.

    Raises SamePerson, NoReason and KeyReused.
    """
    if by == second:
        raise SamePerson(by=by)
    if not wanted.note.strip() or wanted.amount == 0:
        raise NoReason(key=wanted.key)
    case = _new_case(wanted, CaseKind.RETURNED, by=by, second=second, at=at, ids=ids)
    case |= {"payout_id": wanted.payout_id, "reason": Reason.PAYMENT_FAILED}
    lock_balances(session, [(wanted.payee_key, wanted.currency)])
    if known := _known(session, case):
        return known
    _write(session, case, EntryKind.RETURNED, at=at, ids=ids)
    return int(case["id"])


_KINDS = {CaseKind.WRITE_OFF: EntryKind.WRITE_OFF, CaseKind.REPAYMENT: EntryKind.REPAID}


def _end(
    session: Session,
    wanted: Ending,
    kind: CaseKind,
    *,
    by: str,
    second: str | None,
    at: datetime,
    ids: Ids,
) -> int:
    if by == second:
        raise SamePerson(by=by)
    if not wanted.note.strip() or wanted.amount <= 0:
        raise NoReason(key=wanted.key)
    case = _new_case(wanted, kind, by=by, second=second, at=at, ids=ids)
    # Of two who end the same debt at once, the second one waits here and finds less of it.
    lock_balances(session, [(wanted.payee_key, wanted.currency)])
    if known := _known(session, case):
        return known
    if wanted.amount > _debt(session, wanted.payee_key, wanted.currency, at):
        raise NotThatMuchDebt(payee=wanted.payee_key, currency=wanted.currency)
    if kind in _KINDS:
        _write(session, case, _KINDS[kind], at=at, ids=ids)
    else:
        _write_case(session, case, at=at, ids=ids)
    return int(case["id"])


def _debt(session: Session, payee_key: str, currency: str, at: datetime) -> int:
    views = balances(session, payee_key, at=at)
    return next((view.debt_amount for view in views if view.currency == currency), 0)


def _new_case(
    wanted: Correction | Ending | Returned,
    kind: CaseKind,
    *,
    by: str,
    second: str | None,
    at: datetime,
    ids: Ids,
) -> dict[str, Any]:
    cleaned = replace(wanted, note=wanted.note.strip())
    return {
        "id": ids(),
        "key": wanted.key,
        "request_hash": fingerprint([kind, cleaned]),
        "kind": kind,
        "point_key": wanted.point_key,
        "payee_key": wanted.payee_key,
        "currency": wanted.currency,
        "amount": wanted.amount,
        "reason": Reason.OTHER,
        "note": cleaned.note,
        "sale_id": None,
        "line_id": None,
        "decision_id": None,
        "reverses_id": None,
        "payout_id": None,
        "hold_days": 0,
        "by": by,
        "second": second,
        "at": at,
    }


def _known(session: Session, case: dict[str, Any]) -> int | None:
    table = table_of(Case)
    known = session.execute(
        select(table.c.id, table.c.request_hash).where(table.c.key == case["key"])
    ).first()
    if known is None:
        return None
    if known.request_hash != case["request_hash"]:
        raise KeyReused(case=case["key"])
    return int(known.id)


def _refuse_second_time(session: Session, case_id: int) -> None:
    table = table_of(Case)
    if session.scalar(select(table.c.id).where(table.c.reverses_id == case_id)) is not None:
        raise AlreadyReversed(case=case_id)


def _concerns(session: Session, wanted: Correction) -> tuple[int | None, int | None]:
    """Sale and line. Raises NotFound for a decision that was about another point."""
    if wanted.decision_id is None:
        return _line_of(session, wanted.sale_key, wanted.line_key)
    ruling = session.get(Ruling, wanted.decision_id)
    if ruling is None or ruling.point_key != wanted.point_key:
        raise NotFound(thing="commission_decision", id=wanted.decision_id)
    return ruling.sale_id, ruling.line_id


def _line_of(session: Session, sale_key: str, line_key: str) -> tuple[int | None, int | None]:
    if not sale_key:
        return None, None
    sale, line = table_of(SaleRow), table_of(SaleLineRow)
    sale_id = session.scalar(select(sale.c.id).where(sale.c.key == sale_key))
    if sale_id is None:
        raise NotFound(thing="commission_sale", key=sale_key)
    if not line_key:
        return sale_id, None
    line_id = session.scalar(
        select(line.c.id).where(line.c.sale_id == sale_id, line.c.key == line_key)
    )
    if line_id is None:
        raise UnknownLine(sale=sale_key, line=line_key)
    return sale_id, line_id


def _write(
    session: Session, case: dict[str, Any], kind: EntryKind, *, at: datetime, ids: Ids
) -> None:
    """The case with its entry, its day, its posting and its balance."""
    _write_case(session, case, at=at, ids=ids)
    entry_id = ids()
    origin_id = _origin_of(session, case) if kind is EntryKind.REVERSE else entry_id
    entry = {
        "id": entry_id,
        "origin_id": origin_id,
        "sale_id": None,
        "line_id": None,
        "award_id": None,
        "case_id": case["id"],
        "point_key": case["point_key"],
        "payee_key": case["payee_key"],
        "role": Role.MANUAL,
        "kind": kind,
        "cause": case["kind"].value,
        "cause_key": case["key"],
        "amount": case["amount"],
        "currency": case["currency"],
        "version_id": None,
        "rule_id": None,
        "base_amount": 0,
        "hold_days": case["hold_days"],
        "trace": {"case": {"kind": case["kind"].value, "reason": case["reason"].value}},
        "at": at,
        "by": case["by"],
    }
    write(session, Entry, [entry])
    if kind is not EntryKind.REVERSE:
        write(session, Release, [_release(case, entry_id, at)])
    post(session, [movement_of_entry(entry)], ids=ids)
    who = (case["payee_key"], case["currency"])
    shift_balances(session, {who: Change(earned=case["amount"])})


def _origin_of(session: Session, case: dict[str, Any]) -> int:
    table = table_of(Entry)
    undone = select(table.c.id).where(table.c.case_id == case["reverses_id"])
    return int(session.execute(undone).scalar_one())


def _release(case: dict[str, Any], entry_id: int, at: datetime) -> dict[str, Any]:
    return {
        "entry_id": entry_id,
        "sale_id": None,
        "payee_key": case["payee_key"],
        "currency": case["currency"],
        "delivered_at": at,
        "available_at": at + timedelta(days=case["hold_days"]),
        "cause": case["kind"].value,
        "cause_key": case["key"],
        "at": at,
    }


def _write_case(session: Session, case: dict[str, Any], *, at: datetime, ids: Ids) -> None:
    write(session, Case, [case])
    audit_trail.record(
        session,
        f"commission_case.{case['kind'].value}",
        thing=(Case.__tablename__, case["id"]),
        by=case["second"] or case["by"],
        at=at,
        ids=ids,
        after={"amount": case["amount"], "currency": case["currency"], "asked_by": case["by"]},
    )
