"""Forms about points."""

from typing import Any

from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from shop.accounts.contacts import normal_email, normal_phone
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _l
from shop.kernel.words import Words
from shop.web import render
from shop.web.forms import Form, choices, label
from shop.web.kinds import KIND_NAMES


class PointForm(Form):
    """What is known about a point."""

    name = StringField(label("Name"), [InputRequired(), Length(max=200)])
    kind = SelectField(label("Kind"), choices=choices(KIND_NAMES))
    external_key = StringField(label("The brand's number"), [Length(max=80)])
    group_key = StringField(label("Plan group"), [Length(max=40)])
    grade = StringField(label("Grade"), [Length(max=40)])
    territory = StringField(label("Territory (division code)"), [Length(max=20)])
    contact_phone = StringField(label("Phone"), [Length(max=20)])
    contact_email = StringField(label("E-mail"), [Length(max=254)])
    province = StringField(label("Province"), [Length(max=40)])
    city = StringField(label("City"), [Length(max=40)])
    district = StringField(label("District"), [Length(max=40)])
    address = StringField(label("Address"), [Length(max=300)])

    @property
    def clean(self) -> dict[str, Any]:
        """What the verbs take; raises Invalid for a bad phone number or e-mail address."""
        values = {name: " ".join(str(text or "").split()) for name, text in self.values.items()}
        wrong: dict[str, Words | str] = {}
        phone = normal_phone(values["contact_phone"], render.current_brand().country, wrong)
        email = normal_email(values["contact_email"], wrong)
        if wrong:
            fields = {f"contact_{name}": words for name, words in wrong.items()}
            raise Invalid(_l("Please check the marked fields."), fields=fields)
        return {
            **values,
            "external_key": values["external_key"] or None,
            "contact_phone": phone or "",
            "contact_email": email or "",
        }


class NewPointForm(PointForm):
    """A point that staff make: with its manager and its owner's contact."""

    manager = StringField(label("Managed by (number or id; empty for none)"), [Length(max=80)])
    owner = StringField(label("Owner's phone or e-mail, to invite"), [Length(max=254)])
