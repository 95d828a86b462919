"""The terms of paying out: what each way costs, from which amount on, and when two must approve."""

from typing import Any

from flask import Response, abort, request

from commissions.arithmetic import BadAmount, parse_bps, to_decimal_text
from commissions.payouts.conditions import Conditions
from shop.kernel import clock, db
from shop.kernel.errors import Invalid, ShopError
from shop.kernel.i18n import _l
from shop.kernel.money import parse_money
from shop.kernel.words import Words, say
from shop.network.models import Rail
from shop.rewards import consents as consents_verbs
from shop.rewards import payout_files
from shop.rewards import payout_terms as terms
from shop.rewards.models import Act
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import consents
from shop.web.admin.routes import blueprint


@blueprint.get("/payouts/terms")
@access.finance
def payout_terms() -> Response:
    """What holds for each way, and what waits for a second person."""
    return _page()


@blueprint.post("/payouts/terms/<rail>")
@access.finance
def change_payout_terms(rail: str) -> Any:
    """Ask for other terms; they hold when another person of finance agrees."""
    if rail not in list(Rail):
        abort(404)
    currency, actor, at = render.current_brand().currency, current_actor().key, clock.now()
    try:
        wanted = _typed(currency)
        with db.unit_of_work() as session:
            terms_id = terms.propose(session, Rail(rail), currency, wanted, by=actor, at=at)
            reason = request.form.get("reason", "")
            consents_verbs.ask(session, Act.TERMS, terms_id, reason=reason, by=actor, at=at)
    except ShopError as error:
        return _page(failed=rail, error=error)
    return render.back_to("admin.payout_terms", say_so=consents.ASKED)


@blueprint.post("/payouts/payer")
@access.finance_checker
def set_payer_account() -> Any:
    """Which account bank files draw on, and how they are written."""
    try:
        with db.unit_of_work() as session:
            payout_files.set_payer(
                session,
                render.current_brand().currency,
                request.form,
                request.form.get("format", ""),
                by=current_actor().key,
                at=clock.now(),
            )
    except ShopError as error:
        return _page(failed="payer", error=error)
    return render.back_to("admin.payout_terms", say_so=_l("Saved."))


def _typed(currency: str) -> Conditions:
    wrong: dict[str, Words | str] = {}

    def read(name: str, *, percent: bool = False) -> int | None:
        text = request.form.get(name, "").strip().replace(",", "")
        if not text:
            return None
        try:
            return parse_bps(text) if percent else parse_money(text, currency)
        except BadAmount:
            wrong[name] = _l("“%(text)s” is not a number.", text=text)
        except Invalid as error:
            wrong[name] = error.message
        return None

    found = Conditions(
        minimum=read("minimum") or 0,
        fee_amount=read("fee_amount") or 0,
        fee_bps=read("fee_bps", percent=True) or 0,
        second_from_amount=read("second_from_amount"),
    )
    if wrong:
        raise Invalid(_l("Please check the marked fields."), fields=wrong)
    return found


def shown(conditions: Conditions, currency: str) -> dict[str, str]:
    """Conditions as they stand in the fields of the form."""
    limit = conditions.second_from_amount
    return {
        "minimum": to_decimal_text(conditions.minimum, currency),
        "fee_amount": to_decimal_text(conditions.fee_amount, currency),
        "fee_bps": to_decimal_text(conditions.fee_bps, "CNY"),
        "second_from_amount": "" if limit is None else to_decimal_text(limit, currency),
    }


def _page(*, failed: str = "", error: ShopError | None = None) -> Response:
    currency = render.current_brand().currency
    with db.reading() as session:
        rows = terms.of_currency(session, currency)
        asked = consents.asked_for(session, lambda one: one.act == Act.TERMS)
        payer = payout_files.payer(session, currency)
    return render.page(
        "admin/payouts/terms.html",
        status=error.status if error else 200,
        rows=rows,
        fields={one.rail.value: shown(one.conditions, currency) for one in rows},
        proposed={
            one.rail.value: terms.conditions_of(one.proposal) for one in rows if one.proposal
        },
        asked={one.consent.subject_id: one for one in asked},
        currency=currency,
        payer=payer,
        formats=payout_files.FORMATS,
        failed=failed,
        message=say(error.message) if error else "",
        errors={name: say(words) for name, words in getattr(error, "fields", {}).items()},
        typed=request.form,
    )
