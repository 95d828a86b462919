"""Tax classes and their rates by region; whatever is changed holds for carts from then on."""

import re
from typing import Any

from flask import Response
from sqlalchemy.orm import Session
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from shop.catalog import taxes as verbs
from shop.fulfillment import queries as fulfillment
from shop.kernel import clock, db
from shop.kernel.errors import Conflict, Invalid, NotFound, ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import say
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint
from shop.web.forms import Form, label

EVERYWHERE = "everywhere"
"""Stands in addresses for the empty region."""
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))? ?[%％]?")


class TaxClassForm(Form):
    name_zh = StringField(label("Name (Chinese)"), [Length(max=60)])
    name_en = StringField(label("Name (English)"), [Length(max=60)])

    @property
    def named(self) -> dict[str, str]:
        return {"zh": self.name_zh.data or "", "en": self.name_en.data or ""}


class NewTaxClassForm(TaxClassForm):
    code = StringField(label("Short code"), [InputRequired(), Length(max=40)])


class TaxRateForm(Form):
    percent = StringField(label("Tax rate in percent"), [InputRequired(), Length(max=8)])
    seen = HiddenField()
    """The rate that the page showed, so that two people do not overwrite each other unseen."""

    @property
    def rate_bps(self) -> int:
        """Basis points; raises Invalid for what is no percentage with two decimals."""
        found = _PERCENT.fullmatch((self.percent.data or "").strip())
        if found is None:
            raise Invalid(
                _l("Please write a percentage such as 13 or 6.5, with two decimals at most."),
                field="percent",
            )
        return int(found[1] + (found[2] or "").ljust(2, "0"))


class NewTaxRateForm(TaxRateForm):
    region = StringField(label("Division code (empty: everywhere else)"), [Length(max=12)])


@blueprint.get("/taxes")
@access.admin
def taxes() -> Response:
    """All classes with their rates, and what uses them."""
    with db.reading() as session:
        classes, rates = verbs.classes(session), verbs.rates(session)
        products, shipping = verbs.products_by_class(session), _shipping_by_class(session)
    return render.page(
        "admin/taxes/list.html", classes=classes, rates=rates, products=products, shipping=shipping
    )


@blueprint.route("/taxes/new", methods=["GET", "POST"])
@access.admin
def new_tax_class() -> Any:
    """One more class; its rates come next."""
    form = NewTaxClassForm()
    if form.validate_on_submit():
        code = (form.code.data or "").strip().lower()
        try:
            with db.unit_of_work() as session:
                verbs.make_class(session, code, form.named, by=current_actor().key, at=clock.now())
            return render.back_to(
                "admin.tax_class", code=code, say_so=_l("The class is there. Now give it a rate.")
            )
        except Invalid as error:
            form.blame(error)
    status = 422 if form.errors or form.form_errors else 200
    return render.page("admin/taxes/new.html", status=status, form=form)


@blueprint.route("/taxes/classes/<code>", methods=["GET", "POST"])
@access.admin
def tax_class(code: str) -> Any:
    """One class: its name, its rates, what uses it."""
    form = TaxClassForm()
    if form.validate_on_submit():
        try:
            with db.unit_of_work() as session:
                verbs.rename_class(
                    session, code, form.named, by=current_actor().key, at=clock.now()
                )
            return render.back_to("admin.tax_class", code=code, say_so=_l("Saved."))
        except Invalid as error:
            form.blame(error)
    return _class_page(code, form, status=422 if form.errors or form.form_errors else 200)


@blueprint.post("/taxes/classes/<code>/remove")
@access.admin
def remove_tax_class(code: str) -> Any:
    """Remove a class that nothing uses."""
    try:
        with db.unit_of_work() as session:
            verbs.remove_class(session, code, by=current_actor().key, at=clock.now())
    except Conflict as error:
        return _class_page(code, TaxClassForm(formdata=None), error=error, status=error.status)
    return render.back_to("admin.taxes", say_so=_l("Removed."))


