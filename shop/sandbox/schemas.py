"""Which parameters each endpoint takes: the part of Stripe's API that the sandbox simulates.

A test holds every name against the official SDK's own types.
"""

from .params import (
    Address,
    Choice,
    Currency,
    Email,
    Flag,
    Integer,
    Items,
    Moment,
    Node,
    Pairs,
    Retired,
    Struct,
    Text,
)

METHODS = ("card", "alipay", "wechat_pay")

LOCALES = (
    "auto", "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi",
    "fil", "fr", "fr-CA", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt",
    "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi",
    "zh", "zh-HK", "zh-TW",
)  # fmt: skip

ID = Text(255)
EXPAND = Items(Text(255))
RETRIEVE = Struct({"expand": EXPAND})
ACT = RETRIEVE


def _list(**filters: Node) -> Struct:
    pages: dict[str, Node] = {"limit": Integer(1, 100), "starting_after": ID, "ending_before": ID}
    return Struct({**pages, "expand": EXPAND, **filters})


_PRODUCT_DATA = Struct(
    {
        "name": Text(250),
        "description": Text(5000),
        "images": Items(Address(), 8),
        "metadata": Pairs(),
    },
    required=("name",),
)
_PRICE_DATA = Struct(
    {
        "currency": Currency(),
        "product_data": _PRODUCT_DATA,
        "unit_amount": Integer(0),
        "tax_behavior": Choice(("exclusive", "inclusive", "unspecified")),
    },
    required=("currency", "product_data", "unit_amount"),
)
_LINE_ITEM = Struct(
    {"price_data": _PRICE_DATA, "quantity": Integer(1), "metadata": Pairs()},
    required=("price_data", "quantity"),
)
_METHOD_OPTIONS = Struct(
    {
        "card": Struct({"request_three_d_secure": Choice(("any", "automatic", "challenge"))}),
        "alipay": Struct({}),
        "wechat_pay": Struct({"client": Choice(("web",)), "app_id": ID}, required=("client",)),
    }
)

SESSION_CREATE = Struct(
    {
        "mode": Choice(("payment",)),
        "ui_mode": Choice(("hosted_page",)),
        "line_items": Items(_LINE_ITEM),
        "allowed_payment_method_types": Items(Choice(METHODS)),
        "excluded_payment_method_types": Items(Choice(METHODS)),
        "payment_method_types": Retired("payment_method_types_no_longer_supported"),
        "payment_method_options": _METHOD_OPTIONS,
        "client_reference_id": Text(200),
        "metadata": Pairs(),
        "payment_intent_data": Struct(
            {
                "metadata": Pairs(),
                "transfer_group": Text(255),
                "description": Text(1000),
                "receipt_email": Email(),
                "statement_descriptor_suffix": Text(22),
            }
        ),
        "customer_email": Email(),
        "success_url": Address(),
        "cancel_url": Address(),
        "expires_at": Integer(0),
        "locale": Choice(LOCALES),
        "submit_type": Choice(("auto", "book", "donate", "pay")),
        "expand": EXPAND,
    },
    required=("line_items", "mode", "success_url"),
)
SESSION_LIST = _list(
    payment_intent=ID, status=Choice(("open", "complete", "expired")), created=Moment()
)

INTENT_CREATE = Struct(
    {
        "amount": Integer(1),
        "currency": Currency(),
        "automatic_payment_methods": Struct(
            {"enabled": Flag(), "allow_redirects": Choice(("always", "never"))},
            required=("enabled",),
        ),
        "allowed_payment_method_types": Items(Choice(METHODS)),
        "excluded_payment_method_types": Items(Choice(METHODS)),
        "payment_method_types": Retired("payment_method_types_no_longer_supported"),
        "payment_method_options": _METHOD_OPTIONS,
        "payment_method": ID,
        "capture_method": Choice(("automatic", "automatic_async", "manual")),
        "confirm": Flag(),
        "description": Text(1000),
        "receipt_email": Email(),
        "return_url": Address(),
        "statement_descriptor_suffix": Text(22),
        "transfer_group": Text(255),
        "metadata": Pairs(),
        "expand": EXPAND,
    },
    required=("amount", "currency"),
)
INTENT_CONFIRM = Struct(
    {
        "payment_method": ID,
        "payment_method_options": _METHOD_OPTIONS,
        "receipt_email": Email(),
        "return_url": Address(),
        "expand": EXPAND,
    }
)
INTENT_CANCEL = Struct(
    {
        "cancellation_reason": Choice(
            ("abandoned", "duplicate", "fraudulent", "requested_by_customer")
        ),
        "expand": EXPAND,
    }
)
INTENT_CAPTURE = Struct({"amount_to_capture": Integer(1), "expand": EXPAND})
INTENT_LIST = _list(created=Moment())

