"""Places with stock: who runs them, whether parcels leave and buyers collect there, open or closed."""

import re
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session
from wtforms import BooleanField, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from shop.catalog import locations as verbs
from shop.catalog import places
from shop.catalog.models import Location
from shop.kernel import clock, db
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _l
from shop.kernel.words import say
from shop.network import queries as network
from shop.network.models import Point
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import menu
from shop.web.admin.routes import blueprint
from shop.web.forms import Form, label

_PHONE = re.compile(r"[0-9+()\-./ #*]*")
_WEEK = 7 * 24 * 60
_LAST = 9999


class LocationForm(Form):
    """What is known about a place; the texts of buyers in both languages."""

    name_zh = StringField(label("Name (Chinese)"), [Length(max=120)])
    name_en = StringField(label("Name (English)"), [Length(max=120)])
    point = StringField(label("Run by the point"), [Length(max=200)])
    active = BooleanField(label("Open: what stands here is for sale"), default=True)
    ships = BooleanField(label("Parcels leave from here"), default=True)
    pickup_enabled = BooleanField(label("Buyers may collect here"))
    position = IntegerField(
        label("Order of preference"), [InputRequired(), NumberRange(-_LAST, _LAST)], default=0
    )
    address = StringField(label("Address"), [Length(max=300)])
    phone = StringField(label("Phone"), [Length(max=20)])
    hours_zh = StringField(label("Opening hours (Chinese)"), [Length(max=200)])
    hours_en = StringField(label("Opening hours (English)"), [Length(max=200)])
    instructions_zh = TextAreaField(label("What buyers should know (Chinese)"), [Length(max=500)])
    instructions_en = TextAreaField(label("What buyers should know (English)"), [Length(max=500)])
    ready_minutes = IntegerField(
        label("Ready after (minutes)"), [InputRequired(), NumberRange(0, _WEEK)], default=120
    )

    def validate_name_zh(self, field: StringField) -> None:
        if not (field.data or "").strip() and not (self.name_en.data or "").strip():
            raise ValidationError(say(_l("A place needs a name.")))

    def validate_phone(self, field: StringField) -> None:
        if not _PHONE.fullmatch(field.data or ""):
            raise ValidationError(say(_l("This does not look like a phone number.")))

    def validate_address(self, field: StringField) -> None:
        if self.pickup_enabled.data and not (field.data or "").strip():
            raise ValidationError(say(_l("Buyers need the address to collect their goods.")))

    @property
    def columns(self) -> dict[str, Any]:
        """The place as it was typed, without its code and point."""
        return {
            "name": _both(self.name_zh, self.name_en),
            "address": _line(self.address),
            "phone": _line(self.phone),
            "opening_hours": _both(self.hours_zh, self.hours_en),
            "pickup_instructions": _both(self.instructions_zh, self.instructions_en),
            "pickup_ready_minutes": self.ready_minutes.data,
            "position": self.position.data,
            "ships": bool(self.ships.data),
            "pickup_enabled": bool(self.pickup_enabled.data),
            "active": bool(self.active.data),
        }


class NewLocationForm(LocationForm):
    """A place that is new also gets the code that files and commands name it by."""

    code = StringField(label("Short code"), [InputRequired(), Length(max=40)])


@blueprint.get("/locations")
@access.catalog_staff
def locations() -> Response:
    """All places in the order in which orders are filled, with what stands there."""
    text = request.args.get("text", "").strip()[:120]
    with db.reading() as session:
        page = places.page(session, text=text, after=request.args.get("after", ""))
    return render.page(
        "admin/locations/list.html", page=page, text=text, sees_points=menu.is_open("admin.point")
    )


@blueprint.route("/locations/new", methods=["GET", "POST"])
@access.catalog_staff
def new_location() -> Any:
    """One more place."""
    form = NewLocationForm()
    if form.validate_on_submit():
        try:
            details = form.columns
            with db.unit_of_work() as session:
                location_id = verbs.make_location(
                    session,
                    form.code.data or "",
                    details.pop("name"),
                    point_id=_point_id(session, form),
                    by=current_actor().key,
                    at=clock.now(),
                    **details,
                )
            return render.back_to(
                "admin.location", location_id=location_id, say_so=_l("The place is there.")
            )
        except Invalid as error:
            form.blame(error)
    status = 422 if form.errors or form.form_errors else 200
    return render.page("admin/locations/edit.html", status=status, form=form, row=None, point=None)


@blueprint.route("/locations/<int:location_id>", methods=["GET", "POST"])
@access.catalog_staff
def location(location_id: int) -> Any:
    """One place: change it, open or close it."""
    form = LocationForm()
    if form.validate_on_submit():
        try:
            details = form.columns
            with db.unit_of_work() as session:
                verbs.change_location(
                    session,
                    location_id,
                    point_id=_point_id(session, form),
                    by=current_actor().key,
                    at=clock.now(),
                    **details,
                )
            return render.back_to("admin.location", location_id=location_id, say_so=_l("Saved."))
        except Invalid as error:
            form.blame(error)
    with db.reading() as session:
        found = verbs.one(session, location_id)
        point = network.point(session, found.point_id) if found.point_id else None
        row = places.row(session, location_id)
    if not form.is_submitted():
        _fill(form, found, point)
    return render.page(
        "admin/locations/edit.html",
        status=422 if form.errors or form.form_errors else 200,
        form=form,
        row=row,
        point=point,
        sees_points=menu.is_open("admin.point"),
        sees_audit=menu.is_open("admin.audit_log"),
    )


def _point_id(session: Session, form: LocationForm) -> int | None:
    text = (form.point.data or "").strip()
    if not text:
        return None
    found = network.find(session, text)
    if found is None:
        raise Invalid(_l("No point has this number."), field="point")
    return found.id


def _fill(form: LocationForm, found: Location, point: Point | None) -> None:
    form.name_zh.data = found.name.get("zh", "")
    form.name_en.data = found.name.get("en", "")
    form.point.data = (point.external_key or f"#{point.id}") if point else ""
    form.active.data = found.active
    form.ships.data = found.ships
    form.pickup_enabled.data = found.pickup_enabled
    form.position.data = found.position
    form.address.data = found.address
    form.phone.data = found.phone
    form.hours_zh.data = found.opening_hours.get("zh", "")
    form.hours_en.data = found.opening_hours.get("en", "")
    form.instructions_zh.data = found.pickup_instructions.get("zh", "")
    form.instructions_en.data = found.pickup_instructions.get("en", "")
    form.ready_minutes.data = found.pickup_ready_minutes


def _both(zh: StringField, en: StringField) -> dict[str, str]:
    texts = {"zh": (zh.data or "").strip(), "en": (en.data or "").strip()}
    return {tag: text for tag, text in texts.items() if text}


def _line(field: StringField) -> str:
    return " ".join((field.data or "").split())
