"""The card or wallet that a buyer pays with."""

from ..errors import Json

NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def billing_details(email: str | None) -> Json:
    """Return what is known of the payer."""
    return {
        "address": dict(NO_ADDRESS),
        "email": email,
        "name": None,
        "phone": None,
        "tax_id": None,
    }


def payment_method(
    method_id: str, *, kind: str, card: Json | None, email: str | None, now: int
) -> Json:
    """Return a payment method; `card` holds brand, last4 and fingerprint where kind is card."""
    method: Json = {
        "id": method_id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": billing_details(email),
        "created": now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": kind,
    }
    return {**method, kind: {} if card is None else _card(card)}


def _card(card: Json) -> Json:
    return {
        "brand": card["brand"],
        "checks": _checks(),
        "country": "US",
        "display_brand": card["brand"],
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": card["fingerprint"],
        "funding": "credit",
        "generated_from": None,
        "last4": card["last4"],
        "networks": {"available": [card["brand"]], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def card_details(card: Json, *, amount: int, authenticated: bool) -> Json:
    """Return what a charge says about the card that it was made with."""
    return {
        "amount_authorized": amount,
        "authorization_code": "123456",
        "brand": card["brand"],
        "checks": _checks(),
        "country": "US",
        "exp_month": 12,
        "exp_year": 2034,
        "extended_authorization": {"status": "disabled"},
        "fingerprint": card["fingerprint"],
        "funding": "credit",
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": card["last4"],
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": _authentication() if authenticated else None,
        "transaction_link_id": None,
        "wallet": None,
    }


def wallet_details(kind: str, *, fingerprint: str, transaction_id: str) -> Json:
    """Return what a charge says about the wallet that it was made with."""
    if kind == "alipay":
        buyer = "2088" + str(int.from_bytes(fingerprint.encode()[:6], "big"))[:12].zfill(12)
        return {"buyer_id": buyer, "fingerprint": fingerprint, "transaction_id": transaction_id}
    return {
        "fingerprint": fingerprint,
        "location": None,
        "reader": None,
        "transaction_id": transaction_id,
    }


def _checks() -> Json:
    return {
        "address_line1_check": None,
        "address_postal_code_check": None,
        "cvc_check": "pass",
    }


def _authentication() -> Json:
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": None,
        "version": "2.2.0",
    }
