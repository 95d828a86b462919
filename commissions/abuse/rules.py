"""The words of the rules: their names, scopes, actions and starting values. Pure and frozen.

A rule says a reason and numbers, never a score; what it does is a setting of the brand, for all of
its points or for a group of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Check(StrEnum):
    """What is looked for."""

    SELF_PURCHASE = "self_purchase"
    """The buyer is the point itself, by contact, address or card."""
    HOUSEHOLD = "household"
    """Address or card of earlier orders of the same point, again and again."""
    DUPLICATE_POINT = "duplicate_point"
    """Several points seem to be one person's: one account, or one browser."""
    VELOCITY = "velocity"
    """More orders in an hour than a person brings, or than this point ever brought."""
    CLICK_TO_ORDER = "click_to_order"
    """Too short between the first touch and the order, or too long."""
    REFUNDS = "refunds"
    """Much comes back, or many buyers dispute."""
    CODE_LEAK = "code_leak"
    """One code brings many visitors never seen before in a day, or some from a listed page."""
    PAID_ADS = "paid_ads"
    """The visitor came by a paid advertisement."""
    BANNED_REFERRER = "banned_referrer"
    """The visitor came from a page on the brand's list."""
    DISPOSABLE_MAIL = "disposable_mail"
    """The mail address is one that is thrown away."""
    UPLINE_LOOP = "upline_loop"
    """The point is managed by itself. Circles are refused where the tree changes; this is the net."""
    LATE_RETURN = "late_return"
    """Goods come back just after the earning was released."""


class Action(StrEnum):
    """What happens when a rule is met."""

    OFF = "off"
    FLAG = "flag"
    """A person is told; nothing is held. Also the shadow in which a rule is tried."""
    HOLD = "hold"
    """Not paid before a person has looked, or the deadline has passed."""
    REJECT = "reject"
    """The sale earns nothing for this point; the decision keeps the reason. A rule about a point
    refuses its new sales until its case is released or over, and holds what was earned before."""


class Scope(StrEnum):
    """What a rule looks at, and what a hold lies on."""

    ENTRY = "entry"
    """One order."""
    POINT = "point"
    """All that is unpaid of a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How one rule is set."""

    action: Action
    numbers: Mapping[str, int] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    """Lists: signals that count, referrers, mail domains, platforms of advertisements."""


SCOPES: dict[Check, Scope] = {
    check: Scope.POINT
    if check
    in (
        Check.DUPLICATE_POINT,
        Check.VELOCITY,
        Check.REFUNDS,
        Check.CODE_LEAK,
        Check.LATE_RETURN,
    )
    else Scope.ENTRY
    for check in Check
}

SIGNALS: Mapping[Check, tuple[str, ...]] = {
    Check.SELF_PURCHASE: ("account", "address", "card", "device", "email", "phone"),
    Check.DUPLICATE_POINT: ("destination", "device"),
}
"""Signals that may count for a rule; its `words` are those that do."""

DEFAULTS: dict[Check, Setting] = {
    Check.SELF_PURCHASE: Setting(
        action=Action.HOLD, words=("account", "address", "card", "email", "phone")
    ),
    Check.HOUSEHOLD: Setting(action=Action.FLAG, numbers={"orders": 3, "days": 90}),
    Check.DUPLICATE_POINT: Setting(action=Action.HOLD, words=SIGNALS[Check.DUPLICATE_POINT]),
    Check.VELOCITY: Setting(
        action=Action.FLAG, numbers={"per_hour": 20, "times": 5, "history": 10}
    ),
    Check.CLICK_TO_ORDER: Setting(action=Action.FLAG, numbers={"seconds": 5, "hours": 720}),
    Check.REFUNDS: Setting(
        action=Action.HOLD,
        numbers={"percent": 30, "delivered": 10, "buyers": 3, "settled": 25, "disputed_percent": 1},
    ),
    Check.CODE_LEAK: Setting(action=Action.FLAG, numbers={"visitors": 30, "listed": 3}),
    Check.PAID_ADS: Setting(action=Action.FLAG, words=("google",)),
    Check.BANNED_REFERRER: Setting(action=Action.REJECT),
    Check.DISPOSABLE_MAIL: Setting(
        action=Action.FLAG,
        words=("mailinator.com", "guerrillamail.com", "10minutemail.com", "yopmail.com"),
    ),
    Check.UPLINE_LOOP: Setting(action=Action.REJECT),
    Check.LATE_RETURN: Setting(action=Action.HOLD, numbers={"days": 3, "percent": 30, "orders": 5}),
}
"""Starting values; unmeasured ones are to be watched as flags first."""


Settings = Mapping[Check, Setting]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All settings of a brand: those for everybody, and what groups of points have of their own."""

    everywhere: Settings
    groups: Mapping[str, Settings] = field(default_factory=dict)

    def of(self, group: str) -> Settings:
        """The twelve as they stand for a point of this group."""
        return {**self.everywhere, **self.groups.get(group, {})}

    def settings(self, check: Check) -> Iterator[Setting]:
        """Every setting that one rule has somewhere."""
        yield self.everywhere[check]
        for own in self.groups.values():
            if check in own:
                yield own[check]

    def rejects(self, scope: Scope) -> bool:
        """Whether any rule of this scope rejects anywhere."""
        return any(
            setting.action is Action.REJECT
            for check in Check
            if SCOPES[check] is scope
            for setting in self.settings(check)
        )
