"""Who wants to become a point: approve or decline, with a note."""

from typing import Any

from flask import Response, abort, request

from shop.accounts import queries as accounts
from shop.kernel import clock, db
from shop.kernel.errors import Conflict, Invalid
from shop.kernel.i18n import _l
from shop.kernel.words import say
from shop.network import joining, queries
from shop.rewards.abuse import applying, words
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint


@blueprint.get("/applications")
@access.network_staff
def applications() -> Response:
    """Open ones, oldest first, and the last decisions."""
    return _page()


@blueprint.post("/applications/<int:point_id>")
@access.network_staff
def decide_application(point_id: int) -> Any:
    """Approve or decline; of two people who decide at once one is told."""
    answer = request.form.get("answer", "")
    if answer not in ("approve", "decline"):
        abort(400)
    approve, by, at = answer == "approve", current_actor().key, clock.now()
    try:
        with db.unit_of_work() as session:
            applying.settle(
                session,
                point_id,
                approve=approve,
                looked=bool(request.form.get("looked")),
                note=request.form.get("found" if approve else "note", ""),
                by=by,
                at=at,
            )
            note = request.form.get("note", "").strip()
            joining.decide(session, point_id, approve=approve, note=note, by=by, at=at)
    except Invalid as error:
        return _page(refused=point_id, field=error.field, message=say(error.message), status=422)
    except Conflict as error:
        return render.back_to("admin.applications", say_so=error.message, tone="bad")
    said = (
        _l("Approved: the shop is open, and the applicant is told.")
        if approve
        else _l("Declined, and the applicant is told why.")
    )
    return render.back_to("admin.applications", say_so=said)


def _page(
    *, refused: int = 0, field: str | None = None, message: str = "", status: int = 200
) -> Response:
    """`refused` is the point whose decision did not go through, and `message` says why."""
    with db.reading() as session:
        waiting = queries.applications(session)
        decided = queries.decided(session)
        doubts = applying.doubts(session, [one.point.id for one in waiting])
        names = accounts.names_of(session, {one.decided_by for one, _name in decided})
    return render.page(
        "admin/points/applications.html",
        status=status,
        waiting=waiting,
        decided=decided,
        names=names,
        doubts=doubts,
        words=words,
        needs_second_look=applying.needs_second_look,
        now=clock.now(),
        refused=refused,
        bad_field=field,
        typed=request.form,
        message=message,
    )
