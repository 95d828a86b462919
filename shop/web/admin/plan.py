"""The plan screen: the list on the page is the precedence; a second person publishes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from flask import Response, abort, request
from sqlalchemy.orm import Session

from commissions.errors import CommissionError, StaleState
from commissions.models import Draft
from commissions.plan_checks import Problem
from commissions.plans import NotPublishable, Retroactive, SamePerson, TermsChanged
from commissions.terms import Terms
from shop.accounts import queries as people
from shop.kernel import clock, db
from shop.kernel.errors import Conflict, Invalid
from shop.kernel.i18n import _l
from shop.kernel.words import Words, say
from shop.rewards import law, plan_example, plan_names, sentences
from shop.rewards import plan as plans
from shop.web import access, law_words, plan_words, render
from shop.web.actor import current_actor
from shop.web.admin import plan_form
from shop.web.admin.routes import blueprint


@blueprint.get("/plan")
@access.finance
def plan() -> Response:
    """What is in force, what comes, and the draft."""
    return _page()


@blueprint.post("/plan/start")
@access.finance_maker
def start_plan() -> Any:
    """Begin a draft with what is in force."""
    with db.unit_of_work() as session:
        if plans.open_draft(session) is not None:
            raise Conflict(_l("There is a draft already. Finish or discard it first."))
        plans.start(session, by=current_actor().key, at=clock.now())
    return render.back_to("admin.plan")


@blueprint.post("/plan/<int:draft_id>")
@access.finance_maker
def save_plan(draft_id: int) -> Any:
    """Save what holds for all rules, or hand the draft to a second person as well."""
    submits = "submit" in request.form
    try:
        with db.unit_of_work() as session:
            terms = _change(
                session,
                draft_id,
                lambda terms: replace(
                    terms,
                    ceiling_bps=plan_form.bps(request.form.get("ceiling", ""), "ceiling"),
                    same_point=plan_form.same_point(request.form),
                    promises=plan_form.promises(request.form),
                    zone=render.current_brand().timezone,
                ),
            )
            broken = any(one.is_error for one in plans.problems(session, terms, at=clock.now()))
            if submits and not broken:
                plans.submit(session, draft_id, by=current_actor().key, at=clock.now())
    except Invalid as error:
        return _page(message=say(error.message), status=422)
    except StaleState:
        return _page(message=say(_CHANGED), status=409)
    if submits and broken:
        return _page(message=say(_l("The checks below must be passed first.")), status=422)
    said = _l("A second person can publish it now.") if submits else _l("Saved.")
    return render.back_to("admin.plan", say_so=said)


@blueprint.post("/plan/<int:draft_id>/rules")
@access.finance_maker
def arrange_rule(draft_id: int) -> Any:
    """Move a rule in its list, switch it, or remove it."""
    act, _colon, key = request.form.get("act", "").partition(" ")
    if act not in _ACTS:
        abort(400)
    try:
        with db.unit_of_work() as session:
            _change(session, draft_id, lambda terms: _ACTS[act](terms, key))
    except StaleState:
        return _page(message=say(_CHANGED), status=409)
    return render.back_to("admin.plan", _anchor="draft")


_ACTS: Mapping[str, Callable[[Terms, str], Terms]] = {
    "up": lambda terms, key: plans.moved(terms, key, up=True),
    "down": lambda terms, key: plans.moved(terms, key, up=False),
    "on": lambda terms, key: plans.switched(terms, key, on=True),
    "off": lambda terms, key: plans.switched(terms, key, on=False),
    "remove": plans.without,
}
_CHANGED = _l("The draft was changed since you read it. Please read it again.")


def _change(session: Session, draft_id: int, change: Callable[[Terms], Terms]) -> Terms:
    draft = _draft(session, draft_id)
    terms = change(plans.terms_of(draft))
    plans.save(
        session,
        draft_id,
        terms,
        expected_hash=request.form.get("seen", ""),
        by=current_actor().key,
        at=clock.now(),
    )
    return terms


@blueprint.post("/plan/<int:draft_id>/publish")
@access.finance_checker
def publish_plan(draft_id: int) -> Any:
    """Publish what was read; it never changes afterwards."""
    at = clock.now()
    try:
        with db.unit_of_work() as session:
            plans.publish(
                session,
                draft_id,
                expected_hash=request.form.get("hash", ""),
                effective_from=_effective_from(at),
                by=current_actor().key,
                at=at,
            )
    except NotPublishable as error:
        said = say(_l("The checks below must be passed first."))
        return _page(message=said, status=409, problems=error.problems)
    except CommissionError as error:
        return _page(message=say(_refusal(error)), status=409)
    return render.back_to("admin.plan", say_so=_l("The plan is published."))


@blueprint.post("/plan/<int:draft_id>/return")
@access.finance_checker
def return_plan(draft_id: int) -> Any:
    """Give it back to its author with a reason."""
    with db.unit_of_work() as session:
        plans.give_back(
            session,
            draft_id,
            note=request.form.get("note", "")[:500],
            by=current_actor().key,
            at=clock.now(),
        )
    return render.back_to("admin.plan", say_so=_l("It is back with its author."))


@blueprint.post("/plan/<int:draft_id>/discard")
@access.finance_maker
def discard_plan(draft_id: int) -> Any:
    with db.unit_of_work() as session:
        plans.discard(session, draft_id, by=current_actor().key, at=clock.now())
    return render.back_to("admin.plan", say_so=_l("The draft is gone."))


def _draft(session: Session, draft_id: int) -> Draft:
    found = plans.by_id(session, draft_id)
    if found is None:
        abort(404)
    return found


def _page(
    *, message: str = "", status: int = 200, problems: Sequence[Problem] | None = None
) -> Response:
    """The whole screen; `problems` are those of a beginning that was refused."""
    at, zone = clock.now(), render.current_brand().zone
    with db.reading() as session:
        draft = plans.open_draft(session)
        terms = plans.terms_of(draft) if draft else None
        current = plans.in_force(session, at=at)
        versions = plans.history(session)
        shown = [one for one in (terms, current.terms if current else None) if one]
        names = plan_names.names_of(session, [rule for one in shown for rule in one.rules])
        number = request.args.get("order", "").strip()[:20]
        acting = {one.author for one in versions} | {one.approver for one in versions}
        return render.page(
            "admin/plan/plan.html",
            status=status,
            current=current,
            versions=versions,
            people=people.names_of(session, acting | ({draft.author} if draft else set())),
            draft=draft,
            terms=terms,
            roles=[(role, plan_words.ROLES[role]) for role in plans.ROLES],
            ceiling=plan_form.percent(terms.ceiling_bps) if terms else "",
            problems=plans.problems(session, terms, at=at)
            if terms and problems is None
            else problems or [],
            broken=[one for one in plans.problems(session, current.terms, at=at) if one.is_error]
            if current
            else [],
            law=law.in_force(session, at=at),
            coming=law.coming(session, at=at),
            law_name=law_words.name_of,
            promised=plan_words.PROMISES,
            same_points=plan_words.SAME_POINT,
            typed=request.form,
            key_of=plans.key_of,
            words_of=lambda rule: plan_words.of_rule(rule, names, zone),
            of_problem=plan_words.of_problem,
            role_words=plan_words.ROLES,
            example=plan_example.of_order(
                session, number, terms, current.terms if current else None
            )
            if terms
            else None,
            number=number,
            outcomes=sentences.OUTCOMES,
            message=message,
            now=at,
        )


def _effective_from(at: datetime) -> datetime:
    text = request.form.get("from", "")
    if not text:
        return at + timedelta(seconds=1)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=render.current_brand().zone)
    except ValueError as error:
        raise Invalid(_l("“%(text)s” is not a date.", text=text), field="from") from error


def _refusal(error: CommissionError) -> Words:
    if isinstance(error, SamePerson):
        return _l("Another person must publish what you wrote.")
    if isinstance(error, TermsChanged):
        return _l("The draft was changed since you read it. Please read it again.")
    if isinstance(error, Retroactive):
        return _l("A plan cannot begin in the past.")
    return _l("Somebody else changed this meanwhile. Please look at it again.")