CHARGE_LIST = _list(payment_intent=ID, transfer_group=Text(255), created=Moment())

REFUND_CREATE = Struct(
    {
        "charge": ID,
        "payment_intent": ID,
        "amount": Integer(1),
        "reason": Choice(("duplicate", "fraudulent", "requested_by_customer")),
        "metadata": Pairs(),
        "expand": EXPAND,
    }
)
REFUND_LIST = _list(charge=ID, payment_intent=ID, created=Moment())
METADATA_UPDATE = Struct({"metadata": Pairs(), "expand": EXPAND})

EVIDENCE = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
]
DISPUTE_UPDATE = Struct(
    {
        "evidence": Struct({name: Text(150_000, clearable=True) for name in EVIDENCE}),
        "metadata": Pairs(),
        "submit": Flag(),
        "expand": EXPAND,
    }
)
DISPUTE_LIST = _list(charge=ID, payment_intent=ID, created=Moment())

TRANSFER_CREATE = Struct(
    {
        "amount": Integer(1),
        "currency": Currency(),
        "destination": ID,
        "description": Text(1000),
        "source_transaction": ID,
        "transfer_group": Text(255),
        "metadata": Pairs(),
        "expand": EXPAND,
    },
    required=("amount", "currency", "destination"),
)
TRANSFER_LIST = _list(transfer_group=Text(255), destination=ID, created=Moment())
REVERSAL_CREATE = Struct(
    {"amount": Integer(1), "description": Text(1000), "metadata": Pairs(), "expand": EXPAND}
)
REVERSAL_LIST = _list()

_BUSINESS_PROFILE = Struct(
    {
        "mcc": Text(4),
        "name": Text(250),
        "product_description": Text(5000),
        "support_email": Email(),
        "support_phone": Text(40),
        "url": Address(),
    }
)
_CAPABILITY = Struct({"requested": Flag()})
_CAPABILITIES = Struct({"card_payments": _CAPABILITY, "transfers": _CAPABILITY})
_ACCOUNT: dict[str, Node] = {
    "business_profile": _BUSINESS_PROFILE,
    "business_type": Choice(("company", "government_entity", "individual", "non_profit")),
    "capabilities": _CAPABILITIES,
    "email": Email(),
    "metadata": Pairs(),
    "expand": EXPAND,
}
ACCOUNT_CREATE = Struct({"type": Choice(("express",)), "country": Text(2), **_ACCOUNT})
ACCOUNT_UPDATE = Struct(_ACCOUNT)
ACCOUNT_LIST = _list(created=Moment())
ACCOUNT_LINK_CREATE = Struct(
    {
        "account": ID,
        "type": Choice(("account_onboarding", "account_update")),
        "refresh_url": Address(),
        "return_url": Address(),
        "collection_options": Struct(
            {
                "fields": Choice(("currently_due", "eventually_due")),
                "future_requirements": Choice(("include", "omit")),
            }
        ),
        "expand": EXPAND,
    },
    required=("account", "refresh_url", "return_url", "type"),
)

PAYOUT_LIST = _list(status=Choice(("paid", "pending", "failed", "canceled")), created=Moment())
BALANCE_TRANSACTION_LIST = _list(created=Moment())
EVENT_LIST = _list(
    type=Text(80), types=Items(Text(80), 20), delivery_success=Flag(), created=Moment()
)
