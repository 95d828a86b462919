"""Whether a rule is met: signals and settings in, findings out. Pure: no clock, no database.

Personal signals come as keyed hashes; a finding names their kind, never what they say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from statistics import median

from commissions.abuse.rules import SCOPES, Action, Check, Scope, Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSignals:
    """What is known of one order and one point that it was credited to."""

    placed_at: datetime
    buyer: Mapping[str, str] = field(default_factory=dict)
    """Kind of signal (`email`, `phone`, `address`, `card`, `account`) → keyed hash."""
    own: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The same of everybody who works at the point."""
    earlier: Mapping[str, int] = field(default_factory=dict)
    """Kind → earlier orders of this point in the looked-at days with the same hash."""
    touched_at: datetime | None = None
    """When the visitor came by a link or a code; None if the storefront was opened."""
    platform: str = ""
    """Whose paid advertisement led here."""
    referrer: str = ""
    """Host and path of the page that led here, without query."""
    mail_domain: str = ""
    is_own_upline: bool = False
    """Managed by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointSignals:
    """What is known of a point's last weeks."""

    shares_destination_with: int = 0
    """Other payees of points that are paid to the same account."""
    last_hour: int = 0
    """Orders."""
    hours: tuple[int, ...] = ()
    """Orders of each busy hour of the last 28 days, without the last."""
    delivered: int = 0
    refunded: int = 0
    """Of the delivered orders; refunds by our own protection are left out."""
    settled: int = 0
    disputing_buyers: int = 0
    """Different buyers, however many orders each disputed."""
    code_visitors: int = 0
    """Most new visitors of one code within a day."""
    released: int = 0
    """Orders whose earnings were released."""
    returned_late: int = 0
    """Of them, orders of which something came back within the looked-at days."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule is met, by what."""

    check: Check
    action: Action
    kinds: tuple[str, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)


Settings = Mapping[Check, Setting]


def judge_order(signals: OrderSignals, settings: Settings) -> list[Finding]:
    """All rules about one order that are met and not switched off."""
    return [
        found
        for check, setting in settings.items()
        if SCOPES[check] is Scope.ENTRY and setting.action is not Action.OFF
        for found in _of_order(check, setting, signals)
    ]


def judge_point(signals: PointSignals, settings: Settings) -> list[Finding]:
    """All rules about a point that are met and not switched off."""
    return [
        found
        for check, setting in settings.items()
        if SCOPES[check] is Scope.POINT and setting.action is not Action.OFF
        for found in _of_point(check, setting, signals)
    ]


def _of_order(check: Check, setting: Setting, signals: OrderSignals) -> Iterator[Finding]:
    number = setting.numbers
    match check:
        case Check.SELF_PURCHASE:
            same = tuple(
                kind
                for kind, value in sorted(signals.buyer.items())
                if value and value in signals.own.get(kind, frozenset())
            )
            if same:
                yield Finding(check, setting.action, same)
        case Check.HOUSEHOLD:
            found = {kind: n for kind, n in signals.earlier.items() if n + 1 >= number["orders"]}
            if found:
                yield Finding(
                    check,
                    setting.action,
                    tuple(sorted(found)),
                    {"orders": max(found.values()) + 1, "days": number["days"]},
                )
        case Check.CLICK_TO_ORDER if signals.touched_at is not None:
            waited = signals.placed_at - signals.touched_at
            seconds = int(waited.total_seconds())
            if waited < timedelta(seconds=number["seconds"]):
                yield Finding(check, setting.action, ("short",), {"seconds": max(0, seconds)})
            elif waited > timedelta(hours=number["hours"]):
                yield Finding(check, setting.action, ("long",), {"hours": seconds // 3600})
        case Check.PAID_ADS:
            if signals.platform and signals.platform in setting.words:
                yield Finding(check, setting.action, (signals.platform,))
        case Check.BANNED_REFERRER:
            if any(_fits(signals.referrer, pattern) for pattern in setting.words):
                yield Finding(check, setting.action)
        case Check.DISPOSABLE_MAIL:
            if signals.mail_domain and signals.mail_domain in setting.words:
                yield Finding(check, setting.action)
        case Check.UPLINE_LOOP:
            if signals.is_own_upline:
                yield Finding(check, setting.action)
        case _:
            pass


def _of_point(check: Check, setting: Setting, signals: PointSignals) -> Iterator[Finding]:
    number, action = setting.numbers, setting.action
    match check:
        case Check.DUPLICATE_POINT:
            if signals.shares_destination_with:
                yield Finding(check, action, (), {"points": signals.shares_destination_with})
        case Check.VELOCITY:
            usual = median(signals.hours) if sum(signals.hours) >= number["history"] else None
            jump = usual is not None and signals.last_hour >= max(2, number["times"] * usual)
            if signals.last_hour >= number["per_hour"] or jump:
                yield Finding(check, action, (), {"orders": signals.last_hour})
        case Check.REFUNDS:
            yield from _refunds(setting, signals)
        case Check.CODE_LEAK:
            if signals.code_visitors > number["visitors"]:
                yield Finding(check, action, (), {"visitors": signals.code_visitors})
        case Check.LATE_RETURN:
            late, released = signals.returned_late, signals.released
            if late and released >= number["orders"] and 100 * late >= number["percent"] * released:
                yield Finding(check, action, (), {"returned": late, "released": released})
        case _:
            pass


def _refunds(setting: Setting, signals: PointSignals) -> Iterator[Finding]:
    number = setting.numbers
    enough = signals.delivered >= number["delivered"]
    if enough and 100 * signals.refunded > number["percent"] * signals.delivered:
        numbers = {"refunded": signals.refunded, "delivered": signals.delivered}
        yield Finding(Check.REFUNDS, setting.action, ("refunds",), numbers)
    buyers = signals.disputing_buyers
    many = buyers >= number["buyers"] and signals.settled >= number["settled"]
    if many and 100 * buyers > number["disputed_percent"] * signals.settled:
        numbers = {"buyers": buyers, "settled": signals.settled}
        yield Finding(Check.REFUNDS, setting.action, ("disputes",), numbers)


def _fits(referrer: str, pattern: str) -> bool:
    """`*.example.com` and `example.com/deals/*`; a bare host means all of its pages."""
    host = referrer.partition("/")[0]
    wanted = pattern.strip().lower()
    if not referrer or not wanted:
        return False
    return fnmatchcase(referrer if "/" in wanted else host, wanted)
