"""What the address of the order list asks for; the list and its export read the same words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from shop.kernel import ids
from shop.kernel.i18n import _l
from shop.kernel.words import Words
from shop.orders.models import FulfillmentStatus, OrderStatus, PaymentStatus
from shop.orders.queries import Filter

PERIODS: Mapping[str, Words] = {
    "today": _l("Today"),
    "7": _l("Last 7 days"),
    "30": _l("Last 30 days"),
    "month": _l("This month"),
}
STATUSES = tuple(one.value for one in OrderStatus if one is not OrderStatus.DRAFT)
PAYMENTS = tuple(one.value for one in PaymentStatus)
FULFILLMENTS = (
    FulfillmentStatus.UNFULFILLED.value,
    FulfillmentStatus.PARTIALLY_FULFILLED.value,
    FulfillmentStatus.FULFILLED.value,
    FulfillmentStatus.DELIVERED.value,
    FulfillmentStatus.CANCELED.value,
)
DELIVERIES = ("shipping", "pickup", "digital")
DISPUTES = ("needs_response", "under_review", "won", "lost")


CHOSEN = "order"
"""Name of the boxes beside the orders."""
MOST = 100


@dataclass(frozen=True)
class Tab:
    """A ready-made filter above the list."""

    label: Words
    arguments: Mapping[str, str]


TABS = (
    Tab(_l("All"), {}),
    Tab(_l("To ship"), {"waits": "shipping"}),
    Tab(_l("To be collected"), {"waits": "pickup"}),
    Tab(_l("Waiting for payment"), {"status": "pending"}),
    Tab(_l("Needs a decision"), {"task": "any"}),
    Tab(_l("Disputes"), {"dispute": "needs_response"}),
)
_OF_TABS = ("status", "waits", "task", "dispute", "payment", "fulfillment", "delivery")
ARGUMENTS = (*_OF_TABS, "text", "period", "since", "until", "point")
"""Everything that narrows the list."""


def read(arguments: Mapping[str, str], *, zone: ZoneInfo, today: date) -> Filter:
    """The filter; words that mean nothing here are ignored, so that old bookmarks still open."""
    since, until = period(arguments, zone, today)
    point = arguments.get("point", "")
    return Filter(
        text=arguments.get("text", "").strip()[:120],
        status=_one_of(arguments, "status", STATUSES),
        payment=_one_of(arguments, "payment", PAYMENTS),
        fulfillment=_one_of(arguments, "fulfillment", FULFILLMENTS),
        delivery=_one_of(arguments, "delivery", DELIVERIES),
        waits=_one_of(arguments, "waits", DELIVERIES),
        task=arguments.get("task", "").strip()[:40],
        dispute=_one_of(arguments, "dispute", DISPUTES),
        point_id=ids.read(point),
        since=since,
        until=until,
    )


def chosen(arguments: MultiDict[str, str]) -> tuple[int, ...]:
    """The orders that were ticked, each once, no more than can be worked on at a time."""
    found = (ids.read(text) for text in arguments.getlist(CHOSEN))
    return tuple(dict.fromkeys(one for one in found if one))[:MOST]


def chosen_tab(arguments: Mapping[str, str]) -> Tab | None:
    """The tab that the address stands for; None for a filter of one's own."""
    asked = {name: arguments[name] for name in _OF_TABS if arguments.get(name)}
    return next((tab for tab in TABS if dict(tab.arguments) == asked), None)


def _one_of(arguments: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = arguments.get(name, "")
    return value if value in allowed else ""


def period(
    arguments: Mapping[str, str], zone: ZoneInfo, today: date
) -> tuple[datetime | None, datetime | None]:
    """From the beginning of the first day to the end of the last, in the brand's zone."""
    preset = arguments.get("period", "")
    first = {
        "today": today,
        "7": today - timedelta(days=6),
        "30": today - timedelta(days=29),
        "month": today.replace(day=1),
    }.get(preset) or _day(arguments.get("since", ""))
    last = None if preset in PERIODS else _day(arguments.get("until", ""))
    return _midnight(first, zone), _midnight(last and last + timedelta(days=1), zone)


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time(), zone) if day else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
