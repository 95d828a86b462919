"""A connected account, from its first form to the day it can be paid."""

from ..errors import Json
from .payment_method import NO_ADDRESS
from .transfer import listing

COUNTRY_CURRENCIES = {"HK": "hkd", "US": "usd", "GB": "gbp", "SG": "sgd", "JP": "jpy", "AU": "aud",
                      "CA": "cad", "NZ": "nzd", "CH": "chf", "MY": "myr", "TH": "thb"}  # fmt: skip

TO_BE_GIVEN = (
    "business_profile.url",
    "business_type",
    "external_account",
    "tos_acceptance.date",
    "tos_acceptance.ip",
)


def account(account_id: str, *, params: Json, default_country: str, now: int) -> Json:
    """Return an express account whose owner has not filled in anything yet."""
    country = params.get("country", default_country).upper()
    asked = params.get("capabilities", {"transfers": {"requested": True}})
    return {
        "id": account_id,
        "object": "account",
        "business_profile": business_profile(params.get("business_profile", {})),
        "business_type": params.get("business_type"),
        "capabilities": {name: "inactive" for name, facts in asked.items() if facts["requested"]},
        "charges_enabled": False,
        "controller": {
            "fees": {"payer": "application_express"},
            "is_controller": True,
            "losses": {"payments": "application"},
            "requirement_collection": "stripe",
            "stripe_dashboard": {"type": "express"},
            "type": "application",
        },
        "country": country,
        "created": now,
        "default_currency": default_currency(country),
        "details_submitted": False,
        "email": params.get("email"),
        "external_accounts": listing(f"/v1/accounts/{account_id}/external_accounts"),
        "future_requirements": requirements([]),
        "metadata": params.get("metadata") or {},
        "payouts_enabled": False,
        "requirements": requirements(list(TO_BE_GIVEN), disabled="requirements.past_due"),
        "settings": _settings(),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": "express",
    }


def default_currency(country: str) -> str:
    """Return the currency in which an account of this country is paid out."""
    return COUNTRY_CURRENCIES.get(country, "eur")


def business_profile(given: Json) -> Json:
    """Return the public face of the account's owner."""
    known = {
        "annual_revenue": None,
        "estimated_worker_count": None,
        "mcc": None,
        "minority_owned_business_designation": None,
        "name": None,
        "product_description": None,
        "support_address": dict(NO_ADDRESS),
        "support_email": None,
        "support_phone": None,
        "support_url": None,
        "url": None,
    }
    return {**known, **given}


def requirements(due: list[str], *, disabled: str | None = None) -> Json:
    """Return what the owner still has to give, and why the account is held back."""
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": due,
        "disabled_reason": disabled,
        "errors": [],
        "eventually_due": due,
        "past_due": due if disabled else [],
        "pending_verification": [],
    }


def bank_account(bank_id: str, *, account: Json, fingerprint: str) -> Json:
    """Return the bank account that an owner gave while signing up."""
    return {
        "id": bank_id,
        "object": "bank_account",
        "account": account["id"],
        "account_holder_name": None,
        "account_holder_type": None,
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": "Sandbox Bank",
        "country": account["country"],
        "currency": account["default_currency"],
        "default_for_currency": True,
        "fingerprint": fingerprint,
        "future_requirements": _bank_requirements(),
        "last4": "6789",
        "metadata": {},
        "requirements": _bank_requirements(),
        "routing_number": "110000000",
        "status": "new",
    }


def account_link(*, url: str, now: int, expires_at: int) -> Json:
    """Return the one-time address of the sign-up form."""
    return {"object": "account_link", "created": now, "expires_at": expires_at, "url": url}


def _bank_requirements() -> Json:
    return {"currently_due": [], "errors": [], "past_due": [], "pending_verification": []}


def _settings() -> Json:
    descriptor = dict.fromkeys(
        (
            "statement_descriptor",
            "statement_descriptor_kana",
            "statement_descriptor_kanji",
            "statement_descriptor_prefix_kana",
            "statement_descriptor_prefix_kanji",
        )
    )
    return {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": None},
        "payments": descriptor,
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }
