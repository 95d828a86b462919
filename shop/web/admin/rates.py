"""Shipping rates: what a region costs, from when it is free, and where nothing is delivered."""

from typing import Any

from flask import Response
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import Length

from shop.catalog import taxes
from shop.fulfillment import queries, rate_book
from shop.fulfillment.models import ShippingRate
from shop.fulfillment.rate_book import Rate
from shop.kernel import clock, db
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _l, text_of
from shop.kernel.money import parse_money, to_decimal
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint
from shop.web.forms import Form, choices, label


class RateForm(Form):
    region = StringField(label("Division code (empty: everywhere else)"), [Length(max=12)])
    name_zh = StringField(label("Name (Chinese)"), [Length(max=60)])
    name_en = StringField(label("Name (English)"), [Length(max=60)])
    delivered = BooleanField(label("We deliver there"), default=True)
    amount = StringField(label("Price"), [Length(max=20)])
    free_over = StringField(label("Free from (empty: never)"), [Length(max=20)])
    tax_class = SelectField(label("Tax class"))
    days_min = StringField(label("Days, at least"), [Length(max=4)], default="2")
    days_max = StringField(label("Days, at most"), [Length(max=4)], default="4")
    active = BooleanField(label("In use"), default=True)


@blueprint.get("/rates")
@access.catalog_staff
def rates() -> Response:
    """All rates, the general one first."""
    with db.reading() as session:
        found = queries.rates(session)
        classes = taxes.classes(session)
    return render.page("admin/rates/list.html", rates=found, classes=classes)


@blueprint.route("/rates/new", methods=["GET", "POST"])
@access.catalog_staff
def new_rate() -> Any:
    """A rate for one more region."""
    return _edit(None)


@blueprint.route("/rates/<int:rate_id>", methods=["GET", "POST"])
@access.catalog_staff
def rate(rate_id: int) -> Any:
    """Change a rate; orders that were made keep what they cost."""
    with db.reading() as session:
        return _edit(rate_book.one(session, rate_id))


def _edit(found: ShippingRate | None) -> Any:
    form = RateForm()
    with db.reading() as session:
        classes = taxes.classes(session) or {taxes.STANDARD: {"zh": "标准税率", "en": "Standard"}}
    form.tax_class.choices = choices({code: text_of(name) for code, name in classes.items()})
    if found is not None and not form.is_submitted():
        _fill(form, found)
    if form.validate_on_submit():
        try:
            with db.unit_of_work() as session:
                rate_book.write(
                    session,
                    _read(form),
                    by=current_actor().key,
                    at=clock.now(),
                    rate_id=found.id if found else None,
                )
            return render.back_to("admin.rates", say_so=_l("Saved."))
        except Invalid as error:
            form.blame(error)
    status = 422 if form.errors or form.form_errors else 200
    return render.page("admin/rates/edit.html", status=status, form=form, found=found)


def _read(form: RateForm) -> Rate:
    currency = render.current_brand().currency
    names = {"zh": (form.name_zh.data or "").strip(), "en": (form.name_en.data or "").strip()}
    free_over = (form.free_over.data or "").strip()
    amount = (form.amount.data or "").strip()
    if form.delivered.data and not amount:
        raise Invalid(_l("Please say what it costs; 0 is free."), field="amount")
    return Rate(
        region=(form.region.data or "").strip(),
        name={tag: name for tag, name in names.items() if name},
        amount=parse_money(amount, currency, field="amount") if form.delivered.data else None,
        free_over_amount=(
            parse_money(free_over, currency, field="free_over") if free_over else None
        ),
        tax_class=form.tax_class.data,
        days_min=_days(form.days_min.data, "days_min"),
        days_max=_days(form.days_max.data, "days_max"),
        active=bool(form.active.data),
    )


def _fill(form: RateForm, found: ShippingRate) -> None:
    currency = render.current_brand().currency

    def shown(amount: int | None) -> str:
        return "" if amount is None else str(to_decimal(amount, currency))

    form.region.data = found.region
    form.name_zh.data = found.name.get("zh", "")
    form.name_en.data = found.name.get("en", "")
    form.delivered.data = found.amount is not None
    form.amount.data = shown(found.amount)
    form.free_over.data = shown(found.free_over_amount)
    form.tax_class.data = found.tax_class
    form.days_min.data = str(found.days_min)
    form.days_max.data = str(found.days_max)
    form.active.data = found.active


def _days(text: str | None, field: str) -> int:
    cleaned = (text or "").strip()
    if not (cleaned.isascii() and cleaned.isdigit()):
        raise Invalid(_l("“%(text)s” is not a number.", text=cleaned[:20]), field=field)
    return int(cleaned)
