"""What staff do with an order; each action ends at the order with a sentence, or with what is wrong."""

from collections.abc import Callable
from typing import Any

from flask import request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commissions.errors import StaleState
from shop.aftersales import cancel as canceling
from shop.checkout import contact as contacts
from shop.checkout.places import division_code
from shop.fulfillment import hand_over, rerouting
from shop.fulfillment import queries as fulfillments
from shop.gateway.client import GatewayUnavailable
from shop.kernel import clock, db, ids
from shop.kernel.errors import Conflict, Invalid, NotFound, ShopError
from shop.kernel.i18n import _l
from shop.kernel.money import parse_money
from shop.kernel.words import Words
from shop.orders import correct, notes, tasks, turns
from shop.orders.models import Order, OrderLine, OrderStatus
from shop.payments import endings, refunds
from shop.payments.endings import Ended
from shop.payments.refunds import Units, Wanted
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import orders_page
from shop.web.admin.routes import blueprint

_ENDED = {
    Ended.ENDED: (_l("The order is canceled and its goods are free again."), "good"),
    Ended.PLACED: (_l("The order was paid meanwhile, so it was not canceled."), "warn"),
    Ended.WAITS: (_l("A payment is on its way; the order cannot be canceled now."), "warn"),
}


class ChangedMeanwhile(Conflict):
    """The page was older than the order; also what stops a form that is sent twice."""

    code = "changed_meanwhile"

    def __init__(self) -> None:
        super().__init__(
            _l("This order has changed since you opened it. Please look again before you go on.")
        )


@blueprint.post("/orders/<int:order_id>/ship")
@access.order_staff
def ship(order_id: int) -> Any:
    """Hand units to a carrier."""

    def work(session: Session) -> None:
        turns.take(session, order_id)
        seen = _number(request.form.get("seen", "0"), "seen")
        if seen != _handed_over(session, order_id):
            raise ChangedMeanwhile
        hand_over.ship(
            session,
            order_id,
            _units(),
            carrier=_text("carrier", 60),
            tracking_number=_text("tracking", 80),
            by=current_actor().key,
            at=clock.now(),
        )

    return _do(order_id, "ship", work, _l("Shipped. The buyer has a message."))


@blueprint.post("/orders/<int:order_id>/parcels/<int:fulfillment_id>/delivered")
@access.order_staff
def mark_delivered(order_id: int, fulfillment_id: int) -> Any:
    """The parcel arrived."""

    def work(session: Session) -> None:
        if fulfillment_id not in fulfillments.ids_of(session, order_id):
            raise NotFound(_l("There is no such parcel."))
        hand_over.deliver(session, fulfillment_id, by=current_actor().key, at=clock.now())

    return _do(order_id, "deliver", work, _l("Marked as delivered."))


@blueprint.post("/orders/<int:order_id>/refund")
@access.order_staff
def refund(order_id: int) -> Any:
    """Give money back: units of lines, shipping, goodwill."""

    def work(session: Session) -> None:
        order = _order(session, order_id)
        if _number(request.form.get("seen", "0"), "seen") != order.refunded_amount:
            raise ChangedMeanwhile
        wanted = Wanted(
            lines=[Units(line_id, count) for line_id, count in _units().items() if count],
            shipping_amount=_amount("shipping", order.currency),
            goodwill_amount=_amount("goodwill", order.currency),
            goodwill_spread=request.form.get("bearer") == "shared",
            reason=_reason("requested_by_customer"),
            note=_text("note", 500),
        )
        refunds.reserve(session, order_id, wanted, by=current_actor().key, at=clock.now())

    return _do(order_id, "refund", work, _l("The refund is on its way to the buyer."))


@blueprint.post("/orders/<int:order_id>/overpayment")
@access.order_staff
def refund_overpayment(order_id: int) -> Any:
    """Give back what was paid too much; lines and commissions stay as they are."""

    def work(session: Session) -> None:
        order = _order(session, order_id)
        owed = order.total_amount - order.granted_amount
        over = order.captured_amount - order.refunded_amount - owed
        if over <= 0:
            raise Conflict(_l("Nothing was paid too much."))
        refunds.reserve(
            session,
            order_id,
            Wanted(overpayment_amount=over, reason="duplicate"),
            by=current_actor().key,
            at=clock.now(),
        )

    return _do(order_id, "overpayment", work, _l("The refund is on its way to the buyer."))


@blueprint.post("/orders/<int:order_id>/cancel")
@access.order_staff
def cancel(order_id: int) -> Any:
    """Unpaid orders are given up at Stripe first; paid ones are canceled with a full refund."""
    with db.reading() as session:
        status = _order(session, order_id).status
    if status == OrderStatus.PENDING:
        return _give_up(order_id)

    def work(session: Session) -> None:
        canceling.cancel(
            session,
            order_id,
            by=current_actor().key,
            at=clock.now(),
            reason=_reason(canceling.REASON),
            note=_text("note", 500),
        )

    return _do(order_id, "cancel", work, _l("Canceled. The full amount goes back to the buyer."))


