"""Ceilings and the law: the profile that plans are checked against, and its change by two people."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Response, request

from commissions.law import HOUSE, LegalProfile, Requirement
from shop.accounts import queries as people
from shop.kernel import clock, db
from shop.kernel.errors import Invalid, ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import Words, say
from shop.rewards import consents as consents_verbs
from shop.rewards import law as verbs
from shop.rewards import proposals
from shop.rewards.law import Wanted
from shop.rewards.law_models import LegalProfileRow
from shop.rewards.models import Act
from shop.web import access, law_words, render
from shop.web.actor import current_actor
from shop.web.admin import consents, plan_form
from shop.web.admin.routes import blueprint


@blueprint.get("/law")
@access.finance
def law() -> Response:
    """What holds, what comes, what waits for a second person, and what held before."""
    return _page()


@blueprint.post("/law")
@access.finance
def propose_profile() -> Any:
    """Ask for a profile; it holds when another person of finance agrees."""
    actor, at = current_actor().key, clock.now()
    try:
        wanted, begins = _typed(at)
        with db.unit_of_work() as session:
            profile_id = verbs.propose(session, wanted, begins=begins, by=actor, at=at)
            reason = request.form.get("reason", "")
            consents_verbs.ask(session, Act.LAW, profile_id, reason=reason, by=actor, at=at)
    except ShopError as error:
        return _page(error=error)
    return render.back_to("admin.law", say_so=consents.ASKED)


def _page(*, error: ShopError | None = None) -> Response:
    at = clock.now()
    with db.reading() as session:
        held, waiting, coming = (
            verbs.history(session),
            proposals.waiting(session, Act.LAW, LegalProfileRow),
            verbs.coming(session, at=at),
        )
        current = verbs.in_force(session, at=at)
        asked = consents.asked_for(session, lambda one: one.act == Act.LAW)
        acting = {one.proposed_by for one in held} | {one.agreed_by or "" for one in held}
        names = people.names_of(session, acting)
    began = {str(one.id): one for one in held}
    preset = HOUSE.get(request.args.get("preset", "")) or (
        current if request.args.get("preset") == "current" else None
    )
    if error:
        fields: dict[str, Any] = {**request.form, "requires": request.form.getlist("requires")}
    else:
        fields = _shown(preset or current)
    return render.page(
        "admin/plan/law.html",
        status=error.status if error else 200,
        current=current,
        current_row=began.get(current.reference),
        coming=coming,
        waiting=waiting,
        past=[one for one in held if one not in coming and str(one.id) != current.reference],
        asked={one.consent.subject_id: one for one in asked},
        people=names,
        house=HOUSE.values(),
        profile_of=verbs.profile_of,
        name_of=law_words.name_of,
        source_of=law_words.source_of,
        requirements=law_words.REQUIREMENTS,
        fields=fields,
        opened=bool(error or preset),
        message=say(error.message) if error else "",
        errors={name: say(words) for name, words in getattr(error, "fields", {}).items()},
    )


def _shown(profile: LegalProfile) -> dict[str, Any]:
    """A profile as it stands in the fields of the form."""
    return {
        **asdict(profile),
        "name": law_words.name_of(profile),
        "source": law_words.source_of(profile),
        "ceiling": plan_form.percent(profile.ceiling_bps),
        "warning": plan_form.percent(profile.warning_bps),
        "upline": "yes" if profile.upline_allowed else "",
    }


def _typed(at: datetime) -> tuple[Wanted, datetime]:
    """What the form asks for, and from when on. Raises Invalid with every bad field named."""
    form, wrong = request.form, dict[str, Words | str]()
    numbers = {"ceiling": 0, "warning": 0}
    for name in numbers:
        try:
            numbers[name] = plan_form.bps(form.get(name, ""), name)
        except Invalid as error:
            wrong |= error.fields
    begins = at
    if form.get("from"):
        try:
            day = datetime.fromisoformat(form["from"])
            begins = day.replace(tzinfo=render.current_brand().zone)
        except ValueError:
            wrong["from"] = _l("“%(text)s” is not a date.", text=form["from"])
    if not form.get("reason", "").strip():
        wrong["reason"] = _l("Please say why.")
    if wrong:
        raise Invalid(_l("Please check the marked fields."), fields=wrong)
    chosen = set(form.getlist("requires"))
    wanted = Wanted(
        key=form.get("key", "").strip(),
        name=form.get("name", ""),
        ceiling_bps=numbers["ceiling"],
        warning_bps=numbers["warning"],
        upline_allowed=form.get("upline") == "yes",
        upline_reason=form.get("upline_reason", ""),
        upline_service=form.get("upline_service", ""),
        requires=[one for one in Requirement if one.value in chosen],
        source=form.get("source", ""),
    )
    return wanted, begins
