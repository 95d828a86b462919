"""The hosted checkout page's record: what is sold, for how much, and how far the buyer came."""

from typing import Any

from ..errors import Json


def checkout_session(
    session_id: str,
    *,
    params: Json,
    lines: list[Json],
    methods: list[str],
    now: int,
    expires_at: int,
    url: str,
) -> Json:
    """Return an open, unpaid session; its line items are kept beside it as `_line_items`."""
    total = sum(line["amount_total"] for line in lines)
    email = params.get("customer_email")
    return {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": now,
        "currency": lines[0]["currency"],
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
        ),
        "customer": None,
        "customer_account": None,
        "customer_creation": "if_required",
        "customer_details": customer_details(email) if email else None,
        "customer_email": email,
        "discounts": [],
        "excluded_payment_method_types": params.get("excluded_payment_method_types"),
        "expires_at": expires_at,
        "integration_identifier": None,
        "invoice": None,
        "invoice_creation": {"enabled": False, "invoice_data": _invoice_data()},
        "livemode": False,
        "locale": params.get("locale"),
        "managed_payments": {"enabled": False},
        "metadata": params.get("metadata") or {},
        "mode": "payment",
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": _method_options(params),
        "payment_method_types": methods,
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": url,
        "wallet_options": None,
        "_line_items": lines,
        "_intent_data": params.get("payment_intent_data", {}),
    }


def customer_details(email: str) -> Json:
    """Return what the page learned of the buyer."""
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def line_item(line_id: str, *, price_id: str, product_id: str, params: Json, now: int) -> Json:
    """Return one line of a session; its price was made on the spot."""
    price_data, quantity = params["price_data"], params["quantity"]
    amount, currency = price_data["unit_amount"] * quantity, price_data["currency"]
    return {
        "id": line_id,
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": currency,
        "description": price_data["product_data"]["name"],
        "metadata": params.get("metadata") or {},
        "price": _price(price_id, product_id, price_data, now),
        "quantity": quantity,
    }


def _price(price_id: str, product_id: str, data: Json, now: int) -> Json:
    return {
        "id": price_id,
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": now,
        "currency": data["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product_id,
        "recurring": None,
        "tax_behavior": data.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": data["unit_amount"],
        "unit_amount_decimal": str(data["unit_amount"]),
    }


def _method_options(params: Json) -> Json:
    given: Json = params.get("payment_method_options", {})
    options: Json = {name: dict(value) for name, value in given.items()}
    if "card" in options:
        options["card"].setdefault("request_three_d_secure", "automatic")
    return options


def _invoice_data() -> dict[str, Any]:
    return {
        "account_tax_ids": None,
        "custom_fields": None,
        "description": None,
        "footer": None,
        "issuer": None,
        "metadata": {},
        "rendering_options": None,
    }
