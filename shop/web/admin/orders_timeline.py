"""An order's timeline in words: what happened, who did it, when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shop.kernel.i18n import _l
from shop.kernel.money import format_money
from shop.kernel.words import Words
from shop.orders.models import OrderEvent

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
_DONE = {"placed", "delivered", "collected", "refund_succeeded", "dispute_won"}


@dataclass(frozen=True)
class Moment:
    """One line of the timeline."""

    sentence: Words
    details: tuple[Words | str, ...]
    who: Words | str
    at: datetime
    is_done: bool


def of(events: Sequence[OrderEvent], names: Mapping[str, str]) -> list[Moment]:
    """Newest first; `names` are people by their audit key."""
    return [_moment(event, names) for event in reversed(events)]


def who(key: str, names: Mapping[str, str]) -> Words | str:
    """A person's name, or what acted by itself."""
    return names.get(key) or _ACTORS.get(key) or key


def reason(code: str) -> Words | str:
    """A reason in words; free text stays as it is."""
    return REASONS.get(code) or code


def _moment(event: OrderEvent, names: Mapping[str, str]) -> Moment:
    return Moment(
        _sentence(event), _details(event), who(event.by, names), event.at, event.kind in _DONE
    )


def _sentence(event: OrderEvent) -> Words:
    if event.kind == "refund_reserved":
        amount = format_money(int(event.values["amount"]), str(event.values["currency"]))
        return _l("Refund of %(amount)s started", amount=amount)
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
