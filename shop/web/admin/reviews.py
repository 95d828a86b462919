"""Unusual things: the queue with its deadlines, one case, and how the rules are set."""

from typing import Any

from flask import Response, abort, request
from sqlalchemy.orm import Session

from commissions.abuse.rules import BY_ORDER_ALONE, SCOPES, Action, Check
from shop.accounts import queries as people
from shop.kernel import clock, db
from shop.kernel.errors import Invalid, ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import say
from shop.network import queries as network
from shop.rewards import earnings, keys
from shop.rewards.abuse import cases, settings, words
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
    note, by, at = request.form.get("note", ""), current_actor().key, clock.now()
    try:
        with db.unit_of_work() as session:
            if verb == "extend":
                cases.extend(session, case_id, note=note, by=by, at=at)
            else:
                verdict = Verdict.RELEASED if verb == "release" else Verdict.UPHELD
                cases.decide(session, case_id, verdict, note=note, by=by, at=at)
    except ShopError as error:
        if error.status == 404:
            raise
        return _case(case_id, message=say(error.message), status=error.status)
    said = {
        "release": _l("Released. It can be paid in its time."),
        "uphold": _l("Noted. Put it right by an entry by hand before the deadline."),
        "extend": _l("The deadline is two weeks later now."),
    }
    return render.back_to("admin.review", case_id=case_id, say_so=said[verb])


@blueprint.get("/reviews/rules")
@access.finance
def review_rules() -> Response:
    """The twelve rules as they are set."""
    return _rules()


@blueprint.post("/reviews/rules/<rule>")
@access.finance_checker
def change_review_rule(rule: str) -> Any:
    """Set one of them."""
    if rule not in set(Check):
        abort(404)
    check = Check(rule)
    try:
        with db.unit_of_work() as session:
            known = settings.current(session)[check]
            settings.change(
                session,
                check,
                action=_action(),
                numbers={name: _number(name) for name in known.numbers},
                words=request.form.get("words", "").split(),
                by=current_actor().key,
                at=clock.now(),
            )
    except Invalid as error:
        return _rules(refused=rule, message=say(error.message), status=422)
    return render.back_to("admin.review_rules", say_so=_l("The rule is set."))


def _action() -> Action:
    value = request.form.get("action", "")
    if value not in set(Action):
        raise Invalid(_l("Please choose what the rule does."))
    return Action(value)


def _number(name: str) -> int:
    text = request.form.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _case(case_id: int, *, message: str = "", status: int = 200) -> Response:
    with db.reading() as session:
        case = cases.one(session, case_id)
        return render.page(
            "admin/reviews/one.html",
            status=status,
            case=case,
            message=message,
            now=clock.now(),
            words=words,
            typed=request.form,
            **_names(session, [case]),
        )


def _rules(*, refused: str = "", message: str = "", status: int = 200) -> Response:
    with db.reading() as session:
        return render.page(
            "admin/reviews/rules.html",
            status=status,
            rules=settings.current(session),
            refused=refused,
            message=message,
            words=words,
            scopes=SCOPES,
            can_reject=BY_ORDER_ALONE,
            actions=tuple(Action),
        )


def _names(session: Session, found: list[AbuseCase]) -> dict[str, Any]:
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
