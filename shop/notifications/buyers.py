"""What the buyer of an order hears, from "placed" to "money comes back".

Separate from messages.py because every text goes to the one contact of an order and ends with the
link to its page. Pick-up codes are never written: they stand on that page only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.fulfillment import queries as fulfillments
from shop.fulfillment.queries import Counter
from shop.kernel import brand as brands
from shop.kernel import clock, jobs
from shop.kernel.db import reading, unit_of_work
from shop.kernel.i18n import _, in_locale, text_of
from shop.kernel.money import format_money
from shop.notifications import outgoing
from shop.orders import timeline
from shop.orders.events import HandedOver, ReadyForPickup, RefundReserved, Rerouted
from shop.orders.models import Order, OrderContact

TO_BUYER = "notifications.to_buyer"
TOLD = "told"
"""Kind of the timeline's line about a message that left."""
BY = "notifications"


def tell(session: Session, order_id: int, kind: str, *, at: datetime, **ids: int) -> None:
    """Have the buyer written to; the payload holds ids only."""
    payload = {"order_id": str(order_id), "kind": kind}
    payload.update({name: str(number) for name, number in ids.items()})
    jobs.enqueue(session, TO_BUYER, payload, at=at)


def on_ready(session: Session, event: ReadyForPickup) -> None:
    """The buyer learns where the goods can be collected."""
    tell(session, event.order_id, "ready", at=event.at, ticket_id=event.ticket_id)


def on_handed_over(session: Session, event: HandedOver) -> None:
    """The buyer learns that goods are on their way, or were collected."""
    tell(session, event.order_id, "collected" if event.is_collected else "shipped", at=event.at)


def on_rerouted(session: Session, event: Rerouted) -> None:
    """The buyer learns where the goods are to be had now."""
    kind = "to_counter" if event.is_collected else "to_address"
    tell(session, event.order_id, kind, at=event.at)


def on_refund_reserved(session: Session, event: RefundReserved) -> None:
    """The buyer learns that money comes back."""
    tell(session, event.order_id, "refunded", at=event.at)


def send(payload: Mapping[str, Any]) -> None:
    """Job: write to the buyer."""
    _send(int(payload["order_id"]), str(payload["kind"]), int(payload.get("ticket_id", 0)))


def send_link(payload: Mapping[str, Any]) -> None:
    """Job: send the link of an order to its own contact."""
    _send(int(payload["order_id"]), "link", 0)


@dataclass(frozen=True)
class _Facts:
    """What the texts are made of."""

    number: str
    token: str
    locale: str
    total: str
    contact: str
    counters: Sequence[Counter]


def _send(order_id: int, kind: str, ticket_id: int) -> None:
    with reading() as session:
        facts = _facts(session, order_id, ticket_id)
        brand = brands.current(session)
    if not facts.contact:  # erased meanwhile
        return
    if kind == "ready" and [one.status for one in facts.counters] != ["ready"]:
        return  # collected or called off before this job came to it
    with in_locale(facts.locale):
        subject, words = _TEXTS[kind](facts)
        link = outgoing.public_address(f"/orders/{facts.token}", facts.locale)
        channel = outgoing.send(
            facts.contact,
            f"{text_of(brand.name)}: {subject}",
            "\n\n".join(filter(None, (words, link))),
        )
    with unit_of_work() as session:  # what was said and how, not to whom: the contact knows that
        at = clock.now()
        timeline.note(session, order_id, TOLD, by=BY, at=at, message=kind, channel=channel)


def _facts(session: Session, order_id: int, ticket_id: int) -> _Facts:
    row = session.execute(
        select(
            Order.number,
            Order.token,
            Order.locale,
            Order.currency,
            Order.total_amount,
            OrderContact.email,
            OrderContact.phone,
        )
        .join(OrderContact, OrderContact.order_id == Order.id)
        .where(Order.id == order_id)
    ).one()
    counters = fulfillments.counters_of(session, order_id)
    return _Facts(
        row.number,
        row.token,
        row.locale,
        format_money(row.total_amount, row.currency, tag=row.locale),
        row.email or row.phone or "",
        [one for one in counters if ticket_id in (0, one.ticket_id)],
    )


def _placed(facts: _Facts) -> tuple[str, str]:
    words = [_("Thank you. We have received %(total)s.", total=facts.total)]
    words.extend(_("You collect at %(place)s.", place=_place(one)) for one in facts.counters)
    if facts.counters:
        words.append(
            _("We write to you when it is ready. The code for the counter is on the order's page:")
        )
    return _("Order %(number)s is placed", number=facts.number), "\n\n".join(words)


def _ready(facts: _Facts) -> tuple[str, str]:
    (one,) = facts.counters
    words = [
        _("Your goods wait for you at %(place)s.", place=_place(one)),
        "\n".join(filter(None, (text_of(one.opening_hours or {}), one.phone))),
        _("Show the code at the counter; it is on the order's page:"),
    ]
    subject = _("Order %(number)s is ready for pick-up", number=facts.number)
    return subject, "\n\n".join(filter(None, words))


def _shipped(facts: _Facts) -> tuple[str, str]:
    return (
        _("Order %(number)s is on its way", number=facts.number),
        _("Part or all of your order was handed to the carrier."),
    )


def _collected(facts: _Facts) -> tuple[str, str]:
    return (
        _("Order %(number)s was collected", number=facts.number),
        _("Part or all of your order was handed over at the counter."),
    )


def _to_counter(facts: _Facts) -> tuple[str, str]:
    waiting = [one for one in facts.counters if one.status in ("waiting", "ready")]
    words = [_("You collect at %(place)s.", place=_place(one)) for one in waiting]
    words.append(
        _("We write to you when it is ready. The code for the counter is on the order's page:")
    )
    return _("Order %(number)s: you collect it now", number=facts.number), "\n\n".join(words)


def _to_address(facts: _Facts) -> tuple[str, str]:
    return (
        _("Order %(number)s: we ship it now", number=facts.number),
        _("Nothing waits at a counter for these goods any more. Price and tax stay as they were."),
    )


def _refunded(facts: _Facts) -> tuple[str, str]:
    return (
        _("Money comes back for order %(number)s", number=facts.number),
        _("We have started a refund. It usually takes a few days to arrive."),
    )


def _link(facts: _Facts) -> tuple[str, str]:
    return _("Your order %(number)s", number=facts.number), ""


def _place(one: Counter) -> str:
    return " · ".join(filter(None, (text_of(one.name), one.address)))


_TEXTS: Mapping[str, Callable[[_Facts], tuple[str, str]]] = {
    "placed": _placed,
    "ready": _ready,
    "shipped": _shipped,
    "collected": _collected,
    "refunded": _refunded,
    "to_counter": _to_counter,
    "to_address": _to_address,
    "link": _link,
}
