"""What happens to a PaymentIntent: attempt, action, late settlement, capture, cancellation."""

from . import balances
from .core import Sandbox, public
from .currencies import LARGEST_CHARGE, METHOD_CURRENCIES, display, smallest_charge
from .errors import Json, Refused, invalid
from .schemas import METHODS
from .shapes.charge import approved, charge, declined
from .shapes.payment_intent import payment_intent
from .shapes.payment_method import card_details, wallet_details
from .ways_to_pay import Outcome

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")

DECLINE_MESSAGES = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
}


def check_amount(amount: int, currency: str, *, param: str) -> None:
    """Raise Refused unless the amount lies between the currency's bounds."""
    least = smallest_charge(currency)
    if amount < least:
        raise Refused(
            f"The total must be at least {display(least, currency)}.",
            code="amount_too_small",
            param=param,
            executed=False,
        )
    if amount > LARGEST_CHARGE:
        raise Refused(
            f"The total must be no more than {display(LARGEST_CHARGE, currency)}.",
            code="amount_too_large",
            param=param,
            executed=False,
        )


def offered_methods(params: Json, currency: str) -> list[str]:
    """Return the ways to pay: all that take the currency, within what is allowed or excluded.

    Raises Refused if none is left, or both limits are given.
    """
    if "allowed_payment_method_types" in params and "excluded_payment_method_types" in params:
        raise invalid(
            "Only one of allowed_payment_method_types and excluded_payment_method_types may be "
            "given.",
            code="parameters_exclusive",
            param="allowed_payment_method_types",
        )
    allowed = params.get("allowed_payment_method_types", METHODS)
    excluded = params.get("excluded_payment_method_types", [])
    offered = [
        method
        for method in METHODS
        if currency in METHOD_CURRENCIES[method] and method in allowed and method not in excluded
    ]
    if not offered:
        raise invalid(
            f"No way to pay is left for {currency}.", param="allowed_payment_method_types"
        )
    return offered


def create(
    sandbox: Sandbox,
    *,
    amount: int,
    currency: str,
    methods: list[str],
    params: Json,
    session_id: str | None = None,
) -> Json:
    """Return a new PaymentIntent; `session_id` ties it to the checkout page that it comes from."""
    intent_id = sandbox.new_id("pi")
    secret = f"{intent_id}_secret_{sandbox.store.scramble('secret:' + intent_id, 25)}"
    intent = payment_intent(
        intent_id,
        amount=amount,
        currency=currency,
        methods=methods,
        now=sandbox.now(),
        client_secret=secret,
        params=params,
    )
    intent["_session"] = session_id
    sandbox.add(intent)
    sandbox.emit("payment_intent.created", intent)
    return intent


def attempt(sandbox: Sandbox, intent: Json, method: Json) -> Json:
    """Try to take the money; how it ends is written in the payment method.

    Raises Refused if the intent is past trying or does not take this kind of method.
    """
    _require_state(intent, OPEN, "confirm")
    if method["type"] not in intent["payment_method_types"]:
        raise Refused(
            f"This PaymentIntent does not take payments by {method['type']}.",
            code="payment_intent_incompatible_payment_method",
            param="payment_method",
        )
    intent["payment_method"] = method["id"]
    match Outcome(method["_outcome"]):
        case Outcome.DECLINE:
            return _decline(sandbox, intent, method)
        case Outcome.ACTION:
            return _ask_for_action(sandbox, intent, method)
        case Outcome.LATE_SUCCESS:
            return _wait(sandbox, intent, method, "settle_payment")
        case Outcome.LATE_FAILURE:
            return _wait(sandbox, intent, method, "fail_payment")
        case _:
            return _take(sandbox, intent, _new_charge(sandbox, intent, method), method)


def finish_action(sandbox: Sandbox, intent: Json, *, approve: bool) -> Json:
    """Let the buyer pass or fail the step that the bank or the wallet asked for."""
    _require_state(intent, ("requires_action",), "finish")
    method = sandbox.need("payment_method", intent["payment_method"])
    intent["next_action"] = None
    if approve:
        made = _new_charge(sandbox, intent, method, authenticated=True)
        return _take(sandbox, intent, made, method)
    return _fail(
        sandbox,
        intent,
        method,
        code="payment_intent_authentication_failure",
        message="The payment was not confirmed. Choose another way to pay, or try again.",
    )


