"""The form of a payout destination, on the brand's desk and on the owner's."""

from typing import Any

from wtforms import BooleanField, RadioField, StringField

from shop.kernel.i18n import _l
from shop.network.models import Rail
from shop.rewards.tax_changes import OwnData
from shop.web.forms import Form, choices, label

RAIL_NAMES: dict[Rail, Any] = {
    Rail.BANK_FILE: _l("Bank transfer"),
    Rail.CONNECT: _l("Stripe Connect"),
    Rail.CREDIT_NOTE: _l("Credit note"),
    Rail.PAYROLL_FILE: _l("With the salary"),
    Rail.BY_HAND: _l("By hand"),
}


class DestinationForm(Form):
    """Where a payee's money goes; each rail uses its own fields."""

    rail = RadioField(
        label("The way money goes"),
        choices=choices(RAIL_NAMES),
        default=Rail.BANK_FILE.value,
    )
    holder = StringField(label("Account holder"))
    account_number = StringField(label("Account number or IBAN"))
    bank_name = StringField(label("Bank"))
    bank_code = StringField(label("Bank code (CNAPS, sort code …) or BIC"))
    account_id = StringField(label("Connect account"))
    customer_number = StringField(label("Customer number"))
    personnel_number = StringField(label("Personnel number"))
    instructions = StringField(label("How to pay"))

    @property
    def details(self) -> dict[str, str]:
        return {name: str(text or "") for name, text in self.values.items() if name != "rail"}


OWN_RAILS = (Rail.BANK_FILE, Rail.CONNECT)
"""What owners may choose; salary, credit notes and cash are agreed with the brand."""


class OwnDestinationForm(DestinationForm):
    """What owners fill in for themselves."""

    rail = RadioField(
        label("The way money goes"),
        choices=choices({rail: RAIL_NAMES[rail] for rail in OWN_RAILS}),
        default=Rail.BANK_FILE.value,
    )


class OwnTaxForm(Form):
    """Tax data that owners fill in for themselves."""

    legal_name = StringField(label("Legal name"))
    address = StringField(label("Address"))
    tax_id = StringField(label("Tax number"))
    self_billing = BooleanField(label("The brand may write my invoices for me (self-billing)."))

    @property
    def wanted(self) -> OwnData:
        return OwnData(
            legal_name=self.legal_name.data or "",
            address=self.address.data or "",
            tax_id=self.tax_id.data or "",
            self_billing=bool(self.self_billing.data),
        )
