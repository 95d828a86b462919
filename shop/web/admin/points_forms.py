"""Forms about points."""

from typing import Any

from wtforms import RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from shop.accounts.contacts import normal_email, normal_phone
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _l
from shop.kernel.words import Words
from shop.network.models import PointKind, Rail
from shop.web import render
from shop.web.forms import Form

KIND_NAMES = {
    PointKind.DEALER: _l("Dealer"),
    PointKind.STORE: _l("Store"),
    PointKind.EMPLOYEE: _l("Employee"),
    PointKind.PARTNER: _l("Partner"),
    PointKind.CUSTOMER: _l("Customer"),
}
RAIL_NAMES = {
    Rail.BANK_FILE: _l("Bank transfer"),
    Rail.CONNECT: _l("Stripe Connect"),
    Rail.CREDIT_NOTE: _l("Credit note"),
    Rail.PAYROLL_FILE: _l("With the salary"),
    Rail.BY_HAND: _l("By hand"),
}


class PointForm(Form):
    """What is known about a point."""

    name = StringField(_l("Name"), [InputRequired(), Length(max=200)])
    kind = SelectField(_l("Kind"), choices=[(kind.value, name) for kind, name in KIND_NAMES.items()])
    external_key = StringField(_l("The brand's number"), [Length(max=80)])
    group_key = StringField(_l("Plan group"), [Length(max=40)])
    grade = StringField(_l("Grade"), [Length(max=40)])
    territory = StringField(_l("Territory (division code)"), [Length(max=20)])
    contact_phone = StringField(_l("Phone"), [Length(max=20)])
    contact_email = StringField(_l("E-mail"), [Length(max=254)])
    province = StringField(_l("Province"), [Length(max=40)])
    city = StringField(_l("City"), [Length(max=40)])
    district = StringField(_l("District"), [Length(max=40)])
    address = StringField(_l("Address"), [Length(max=300)])

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

    manager = StringField(_l("Managed by (number or id; empty for none)"), [Length(max=80)])
    owner = StringField(_l("Owner's phone or e-mail, to invite"), [Length(max=254)])


class DestinationForm(Form):
    """Where a payee's money goes; each rail uses its own fields."""

    rail = RadioField(
        _l("The way money goes"),
        choices=[(rail.value, name) for rail, name in RAIL_NAMES.items()],
        default=Rail.BANK_FILE.value,
    )
    holder = StringField(_l("Account holder"))
    account_number = StringField(_l("Account number or IBAN"))
    bank_name = StringField(_l("Bank"))
    bank_code = StringField(_l("Bank code (CNAPS or BIC)"))
    account_id = StringField(_l("Connect account"))
    customer_number = StringField(_l("Customer number"))
    personnel_number = StringField(_l("Personnel number"))
    instructions = StringField(_l("How to pay"))

    @property
    def details(self) -> dict[str, str]:
        return {name: str(text or "") for name, text in self.values.items() if name != "rail"}
