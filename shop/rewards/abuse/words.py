"""The rules in plain words, for staff and for the point; never a score, never "fraud"."""

from collections.abc import Mapping

from commissions.abuse.rules import Action, Check, Scope
from shop.kernel.words import Words, _l
from shop.rewards.abuse.models import AbuseCase

NAMES: Mapping[str, Words] = {
    Check.SELF_PURCHASE: _l("Own purchase"),
    Check.HOUSEHOLD: _l("One household"),
    Check.DUPLICATE_POINT: _l("Points that are alike"),
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
ABOUT: Mapping[str, Words] = {
    Check.SELF_PURCHASE: _l("The buyer has something in common with the point or its people."),
    Check.HOUSEHOLD: _l("Many orders of one point go to one address, or are paid by one card."),
    Check.DUPLICATE_POINT: _l(
        "Points of different payees have an account or a browser in common. Points that stand "
        "together in the tree may share a browser; pairs that you let pass are not found again."
    ),
    Check.VELOCITY: _l(
        "More orders in an hour than one person can bring, or than the point ever had."
    ),
    Check.CLICK_TO_ORDER: _l(
        "The time from the first visit to the order is very short, or very long."
    ),
    Check.REFUNDS: _l(
        "Much comes back, or many different buyers dispute. What the brand itself canceled, could "
        "not deliver, delivered late or gave as goodwill is not counted."
    ),
    Check.CODE_LEAK: _l(
        "One link or code brings many visitors in a day whom nobody has seen before, or some from "
        "pages that collect codes."
    ),
    Check.PAID_ADS: _l("The visitor came by an advertisement that somebody paid for."),
    Check.BANNED_REFERRER: _l("The visitor came from a page on your list."),
    Check.DISPOSABLE_MAIL: _l(
        "The mail address of a buyer is one that is thrown away, or that of somebody who applies "
        "for a shop: then Hold asks for a second look before it is approved, and Reject refuses it."
    ),
    Check.UPLINE_LOOP: _l("The point would be managed by itself, and earn on itself."),
    Check.LATE_RETURN: _l("Goods come back just after what was earned on them was released."),
}
REJECTS: Mapping[str, Words] = {
    Scope.ENTRY: _l(
        "Hold keeps back what the order earned. Reject lets the sale earn nothing from the "
        "beginning; what is found only afterwards is held."
    ),
    Scope.POINT: _l(
        "Hold keeps back all that the point was not paid. Reject does so too, and new sales earn "
        "nothing until somebody lets go or the deadline has passed."
    ),
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
    "listed": _l("of them from listed pages, which is enough by itself"),
}
WORDS: Mapping[str, Words] = {
    Check.CODE_LEAK: _l("Pages, one a line, such as *.coupons.example or deals.example/best/*"),
    Check.PAID_ADS: _l(
        "Platforms, one a line: google, facebook, x, bing, linkedin, reddit, tiktok. A campaign of "
        "your own that is in order: its number after a plus, such as +1234567"
    ),
    Check.BANNED_REFERRER: _l(
        "Pages, one a line, such as *.coupons.example or deals.example/best/*"
    ),
    Check.DISPOSABLE_MAIL: _l("Domains of mail addresses, one a line"),
}
KINDS: Mapping[str, Words] = {
    "account": _l("the same account"),
    "address": _l("the same address"),
    "card": _l("the same card or wallet"),
    "destination": _l("the same account for payouts"),
    "device": _l("the same browser"),
    "email": _l("the same mail address"),
    "phone": _l("the same phone number"),
}


def kinds_of(case: AbuseCase) -> list[Words]:
    """Which personal signals agree, without saying what they are."""
    return [KINDS[kind] for kind in case.kinds if kind in KINDS]


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
            if "destination" in case.kinds:
                return _l("Another payee is paid to the same account.")
            return _l("Somebody of another point signs in with the same browser.")
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
        case Check.CODE_LEAK if "listed" in case.kinds:
            return _l(
                "The code %(code)s brought %(visitors)s new visitors from pages that collect codes.",
                code=case.about,
                visitors=number.get("visitors", 0),
            )
        case Check.CODE_LEAK:
            return _l(
                "The code %(code)s brought %(visitors)s visitors never seen before within a day.",
                code=case.about,
                visitors=number.get("visitors", 0),
            )
        case Check.PAID_ADS:
            return _l("The buyer came by a paid advertisement.")
        case Check.BANNED_REFERRER:
            return _l("The buyer came from a page that the brand does not pay for.")
        case Check.DISPOSABLE_MAIL:
            if case.application_id:
                return _l("Whoever applies signs in with a mail address that is thrown away.")
            return _l("The buyer's mail address is one that is thrown away.")
        case Check.UPLINE_LOOP:
            return _l("The point would be managed by itself.")
        case _:
            return _l(
                "Of %(released)s released orders %(returned)s came back just afterwards.",
                released=number.get("released", 0),
                returned=number.get("returned", 0),
            )


def does(case: AbuseCase) -> Words | None:
    """What the case does until its deadline, where its badge alone would not say it."""
    if case.numbers.get("later"):
        return _l(
            "The rule refuses such sales. It found this one only after the sale, so what it earned "
            "is held instead."
        )
    if case.action != Action.REJECT or case.order_id is not None:
        return None
    if case.rule == Check.CODE_LEAK:
        return _l("New sales by this code earn nothing until then; what was earned before is held.")
    return _l("New sales earn nothing until then, and what was earned before is held.")
