"""Entries by hand: what somebody wants to put right, what two people agreed on, and how it is undone."""

from typing import Any

from flask import Response, request

from shop.accounts import queries as people
from shop.kernel import clock, db, ids
from shop.kernel.errors import Invalid, ShopError
from shop.kernel.i18n import _l
from shop.kernel.money import parse_money
from shop.kernel.words import say
from shop.rewards import consents as consents_verbs
from shop.rewards import corrections as verbs
from shop.rewards import sentences
from shop.rewards.corrections import Wanted
from shop.rewards.models import Act
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import consents
from shop.web.admin.routes import blueprint

PAGE_SIZE = 50


@blueprint.get("/commissions/manual")
@access.finance
def corrections() -> Response:
    """What waits for a second person, a form for more, and what was done."""
    return _page()


@blueprint.post("/commissions/manual")
@access.finance
def propose_correction() -> Any:
    """Ask a second person to give something to a point, or to take it."""
    try:
        wanted = _typed()
        with db.unit_of_work() as session:
            proposal_id = verbs.propose(session, wanted)
            _ask(session, proposal_id, wanted.note)
    except ShopError as error:
        return _page(failed="new", error=error)
    return render.back_to("admin.corrections", say_so=consents.ASKED)


@blueprint.post("/commissions/manual/<int:case_id>/undo")
@access.finance
def undo_correction(case_id: int) -> Any:
    """Ask a second person to undo one."""
    note = request.form.get("note", "")
    try:
        with db.unit_of_work() as session:
            _ask(session, verbs.propose_reversal(session, case_id, note=note), note)
    except ShopError as error:
        if error.status == 404:
            raise
        return _page(failed=str(case_id), error=error)
    return render.back_to("admin.corrections", say_so=consents.ASKED)


def _ask(session: Any, proposal_id: int, note: str) -> None:
    consents_verbs.ask(
        session, Act.CASE, proposal_id, reason=note, by=current_actor().key, at=clock.now()
    )


def _typed() -> Wanted:
    currency = render.current_brand().currency
    amount = parse_money(request.form.get("amount", ""), currency, field="amount")
    if amount < 0:
        raise Invalid(_l("Without a sign; choose whether it is given or taken."), field="amount")
    return Wanted(
        point=request.form.get("point", ""),
        amount=-amount if request.form.get("way") == "take" else amount,
        reason=request.form.get("reason", ""),
        note=request.form.get("note", ""),
        order=request.form.get("order", ""),
        decision_id=ids.read(request.form.get("decision", "")),
    )


def _page(*, failed: str = "", error: ShopError | None = None) -> Response:
    before = ids.read(request.args.get("after", ""))
    with db.reading() as session:
        waiting = verbs.waiting(session)
        asked = consents.asked_for(session, lambda one: one.act == Act.CASE)
        rows = verbs.done(session, before=before, limit=PAGE_SIZE)
        who = {one.case.by for one in rows} | {one.case.second or "" for one in rows}
        names = people.names_of(session, who)
    return render.page(
        "admin/commissions/corrections.html",
        status=error.status if error else 200,
        waiting=waiting,
        asked=asked,
        rows=rows,
        names=names,
        following=str(rows[-1].case.id) if len(rows) == PAGE_SIZE else "",
        reasons=verbs.REASONS,
        of_cause=sentences.of_cause,
        currency=render.current_brand().currency,
        failed=failed,
        message=say(error.message) if error else "",
        errors={name: say(words) for name, words in getattr(error, "fields", {}).items()},
        typed=request.form if error else {},
    )
