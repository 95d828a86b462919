"""The rules in plain words, for staff and for the point; never a score, never "fraud"."""

from collections.abc import Mapping

from commissions.abuse.rules import Action, Check
from shop.kernel.words import Words, _l
from shop.rewards.abuse.models import AbuseCase

NAMES: Mapping[str, Words] = {
    Check.SELF_PURCHASE: _l("Own purchase"),
    Check.HOUSEHOLD: _l("One household"),
    Check.DUPLICATE_POINT: _l("Two points, one account"),
    Check.VELOCITY: _l("Unusually many orders"),
    Check.CLICK_TO_ORDER: _l("From visit to order"),
    Check.REFUNDS: _l("Refunds and disputes"),
    Check.CODE_LEAK: _l("A code that went around"),
    Check.PAID_ADS: _l("Paid advertisement"),
    Check.BANNED_REFERRER: _l("Pages that are not paid for"),
    Check.DISPOSABLE_MAIL: _l("Throw-away mail address"),
    Check.UPLINE_LOOP: _l("Managed by itself"),
    Check.LATE_RETURN: _l("Returns after the release"),
}
ACTIONS: Mapping[str, Words] = {
    Action.OFF: _l("Off"),
    Action.FLAG: _l("Tell staff"),
    Action.HOLD: _l("Hold"),
    Action.REJECT: _l("Reject"),
}
NUMBERS: Mapping[str, Words] = {
    "orders": _l("orders"),
    "days": _l("days"),
    "per_hour": _l("orders in an hour"),
    "times": _l("times the usual"),
    "history": _l("orders before it counts"),
    "seconds": _l("seconds at least"),
    "hours": _l("hours at most"),
    "percent": _l("percent"),
    "delivered": _l("delivered orders before it counts"),
    "buyers": _l("different buyers"),
    "settled": _l("orders before disputes count"),
    "disputed_percent": _l("percent of buyers who dispute"),
    "visitors": _l("new visitors of a code in a day"),
}
WORDS: Mapping[str, Words] = {
    Check.PAID_ADS: _l(
        "Platforms, one a line: google, facebook, x, bing, linkedin, reddit, tiktok"
    ),
    Check.BANNED_REFERRER: _l(
        "Pages, one a line, such as *.coupons.example or deals.example/best/*"
    ),
    Check.DISPOSABLE_MAIL: _l("Domains of mail addresses, one a line"),
}
_KINDS: Mapping[str, Words] = {
    "account": _l("the same account"),
    "address": _l("the same address"),
    "card": _l("the same card or wallet"),
    "email": _l("the same mail address"),
    "phone": _l("the same phone number"),
}


def kinds_of(case: AbuseCase) -> list[Words]:
    """Which personal signals agree, without saying what they are."""
    return [_KINDS[kind] for kind in case.kinds if kind in _KINDS]


def reason_of(case: AbuseCase) -> Words:
    """Why the rule was met, in one sentence."""
    number = case.numbers
    match case.rule:
        case Check.SELF_PURCHASE:
            return _l("The buyer seems to be somebody who works at the point.")
        case Check.HOUSEHOLD:
            return _l(
                "%(orders)s orders within %(days)s days went to one household.",
                orders=number.get("orders", 0),
                days=number.get("days", 0),
            )
        case Check.DUPLICATE_POINT:
            return _l("Another payee is paid to the same account.")
        case Check.VELOCITY:
            return _l(
                "%(orders)s orders came within an hour, far more than usual.",
                orders=number.get("orders", 0),
            )
        case Check.CLICK_TO_ORDER if "short" in case.kinds:
            return _l(
                "Only %(seconds)s seconds lay between the visit and the order.",
                seconds=number.get("seconds", 0),
            )
        case Check.CLICK_TO_ORDER:
            return _l("The visit was long before the order.")
        case Check.REFUNDS if "disputes" in case.kinds:
            return _l(
                "%(buyers)s different buyers disputed their payment.",
                buyers=number.get("buyers", 0),
            )
        case Check.REFUNDS:
            return _l(
                "%(refunded)s of %(delivered)s delivered orders came back.",
                refunded=number.get("refunded", 0),
                delivered=number.get("delivered", 0),
            )
        case Check.CODE_LEAK:
            return _l(
                "One code brought %(visitors)s visitors never seen before within a day.",
                visitors=number.get("visitors", 0),
            )
        case Check.PAID_ADS:
            return _l("The buyer came by a paid advertisement.")
        case Check.BANNED_REFERRER:
            return _l("The buyer came from a page that the brand does not pay for.")
        case Check.DISPOSABLE_MAIL:
            return _l("The buyer's mail address is one that is thrown away.")
        case Check.UPLINE_LOOP:
            return _l("The point would be managed by itself.")
        case _:
            return _l(
                "Of %(released)s released orders %(returned)s came back just afterwards.",
                released=number.get("released", 0),
                returned=number.get("returned", 0),
            )
