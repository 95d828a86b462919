"""Earnings put right by hand, and debts: one person writes down what should be, a second agrees.

The proposal is written once, so that the second person agrees to exactly what was asked. The engine
keeps the case; this knows points, payees, orders and names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from commissions import cases as engine
from commissions import queries
from commissions.cases import Correction, Ending
from commissions.errors import CommissionError
from commissions.models import Case, CaseKind, Reason, Ruling
from commissions.queries import Debt
from shop.kernel import brand as brands
from shop.kernel import ids
from shop.kernel.errors import Conflict, Invalid, NotFound
from shop.kernel.words import Words, _l
from shop.network import queries as network
from shop.network.models import Payee
from shop.orders import queries as orders
from shop.rewards import earnings, keys, proposals
from shop.rewards.case_models import CaseProposal
from shop.rewards.models import Act

LENGTH = 500
REASONS: dict[Reason, Words] = {
    Reason.TRACKING_ERROR: _l("the sale was credited wrongly"),
    Reason.GOODWILL: _l("goodwill"),
    Reason.DUPLICATE: _l("it was counted twice"),
    Reason.ORDER_CANCELED: _l("the order was canceled"),
    Reason.PAYMENT_FAILED: _l("the payment failed"),
    Reason.INELIGIBLE: _l("the point could not earn then"),
    Reason.TERMS_VIOLATION: _l("the terms were broken"),
    Reason.FRAUD: _l("abuse"),
    Reason.OTHER: _l("another reason"),
}


class End(StrEnum):
    """What becomes of a debt."""

    WRITE_OFF = "write_off"
    REPAYMENT = "repayment"


@dataclass(frozen=True)
class Wanted:
    """A correction as it was typed; `amount` is signed, in minor units."""

    point: str
    """Name, number or id of the point."""
    amount: int
    reason: str
    note: str
    order: str = ""
    """Number of the order that it concerns."""
    decision_id: int | None = None
    """The decision that it puts right, if it is about one."""


def propose(session: Session, wanted: Wanted) -> int:
    """Write a correction down for the second person; the proposal.

    Raises Invalid with every bad field named.
    """
    point = network.find(session, wanted.point)
    order_id = orders.id_of_number(session, wanted.order) if wanted.order.strip() else None
    wrong: dict[str, Words | str] = {}
    if point is None or point.payee_id is None:
        wrong["point"] = _l("There is no such point, or nobody is paid for it.")
    if wanted.order.strip() and order_id is None:
        wrong["order"] = _l("There is no such order.")
    if wanted.amount == 0:
        wrong["amount"] = _l("An amount of nothing changes nothing.")
    if wanted.reason not in list(Reason):
        wrong["reason"] = _l("Please choose a reason.")
    if not wanted.note.strip():
        wrong["note"] = _l("Please say why; the point reads it.")
    if point and wanted.decision_id and not _is_about(session, wanted.decision_id, point.id):
        wrong["point"] = _l("The decision was about another point.")
    if wrong or point is None or point.payee_id is None:
        raise Invalid(_l("Please check the marked fields."), fields=wrong)
    return _propose(
        session,
        CaseKind.CORRECTION,
        point.id,
        point.payee_id,
        brands.current(session).currency,
        wanted.amount,
        wanted.reason,
        wanted.note,
        order_id=order_id,
        decision_id=wanted.decision_id,
    )


def propose_reversal(session: Session, case_id: int, *, note: str) -> int:
    """Write down that a correction should be undone; the proposal.

    Raises NotFound, Invalid without a reason, Conflict if it was undone or that was asked for.
    """
    case = session.get(Case, case_id)
    if case is None or case.kind is not CaseKind.CORRECTION:
        raise NotFound(_l("There is no such correction."))
    if not note.strip():
        raise Invalid(_l("Please say why; the point reads it."), field="note")
    if any(one.reverses_id == case_id for one in _open(session)) or _is_undone(session, case_id):
        raise Conflict(_l("It is undone already, or somebody has asked for that."))
    return _propose(
        session,
        CaseKind.REVERSAL,
        keys.number(case.point_key),
        keys.number(case.payee_key),
        case.currency,
        -case.amount,
        case.reason,
        note,
        reverses_id=case_id,
    )


def propose_end(
    session: Session,
    payee_id: int,
    currency: str,
    end: End,
    amount: int,
    *,
    note: str,
    at: datetime,
) -> int:
    """Write down what should become of a debt; the proposal.

    Raises NotFound without a debt, Invalid with the field named.
    """
    debt = _debt(session, payee_id, currency, note, at)
    if not 0 < amount <= debt.amount:
        raise Invalid(_l("No more than what is owed, and more than nothing."), field="amount")
    point_id = keys.number(debt.point_key) if debt.point_key else None
    kind, reason = CaseKind(end.value), Reason.OTHER
    return _propose(session, kind, point_id, payee_id, currency, amount, reason, note)


def note_invoice(
    session: Session, payee_id: int, currency: str, *, note: str, by: str, at: datetime
) -> None:
    """A debt was sent as an invoice today; `note` names it. Raises NotFound, Invalid."""
    debt = _debt(session, payee_id, currency, note, at)
    ending = Ending(
        key=f"invoice:{ids.new()}",
        point_key=debt.point_key,
        payee_key=debt.payee_key,
        currency=currency,
        amount=debt.amount,
        note=note[:LENGTH],
    )
    engine.note_invoice(session, ending, by=by, at=at, ids=ids.new)


def carry_out(session: Session, proposal_id: int, *, by: str, second: str, at: datetime) -> None:
    """Do what one person wrote down and a second agreed to. Raises Conflict if it fits no more."""
    wanted = session.get_one(CaseProposal, proposal_id)
    try:
        _carry_out(session, wanted, by=by, second=second, at=at)
    except CommissionError as error:
        raise Conflict(
            _l("It does not fit any more: the debt is smaller, or it was undone meanwhile.")
        ) from error


def _carry_out(
    session: Session, wanted: CaseProposal, *, by: str, second: str, at: datetime
) -> None:
    key = f"case:{wanted.id}"
    if wanted.reverses_id is not None:
        engine.reverse(
            session,
            wanted.reverses_id,
            key=key,
            note=wanted.note,
            by=by,
            second=second,
            at=at,
            ids=ids.new,
        )
        return
    point_key = keys.point(wanted.point_id) if wanted.point_id else ""
    payee_key = keys.payee(wanted.payee_id)
    if wanted.kind == CaseKind.CORRECTION:
        correction = Correction(
            key=key,
            point_key=point_key,
            payee_key=payee_key,
            currency=wanted.currency,
            amount=wanted.amount,
            reason=Reason(wanted.reason),
            note=wanted.note,
            sale_key=keys.sale(wanted.order_id) if wanted.order_id else "",
            decision_id=wanted.decision_id,
            hold_days=brands.current(session).return_days,
        )
        engine.correct(session, correction, by=by, second=second, at=at, ids=ids.new)
        return
    ending = Ending(
        key=key,
        point_key=point_key,
        payee_key=payee_key,
        currency=wanted.currency,
        amount=wanted.amount,
        note=wanted.note,
    )
    verb = engine.write_off if wanted.kind == CaseKind.WRITE_OFF else engine.repay
    verb(session, ending, by=by, second=second, at=at, ids=ids.new)


# What the pages show


@dataclass(frozen=True)
class Done:
    """A case with its names."""

    case: Case
    name: str
    """Of the point, else of the payee."""
    order_number: str
    is_undone: bool


@dataclass(frozen=True)
class Asked:
    """A proposal that waits, with its names."""

    proposal: CaseProposal
    name: str
    order_number: str


@dataclass(frozen=True)
class Owed:
    """A debt with its names."""

    debt: Debt
    payee_id: int
    payee_name: str
    point_name: str
    waiting: Sequence[CaseProposal]
    """What somebody wants to become of it."""


def done(session: Session, *, before: int | None = None, limit: int = 50) -> list[Done]:
    """Everything that was done by hand, newest first; five statements."""
    found = queries.cases(session, before=before, limit=limit)
    names = _names(session, [(one.point_key, one.payee_key) for one in found])
    sales = queries.sale_keys(session, [one.sale_id for one in found if one.sale_id])
    numbers = earnings.order_numbers(session, sales.values())
    undone = queries.undone_of(session, [one.id for one in found])
    return [
        Done(
            one,
            names[one.point_key, one.payee_key],
            numbers.get(sales.get(one.sale_id or 0, ""), ""),
            one.id in undone,
        )
        for one in found
    ]


def waiting(session: Session) -> dict[int, Asked]:
    """Proposals that wait for a second person, by id; four statements."""
    found = _open(session)
    pairs = [(_point_key(one), keys.payee(one.payee_id)) for one in found]
    names = _names(session, pairs)
    numbers = earnings.order_numbers(
        session, [keys.sale(one.order_id) for one in found if one.order_id]
    )
    return {
        one.id: Asked(one, names[pair], numbers.get(keys.sale(one.order_id or 0), ""))
        for one, pair in zip(found, pairs, strict=True)
    }


def owed(session: Session, *, at: datetime) -> list[Owed]:
    """All debts, the oldest first."""
    found = queries.debts(session, at=at)
    names = _names(session, [("", one.payee_key) for one in found])
    points = earnings.point_names(session, [one.point_key for one in found])
    open_ones = _open(session)
    return [
        Owed(
            one,
            keys.number(one.payee_key),
            names["", one.payee_key],
            points.get(one.point_key, ""),
            [
                other
                for other in open_ones
                if other.kind in list(End) and keys.payee(other.payee_id) == one.payee_key
            ],
        )
        for one in found
    ]


def _names(session: Session, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    points = earnings.point_names(session, [point_key for point_key, _ in pairs])
    payee_ids = sorted({keys.number(payee_key) for _, payee_key in pairs})
    rows = session.execute(select(Payee.id, Payee.name).where(Payee.id.in_(payee_ids)))
    payees = {keys.payee(row.id): row.name for row in rows}
    return {pair: points.get(pair[0]) or payees.get(pair[1], "?") for pair in pairs}


def _point_key(proposal: CaseProposal) -> str:
    return keys.point(proposal.point_id) if proposal.point_id else ""


def _open(session: Session) -> Sequence[CaseProposal]:
    return proposals.waiting(session, Act.CASE, CaseProposal)


def _is_about(session: Session, decision_id: int, point_id: int) -> bool:
    ruling = session.get(Ruling, decision_id)
    return ruling is not None and ruling.point_key == keys.point(point_id)


def _is_undone(session: Session, case_id: int) -> bool:
    return bool(queries.undone_of(session, [case_id]))


def _debt(session: Session, payee_id: int, currency: str, note: str, at: datetime) -> Debt:
    debt = queries.debt_of(session, keys.payee(payee_id), currency, at=at)
    if debt is None:
        raise NotFound(_l("There is no such debt any more."))
    if not note.strip():
        raise Invalid(_l("Please say why."), field="note")
    return debt


def _propose(
    session: Session,
    kind: CaseKind,
    point_id: int | None,
    payee_id: int,
    currency: str,
    amount: int,
    reason: str,
    note: str,
    *,
    order_id: int | None = None,
    decision_id: int | None = None,
    reverses_id: int | None = None,
) -> int:
    proposal_id = ids.new()
    session.execute(
        insert(CaseProposal).values(
            id=proposal_id,
            kind=kind.value,
            point_id=point_id,
            payee_id=payee_id,
            currency=currency,
            amount=amount,
            reason=str(reason),
            note=note.strip()[:LENGTH],
            order_id=order_id,
            decision_id=decision_id,
            reverses_id=reverses_id,
        )
    )
    return proposal_id
