"""Facts about the brand: names, service, money, times, legal pages; each form carries its version."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from flask import Response, request
from sqlalchemy.orm import Session

from commissions.arithmetic import EXPONENTS
from shop.accounts.contacts import normal_email
from shop.kernel import brand as brands
from shop.kernel import clock, db
from shop.kernel.brand import Brand
from shop.kernel.errors import Conflict, Invalid, ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import Words, say
from shop.orders import queries as orders
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint
from shop.web.legal_pages import PAGES

METHODS: Mapping[str, Words] = {
    "card": _l("Card"),
    "alipay": _l("Alipay"),
    "wechat_pay": _l("WeChat Pay"),
}
_TEXTS = {"name": 80, "legal_name": 120, "strapline": 160}
_NUMBERS = {"hold_minutes": (33, 24 * 60), "return_days": (0, 365), "pickup_days": (1, 90)}
"""A hold must outlive a Stripe Session of 31 minutes."""
_LONGEST_PAGE = 60_000


@blueprint.get("/settings")
@access.admin
def settings() -> Response:
    """All facts and the legal pages."""
    return _page()


@blueprint.post("/settings")
@access.admin
def change_settings() -> Any:
    """Facts about the brand; refused if somebody else was faster, with everything still there."""
    try:
        values = _facts(render.current_brand())
        with db.unit_of_work() as session:
            _guard_currency(session, values["currency"])
            _change(session, values)
    except ShopError as error:
        return _page(form="facts", error=error)
    return render.back_to("admin.settings", say_so=_l("Saved."))


@blueprint.route("/settings/pages/<name>", methods=["GET", "POST"])
@access.admin
def legal_text(name: str) -> Any:
    """A legal page in both languages, as Markdown."""
    if name not in PAGES:
        return Response(status=404)
    brand, error = render.current_brand(), None
    texts = dict(brand.pages.get(name, {}))
    if request.method == "POST":
        texts = {tag: request.form.get(tag, "").strip() for tag in ("zh", "en")}
        try:
            if any(len(text) > _LONGEST_PAGE for text in texts.values()):
                raise Invalid(_l("This is too long."))
            with db.unit_of_work() as session:
                pages = {**brands.current(session).pages, name: texts}
                _change(session, {"pages": pages})
            return render.back_to("admin.settings", say_so=_l("Saved."))
        except ShopError as refused:
            error = refused
    return render.page(
        "admin/settings/legal.html",
        status=error.status if error else 200,
        name=name,
        title=PAGES[name],
        texts=texts,
        message=say(error.message) if error else "",
        version=request.form.get("version", brand.version),
    )


def _page(*, form: str = "", error: ShopError | None = None) -> Response:
    brand = render.current_brand()
    with db.reading() as session:
        currency_is_fixed = orders.any_exists(session)
    typed = request.form if error else {}
    return render.page(
        "admin/settings/settings.html",
        status=error.status if error else 200,
        facts=brand,
        failed=form,
        message=say(error.message) if error else "",
        errors={name: say(words) for name, words in getattr(error, "fields", {}).items()},
        typed=typed,
        ticked=request.form.getlist("payment_methods")
        if form == "facts"
        else brand.payment_methods,
        version=typed.get("version", brand.version) if form == "facts" else brand.version,
        methods=METHODS,
        zones=sorted(zone for zone in available_timezones() if "/" in zone and zone[0].isupper()),
        currencies=sorted(EXPONENTS),
        currency_is_fixed=currency_is_fixed,
        pages=PAGES,
    )


def _change(session: Session, values: dict[str, Any]) -> None:
    version = request.form.get("version", "")
    brands.change(
        session,
        values,
        by=current_actor().key,
        at=clock.now(),
        expected=int(version) if version.isdecimal() and len(version) < 10 else -1,
    )


def _guard_currency(session: Session, currency: str) -> None:
    if currency != brands.current(session).currency and orders.any_exists(session):
        raise Conflict(_l("The currency is fixed since the first order."), field="currency")


def _facts(brand: Brand) -> dict[str, Any]:
    form, wrong = request.form, dict[str, Words | str]()
    values: dict[str, Any] = {}
    for name, longest in _TEXTS.items():
        values[name] = {tag: form.get(f"{name}_{tag}", "").strip() for tag in ("zh", "en")}
        for tag, text in values[name].items():
            if len(text) > longest:
                wrong[f"{name}_{tag}"] = _l("This is too long.")
    if not any(values["name"].values()):
        wrong["name_zh"] = _l("Please fill this in.")
    for name, (least, most) in _NUMBERS.items():
        text = form.get(name, "").strip()
        if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most):
            wrong[name] = _l(
                "Please give a number from %(least)s to %(most)s.", least=least, most=most
            )
        else:
            values[name] = int(text)
    for name in ("service_email", "receipt_email"):
        bad = dict[str, Words | str]()
        values[name] = normal_email(form.get(name, ""), bad) or ""
        wrong |= {name: bad["email"]} if bad else {}
    values |= _choices(form, wrong, brand)
    if wrong:
        raise Invalid(_l("Please check the marked fields."), fields=wrong)
    return values


def _choices(
    form: Mapping[str, str], wrong: dict[str, Words | str], brand: Brand
) -> dict[str, Any]:
    zone, currency = form.get("timezone", ""), form.get("currency", brand.currency)
    country = form.get("country", "").strip().upper()
    methods = [one for one in request.form.getlist("payment_methods") if one in METHODS]
    if zone not in available_timezones():
        wrong["timezone"] = _l("This time zone is not known.")
    if currency not in EXPONENTS:
        wrong["currency"] = _l("This currency is not known.")
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        wrong["country"] = _l("A country has two letters, such as CN or HK.")
    if not methods:
        wrong["payment_methods"] = _l("Buyers need at least one way to pay.")
    phone = form.get("service_phone", "").strip()
    if len(phone) > 40:
        wrong["service_phone"] = _l("This is too long.")
    consent = form.get("consent_version", "").strip()
    if not 0 < len(consent) <= 20:
        wrong["consent_version"] = _l("Please give the version of your terms, such as 2026-03.")
    return {
        "timezone": zone,
        "currency": currency,
        "country": country,
        "payment_methods": methods,
        "service_phone": phone,
        "consent_version": consent,
        "tax_included": form.get("tax_included") == "yes",
    }