@blueprint.post("/orders/<int:order_id>/contact")
@access.order_staff
def correct_contact(order_id: int) -> Any:
    """Correct who gets it and where it goes."""

    def work(session: Session) -> None:
        order = _order(session, order_id)
        ships = session.scalar(
            select(OrderLine.id)
            .where(OrderLine.order_id == order_id, OrderLine.delivery == "shipping")
            .limit(1)
        )
        typed = {name: request.form.get(name, "") for name in correct.FIELDS}
        typed["division_code"] = division_code(typed["province"], typed["city"], typed["district"])
        country = typed["country"] or render.current_brand().country
        values = contacts.check(
            {**typed, "consent": "yes"},
            country=country,
            needs_address=ships is not None,
            consent_version="",
        )
        del values["consent_version"]
        correct.contact(session, order.id, values, by=current_actor().key, at=clock.now())

    return _do(order_id, "contact", work, _l("Saved."))


@blueprint.post("/orders/<int:order_id>/way")
@access.order_staff
def reroute_order(order_id: int) -> Any:
    """Let goods be collected instead of shipped, or shipped instead; prices stay."""

    def work(session: Session) -> None:
        turns.take(session, order_id)
        if _number(request.form.get("seen", "0"), "seen") != _handed_over(session, order_id):
            raise ChangedMeanwhile
        chosen = {one for text in request.form.getlist("line") if (one := ids.read(text))}
        place = request.form.get("to", "")
        if not chosen:
            raise Invalid(_l("Please tick the goods."), field="line")
        if place != "address" and ids.read(place) is None:
            raise Invalid(_l("Please choose one of the list."), field="to")
        rerouting.reroute(
            session, order_id, chosen, to=ids.read(place), by=current_actor().key, at=clock.now()
        )

    return _do(order_id, "way", work, _l("Changed. Prices, tax and paid shipping stay."))


@blueprint.post("/orders/<int:order_id>/notes")
@access.order_staff
def add_note(order_id: int) -> Any:
    """Write on the timeline."""

    def work(session: Session) -> None:
        _order(session, order_id)
        text = request.form.get("note", "")
        notes.add(session, order_id, text, by=current_actor().key, at=clock.now())

    return _do(order_id, "note", work, _l("Noted."))


@blueprint.post("/orders/<int:order_id>/task")
@access.order_staff
def clear_task(order_id: int) -> Any:
    """The thing that needed a person is dealt with."""

    def work(session: Session) -> None:
        tasks.clear(
            session,
            order_id,
            request.form.get("task", ""),
            note=_text("note", 500),
            by=current_actor().key,
            at=clock.now(),
        )

    return _do(order_id, "task", work, _l("Done. The order is off the task list."))


def _do(order_id: int, action: str, work: Callable[[Session], None], said: Words) -> Any:
    try:
        with db.unit_of_work() as session:
            work(session)
    except StaleState:
        return orders_page.refusal(order_id, action, ChangedMeanwhile())
    except ShopError as error:
        if error.status >= 500:
            raise
        return orders_page.refusal(order_id, action, error)
    return render.back_to("admin.order", order_id=order_id, say_so=said)


def _give_up(order_id: int) -> Any:
    try:
        ended = endings.give_up(
            order_id,
            to=OrderStatus.CANCELED,
            reason=_reason(canceling.REASON),
            by=current_actor().key,
        )
    except GatewayUnavailable:
        return orders_page.refusal(
            order_id,
            "cancel",
            Conflict(_l("Stripe does not answer; nothing was changed. Please try again.")),
        )
    said, tone = _ENDED[ended]
    return render.back_to("admin.order", order_id=order_id, say_so=said, tone=tone)


def _order(session: Session, order_id: int) -> Order:
    order = session.get(Order, order_id)
    if order is None:
        raise NotFound(_l("We cannot find this order."))
    return order


def _handed_over(session: Session, order_id: int) -> int:
    return session.execute(
        select(func.coalesce(func.sum(OrderLine.fulfilled_count), 0)).where(
            OrderLine.order_id == order_id
        )
    ).scalar_one()


def _units() -> dict[int, int]:
    """`units-<line>` fields; empty ones are none."""
    return {
        line_id: _number(text, "units")
        for name, text in request.form.items()
        if name.startswith("units-") and (line_id := ids.read(name.removeprefix("units-")))
    }


def _number(text: str, field: str) -> int:
    cleaned = text.strip() or "0"
    if not (cleaned.isascii() and cleaned.isdigit()) or len(cleaned) > 15:
        raise Invalid(_l("“%(text)s” is not a number.", text=text[:20]), field=field)
    return int(cleaned)


def _amount(name: str, currency: str) -> int:
    text = request.form.get(name, "").strip()
    return parse_money(text, currency, field=name) if text else 0


def _text(name: str, longest: int) -> str:
    text = request.form.get(name, "").strip()
    if len(text) > longest:
        raise Invalid(_l("This is too long."), field=name)
    return text


def _reason(usual: str) -> str:
    reason = request.form.get("reason", "")
    return reason if reason in orders_page.REFUND_REASONS else usual
