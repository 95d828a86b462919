"""What the point has earned, why, and when it is paid."""

from flask import Response, abort, request

from shop.kernel import clock, db, ids
from shop.rewards import earnings as rewards
from shop.rewards import sentences
from shop.web import access, render
from shop.web.actor import current_actor
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
    with db.reading() as session:
        found = rewards.why(session, current_actor().point_id or 0, entry_id, at=clock.now())
    if found is None:
        abort(404)
    row, explanation = found
    currency, zone = row.earning.currency, render.current_brand().zone
    return render.page(
        "desk/why.html",
        row=row,
        amount=sentences.of_steps(explanation.why_this_amount, currency, zone=zone),
        payable=sentences.of_steps(explanation.when_payable, currency, zone=zone),
    )
