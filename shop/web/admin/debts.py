"""Debts: who owes what since when, and what should become of it."""

from typing import Any

from flask import Response, request

from commissions.arithmetic import to_decimal_text
from shop.kernel import clock, db
from shop.kernel.errors import Invalid, ShopError
from shop.kernel.i18n import _l
from shop.kernel.money import parse_money
from shop.kernel.words import say
from shop.rewards import consents as consents_verbs
from shop.rewards import corrections as verbs
from shop.rewards.corrections import End
from shop.rewards.models import Act
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import consents
from shop.web.admin.routes import blueprint


@blueprint.get("/commissions/debts")
@access.finance
def debts() -> Response:
    """All debts, the oldest first."""
    return _page()


@blueprint.post("/commissions/debts/<int:payee_id>/<currency>")
@access.finance
def end_debt(payee_id: int, currency: str) -> Any:
    """Mark an invoice, or ask a second person to record a repayment or to write it off."""
    answer, note, at = request.form.get("answer", ""), request.form.get("note", ""), clock.now()
    actor = current_actor().key
    try:
        with db.unit_of_work() as session:
            if answer == "invoice":
                verbs.note_invoice(session, payee_id, currency, note=note, by=actor, at=at)
            elif answer in list(End):
                amount = parse_money(request.form.get("amount", ""), currency, field="amount")
                proposal_id = verbs.propose_end(
                    session, payee_id, currency, End(answer), amount, note=note, at=at
                )
                consents_verbs.ask(session, Act.CASE, proposal_id, reason=note, by=actor, at=at)
            else:
                raise Invalid(_l("Please choose what should become of it."), field="answer")
    except ShopError as error:
        if error.status == 404:
            raise
        return _page(failed=payee_id, error=error)
    said = _l("Marked as invoiced today.") if answer == "invoice" else consents.ASKED
    return render.back_to("admin.debts", say_so=said)


def _page(*, failed: int = 0, error: ShopError | None = None) -> Response:
    at = clock.now()
    with db.reading() as session:
        rows = verbs.owed(session, at=at)
        asked = consents.asked_for(session, lambda one: one.act == Act.CASE)
    return render.page(
        "admin/commissions/debts.html",
        status=error.status if error else 200,
        rows=rows,
        asked={one.consent.subject_id: one for one in asked},
        amounts=[to_decimal_text(one.debt.amount, one.debt.currency) for one in rows],
        now=at,
        failed=failed,
        message=say(error.message) if error else "",
        typed=request.form if error else {},
    )