def settle(sandbox: Sandbox, intent: Json) -> Json:
    """Bring in a late payment."""
    _require_state(intent, ("processing",), "settle")
    method = sandbox.need("payment_method", intent["payment_method"])
    return _take(sandbox, intent, sandbox.need("charge", intent["latest_charge"]), method)


def fail(sandbox: Sandbox, intent: Json) -> Json:
    """Let a late payment come to nothing."""
    _require_state(intent, ("processing",), "fail")
    method = sandbox.need("payment_method", intent["payment_method"])
    made = sandbox.need("charge", intent["latest_charge"])
    message = "The payment did not arrive."
    _mark_failed(sandbox, made, code="payment_intent_payment_attempt_failed", message=message)
    return _fail(
        sandbox,
        intent,
        method,
        code="payment_intent_payment_attempt_failed",
        message=message,
        charge_id=made["id"],
    )


def capture(sandbox: Sandbox, intent: Json, amount: int | None) -> Json:
    """Take money that was authorized before; the rest is let go."""
    _require_state(intent, ("requires_capture",), "capture")
    taken = intent["amount_capturable"] if amount is None else amount
    if taken > intent["amount_capturable"]:
        raise Refused(
            f"Only {display(intent['amount_capturable'], intent['currency'])} can be captured.",
            code="amount_too_large",
            param="amount_to_capture",
        )
    made = sandbox.need("charge", intent["latest_charge"])
    line = _book_charge(sandbox, made, taken, at_once=False)
    released = made["amount"] - taken
    sandbox.change(
        made,
        captured=True,
        amount_captured=taken,
        amount_refunded=released,
        balance_transaction=line["id"],
    )
    sandbox.emit("charge.captured", made)
    sandbox.change(intent, status="succeeded", amount_received=taken, amount_capturable=0)
    sandbox.emit("payment_intent.succeeded", intent)
    return intent


def cancel(sandbox: Sandbox, intent: Json, *, reason: str | None) -> Json:
    """Give a payment up for good; authorized money is let go."""
    _require_state(intent, (*OPEN, "requires_capture"), "cancel")
    if intent["status"] == "requires_capture":
        made = sandbox.need("charge", intent["latest_charge"])
        former = sandbox.change(made, refunded=True, amount_refunded=made["amount"])
        sandbox.emit("charge.refunded", made, former)
    sandbox.change(
        intent,
        status="canceled",
        canceled_at=sandbox.now(),
        cancellation_reason=reason,
        amount_capturable=0,
        next_action=None,
    )
    sandbox.emit("payment_intent.canceled", intent)
    return intent


def _take(sandbox: Sandbox, intent: Json, made: Json, method: Json) -> Json:
    manual = intent["capture_method"] == "manual"
    made.update(
        paid=True, status="succeeded", outcome=approved(method["type"]), captured=not manual
    )
    made["_refund_plan"] = method.get("_refund_plan")
    intent.update(latest_charge=made["id"], last_payment_error=None, processing=None)
    if manual:
        sandbox.store.update(made)
        sandbox.emit("charge.succeeded", made)
        sandbox.change(intent, status="requires_capture", amount_capturable=intent["amount"])
        sandbox.emit("payment_intent.amount_capturable_updated", intent)
        return intent
    made["amount_captured"] = made["amount"]
    sandbox.emit("charge.succeeded", made)
    sandbox.change(intent, status="succeeded", amount_received=intent["amount"])
    sandbox.emit("payment_intent.succeeded", intent)
    at_once = bool(method.get("_available_at_once"))
    line = _book_charge(sandbox, made, made["amount"], at_once=at_once)
    former = sandbox.change(made, balance_transaction=line["id"])
    sandbox.emit("charge.updated", made, former)
    if method["_outcome"] == Outcome.DISPUTE:
        sandbox.plan_later("open_dispute", made["id"])
    return intent


def _decline(sandbox: Sandbox, intent: Json, method: Json) -> Json:
    decline_code = method.get("_decline_code") or "generic_decline"
    code = "expired_card" if decline_code == "expired_card" else "card_declined"
    message = DECLINE_MESSAGES[decline_code]
    if method["type"] != "card":
        code, message = "payment_intent_payment_attempt_failed", "The wallet refused the payment."
    made = _new_charge(sandbox, intent, method)
    made["outcome"] = declined(decline_code)
    _mark_failed(sandbox, made, code=code, message=message)
    return _fail(
        sandbox,
        intent,
        method,
        code=code,
        message=message,
        charge_id=made["id"],
        decline_code=decline_code if code == "card_declined" else None,
    )


