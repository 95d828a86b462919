"""Probes: alive, and ready to serve."""

from flask import Response, jsonify
from sqlalchemy import text

from shop.kernel import db
from shop.web import access
from shop.web.machine.routes import blueprint


@blueprint.get("/healthz")
@access.machine
def alive() -> Response:
    """The process answers."""
    answer: Response = jsonify({"status": "ok"})
    return answer


@blueprint.get("/readyz")
@access.machine
def ready() -> Response:
    """The database answers and keeps its guards."""
    with db.reading() as session:
        session.execute(text("SELECT 1"))
        missing = db.guards.missing_guards(session.connection())
    answer: Response = jsonify({"status": "broken" if missing else "ok", "missing": missing})
    answer.status_code = 503 if missing else 200
    return answer
