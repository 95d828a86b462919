"""An order's timeline in words: what happened, who did it, when, and which status became which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shop.kernel.i18n import _l
from shop.kernel.money import format_money
from shop.kernel.words import Words
from shop.orders.models import Order, OrderContact, OrderEvent

TASKS: Mapping[str, Words] = {
    "paid_but_unfillable": _l("Paid but unfillable"),
    "payment_mismatch": _l("Payment differs from order"),
    "overcharged": _l("Paid too much"),
    "refund_failed": _l("Refund failed"),
}
REASONS: Mapping[str, Words] = {
    "requested_by_customer": _l("The buyer asked for it"),
    "damaged": _l("Damaged or not as described"),
    "out_of_stock": _l("Not available"),
    "late": _l("Too late"),
    "goodwill": _l("Goodwill"),
    "duplicate": _l("Paid twice"),
    "dashboard": _l("Made at Stripe"),
    "canceled_by_brand": _l("Canceled by the brand"),
    "canceled_by_buyer": _l("Canceled by the buyer"),
    "not_paid_in_time": _l("Not paid in time"),
    "superseded": _l("The buyer changed the cart"),
}
_ACTORS: Mapping[str, Words] = {
    "stripe": _l("Stripe"),
    "payments": _l("the payment"),
    "sweeper": _l("the clock"),
    "buyer": _l("the buyer"),
    "checkout": _l("the checkout"),
    "rewards": _l("the commission engine"),
    "command": _l("a command"),
    "visitor": _l("a visitor"),
    "notifications": _l("the message service"),
}
_SENTENCES: Mapping[str, Words] = {
    "submitted": _l("Order sent"),
    "placed": _l("Paid and placed"),
    "shipped": _l("Handed to the carrier"),
    "collected": _l("Collected at the counter"),
    "delivered": _l("Delivered"),
    "ready_for_pickup": _l("Ready for pick-up"),
    "refund_succeeded": _l("The refund has arrived"),
    "refund_failed": _l("The refund failed"),
    "refund_canceled": _l("The refund was called off"),
    "refund_requires_action": _l("The refund waits for the buyer"),
    "payment_failed": _l("A try to pay failed"),
    "payment_expired": _l("A try to pay ran out"),
    "dispute_opened": _l("The buyer's bank disputes the payment"),
    "dispute_needs_response": _l("The dispute needs an answer"),
    "dispute_under_review": _l("The dispute is under review"),
    "dispute_won": _l("The dispute is won"),
    "dispute_lost": _l("The dispute is lost"),
    "expired": _l("Expired"),
    "canceled": _l("Canceled"),
    "note": _l("Note"),
    "contact_changed": _l("Contact changed"),
    "rerouted_to_counter": _l("Will be collected instead"),
    "rerouted_to_address": _l("Will be shipped instead"),
    "task_cleared": _l("Task done"),
    **TASKS,
}
_FIELDS: Mapping[str, Words] = {
    "name": _l("name"),
    "phone": _l("phone"),
    "email": _l("e-mail"),
    "country": _l("country"),
    "province": _l("province"),
    "city": _l("city"),
    "district": _l("district"),
    "division_code": _l("division code"),
    "address": _l("address"),
    "postal_code": _l("postal code"),
}
_STATUSES: Mapping[str, Mapping[str, Words]] = {
    "order": {
        "pending": _l("Waiting for payment"),
        "placed": _l("Placed"),
        "expired": _l("Expired"),
        "canceled": _l("Canceled"),
    },
    "payment": {
        "none": _l("Not paid"),
        "pending": _l("Waiting for payment"),
        "authorized": _l("Authorized"),
        "partially_paid": _l("Partly paid"),
        "paid": _l("Paid"),
        "partially_refunded": _l("Partly refunded"),
        "refunded": _l("Refunded"),
        "overcharged": _l("Paid too much"),
        "voided": _l("Voided"),
    },
    "goods": {
        "unfulfilled": _l("Being prepared"),
        "partially_fulfilled": _l("Partly handed over"),
        "fulfilled": _l("Handed over"),
        "delivered": _l("Delivered"),
        "not_required": _l("Nothing to ship"),
        "canceled": _l("Canceled"),
    },
    "dispute": {
        "none": _l("None"),
        "needs_response": _l("Answer needed"),
        "under_review": _l("Under review"),
        "won": _l("Won"),
        "lost": _l("Lost"),
    },
}
_OF: Mapping[str, Words] = {
    "order": _l("Order"),
    "payment": _l("Payment"),
    "goods": _l("Goods"),
    "dispute": _l("Dispute"),
}
_MESSAGES: Mapping[str, Words] = {
    "placed": _l("confirmation of the order"),
    "ready": _l("ready to be collected"),
    "shipped": _l("the goods are on their way"),
    "collected": _l("the goods were collected"),
    "refunded": _l("money comes back"),
    "link": _l("link to the order"),
    "to_counter": _l("collected instead of shipped"),
    "to_address": _l("shipped instead of collected"),
}
_CHANNELS: Mapping[str, Words] = {"mail": _l("E-mail"), "sms": _l("SMS")}
_REACHED_BY: Mapping[str, str] = {"mail": "email", "sms": "phone"}
_DONE = {"placed", "delivered", "collected", "refund_succeeded", "dispute_won"}


@dataclass(frozen=True)
class Moment:
    """One line of the timeline."""

    sentence: Words
    details: tuple[Words | str, ...]
    who: Words | str
    at: datetime
    is_done: bool
    steps: tuple[Words, ...] = ()
    """Each status that changed, from → to."""


def of(
    order: Order, contact: OrderContact, events: Sequence[OrderEvent], names: Mapping[str, str]
) -> list[Moment]:
    """Newest first, down to the moment when the buyer sent the order.

    `names` are people by their audit key. That first line has no row of its own: the order knows
    its moment, and placing an order should not write what is known already.
    """
    moments = [_moment(event, names, _receiver(event, events, contact)) for event in events]
    sent = Moment(_SENTENCES["submitted"], (), _ACTORS["buyer"], order.submitted_at, is_done=False)
    return list(reversed([sent, *moments]))


def who(key: str, names: Mapping[str, str]) -> Words | str:
    """A person's name, or what acted by itself."""
    return names.get(key) or _ACTORS.get(key) or key


