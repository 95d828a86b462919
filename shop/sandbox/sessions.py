"""What happens to a Checkout Session: created, paid on its page, paid late, expired."""

from . import payments
from .core import Sandbox
from .errors import Json, Refused, invalid
from .shapes.checkout_session import checkout_session, customer_details, line_item
from .ways_to_pay import OUTCOMES, Outcome, method_from_page

SHORTEST = 30 * 60
LONGEST = 24 * 60 * 60


def create(sandbox: Sandbox, params: Json) -> Json:
    """Return a new open session; its PaymentIntent is made with the first attempt to pay."""
    now = sandbox.now()
    expires_at = _checked_expiry(params.get("expires_at", now + LONGEST), now)
    lines = _lines(sandbox, params["line_items"], now)
    currency = lines[0]["currency"]
    payments.check_amount(sum(line["amount_total"] for line in lines), currency, param="line_items")
    session_id = sandbox.new_id("cs_test", 58)
    session = checkout_session(
        session_id,
        params=params,
        lines=lines,
        methods=payments.offered_methods(params, currency),
        now=now,
        expires_at=expires_at,
        url=sandbox.url(f"/c/pay/{session_id}"),
    )
    sandbox.plan("expire_session", session_id, expires_at)
    return sandbox.add(session)


def pay(
    sandbox: Sandbox, session: Json, *, method: str, outcome: Outcome, email: str | None
) -> Json:
    """Do what the buyer chose on the page, and return the session as it stands then.

    Raises Refused if the session is over, or the method is not offered or has no such outcome.
    """
    _require_open(session)
    if method not in session["payment_method_types"]:
        raise invalid("This way to pay is not offered here.", param="method")
    if outcome not in OUTCOMES[method]:
        raise invalid("This outcome does not exist for this way to pay.", param="outcome")
    email = session["customer_email"] or email
    if not email:
        raise invalid("An e-mail address is needed for the receipt.", param="email")
    session["customer_details"] = customer_details(email)
    intent = _intent_of(sandbox, session)
    payments.attempt(sandbox, intent, method_from_page(sandbox, method, outcome, email=email))
    return _follow(sandbox, session, intent)


def finish_action(sandbox: Sandbox, session: Json, *, approve: bool) -> Json:
    """Pass or fail the confirmation that an earlier attempt asked for."""
    _require_open(session)
    intent = _intent_of(sandbox, session)
    payments.finish_action(sandbox, intent, approve=approve)
    return _follow(sandbox, session, intent)


def settle_payment(sandbox: Sandbox, intent: Json) -> Json:
    """Bring in a late payment and tell of it under its session."""
    payments.settle(sandbox, intent)
    if intent["_session"]:
        session = sandbox.need("checkout.session", intent["_session"])
        sandbox.change(session, payment_status="paid")
        sandbox.emit("checkout.session.async_payment_succeeded", session)
    return intent


def fail_payment(sandbox: Sandbox, intent: Json) -> Json:
    """Let a late payment fail and tell of it under its session, which stays complete and unpaid."""
    payments.fail(sandbox, intent)
    if intent["_session"]:
        session = sandbox.need("checkout.session", intent["_session"])
        sandbox.emit("checkout.session.async_payment_failed", session)
    return intent


def expire(sandbox: Sandbox, session: Json) -> Json:
    """End an open session, and the payment that hangs on it."""
    _require_open(session)
    if session["payment_intent"]:
        intent = sandbox.need("payment_intent", session["payment_intent"])
        payments.cancel(sandbox, intent, reason="automatic")
    sandbox.change(session, status="expired", url=None)
    sandbox.emit("checkout.session.expired", session)
    return session


def success_url(session: Json) -> str:
    """Return where the buyer goes after paying, with the session's id filled in."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _follow(sandbox: Sandbox, session: Json, intent: Json) -> Json:
    if intent["status"] in ("succeeded", "processing"):
        paid = "paid" if intent["status"] == "succeeded" else "unpaid"
        sandbox.change(session, status="complete", payment_status=paid, url=None)
        sandbox.emit("checkout.session.completed", session)
    else:
        sandbox.store.update(session)
    return session


def _intent_of(sandbox: Sandbox, session: Json) -> Json:
    if session["payment_intent"]:
        return sandbox.need("payment_intent", session["payment_intent"])
    intent = payments.create(
        sandbox,
        amount=session["amount_total"],
        currency=session["currency"],
        methods=session["payment_method_types"],
        params=session["_intent_data"],
        session_id=session["id"],
    )
    session["payment_intent"] = intent["id"]
    return intent


def _lines(sandbox: Sandbox, items: list[Json], now: int) -> list[Json]:
    if not items:
        raise invalid("A session needs at least one line.", param="line_items")
    if len({item["price_data"]["currency"] for item in items}) > 1:
        raise invalid("All lines must have the same currency.", param="line_items")
    return [
        line_item(
            sandbox.new_id("li"),
            price_id=sandbox.new_id("price"),
            product_id=sandbox.new_id("prod", 14),
            params=item,
            now=now,
        )
        for item in items
    ]


def _checked_expiry(expires_at: int, now: int) -> int:
    if expires_at < now + SHORTEST:
        raise invalid(
            "expires_at must lie at least 30 minutes after the session's creation.",
            param="expires_at",
        )
    if expires_at > now + LONGEST:
        raise invalid(
            "expires_at must lie within 24 hours of the session's creation.", param="expires_at"
        )
    return expires_at


def _require_open(session: Json) -> None:
    if session["status"] != "open":
        raise Refused(
            "Only Checkout Sessions with a status of open can do this. "
            f"This one has a status of {session['status']}."
        )
