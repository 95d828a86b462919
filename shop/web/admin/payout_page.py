"""One payout: every line of it, what happened to it, and the ways out when it stands."""

from collections.abc import Callable
from typing import Any

from flask import Response, abort, request

from commissions import queries
from commissions.errors import CommissionError
from commissions.payouts import partial
from shop.accounts import queries as people
from shop.kernel import clock, db
from shop.kernel.errors import Invalid, ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import Words, say
from shop.rewards import consents as consents_verbs
from shop.rewards import earnings, keys, payout_lists, payout_papers, payout_stops, sentences, taxes
from shop.rewards import payouts as rewards
from shop.rewards.models import Act
from shop.web import access, render, statement_answers
from shop.web.actor import current_actor
from shop.web.admin import consents, payout_words
from shop.web.admin.routes import blueprint


@blueprint.get("/payouts/<int:payout_id>")
@access.finance
def payout(payout_id: int) -> Response:
    """One payout with every line that it pays."""
    return _page(payout_id)


@blueprint.get("/payouts/<int:payout_id>/paper.pdf")
@access.finance
def payout_paper(payout_id: int) -> Any:
    """The credit note of a dealer, or the slip that comes with a salary."""
    with db.reading() as session:
        if payout_lists.one(session, payout_id) is None:
            abort(404)
    try:
        content = payout_papers.document(payout_id)
    except ShopError as error:
        return _page(payout_id, message=say(error.message), status=error.status)
    return statement_answers.pdf(content, f"payout-{payout_id}")


@blueprint.post("/payouts/<int:payout_id>/void")
@access.finance
def void_payout(payout_id: int) -> Any:
    """Take it back before it leaves."""
    return _do(
        payout_id,
        "void",
        lambda: rewards.void(payout_id, by=current_actor().key, reason=_reason()),
        _l("Taken back. Its entries can be paid again."),
    )


@blueprint.post("/payouts/<int:payout_id>/by-hand")
@access.finance_maker
def register_by_hand(payout_id: int) -> Any:
    """It was paid outside; the reference stands on the receipt."""

    def work() -> None:
        reference = request.form.get("reference", "").strip()[:80]
        if not reference:
            raise Invalid(_l("Please give the reference of the receipt."), field="reference")
        rewards.register_by_hand(payout_id, reference=reference, by=current_actor().key)

    return _do(payout_id, "by-hand", work, _l("Recorded as paid."))


@blueprint.post("/payouts/<int:payout_id>/stop")
@access.finance
def stop_payout(payout_id: int) -> Any:
    """Hold it before it is sent."""
    return _do(
        payout_id,
        "stop",
        lambda: payout_stops.stop(payout_id, reason=_reason(), by=current_actor().key),
        _l("Held."),
    )


@blueprint.post("/payouts/<int:payout_id>/go-on")
@access.finance
def let_payout_go_on(payout_id: int) -> Any:
    """A held one may be sent after all."""
    return _do(
        payout_id,
        "go-on",
        lambda: payout_stops.go_on(payout_id, by=current_actor().key),
        _l("It waits to be sent again."),
    )


@blueprint.post("/payouts/<int:payout_id>/look")
@access.finance
def look_for_payout(payout_id: int) -> Any:
    """Ask Stripe what it has."""
    return _do(
        payout_id,
        "look",
        lambda: payout_stops.look_again(payout_id, by=current_actor().key),
        _l("Stripe was asked; what it said stands below."),
    )


@blueprint.post("/payouts/<int:payout_id>/ask/<act>")
@access.finance
def ask_about_payout(payout_id: int, act: str) -> Any:
    """Ask a second person to agree."""
    if act not in consents.ABOUT_PAYOUTS:
        abort(404)
    return _do(
        payout_id,
        act,
        lambda: consents.ask(Act(act), payout_id),
        consents.ASKED,
    )


def _do(payout_id: int, action: str, work: Callable[[], object], said: Words) -> Any:
    """Do it and come back; a refusal stands at its form, with what was typed."""
    try:
        work()
    except CommissionError as error:
        return _page(
            payout_id, refused=action, message=say(payout_words.refusal(error)), status=409
        )
    except ShopError as error:
        return _page(payout_id, refused=action, message=say(error.message), status=error.status)
    return render.back_to("admin.payout", payout_id=payout_id, say_so=said)


def _reason() -> str:
    reason = request.form.get("reason", "").strip()[:200]
    if not reason:
        raise Invalid(_l("Please say why."), field="reason")
    return reason


def _page(payout_id: int, *, refused: str = "", message: str = "", status: int = 200) -> Response:
    at = clock.now()
    with db.reading() as session:
        one = payout_lists.one(session, payout_id)
        if one is None:
            abort(404)
        items = queries.payout_items(session, payout_id)
        history = payout_lists.history(session, payout_id)
        payee_id = keys.number(one.payee_key)
        approvals = queries.approvals(session, [payout_id])
        acting = {one.created_by, *(row.by for row in approvals), *(row.by for row in history)}
        return render.page(
            "admin/payouts/one.html",
            status=status,
            payout=one,
            payee_id=payee_id,
            name=rewards.names_of(session, [payee_id]).get(payee_id, "?"),
            items=items,
            points=earnings.point_names(session, [item.point_key for item in items]),
            orders=earnings.order_numbers(session, [item.sale_key for item in items]),
            people=people.names_of(session, acting),
            history=history,
            approvals=approvals,
            tax=taxes.record_of(session, payout_id),
            asked=consents.asked_for(
                session,
                lambda found: found.subject_id == payout_id and found.act in consents.ABOUT_PAYOUTS,
            ),
            found=payout_lists.found_at_stripe(history),
            came_back=partial.undecided_amount(session, one),
            nothing_lands=consents_verbs.nothing_lands(one, at=at),
            halt=payout_lists.halt(session),
            sentences=sentences,
            words=payout_words,
            refused=refused,
            message=message,
            typed=request.form,
        )