def reason(code: str) -> Words | str:
    """A reason in words; free text stays as it is."""
    return REASONS.get(code) or code


def _moment(event: OrderEvent, names: Mapping[str, str], receiver: Words | str) -> Moment:
    return Moment(
        _sentence(event),
        (*_details(event), *((receiver,) if receiver else ())),
        who(event.by, names),
        event.at,
        event.kind in _DONE,
        _steps(event),
    )


def _steps(event: OrderEvent) -> tuple[Words, ...]:
    return tuple(
        _l(
            "%(what)s: %(before)s → %(after)s",
            what=_OF[what],
            before=_STATUSES[what].get(before, before),
            after=_STATUSES[what].get(after, after),
        )
        for what, (before, after) in sorted(event.values.get("steps", {}).items())
    )


def _receiver(
    event: OrderEvent, events: Sequence[OrderEvent], contact: OrderContact
) -> Words | str:
    """Whom a message went to, masked.

    The row does not say it, so that erasing the contact erases it here too; after a correction of
    the contact it is not known any more.
    """
    if event.kind != "told":
        return ""
    if contact.erased_at is not None:
        return _l("erased")
    column = _REACHED_BY[str(event.values["channel"])]
    if any(
        later.kind == "contact_changed" and column in later.values.get("fields", ())
        for later in events
        if later.id > event.id
    ):
        return _l("to the former contact")
    return _masked(getattr(contact, column) or "")


def _masked(contact: str) -> str:
    name, at_sign, host = contact.partition("@")
    if at_sign:
        return f"{name[:1]}•••@{host}"
    return f"•••• {contact[-4:]}" if len(contact) > 8 else "••••"


def _sentence(event: OrderEvent) -> Words:
    if event.kind == "refund_reserved":
        amount = format_money(int(event.values["amount"]), str(event.values["currency"]))
        return _l("Refund of %(amount)s started", amount=amount)
    if event.kind == "told":
        return _l(
            "%(channel)s to the buyer: %(message)s",
            channel=_CHANNELS[str(event.values["channel"])],
            message=_MESSAGES[str(event.values["message"])],
        )
    return _SENTENCES.get(event.kind) or Words(event.kind.replace("%", "%%"))


def _details(event: OrderEvent) -> tuple[Words | str, ...]:
    values, found = event.values, list[Words | str]()
    parcel = " ".join(filter(None, (values.get("carrier"), values.get("tracking"))))
    if parcel:
        found.append(parcel)
    if values.get("reason"):
        found.append(reason(str(values["reason"])))
    if values.get("task"):
        found.append(TASKS.get(str(values["task"])) or str(values["task"]))
    if event.kind == "refund_succeeded" and "amount" in values:
        found.append(format_money(int(values["amount"]), str(values["currency"])))
    found.extend(_FIELDS.get(name, name) for name in values.get("fields", ()))
    if values.get("text"):
        found.append(str(values["text"]))
    return tuple(found)
