"""One order's page: what it shows, and how it comes back when an action was refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response, abort, request
from sqlalchemy.orm import Session

from shop.accounts import queries as accounts
from shop.catalog import locations
from shop.fulfillment import queries as fulfillments
from shop.fulfillment import rerouting
from shop.fulfillment.hand_over import MAY_LEAVE
from shop.kernel import clock, db
from shop.kernel.errors import ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import Words, say
from shop.network import queries as network
from shop.orders import queries
from shop.orders.models import Order, OrderLine, OrderStatus, PaymentStatus
from shop.payments import queries as payments
from shop.payments import refunds
from shop.rewards import earnings as rewards
from shop.sharing.models import LineAttribution
from shop.web import render
from shop.web.admin import orders_timeline
from shop.web.admin.orders_timeline import REASONS, TASKS

REFUND_REASONS = ("requested_by_customer", "damaged", "out_of_stock", "late", "goodwill")
_KINDS: Mapping[str, Words] = {
    "storefront": _l("bought in this shop"),
    "touch": _l("came by a shared link or code"),
    "none": _l("the brand's own sale"),
}
_LOST: Mapping[str, Words] = {
    "lower_priority": _l("another point had the better claim"),
    "duplicate": _l("the same point had won already"),
    "self_purchase": _l("bought by the point itself"),
    "outside_window": _l("the visit was too long ago"),
    "point_suspended": _l("the point was suspended"),
    "point_expired": _l("the point was closed"),
    "point_not_yet_approved": _l("the point was not approved yet"),
}


@dataclass(frozen=True)
class Claim:
    """A point that brought a line, or that could have."""

    name: str
    point_id: int | None
    how: Words | str
    why_not: Words | str = ""


@dataclass(frozen=True)
class Line:
    """An order line as the page shows it."""

    line: OrderLine
    place: Mapping[str, str]
    winner: Claim
    losers: Sequence[Claim] = ()

    @property
    def waits(self) -> int:
        """Units that have neither left nor were given up."""
        return self.line.quantity - self.line.fulfilled_count - self.line.canceled_count

    @property
    def may_turn(self) -> bool:
        """Whether it can still go another way: nothing of it has left."""
        line = self.line
        return line.delivery != "digital" and line.fulfilled_count == 0 and self.waits > 0

    @property
    def refundable(self) -> int:
        return self.line.quantity - self.line.refunded_count


@dataclass(frozen=True)
class Refused:
    """An action that did not go through, with everything that was typed."""

    action: str = ""
    error: ShopError | None = None
    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return say(self.error.message) if self.error else ""

    def of(self, name: str) -> str:
        """The sentence for one field."""
        fields = getattr(self.error, "fields", {})
        return say(fields[name]) if name in fields else ""


def show(order_id: int, refused: Refused | None = None, *, status: int = 200) -> Response:
    """The page; with `refused` the form of that action stands open, filled in as it was sent."""
    with db.reading() as session:
        values = _values(session, order_id)
    can = values["can"]
    return render.page(
        "admin/orders/order.html",
        status=status,
        offered={**can, "note": True, "contact": can["correct"], "task": values["order"].task},
        refused=refused or Refused(),
        typed=refused.typed if refused else {},
        reasons={code: REASONS[code] for code in REFUND_REASONS},
        **values,
    )


def refusal(order_id: int, action: str, error: ShopError) -> Response:
    """The page again after a refusal; nothing that was typed is lost."""
    typed = {name: text for name, text in request.form.items() if len(text) < 4000}
    status = error.status if 400 <= error.status < 500 else 409
    return show(order_id, Refused(action, error, typed), status=status)


def _values(session: Session, order_id: int) -> dict[str, Any]:
    found = queries.by_id(session, order_id, with_events=True)
    if found is None:
        abort(404)
    order, money = found.order, payments.of_order(session, order_id)
    tickets = fulfillments.tickets_of(session, order_id)
    lines = _lines(session, found.lines, queries.credits_of(session, order_id))
    actors = {event.by for event in found.events} | {one.created_by for one in money.refunds}
    actors |= {one.ticket.used_by for one in tickets}
    names = accounts.names_of(session, actors)
    return {
        "found": found,
        "order": order,
        "contact": found.contact,
        "lines": lines,
        "titles": {line.id: line.title for line in found.lines},
        "money": money,
        "parcels": fulfillments.of_order(session, order_id),
        "tickets": tickets,
        "earnings": rewards.of_order(session, order_id, at=clock.now()),
        "shipping_left": refunds.shipping_left(session, order),
        "moments": orders_timeline.of(order, found.contact, found.events, names),
        "who": lambda key: say(orders_timeline.who(key, names)),
        "reason": lambda code: say(orders_timeline.reason(code)),
        "task": TASKS.get(order.task, order.task),
        "next_action": _next_action(order, lines, [one.ticket.status for one in tickets]),
        "can": _can(order, lines),
        "counters": rerouting.counters(session),
    }


def _lines(
    session: Session, lines: Sequence[OrderLine], credits: Mapping[int, LineAttribution]
) -> list[Line]:
    point_ids = {credit.point_id for credit in credits.values() if credit.point_id}
    point_ids |= {int(loser["point"]) for credit in credits.values() for loser in credit.losers}
    names = network.names_of(session, point_ids)
    places = {row[0]: row[2] for row in locations.places(session)}
    return [
        Line(line, places.get(line.location_id or 0, {}), *_claims(credits.get(line.id), names))
        for line in lines
    ]


def _claims(
    credit: LineAttribution | None, names: Mapping[int, str]
) -> tuple[Claim, tuple[Claim, ...]]:
    if credit is None or credit.point_id is None:
        winner = Claim("", None, _KINDS["none"])
    else:
        winner = Claim(names.get(credit.point_id, ""), credit.point_id, _KINDS[credit.kind])
    losers = tuple(
        Claim(
            names.get(int(loser["point"]), ""),
            int(loser["point"]),
            _KINDS.get(loser["kind"], loser["kind"]),
            _LOST.get(loser["reason"], loser["reason"]),
        )
        for loser in (credit.losers if credit else ())
    )
    return winner, losers


def _can(order: Order, lines: Sequence[Line]) -> dict[str, bool]:
    """Which actions the page offers; the verbs decide for themselves."""
    placed = order.status == OrderStatus.PLACED
    handed_over = any(line.line.fulfilled_count for line in lines)
    shipped = any(line.line.fulfilled_count and line.line.delivery == "shipping" for line in lines)
    return {
        "ship": placed and order.payment_status in MAY_LEAVE and _waits(lines, "shipping"),
        "reroute": placed
        and order.payment_status in MAY_LEAVE
        and any(line.may_turn for line in lines),
        "refund": order.captured_amount > order.refunded_amount,
        "overpayment": order.payment_status == PaymentStatus.OVERCHARGED,
        "cancel": order.status == OrderStatus.PENDING or (placed and not handed_over),
        "correct": order.status in (OrderStatus.PENDING, OrderStatus.PLACED) and not shipped,
    }


def _waits(lines: Sequence[Line], delivery: str) -> bool:
    return any(line.waits and line.line.delivery == delivery for line in lines)


def _next_action(order: Order, lines: Sequence[Line], tickets: Sequence[str]) -> Words | str:
    """What somebody should do next; empty when nothing waits."""
    if order.task:
        return _l("A person must decide: %(task)s", task=TASKS.get(order.task, order.task))
    if order.dispute_status == "needs_response":
        return _l("Answer the dispute at Stripe")
    if order.status == OrderStatus.PENDING:
        return _l("Wait for the payment")
    if order.status != OrderStatus.PLACED:
        return ""
    if _waits(lines, "shipping"):
        return _l("Pack and ship")
    if "waiting" in tickets:
        return _l("The counter puts the goods ready")
    if "ready" in tickets:
        return _l("The buyer collects")
    if any(line.line.delivered_count < line.line.fulfilled_count for line in lines):
        return _l("Mark as delivered when it arrives")
    return ""
