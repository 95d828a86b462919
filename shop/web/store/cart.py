"""The cart page and its changes."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from flask import Response, g, jsonify, request
from sqlalchemy.orm import Session

from shop.catalog import queries as catalog
from shop.catalog.queries import Counter
from shop.checkout import cart as carts
from shop.checkout import queries, unlock, view
from shop.checkout.errors import NoSuchCart
from shop.checkout.queries import Opened
from shop.checkout.view import CartView, ViewLine, is_limited
from shop.kernel import clock, db, ids
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _l
from shop.sharing import touches
from shop.storefront import queries as storefronts
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.store import visitors
from shop.web.store.routes import blueprint

MOST_COUNTERS = 50


@blueprint.get("/cart")
@access.public
def cart() -> Response:
    """The cart as it stands now, with what has changed since it was filled."""
    token, account_id = visitors.cart_token(), current_actor().account_id
    brand = render.current_brand()
    with db.reading() as session:
        opened = queries.opened(
            session, token, account_id=account_id, currency=brand.currency, at=clock.now()
        )
        front = opened.front if opened else None
        if opened is None or opened.cart.status not in ("active", "completing"):
            return render.page("store/cart_empty.html", shopfront=front)
        stored, seen = opened.cart, view.of_opened(opened, brand=brand)
        if not seen.lines:
            return render.page("store/cart_empty.html", shopfront=front)
        answer = render.page(
            "store/cart.html",
            cart=seen,
            warnings=stored.warnings,
            locked=stored.status == "completing",
            counters=_counters(seen, opened),
            shopfront=front,
        )
    if stored.warnings:
        with db.unit_of_work() as session:
            carts.forget_warnings(session, stored.id)
    return answer


@blueprint.get("/cart/badge")
@access.public
def cart_badge() -> Response:
    """How many units the cart holds; a private fragment of cached pages."""
    token, account_id = visitors.cart_token(), current_actor().account_id
    with db.reading() as session:
        units = queries.units_in(session, token, account_id=account_id)
    answer: Response = jsonify({"units": units})
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.post("/cart/add")
@access.public
def add_to_cart() -> Any:
    """Put a variant into the cart; from a closed point's page it is the brand's sale."""
    at = clock.now()
    variant_id, quantity = _number("variant"), _number("quantity", 1)
    account_id = current_actor().account_id
    front = storefronts.kept.get(request.form.get("slug", ""))
    point_id = front.point_id if front and front.is_open else None
    with db.unit_of_work() as session:
        cart_id = _open_cart(session, point_id, account_id=account_id)
        touch_id = touches.keep(session, visitors.touch(), at=at)
        carts.add(
            session,
            cart_id,
            variant_id,
            quantity=quantity,
            point_id=point_id,
            currency=render.current_brand().currency,
            at=at,
            touch_id=touch_id,
        )
    return visitors.remember(render.back_to("store.cart", say_so=_l("It is in your cart.")))


@blueprint.post("/cart/lines/<int:line_id>")
@access.public
def change_line(line_id: int) -> Any:
    """Change quantity or delivery of a line, or remove it."""
    at = clock.now()
    account_id = current_actor().account_id
    with db.unit_of_work() as session:
        stored = queries.by_token(session, visitors.cart_token(), account_id=account_id)
        if stored is None:
            raise NoSuchCart
        if "remove" in request.form:
            carts.change_quantity(session, stored.id, line_id, quantity=0, at=at)
        elif "delivery" in request.form:
            location_id = ids.read(request.form["delivery"])
            carts.choose_pickup(session, stored.id, line_id, location_id=location_id, at=at)
        else:
            carts.change_quantity(session, stored.id, line_id, quantity=_number("quantity"), at=at)
    return render.back_to("store.cart")


@blueprint.post("/cart/edit")
@access.public
def edit_cart() -> Any:
    """Give up the order that is being paid and go on with a fresh copy of its cart.

    If the payment went through meanwhile, the order page is the answer.
    """
    token = visitors.cart_token()
    outcome = unlock.edit_cart(token, account_id=current_actor().account_id)
    if outcome.order_token:
        return render.back_to("store.order", token=outcome.order_token)
    g.new_cart_token = outcome.cart_token
    return visitors.remember(render.back_to("store.cart"))


def _open_cart(session: Session, point_id: int | None, *, account_id: int | None) -> int:
    """The visitor's cart, or a fresh one if there is none that can be filled.

    A cart that is being paid stays bound to its order; adding to it starts a new one only after
    that order has ended.
    """
    at = clock.now()
    cart_id = carts.take(
        session, visitors.cart_token(), account_id=account_id, at=at, point_id=point_id
    )
    if cart_id is None:
        cart_id, g.new_cart_token = carts.open_cart(
            session,
            visitor=visitors.name(),
            account_id=account_id,
            at=at,
            point_id=point_id,
        )
    return cart_id


def _counters(seen: CartView, opened: Opened) -> dict[int, list[Counter]]:
    """Where each line could be collected, by line id; the brand's order, not too many."""
    wanted: dict[int, int] = {}
    for line in seen.lines:
        wanted[line.stored.variant_id] = (
            wanted.get(line.stored.variant_id, 0) + line.stored.quantity
        )
    return {line.stored.id: _counters_of(line, wanted, opened) for line in seen.lines}


def _counters_of(line: ViewLine, wanted: Mapping[int, int], opened: Opened) -> list[Counter]:
    there = opened.at_counters[line.stored.id]
    has_any = line.variant is not None and not is_limited(line.variant)
    units = wanted[line.stored.variant_id]
    fitting = (
        counter
        for counter in catalog.open_counters.get()
        if has_any or there.get(counter.location_id, 0) >= units
    )
    return list(islice(fitting, MOST_COUNTERS))


def _number(name: str, default: int | None = None) -> int:
    text = request.form.get(name, "" if default is None else str(default))
    if not text.isdecimal() or len(text) > 18:
        raise Invalid(_l("“%(text)s” is not a number.", text=text[:20]), field=name)
    return int(text)
