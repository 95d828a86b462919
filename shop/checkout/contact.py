"""Who buys and where it goes: checked and normalized, with every bad field named at once."""

from collections.abc import Mapping
from typing import Any

from shop.accounts.contacts import normal_email, normal_phone
from shop.kernel.errors import Invalid
from shop.kernel.words import Words, _l

__all__ = ["ADDRESS_FIELDS", "check", "normal_email", "normal_phone", "reach"]

ADDRESS_FIELDS: dict[str, tuple[str, ...]] = {
    "CN": ("province", "city", "district", "address"),
    "HK": ("district", "address"),
    "MO": ("district", "address"),
    "TW": ("city", "district", "address"),
    "SG": ("address", "postal_code"),
    "IE": ("city", "address"),
    "JP": ("province", "city", "address", "postal_code"),
    "GB": ("city", "address", "postal_code"),
}
"""What an address needs, by country; no postcode is forced where the country has none (test E3)."""
_ANYWHERE = ("city", "address")

_TEXTS = ("province", "city", "district", "address", "postal_code", "division_code")
_LONGEST = {"name": 120, "address": 300, "division_code": 20, "postal_code": 20}


def check(
    typed: Mapping[str, Any], *, country: str, needs_address: bool, consent_version: str
) -> dict[str, Any]:
    """The columns of OrderContact.

    Raises Invalid with one sentence for each bad field.
    """
    wrong: dict[str, Words | str] = {}
    clean = {name: _text(typed, name, wrong) for name in ("name", *_TEXTS)}
    clean["country"] = (str(typed.get("country") or country)).upper()[:2]
    if not clean["name"]:
        wrong["name"] = _l("Please tell us your name.")
    phone = normal_phone(str(typed.get("phone") or ""), clean["country"], wrong)
    email = normal_email(str(typed.get("email") or ""), wrong)
    if phone is None and email is None and not {"phone", "email"} & wrong.keys():
        wrong["phone"] = _l("Please give a phone number or an e-mail address.")
    if needs_address:
        for name in ADDRESS_FIELDS.get(clean["country"], _ANYWHERE):
            if not clean[name]:
                wrong.setdefault(name, _l("Please fill this in."))
    if not typed.get("consent"):
        wrong["consent"] = _l("Please agree to the terms so that we can take your order.")
    if wrong:
        raise Invalid(_l("Please check the marked fields."), fields=wrong)
    return {**clean, "phone": phone, "email": email, "consent_version": consent_version}


def reach(typed: Mapping[str, Any], *, country: str) -> tuple[str | None, str | None]:
    """Phone and e-mail as they would be stored; None for what is missing or bad."""
    where = (str(typed.get("country") or country)).upper()[:2]
    return (
        normal_phone(str(typed.get("phone") or ""), where, {}),
        normal_email(str(typed.get("email") or ""), {}),
    )


def _text(typed: Mapping[str, Any], name: str, wrong: dict[str, Words | str]) -> str:
    text = " ".join(str(typed.get(name) or "").split())
    if len(text) > _LONGEST.get(name, 40):
        wrong[name] = _l("This is too long.")
        return ""
    return text
