"""Unusual things: the queue with its deadlines, and one case with everything that is known of it."""

from collections.abc import Sequence
from typing import Any

from flask import Response, abort, request
from sqlalchemy.orm import Session

from commissions.arithmetic import to_decimal_text
from shop.accounts import queries as people
from shop.kernel import clock, db
from shop.kernel.errors import ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import Words, say
from shop.network import queries as network
from shop.rewards import earnings, keys, payouts
from shop.rewards.abuse import allowing, cases, refused, words
from shop.rewards.abuse.models import AbuseCase, Verdict
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint


@blueprint.get("/reviews")
@access.finance
def reviews() -> Response:
    """What waits for a person, the nearest deadline first, and what was decided."""
    with db.reading() as session:
        waiting, decided = cases.waiting(session), cases.decided(session)
        return render.page(
            "admin/reviews/list.html",
            waiting=waiting,
            decided=decided,
            now=clock.now(),
            words=words,
            **_names(session, [*waiting, *decided]),
        )


@blueprint.get("/reviews/<int:case_id>")
@access.finance
def review(case_id: int) -> Response:
    """One case with everything that may be known about it."""
    return _case(case_id)


@blueprint.post("/reviews/<int:case_id>/<verb>")
@access.finance
def decide_review(case_id: int, verb: str) -> Any:
    """Let go, keep back, or take once more as long."""
    if verb not in ("release", "uphold", "extend"):
        abort(404)
    try:
        with db.unit_of_work() as session:
            said = _decide(session, case_id, verb)
    except ShopError as error:
        if error.status == 404:
            raise
        return _case(case_id, message=say(error.message), status=error.status)
    return render.back_to("admin.review", case_id=case_id, say_so=said)


def _decide(session: Session, case_id: int, verb: str) -> Words:
    note, by, at = request.form.get("note", ""), current_actor().key, clock.now()
    if verb == "extend":
        cases.extend(session, case_id, note=note, by=by, at=at)
        return _l("The deadline is two weeks later now.")
    case = cases.one(session, case_id)
    if verb == "uphold":
        cases.decide(session, case_id, Verdict.UPHELD, note=note, by=by, at=at)
        return _l("Noted. Put it right by an entry by hand before the deadline.")
    if request.form.get("allow"):
        allowing.allow(session, case, note=note, by=by, at=at)
    cases.decide(session, case_id, Verdict.RELEASED, note=note, by=by, at=at)
    if cases.others(session, case, at=at):
        return _l("Released. Another review still holds it, or a part of it.")
    return _l("Released. It can be paid in its time.")


def _case(case_id: int, *, message: str = "", status: int = 200) -> Response:
    at = clock.now()
    with db.reading() as session:
        case = cases.one(session, case_id)
        alike = allowing.others(case)
        return render.page(
            "admin/reviews/one.html",
            status=status,
            case=case,
            others=cases.others(session, case, at=at),
            alike=list(payouts.names_of(session, alike).values()) if alike else [],
            refused=refused.sales(session, case) if case.action == "reject" else [],
            plain=to_decimal_text,
            message=message,
            now=at,
            words=words,
            typed=request.form,
            **_names(session, [case]),
        )


def _names(session: Session, found: Sequence[AbuseCase]) -> dict[str, Any]:
    sales = [keys.sale(one.order_id) for one in found if one.order_id]
    by = {one.decided_by for one in found if one.decided_by}
    return {
        "points": network.names_of(session, {one.point_id for one in found}),
        "numbers": {
            keys.number(key): number
            for key, number in earnings.order_numbers(session, sales).items()
        },
        "people": people.names_of(session, by),
    }
