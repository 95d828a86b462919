"""Statements of the own payee: the account of each month, to read and to keep.

Whoever owns only some of a payee's points reads their part of each month, and nothing of the others.
"""

from dataclasses import dataclass

from flask import Response, abort
from sqlalchemy.orm import Session

from commissions.models import Statement
from commissions.statements import reading
from shop.kernel import db
from shop.network.models import Payee
from shop.rewards import keys, payout_papers, statement_sheet
from shop.rewards import statements as verbs
from shop.web import access, render, statement_answers
from shop.web.actor import current_actor
from shop.web.desk.payee import own_payee, share_of_payee
from shop.web.desk.routes import blueprint


@dataclass(frozen=True)
class _Reader:
    """Which account this person reads, and how much of it."""

    payee: Payee
    is_whole: bool
    point_keys: list[str]


@blueprint.get("/statements")
@access.desk_owner
def statements() -> Response:
    """All of them, newest first."""
    with db.reading() as session:
        reader = _reader(session)
        rows = verbs.of_payees(session, [reader.payee.id] if reader else [], limit=200)
        if reader is None or not reader.is_whole:
            shares = reading.parts_of(session, rows, reader.point_keys if reader else ())
            mine = [(row, shares[row.original_id]) for row in rows if shares[row.original_id]]
            return render.page(
                "desk/statement_parts.html", payee=reader and reader.payee, rows=mine, verbs=verbs
            )
        return render.page(
            "desk/statements.html",
            payee=reader.payee,
            rows=rows,
            invoices=verbs.invoices_of(session, rows),
            papers=payout_papers.of_payee(session, reader.payee.id),
            verbs=verbs,
        )


@blueprint.get("/statements/<int:statement_id>")
@access.desk_owner
def statement(statement_id: int) -> Response:
    """One account with every line, each with its reason."""
    chosen = keys.point(current_actor().point_id or 0)
    with db.reading() as session:
        reader, found = _found(session, statement_id)
        if not reader.is_whole:
            sheet = statement_sheet.part_sheet(session, found, reader.point_keys)
            if not sheet.parts:
                abort(404)
            return render.page("desk/statement_part.html", sheet=sheet, chosen=chosen)
        whole = statement_sheet.sheet_of(session, found)
    return render.page("desk/statement.html", sheet=whole, chosen=chosen)


@blueprint.get("/statements/<int:statement_id>/<kind>")
@access.desk_owner
def statement_document(statement_id: int, kind: str) -> Response:
    """The same as PDF or CSV."""
    with db.reading() as session:
        reader, found = _found(session, statement_id)
    if not reader.is_whole:
        abort(403)
    return statement_answers.document(found, kind)


@blueprint.get("/statements/papers/<int:payout_id>")
@access.desk_owner
def payout_paper(payout_id: int) -> Response:
    """The credit note or payroll slip of one payout."""
    with db.reading() as session:
        listed = payout_papers.of_payee(session, own_payee(session).id)
    found = next((one for one in listed if one.payout.id == payout_id), None)
    if found is None:
        abort(404)
    return statement_answers.pdf(payout_papers.document(payout_id), found.reference)


def _reader(session: Session) -> _Reader | None:
    payee, is_whole, points = share_of_payee(session)
    return _Reader(payee, is_whole, [keys.point(one) for one in points]) if payee else None


def _found(session: Session, statement_id: int) -> tuple[_Reader, Statement]:
    reader, found = _reader(session), reading.statement(session, statement_id)
    if reader is None or found is None or found.payee_key != keys.payee(reader.payee.id):
        abort(404)
    return reader, found