def _mark_failed(sandbox: Sandbox, made: Json, *, code: str, message: str) -> None:
    sandbox.change(made, status="failed", paid=False, failure_code=code, failure_message=message)
    sandbox.emit("charge.failed", made)


def _fail(
    sandbox: Sandbox,
    intent: Json,
    method: Json,
    *,
    code: str,
    message: str,
    charge_id: str | None = None,
    decline_code: str | None = None,
) -> Json:
    error = {
        "charge": charge_id,
        "code": code,
        "decline_code": decline_code,
        "message": message,
        "payment_method": public(method),
        "type": "card_error" if method["type"] == "card" else "invalid_request_error",
    }
    sandbox.change(
        intent,
        status="requires_payment_method",
        payment_method=None,
        processing=None,
        latest_charge=charge_id or intent["latest_charge"],
        last_payment_error={name: value for name, value in error.items() if value is not None},
    )
    sandbox.emit("payment_intent.payment_failed", intent)
    return intent


def _ask_for_action(sandbox: Sandbox, intent: Json, method: Json) -> Json:
    sandbox.change(
        intent, status="requires_action", next_action=_next_action(sandbox, intent, method)
    )
    sandbox.emit("payment_intent.requires_action", intent)
    return intent


def _next_action(sandbox: Sandbox, intent: Json, method: Json) -> Json:
    page = sandbox.url(f"/c/pay/{intent['_session']}/confirm" if intent["_session"] else "/")
    kind = {"alipay": "alipay_handle_redirect", "wechat_pay": "wechat_pay_display_qr_code"}.get(
        method["type"], "redirect_to_url"
    )
    facts: dict[str, Json] = {
        "redirect_to_url": {"return_url": page, "url": page},
        "alipay_handle_redirect": {
            "native_data": None,
            "native_url": None,
            "return_url": page,
            "url": page,
        },
        "wechat_pay_display_qr_code": {
            "data": f"weixin://wxpay/bizpayurl?pr={intent['id']}",
            "hosted_instructions_url": page,
            "image_data_url": "",
            "image_url_png": page,
            "image_url_svg": page,
        },
    }
    return {"type": kind, kind: facts[kind]}


def _wait(sandbox: Sandbox, intent: Json, method: Json, verb: str) -> Json:
    made = _new_charge(sandbox, intent, method)
    sandbox.emit("charge.pending", made)
    sandbox.change(
        intent, status="processing", latest_charge=made["id"], processing={"type": "card"}
    )
    sandbox.emit("payment_intent.processing", intent)
    sandbox.plan_later(verb, intent["id"])
    return intent


def _new_charge(
    sandbox: Sandbox, intent: Json, method: Json, *, authenticated: bool = False
) -> Json:
    kind = method["type"]
    charge_id = sandbox.new_id("ch" if kind == "card" else "py")
    if kind == "card":
        details = card_details(method["card"], amount=intent["amount"], authenticated=authenticated)
    else:
        details = wallet_details(
            kind,
            fingerprint=sandbox.store.scramble(f"wallet:{kind}", 16),
            transaction_id=sandbox.store.scramble(f"wallet:{charge_id}", 28),
        )
    made = charge(
        charge_id,
        intent=intent,
        method=method,
        details=details,
        receipt_url=sandbox.url(f"/receipts/{charge_id}"),
        now=sandbox.now(),
    )
    return sandbox.add(made)


def _book_charge(sandbox: Sandbox, made: Json, amount: int, *, at_once: bool) -> Json:
    wait = 0 if at_once else int(sandbox.settings.settle_after.total_seconds())
    return balances.book(
        sandbox,
        amount,
        made["currency"],
        kind="charge" if made["id"].startswith("ch_") else "payment",
        category="charge",
        source=made["id"],
        fee=(amount * sandbox.settings.fee_bps + 5000) // 10000,
        available_on=sandbox.now() + wait,
    )


def _require_state(intent: Json, states: tuple[str, ...], verb: str) -> None:
    if intent["status"] not in states:
        raise Refused(
            f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}. "
            f"Only a PaymentIntent with one of these can: {', '.join(states)}.",
            code="payment_intent_unexpected_state",
        )
