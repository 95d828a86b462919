"""A statement's document as an answer, for both desks."""

from flask import Response, abort

from commissions.models import Statement
from shop.rewards import statement_documents, statements


def pdf(content: bytes, name: str) -> Response:
    """A paper to keep; never cached on the way."""
    return _kept(Response(content, mimetype="application/pdf"), f"{name}.pdf")


def document(statement: Statement, kind: str) -> Response:
    """The PDF or CSV to keep; never cached on the way."""
    if kind not in statement_documents.KINDS:
        abort(404)
    answer = Response(
        statement_documents.document(statement.id, kind),
        mimetype=statement_documents.KINDS[kind][0],
    )
    name = f"{statements.number_of(statement)}.{kind}"
    return _kept(answer, name)


def _kept(answer: Response, name: str) -> Response:
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
