"""Tax around payouts: payees' data, and withholding tables that two people agree on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Response, abort, request

from commissions.arithmetic import BadAmount, parse_bps, to_decimal_text
from shop.kernel import clock, db
from shop.kernel.errors import Invalid, ShopError
from shop.kernel.i18n import _l
from shop.kernel.money import parse_money
from shop.kernel.words import say
from shop.network.models import Payee
from shop.rewards import consents as consents_verbs
from shop.rewards import proposals, tax_changes, taxes
from shop.rewards.models import Act
from shop.rewards.tax_models import WithholdingTable
from shop.rewards.taxes import TaxData
from shop.rewards.withholding import BadTable, Band, Table, china_service_income, flat, of_body
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import consents
from shop.web.admin.routes import blueprint

PRESETS = {
    "china_service": (_l("China: income from services"), china_service_income()),
    "flat": (_l("The same part of every payout"), flat(1000)),
}


@blueprint.get("/payouts/taxes")
@access.finance
def payout_taxes() -> Response:
    """The tables that hold, and what waits for a second person."""
    return _tables()


@blueprint.post("/payouts/taxes")
@access.finance
def propose_table() -> Any:
    """Ask for a table; it holds when another person of finance agrees."""
    actor, at = current_actor().key, clock.now()
    try:
        table = _typed()
        with db.unit_of_work() as session:
            table_id = taxes.propose(
                session,
                key=request.form.get("key", "").strip(),
                name=request.form.get("name", "").strip(),
                currency=render.current_brand().currency,
                table=table,
                valid_from=_day(at),
                by=actor,
                at=at,
            )
            reason = request.form.get("reason", "")
            consents_verbs.ask(session, Act.TAX, table_id, reason=reason, by=actor, at=at)
    except ShopError as error:
        return _tables(error=error)
    return render.back_to("admin.payout_taxes", say_so=consents.ASKED)


@blueprint.route("/payees/<int:payee_id>/tax", methods=["GET", "POST"])
@access.finance
def payee_tax(payee_id: int) -> Any:
    """A payee's tax data."""
    error: ShopError | None = None
    if request.method == "POST":
        try:
            form = request.form
            data = TaxData(
                legal_name=form.get("legal_name", ""),
                address=form.get("address", ""),
                tax_id=form.get("tax_id", ""),
                vat_code=form.get("vat_code", ""),
                vat_bps=_percent(form.get("vat_bps", ""), "vat_bps"),
                self_billing=form.get("self_billing") == "yes",
                table_key=form.get("table_key", ""),
            )
            with db.unit_of_work() as session:
                if session.get(Payee, payee_id) is None:
                    abort(404)
                taxes.set_data(session, payee_id, data, by=current_actor().key, at=clock.now())
            return render.back_to("admin.payee_tax", payee_id=payee_id, say_so=_l("Saved."))
        except ShopError as refused:
            error = refused
    return _payee_page(payee_id, error, typed=request.form)


def _payee_page(
    payee_id: int, error: ShopError | None, *, typed: Mapping[str, str] | None = None
) -> Response:
    """`typed` is what stood in the form of the data itself, not in an answer to the payee."""
    with db.reading() as session:
        payee = session.get(Payee, payee_id)
        if payee is None:
            abort(404)
        waiting = tax_changes.open_of(session, [payee_id]).get(payee_id)
        return render.page(
            "admin/payouts/payee_tax.html",
            status=error.status if error else 200,
            payee=payee,
            data=taxes.data_of(session, [payee_id]).get(payee_id),
            tables=taxes.in_force(session, at=clock.now()),
            codes=taxes.VAT_CODES,
            waiting=waiting,
            entered=tax_changes.content(waiting) if waiting else None,
            at=clock.now(),
            typed=typed or {},
            message=say(error.message) if error else "",
            errors={name: say(words) for name, words in getattr(error, "fields", {}).items()},
        )


@blueprint.post("/payees/<int:payee_id>/tax/<answer>")
@access.finance
def decide_tax_data(payee_id: int, answer: str) -> Any:
    """Accept what the payee entered, or refuse it with a reason."""
    if answer not in ("accept", "refuse"):
        abort(404)
    by, at = current_actor().key, clock.now()
    try:
        with db.unit_of_work() as session:
            waiting = tax_changes.open_of(session, [payee_id]).get(payee_id)
            if waiting is None:
                abort(404)
            if answer == "accept":
                tax_changes.accept(session, waiting.id, by=by, at=at)
            else:
                note = request.form.get("note", "")
                tax_changes.refuse(session, waiting.id, note=note, by=by, at=at)
    except ShopError as error:
        return _payee_page(payee_id, error)
    said = _l("Accepted. It counts from now on.") if answer == "accept" else _l("Refused.")
    return render.back_to("admin.payee_tax", payee_id=payee_id, say_so=said)


def _tables(*, error: ShopError | None = None) -> Response:
    currency = render.current_brand().currency
    preset = PRESETS.get(request.args.get("preset", ""))
    with db.reading() as session:
        rows = taxes.in_force(session, at=clock.now())
        waiting = proposals.waiting(session, Act.TAX, WithholdingTable)
        asked = consents.asked_for(session, lambda one: one.act == Act.TAX)
        entered = tax_changes.waiting(session)
    return render.page(
        "admin/payouts/taxes.html",
        status=error.status if error else 200,
        rows=rows,
        waiting=waiting,
        entered=entered,
        at=clock.now(),
        asked={one.consent.subject_id: one for one in asked},
        table_of=lambda row: of_body(row.body),
        presets=PRESETS,
        fields=request.form if error else (_shown(preset[1], currency) if preset else {}),
        opened=bool(error or preset),
        currency=currency,
        message=say(error.message) if error else "",
    )


def _shown(table: Table, currency: str) -> dict[str, str]:
    """A table as it stands in the fields of the form."""
    bands = [
        f"{to_decimal_text(band.up_to, currency) if band.up_to is not None else '*'} "
        f"{to_decimal_text(band.bps, 'CNY')}"
        for band in table.bands
    ]
    return {
        "deduction": to_decimal_text(table.deduction_bps, "CNY"),
        "free": to_decimal_text(table.free_amount, currency),
        "cumulative": "yes" if table.cumulative else "",
        "bands": "\n".join(bands),
    }


def _typed() -> Table:
    currency, form = render.current_brand().currency, request.form
    bands = []
    for line in form.get("bands", "").splitlines():
        limit, _blank, rate = line.strip().partition(" ")
        if not limit:
            continue
        up_to = None if limit == "*" else parse_money(limit, currency, field="bands")
        bands.append(Band(up_to=up_to, bps=_percent(rate, "bands")))
    try:
        return Table(
            bands=tuple(bands),
            deduction_bps=_percent(form.get("deduction", ""), "deduction"),
            free_amount=parse_money(form.get("free", "") or "0", currency, field="free"),
            cumulative=form.get("cumulative") == "yes",
        )
    except BadTable as error:
        raise Invalid(
            _l("Write one band in each line, rising, the last one as “* rate”."), field="bands"
        ) from error


def _percent(text: str, field: str) -> int:
    try:
        return parse_bps(text.strip().removesuffix("%") or "0")
    except BadAmount as error:
        raise Invalid(_l("“%(text)s” is not a number.", text=text), field=field) from error


def _day(at: datetime) -> datetime:
    text = request.form.get("from", "")
    if not text:
        return at
    try:
        return datetime.fromisoformat(text).replace(tzinfo=render.current_brand().zone)
    except ValueError as error:
        raise Invalid(_l("“%(text)s” is not a date.", text=text), field="from") from error
