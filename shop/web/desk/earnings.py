"""What the point has earned, why, and when it is paid."""

from typing import Any

from flask import Response, abort, request

from shop.kernel import clock, db, ids
from shop.kernel.errors import Invalid
from shop.rewards import earnings as rewards
from shop.rewards import objections, sentences
from shop.rewards.objections import Subject
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.desk.objections import SAID, object_to
from shop.web.desk.routes import blueprint

PAGE_SIZE = 30


@blueprint.get("/earnings")
@access.desk_owner
def earnings() -> Response:
    """Balance and single earnings, newest first."""
    point_id, at = current_actor().point_id or 0, clock.now()
    after = request.args.get("after", "")
    with db.reading() as session:
        balance = rewards.balance(session, point_id, at=at)
        rows = rewards.of_point(
            session,
            point_id,
            at=at,
            before=ids.read(after),
            limit=PAGE_SIZE,
        )
    following = str(rows[-1].earning.id) if len(rows) == PAGE_SIZE else ""
    return render.page("desk/earnings.html", balance=balance, rows=rows, following=following)


@blueprint.get("/earnings/<int:entry_id>")
@access.desk_owner
def why(entry_id: int) -> Response:
    """“Why this amount?” and “when is it payable?”."""
    return _why_page(entry_id)


@blueprint.post("/earnings/<int:entry_id>/objection")
@access.desk_owner
def object_to_earning(entry_id: int) -> Any:
    """Say once that the amount is wrong."""
    try:
        object_to(Subject.ENTRY, entry_id)
    except Invalid as error:
        return _why_page(entry_id, error)
    return render.back_to("desk.why", entry_id=entry_id, say_so=SAID)


def _why_page(entry_id: int, error: Invalid | None = None) -> Response:
    point_id = current_actor().point_id or 0
    with db.reading() as session:
        answer = rewards.why(session, point_id, entry_id, at=clock.now())
        said = objections.of_point(session, point_id, Subject.ENTRY, entry_id)
    if answer is None:
        abort(404)
    row, explanation = answer
    currency, zone = row.earning.currency, render.current_brand().zone
    return render.page(
        "desk/why.html",
        status=error.status if error else 200,
        row=row,
        objection=said,
        error=error,
        typed=request.form.get("text", ""),
        amount=sentences.of_steps(explanation.why_this_amount, currency, zone=zone),
        payable=sentences.of_steps(explanation.when_payable, currency, zone=zone),
    )
