"""Rules against abuse: labelled cases, met and not met, for each of the twelve."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from commissions.abuse.judging import (
    CodeSignals,
    Finding,
    OrderSignals,
    PointSignals,
    judge_order,
    judge_point,
)
from commissions.abuse.rules import DEFAULTS, SCOPES, Action, Check, Scope
from tests.commissions.factories import moment

LATER = moment() - timedelta(minutes=3)


def of_order(**signals: Any) -> list[Finding]:
    settings = {
        **DEFAULTS,
        Check.BANNED_REFERRER: replace(
            DEFAULTS[Check.BANNED_REFERRER], words=("*.coupons.example", "deals.example/best/*")
        ),
        Check.PAID_ADS: replace(DEFAULTS[Check.PAID_ADS], words=("+77", "google")),
    }
    return judge_order(OrderSignals(placed_at=moment(), **signals), settings)


def of_point(**signals: Any) -> list[Finding]:
    return judge_point(PointSignals(**signals), DEFAULTS)


ORDERS: list[tuple[Check, str, dict[str, Any], bool]] = [
    (Check.SELF_PURCHASE, "same phone", {"buyer": {"phone": "p"}, "own": {"phone": {"p"}}}, True),
    (Check.SELF_PURCHASE, "same card", {"buyer": {"card": "c"}, "own": {"card": {"c"}}}, True),
    (Check.SELF_PURCHASE, "others", {"buyer": {"phone": "q"}, "own": {"phone": {"p"}}}, False),
    (Check.SELF_PURCHASE, "nothing known", {"buyer": {"card": ""}, "own": {"card": {""}}}, False),
    (
        Check.SELF_PURCHASE,
        "same browser",
        {"buyer": {"device": "d"}, "own": {"device": {"d"}}},
        False,
    ),
    (Check.HOUSEHOLD, "third order to one address", {"earlier": {"address": (1, 80)}}, True),
    (Check.HOUSEHOLD, "second order to one address", {"earlier": {"address": (1,)}}, False),
    (Check.HOUSEHOLD, "two of them long ago", {"earlier": {"address": (95, 120)}}, False),
    (Check.CLICK_TO_ORDER, "two seconds", {"touched_at": moment() - timedelta(seconds=2)}, True),
    (Check.CLICK_TO_ORDER, "three minutes", {"touched_at": LATER}, False),
    (Check.CLICK_TO_ORDER, "two months", {"touched_at": moment() - timedelta(days=60)}, True),
    (Check.CLICK_TO_ORDER, "storefront opened", {"touched_at": None}, False),
    (Check.PAID_ADS, "google", {"platform": "google"}, True),
    (Check.PAID_ADS, "a campaign of our own", {"platform": "google", "campaign": "77"}, False),
    (Check.PAID_ADS, "another campaign", {"platform": "google", "campaign": "78"}, True),
    (Check.PAID_ADS, "a platform that is allowed", {"platform": "tiktok"}, False),
    (Check.BANNED_REFERRER, "a subdomain", {"referrer": "www.coupons.example/x"}, True),
    (Check.BANNED_REFERRER, "one corner of a site", {"referrer": "deals.example/best/9"}, True),
    (Check.BANNED_REFERRER, "another corner", {"referrer": "deals.example/about"}, False),
    (Check.BANNED_REFERRER, "a look-alike", {"referrer": "coupons.example.org/"}, False),
    (Check.BANNED_REFERRER, "none", {"referrer": ""}, False),
    (Check.DISPOSABLE_MAIL, "thrown away", {"mail_domain": "mailinator.com"}, True),
    (Check.DISPOSABLE_MAIL, "kept", {"mail_domain": "example.com"}, False),
    (Check.UPLINE_LOOP, "its own manager", {"is_own_upline": True}, True),
    (Check.UPLINE_LOOP, "another's", {"is_own_upline": False}, False),
]
POINTS: list[tuple[Check, str, dict[str, Any], bool]] = [
    (
        Check.DUPLICATE_POINT,
        "one account for two",
        {"alike": {"destination": frozenset("7")}},
        True,
    ),
    (Check.DUPLICATE_POINT, "an account of its own", {"alike": {}}, False),
    (Check.VELOCITY, "twenty in an hour", {"last_hour": 20}, True),
    (Check.VELOCITY, "five times the usual", {"last_hour": 10, "hours": (2,) * 10}, True),
    (Check.VELOCITY, "too little history", {"last_hour": 10, "hours": (2,) * 3}, False),
    (Check.VELOCITY, "a good day", {"last_hour": 6, "hours": (2,) * 10}, False),
    (Check.REFUNDS, "four of ten", {"delivered": 10, "refunded": 4}, True),
    (Check.REFUNDS, "three of ten", {"delivered": 10, "refunded": 3}, False),
    (Check.REFUNDS, "four of nine", {"delivered": 9, "refunded": 4}, False),
    (Check.REFUNDS, "three buyers dispute", {"settled": 250, "disputing_buyers": 3}, True),
    (Check.REFUNDS, "one buyer twice of 250", {"settled": 250, "disputing_buyers": 1}, False),
    (Check.REFUNDS, "three of a thousand", {"settled": 1000, "disputing_buyers": 3}, False),
    (
        Check.CODE_LEAK,
        "thirty-one new visitors",
        {"codes": (CodeSignals(code="A", visitors=31),)},
        True,
    ),
    (
        Check.CODE_LEAK,
        "thirty",
        {"codes": (CodeSignals(code="A", visitors=30), CodeSignals(code="B", visitors=30))},
        False,
    ),
    (Check.LATE_RETURN, "two of five", {"released": 5, "returned": (1, 3)}, True),
    (Check.LATE_RETURN, "one of five", {"released": 5, "returned": (1, 4)}, False),
    (Check.LATE_RETURN, "two of four", {"released": 4, "returned": (1, 1)}, False),
]


@pytest.mark.parametrize(("check", "case", "signals", "met"), ORDERS)
def test_rules_about_an_order(check: Check, case: str, signals: dict[str, Any], met: bool) -> None:
    found = of_order(**signals)

    assert [one.check for one in found] == ([check] if met else []), case


@pytest.mark.parametrize(("check", "case", "signals", "met"), POINTS)
def test_rules_about_a_point(check: Check, case: str, signals: dict[str, Any], met: bool) -> None:
    found = of_point(**signals)

    assert [one.check for one in found] == ([check] if met else []), case


def test_every_rule_has_a_default_a_scope_and_cases_of_both_kinds() -> None:
    assert set(DEFAULTS) == set(SCOPES) == set(Check)
    for check in Check:
        cases = POINTS if SCOPES[check] is Scope.POINT else ORDERS
        assert {met for one, _case, _signals, met in cases if one is check} == {True, False}


@pytest.mark.parametrize("check", Check)
def test_a_rule_that_is_off_finds_nothing(check: Check) -> None:
    off = {**DEFAULTS, check: replace(DEFAULTS[check], action=Action.OFF)}
    for one, _case, signals, met in ORDERS:
        if one is check and met:
            assert judge_order(OrderSignals(placed_at=moment(), **signals), off) == []
    for one, _case, signals, met in POINTS:
        if one is check and met:
            assert judge_point(PointSignals(**signals), off) == []


def test_a_finding_names_kinds_and_numbers_and_no_person() -> None:
    (found,) = of_order(
        buyer={"card": "hash", "phone": "h"}, own={"card": {"hash"}, "phone": {"h"}}
    )

    assert (found.kinds, dict(found.numbers)) == (("card", "phone"), {})
    assert found.action is Action.HOLD
