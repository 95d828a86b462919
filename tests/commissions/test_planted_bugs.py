"""Each guard is needed: take it away, and a house that lives at random breaks an invariant."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import false
from sqlalchemy.exc import IntegrityError

from commissions import (
    calculator,
    counting,
    crediting,
    effects,
    history,
    intake,
    ledger,
    periods,
    settling,
    targets,
)
from commissions.decisions import Outcome
from commissions.errors import CommissionError
from commissions.history import History, in_order
from commissions.ledger import Change
from commissions.payouts import booking, by_hand, claims
from commissions.periods import Sums
from commissions.targets import Target
from commissions.terms import Role
from commissions.versions import id_at
from tests.commissions.factories import moment
from tests.commissions.harness import House

SEEDS = range(30)
STEPS = 100


def nothing(*_args: Any, **_more: Any) -> None:
    """The guard is gone."""


def without_reserve(session: Any, changes: Any) -> None:
    booked = {who: Change(one.earned, one.expected) for who, one in changes.items()}
    shift_balances(session, booked)


shift_balances = ledger.shift_balances


def only_earnings(session: Any, movements: Any, *, ids: Any) -> None:
    post(session, [m for m in movements if m.debit == "brand:commission_expense"], ids=ids)


post = ledger.post


def available_at_once(target: Target, paid_at: datetime) -> datetime | None:
    return None if target.delivered_at is None else max(target.delivered_at, paid_at)


def gross(reckoning: Any, target: Target, rule: Any) -> Sums:
    return Sums(target.line_base, target.left if rule.role is not Role.BONUS else 0, 10**9)


def without_cap(rule: Any, currency: str, sums: Sums) -> tuple[int, dict[str, Any]]:
    working: dict[str, Any] = {}
    return goal(rule, currency, sums, working) - sums.line, working


goal = periods._goal


def anything_sold(_reckoning: Any, target: Target, _bonus: Any) -> bool:
    return target.decision.outcome is Outcome.PAID


def of_their_sale(_reckoning: Any, target: Target, rules: Any, _earlier: Any) -> Any:
    at = target.delivered_at or moment()
    place = periods.Place(rules[0].position, "2026-01", at, at) if rules else None
    return (rules[0], place) if place else None


BUGS: dict[str, tuple[Any, str, Any]] = {
    "a dispute holds nothing": (effects, "open_hold", nothing),
    "a dispute reserves nothing of what is claimed": (effects, "_mark_claimed", nothing),
    "a lost dispute takes nothing back": (
        History,
        "lose",
        lambda self, key, _: self.disputed.pop(key),
    ),
    "claimed entries are offered again": (claims, "is_claimed", lambda _: false()),
    "a hold is not looked at": (claims, "is_held", lambda *_: false()),
    "an earning is reversed rounding down": (
        targets,
        "cumulative",
        lambda total, part, whole: total * part // whole if whole else 0,
    ),
    "an earning is reversed rounding up": (
        targets,
        "cumulative",
        lambda total, part, whole: -(-total * part // whole) if whole else 0,
    ),
    "a refund that failed still counts": (history, "_effective", in_order),
    "a fact is not recognized": (intake, "_known_hashes", lambda *_: {}),
    "released at payment": (
        targets,
        "line_delivered_at",
        lambda of, _line: of.sale.paid_at,
    ),
    "no days of waiting": (Target, "available_at", available_at_once),
    "a changed claim is paid": (by_hand, "what_changed", lambda *_: ""),
    "a void payout keeps its money": (booking, "give_back", nothing),
    "money that came back is not booked": (booking, "returned", nothing),
    "what was sent is not booked": (booking, "transferred", nothing),
    "reserves stay out of balances": (settling, "shift_balances", without_reserve),
    "reversals are not posted": (settling, "post", only_earnings),
    "the version of today serves": (
        crediting,
        "id_at",
        lambda key, _: id_at(key, moment(NEWEST)),
    ),
    "who may not earn earns": (calculator, "_bar", lambda *_: None),
    "an upline needs no contract": (
        calculator,
        "_bar",
        lambda share, _: Outcome.INELIGIBLE if share.party.refusal else None,
    ),
    "periods count gross sales": (periods, "_sums", gross),
    "periods are not settled": (
        settling,
        "count",
        lambda *_args, **_more: counting.Differences(),
    ),
    "a period has no cap": (counting, "award_of", without_cap),
    "an upline's sales earn a bonus": (periods, "_is_met", anything_sold),
    "what did not arrive counts": (periods, "_choose", of_their_sale),
    "a period forgets what it gave": (
        counting,
        "counted_before",
        lambda _session, sales: {one.id: {} for one in sales},
    ),
}
NEWEST = 4000
STORED_TWICE = (IntegrityError, CommissionError)


def breaks(seed: int) -> str:
    """What breaks in the house of this seed; empty if nothing does."""
    try:
        House(seed).live(STEPS)
    except AssertionError as error:
        return str(error).split("\n")[0] or "an assertion of the engine"
    except (*STORED_TWICE, KeyError) as error:
        return type(error).__name__
    return ""


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_a_house_with_all_guards_stands(seed: int) -> None:
    House(seed).live(STEPS)


@pytest.mark.parametrize("name", BUGS)
def test_a_house_without_this_guard_breaks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, guard, bug = BUGS[name]
    monkeypatch.setattr(where, guard, bug)

    assert any(breaks(seed) for seed in SEEDS), name


def test_there_are_enough_of_them() -> None:
    assert len(BUGS) >= 20
    assert all(callable(bug) for _, _, bug in BUGS.values())


def test_the_same_seed_lives_the_same_life() -> None:
    def nets(seed: int) -> dict[str, int]:
        house = House(seed)
        house.live(15)
        return house.expected()

    assert nets(3) == nets(3)
