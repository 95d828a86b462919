"""Checkout: one column, contact to review, then the payment page."""

from typing import Any

from flask import Response, abort, redirect, request, url_for
from sqlalchemy.orm import Session

from shop.checkout import cart as carts
from shop.checkout import prepare as preparing
from shop.checkout import queries, view
from shop.checkout.address import paste
from shop.checkout.errors import CartChanged, CartProblems
from shop.checkout.models import Cart
from shop.checkout.places import division_code
from shop.checkout.queries import Opened
from shop.kernel import clock, db, signing
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _, locale
from shop.kernel.words import say
from shop.payments import finalise, sessions
from shop.payments.attempts import Attempt
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.store import visitors
from shop.web.store.routes import blueprint

FIELDS = (
    "name",
    "phone",
    "email",
    "province",
    "city",
    "district",
    "address",
    "postal_code",
    "note",
)


@blueprint.get("/checkout")
@access.public
def checkout() -> Any:
    """The checkout page with what the buyer has typed so far."""
    token, account_id = visitors.cart_token(), current_actor().account_id
    with db.reading() as session:
        opened = _opened(session, token, account_id)
        if opened is None or opened.cart.status not in ("active", "completing"):
            return render.back_to("store.cart")
        if opened.cart.status == "completing":
            return _resume(session, opened.cart)
        return _page(opened, _typed(opened.cart))


@blueprint.post("/checkout/address")
@access.public
def paste_address() -> Any:
    """Fill the fields from a pasted address, and keep everything that was typed."""
    typed = _form()
    typed.update(
        {name: text for name, text in paste(request.form.get("paste", "")).items() if text}
    )
    account_id = current_actor().account_id
    with db.unit_of_work() as session:
        stored = queries.by_token(session, visitors.cart_token(), account_id=account_id)
        if stored is None:
            return render.back_to("store.cart")
        carts.keep_contact(session, stored.id, _with_division(typed), at=clock.now())
    return render.back_to("store.checkout")


@blueprint.post("/checkout")
@access.public
def place_order() -> Any:
    """PREPARE, then open the payment page. A second post of the same cart finds the same order."""
    token, typed = visitors.cart_token(), _form()
    account_id = current_actor().account_id
    try:
        with db.unit_of_work() as session:
            prepared = preparing.prepare(
                session,
                token,
                _with_division(typed),
                expected_total=_expected_total(),
                brand=render.current_brand(),
                account_id=account_id,
                locale=locale(),
                at=clock.now(),
            )
    except CartProblems:
        return render.back_to("store.cart", say_so=_("Some products are short."), tone="bad")
    except CartChanged as error:
        return _again(token, typed, Invalid(error.message), status=409)
    except Invalid as error:
        return _again(token, typed, error)
    if prepared.total_amount == 0:
        finalise.without_payment(prepared.order_id)
        answer = render.back_to("store.order", token=prepared.token)
    else:
        target = _payment_url(prepared.order_id, prepared.token, prepared.attempt)
        answer = redirect(target, code=303)
    return visitors.keep_name(answer, prepared.visitor)


@blueprint.get("/pay/return")
@access.public
def pay_return() -> Any:
    """Back from the payment page: look at Stripe, then show the order, whatever it says."""
    session_id, token = request.args.get("session_id", ""), request.args.get("order", "")
    if request.args.get("mark") != _mark(token):
        # Without our mark anybody could let us ask Stripe about anything: only what we know is.
        token = finalise.order_of(session_id) or abort(404)
    finalise.after_return(session_id)
    return visitors.forget_cart(redirect(url_for("store.order", token=token)))


@blueprint.post("/orders/<token>/pay")
@access.public
def pay_again(token: str) -> Any:
    """Open the payment page of a pending order once more: the same attempt, or the next one."""
    with db.reading() as session:
        order_id = _order_id(session, token)
    return redirect(_payment_url(order_id, token), code=303)


def _payment_url(order_id: int, token: str, attempt: Attempt | None = None) -> str:
    base = request.host_url.rstrip("/") + request.script_root
    # The same for every try of an attempt: Stripe compares what comes under one key.
    back = f"order={token}&mark={_mark(token)}&session_id={{CHECKOUT_SESSION_ID}}"
    return sessions.open_session(
        order_id,
        success_url=f"{base}/pay/return?{back}",
        cancel_url=f"{base}/orders/{token}",
        attempt=attempt,
    )


def _mark(token: str) -> str:
    return signing.fingerprint(token, purpose="pay_return")


def _resume(session: Session, stored: Cart) -> Any:
    token = queries.order_token(session, stored.id)
    return render.back_to("store.order", token=token) if token else render.back_to("store.cart")


def _again(token: str, typed: dict[str, Any], error: Invalid, status: int = 422) -> Response:
    """The form again, filled in, with what is wrong."""
    account_id = current_actor().account_id
    with db.unit_of_work() as session:
        stored = queries.by_token(session, token, account_id=account_id)
        if stored is None:
            raise error
        carts.keep_contact(session, stored.id, _with_division(typed), at=clock.now())
    with db.reading() as session:
        opened = _opened(session, token, account_id)
        if opened is None:
            raise error
        return _page(opened, typed, error, status)


def _opened(session: Session, token: str, account_id: int | None) -> Opened | None:
    currency = render.current_brand().currency
    return queries.opened(session, token, account_id=account_id, currency=currency, at=clock.now())


def _page(
    opened: Opened, typed: dict[str, Any], error: Invalid | None = None, status: int = 200
) -> Response:
    seen = view.of_opened(opened, brand=render.current_brand())
    if not seen.lines:
        return render.back_to("store.cart")  # type: ignore[no-any-return]
    return render.page(
        "store/checkout.html",
        status=status,
        cart=seen,
        typed=typed,
        message=say(error.message) if error else "",
        errors={name: say(words) for name, words in error.fields.items()} if error else {},
        shopfront=opened.front,
    )


def _typed(stored: Cart) -> dict[str, Any]:
    return {name: stored.contact.get(name, "") for name in (*FIELDS, "consent")}


def _form() -> dict[str, Any]:
    typed: dict[str, Any] = {name: request.form.get(name, "") for name in FIELDS}
    typed["consent"] = "yes" if request.form.get("consent") else ""
    return typed


def _with_division(typed: dict[str, Any]) -> dict[str, Any]:
    """With the code that tax and shipping go by."""
    names = (typed.get(name, "") for name in ("province", "city", "district"))
    return {**typed, "division_code": division_code(*names)}


def _expected_total() -> int:
    text = request.form.get("expected_total", "")
    if not text.isdecimal() or len(text) > 15:
        raise Invalid(_("Please check the total and pay again."))
    return int(text)


def _order_id(session: Session, token: str) -> int:
    found = queries.order_id_of(session, token)
    if found is None:
        abort(404)
    return found
