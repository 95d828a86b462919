"""The order page, opened by its token, and the way to get a fresh link to it."""

from typing import Any

import segno
from flask import Response, abort, request, url_for
from markupsafe import Markup

from shop.checkout import contact as contacts
from shop.fulfillment import queries as fulfillments
from shop.kernel import clock, db
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _l, locale
from shop.notifications import order_links
from shop.orders import queries
from shop.orders.models import OrderStatus
from shop.payments import endings
from shop.payments import queries as payments
from shop.web import access, render
from shop.web.store.routes import blueprint


@blueprint.get("/orders/<token>")
@access.public
def order(token: str) -> Response:
    """Everything about one order; works signed out, can be bookmarked, is never indexed."""
    with db.reading() as session:
        found = queries.by_token(session, token)
        if found is None:
            abort(404)
        parcels = fulfillments.of_order(session, found.order.id)
        tickets = fulfillments.tickets_of(session, found.order.id)
        refunds = payments.refunds_of(session, found.order.id)
    return render.page(
        "store/order.html",
        found=found,
        parcels=parcels,
        tickets=tickets,
        refunds=refunds,
        waits=found.order.status == "pending",
        shopfront=None,
    )


@blueprint.app_template_global()
def pickup_qr(code: str) -> Markup:
    """The code as a QR picture: an address, so that any scanner opens the counter's page."""
    address = url_for("desk.hand_over", code=code, _external=True)
    return Markup(segno.make(address, error="m").svg_inline(border=2, omitsize=True))  # noqa: S704


@blueprint.post("/orders/<token>/cancel")
@access.public
def cancel_order(token: str) -> Any:
    """The buyer gives up an order that is not paid yet."""
    with db.reading() as session:
        found = queries.by_token(session, token)
    if found is None:
        abort(404)
    endings.give_up(found.order.id, to=OrderStatus.CANCELED, reason="canceled_by_buyer", by="buyer")
    return render.back_to("store.order", token=token)


@blueprint.get("/find-order")
@access.public
def find_order() -> Response:
    """Where a guest asks for a fresh link."""
    return render.page("store/find_order.html", typed={}, error="", shopfront=None)


@blueprint.post("/find-order")
@access.public
def send_order_link() -> Any:
    """Send a fresh link to the contact of the order; the answer is the same for unknown ones."""
    typed = {name: request.form.get(name, "").strip() for name in ("number", "contact")}
    brand = render.current_brand()
    try:
        contact = normal_contact(typed["contact"], brand.country)
        with db.unit_of_work() as session:
            order_links.request(
                session,
                number=typed["number"],
                contact=contact,
                locale=locale(),
                remote=request.remote_addr or "",
                at=clock.now(),
            )
    except Invalid as error:
        return render.page(
            "store/find_order.html", status=422, typed=typed, error=str(error), shopfront=None
        )
    return render.back_to(
        "store.find_order",
        say_so=_l("If we know this order, its link is on the way to that phone or e-mail."),
    )


def normal_contact(text: str, country: str) -> str:
    """A typed phone number or e-mail address, normalized.

    Raises Invalid if it is neither.
    """
    found = contacts.normal_email(text) if "@" in text else contacts.normal_phone(text, country)
    if found is None:
        raise Invalid(_l("Please give a phone number or an e-mail address."), field="contact")
    return found
