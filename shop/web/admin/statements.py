"""Statements at the brand's desk: close a month for everybody, look, download, issue again."""

from typing import Any

from flask import Response, abort, request

from commissions.models import Statement
from commissions.statements import reading
from shop.kernel import clock, db, ids
from shop.kernel.errors import ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import say
from shop.rewards import keys, statement_sheet
from shop.rewards import statements as verbs
from shop.rewards.payouts import names_of
from shop.rewards.statements import Month
from shop.web import access, render, statement_answers
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint

PAGE_SIZE = 50


@blueprint.get("/statements")
@access.finance
def statements() -> Response:
    """All statements, and how far the last month is closed."""
    return _list()


@blueprint.post("/statements/close")
@access.finance_maker
def close_month() -> Any:
    """Close a month for every payee."""
    try:
        verbs.close_month(Month.of(request.form.get("month", "")), by=current_actor().key)
    except ShopError as error:
        return _list(message=say(error.message), status=error.status)
    return render.back_to("admin.statements", month=request.form.get("month"))


@blueprint.get("/statements/<int:statement_id>")
@access.finance
def statement(statement_id: int) -> Response:
    """One account with every line."""
    return _one(statement_id)


@blueprint.get("/statements/<int:statement_id>/<kind>")
@access.finance
def statement_document(statement_id: int, kind: str) -> Response:
    """The same as PDF or CSV."""
    with db.reading() as session:
        found = _need(session, statement_id)
    return statement_answers.document(found, kind)


@blueprint.post("/statements/<int:statement_id>/again")
@access.finance_maker
def issue_statement_again(statement_id: int) -> Any:
    """A copy under a new number."""
    with db.reading() as session:
        _need(session, statement_id)
    try:
        reason = request.form.get("reason", "")
        copy_id = verbs.issue_again(statement_id, reason=reason, by=current_actor().key)
    except ShopError as error:
        return _one(statement_id, message=say(error.message), status=error.status)
    said = _l("Issued again under a new number.")
    return render.back_to("admin.statement", statement_id=copy_id, say_so=said)


def _need(session: db.Session, statement_id: int) -> Statement:
    found = reading.statement(session, statement_id)
    if found is None:
        abort(404)
    return found


def _one(statement_id: int, *, message: str = "", status: int = 200) -> Response:
    with db.reading() as session:
        sheet = statement_sheet.sheet_of(session, _need(session, statement_id))
    return render.page(
        "admin/payouts/statement.html",
        status=status,
        sheet=sheet,
        message=message,
        payee_id=keys.number(sheet.statement.payee_key),
    )


def _list(*, message: str = "", status: int = 200) -> Response:
    local = clock.now().astimezone(render.current_brand().zone)
    last = Month(local.year - (local.month == 1), (local.month - 2) % 12 + 1)
    try:
        month = Month.of(request.args.get("month", "") or str(last))
    except ShopError:
        month = last
    with db.reading() as session:
        rows = reading.statements(
            session, before=ids.read(request.args.get("after", "")), limit=PAGE_SIZE
        )
        return render.page(
            "admin/payouts/statements.html",
            status=status,
            rows=rows,
            names=names_of(session, [keys.number(row.payee_key) for row in rows]),
            invoices=verbs.invoices_of(session, rows),
            closing=verbs.progress(session, month),
            following=str(rows[-1].id) if len(rows) == PAGE_SIZE else "",
            keys=keys,
            verbs=verbs,
            message=message,
        )
