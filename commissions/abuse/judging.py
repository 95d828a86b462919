"""Whether a rule is met: signals and settings in, findings out. Pure: no clock, no database.

Personal signals come as keyed hashes; a finding names their kind, never what they say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from statistics import median

from commissions.abuse.rules import SCOPES, Action, Check, Scope, Setting, Settings

OWN_CAMPAIGN = "+"
"""In the list of platforms: what follows is a campaign of the brand's own, which is in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSignals:
    """What is known of one order and one point that it was credited to."""

    placed_at: datetime
    buyer: Mapping[str, str] = field(default_factory=dict)
    """Kind of signal (`email`, `phone`, `address`, `card`, `account`, `device`) → keyed hash."""
    own: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The same of the point and of everybody who works at it."""
    earlier: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Kind → for each earlier order of this point with the same hash, how many days ago it was."""
    touched_at: datetime | None = None
    """When the visitor came by a link or a code; None if the storefront was opened."""
    platform: str = ""
    """Whose paid advertisement led here."""
    campaign: str = ""
    """Which of its campaigns."""
    referrer: str = ""
    """Host and path of the page that led here, without query."""
    mail_domain: str = ""
    is_own_upline: bool = False
    """Managed by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSignals:
    """What is known of one link or code within the last day."""

    code: str
    visitors: int = 0
    """Never seen before."""
    pages: Mapping[str, int] = field(default_factory=dict)
    """Host and path of the page they came from → such visitors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointSignals:
    """What is known of a point's last weeks."""

    alike: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Kind of signal (`destination`, `device`) → other payees of points that have the same."""
    last_hour: int = 0
    """Orders."""
    hours: tuple[int, ...] = ()
    """Orders of each busy hour of the last 28 days, without the last."""
    delivered: int = 0
    refunded: int = 0
    """Of the delivered orders. What the brand itself could not deliver is not counted."""
    settled: int = 0
    disputing_buyers: int = 0
    """Different buyers, however many orders each disputed."""
    codes: tuple[CodeSignals, ...] = ()
    released: int = 0
    """Orders whose earnings were released."""
    returned: tuple[int, ...] = ()
    """For each of them of which something came back afterwards, after how many days."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule is met, by what."""

    check: Check
    action: Action
    kinds: tuple[str, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)
    about: str = ""
    """What makes it the same when it is met again; empty for what its time alone tells apart."""


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
                if value and kind in setting.words and value in signals.own.get(kind, frozenset())
            )
            if same:
                yield Finding(check, setting.action, same)
        case Check.HOUSEHOLD:
            yield from _household(setting, signals)
        case Check.CLICK_TO_ORDER if signals.touched_at is not None:
            waited = signals.placed_at - signals.touched_at
            seconds = int(waited.total_seconds())
            if waited < timedelta(seconds=number["seconds"]):
                yield Finding(check, setting.action, ("short",), {"seconds": max(0, seconds)})
            elif waited > timedelta(hours=number["hours"]):
                yield Finding(check, setting.action, ("long",), {"hours": seconds // 3600})
        case Check.PAID_ADS:
            own = signals.campaign and f"{OWN_CAMPAIGN}{signals.campaign}" in setting.words
            if signals.platform in setting.words and not own:
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
            yield from _duplicates(setting, signals)
        case Check.VELOCITY:
            usual = median(signals.hours) if sum(signals.hours) >= number["history"] else None
            jump = usual is not None and signals.last_hour >= max(2, number["times"] * usual)
            if signals.last_hour >= number["per_hour"] or jump:
                yield Finding(check, action, (), {"orders": signals.last_hour})
        case Check.REFUNDS:
            yield from _refunds(setting, signals)
        case Check.CODE_LEAK:
            for one in signals.codes:
                yield from _leak(setting, one)
        case Check.LATE_RETURN:
            late = sum(days <= number["days"] for days in signals.returned)
            released = signals.released
            if late and released >= number["orders"] and 100 * late >= number["percent"] * released:
                yield Finding(check, action, (), {"returned": late, "released": released})
        case _:
            pass


def _household(setting: Setting, signals: OrderSignals) -> Iterator[Finding]:
    number = setting.numbers
    counts = {
        kind: sum(age <= number["days"] for age in ages) + 1
        for kind, ages in signals.earlier.items()
    }
    found = {kind: count for kind, count in counts.items() if count >= number["orders"]}
    if found:
        numbers = {"orders": max(found.values()), "days": number["days"]}
        yield Finding(Check.HOUSEHOLD, setting.action, tuple(sorted(found)), numbers)


def _duplicates(setting: Setting, signals: PointSignals) -> Iterator[Finding]:
    kinds = [kind for kind in sorted(signals.alike) if kind in setting.words]
    others = sorted(frozenset().union(*(signals.alike[kind] for kind in kinds)))
    if others:
        yield Finding(
            Check.DUPLICATE_POINT,
            setting.action,
            tuple(kind for kind in kinds if signals.alike[kind]),
            {"points": len(others)},
            about=" ".join(others),
        )


def _leak(setting: Setting, one: CodeSignals) -> Iterator[Finding]:
    number = setting.numbers
    listed = sum(
        visitors
        for page, visitors in one.pages.items()
        if any(_fits(page, pattern) for pattern in setting.words)
    )
    if listed >= number["listed"]:
        yield Finding(
            Check.CODE_LEAK, setting.action, ("listed",), {"visitors": listed}, about=one.code
        )
    elif one.visitors > number["visitors"]:
        yield Finding(
            Check.CODE_LEAK, setting.action, (), {"visitors": one.visitors}, about=one.code
        )


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
