"""Statements of the own payee: the account of each month, to read and to keep."""

from flask import Response, abort

from commissions.models import Statement
from commissions.statements import reading
from shop.kernel import db
from shop.rewards import keys, statement_sheet
from shop.rewards import statements as verbs
from shop.web import access, render, statement_answers
from shop.web.desk.payee import own_payee
from shop.web.desk.routes import blueprint


@blueprint.get("/statements")
@access.desk_owner
def statements() -> Response:
    """All of them, newest first."""
    with db.reading() as session:
        payee = own_payee(session)
        rows = verbs.of_payees(session, [payee.id], limit=200)
        invoices = verbs.invoices_of(session, rows)
    return render.page(
        "desk/statements.html", payee=payee, rows=rows, invoices=invoices, verbs=verbs
    )


@blueprint.get("/statements/<int:statement_id>")
@access.desk_owner
def statement(statement_id: int) -> Response:
    """One account with every line, each with its reason."""
    with db.reading() as session:
        sheet = statement_sheet.sheet_of(session, _own(session, statement_id))
    return render.page("desk/statement.html", sheet=sheet)


@blueprint.get("/statements/<int:statement_id>/<kind>")
@access.desk_owner
def statement_document(statement_id: int, kind: str) -> Response:
    """The same as PDF or CSV."""
    with db.reading() as session:
        found = _own(session, statement_id)
    return statement_answers.document(found, kind)


def _own(session: db.Session, statement_id: int) -> Statement:
    found = reading.statement(session, statement_id)
    if found is None or found.payee_key != keys.payee(own_payee(session).id):
        abort(404)
    return found
