"""What points object to, and the brand's answers."""

from typing import Any

from flask import Response, request

from shop.accounts import queries as people
from shop.kernel import clock, db
from shop.kernel.errors import ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import say
from shop.rewards import objections as verbs
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint


@blueprint.get("/objections")
@access.finance
def objections() -> Response:
    """Those that wait, the oldest promise first, and the latest answers."""
    return _page()


@blueprint.post("/objections/<int:objection_id>")
@access.finance
def answer_objection(objection_id: int) -> Any:
    """Agree or decline, in words that the point reads."""
    try:
        with db.unit_of_work() as session:
            verbs.answer(
                session,
                objection_id,
                upheld=request.form.get("answer") == "uphold",
                text=request.form.get("text", ""),
                by=current_actor().key,
                at=clock.now(),
            )
    except ShopError as error:
        if error.status == 404:
            raise
        return _page(objection_id, message=say(error.message), status=error.status)
    return render.back_to("admin.objections", say_so=_l("Answered. The point is told."))


def _page(refused: int = 0, *, message: str = "", status: int = 200) -> Response:
    with db.reading() as session:
        waiting, answered = verbs.waiting(session), verbs.answered(session)
        who = {one.objection.answered_by or "" for one in answered}
        names = people.names_of(session, who | {one.objection.raised_by for one in waiting})
    return render.page(
        "admin/objections.html",
        status=status,
        waiting=waiting,
        answered=answered,
        names=names,
        refused=refused,
        message=message,
        typed=request.form.get("text", ""),
        now=clock.now(),
    )