@blueprint.route("/taxes/classes/<code>/rates/new", methods=["GET", "POST"])
@access.admin
def new_tax_rate(code: str) -> Any:
    """A rate for one more region."""
    form = NewTaxRateForm()
    if form.validate_on_submit():
        try:
            rate_bps = form.rate_bps
            with db.unit_of_work() as session:
                verbs.add_rate(
                    session,
                    code,
                    (form.region.data or "").strip(),
                    rate_bps,
                    by=current_actor().key,
                    at=clock.now(),
                )
            return render.back_to("admin.tax_class", code=code, say_so=_l("Saved."))
        except Invalid as error:
            form.blame(error)
    return _rate_page(code, form, region=None)


@blueprint.route("/taxes/classes/<code>/rates/<region>", methods=["GET", "POST"])
@access.admin
def tax_rate(code: str, region: str) -> Any:
    """Another rate for a region."""
    wanted = _region(region)
    form = TaxRateForm()
    if form.validate_on_submit():
        try:
            rate_bps = form.rate_bps
            with db.unit_of_work() as session:
                verbs.change_rate(
                    session,
                    code,
                    wanted,
                    rate_bps,
                    seen_bps=_seen(form),
                    by=current_actor().key,
                    at=clock.now(),
                )
            return render.back_to("admin.tax_class", code=code, say_so=_l("Saved."))
        except Invalid as error:
            form.blame(error)
        except Conflict as error:
            return _rate_page(code, form, region=wanted, error=error)
    return _rate_page(code, form, region=wanted)


@blueprint.post("/taxes/classes/<code>/rates/<region>/remove")
@access.admin
def remove_tax_rate(code: str, region: str) -> Any:
    """Take a region's rate away."""
    with db.unit_of_work() as session:
        verbs.remove_rate(session, code, _region(region), by=current_actor().key, at=clock.now())
    return render.back_to("admin.tax_class", code=code, say_so=_l("Removed."))


def _class_page(
    code: str, form: TaxClassForm, *, error: ShopError | None = None, status: int = 200
) -> Response:
    with db.reading() as session:
        name = _name(session, code)
        rates = verbs.rates(session).get(code, {})
        products = verbs.products_by_class(session).get(code, 0)
        shipping = _shipping_by_class(session).get(code, 0)
    if not form.errors and not form.form_errors:
        form.name_zh.data, form.name_en.data = name.get("zh", ""), name.get("en", "")
    return render.page(
        "admin/taxes/class.html",
        status=status,
        form=form,
        code=code,
        name=name,
        rates=rates,
        products=products,
        shipping=shipping,
        everywhere=EVERYWHERE,
        is_standard=code == verbs.STANDARD,
        message=say(error.message) if error else "",
    )


def _rate_page(
    code: str, form: TaxRateForm, *, region: str | None, error: ShopError | None = None
) -> Response:
    with db.reading() as session:
        name = _name(session, code)
        rate = None if region is None else verbs.rate_of(session, code, region)
        has_general = "" in verbs.rates(session).get(code, {})
    if rate is not None and (error or not form.is_submitted()):
        # After somebody else's change the form carries the new rate on, and keeps what was typed.
        form.seen.data = str(rate)
        form.percent.data = form.percent.data if error else _percent(rate)
    if error:
        form.form_errors.append(say(error.message))
    return render.page(
        "admin/taxes/rate.html",
        status=error.status if error else 422 if form.errors or form.form_errors else 200,
        form=form,
        code=code,
        name=name,
        region=region,
        rate=rate,
        has_general=has_general,
        everywhere=EVERYWHERE,
    )


def _name(session: Session, code: str) -> dict[str, str]:
    found = verbs.classes(session).get(code)
    if found is None:
        raise NotFound(_l("There is no such tax class."))
    return found


def _shipping_by_class(session: Session) -> dict[str, int]:
    found: dict[str, int] = {}
    for rate in fulfillment.rates(session):
        found[rate.tax_class] = found.get(rate.tax_class, 0) + 1
    return found


def _region(text: str) -> str:
    return "" if text == EVERYWHERE else text


def _seen(form: TaxRateForm) -> int:
    text = form.seen.data or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1


def _percent(rate_bps: int) -> str:
    return render.bps(rate_bps).removesuffix(" %")
