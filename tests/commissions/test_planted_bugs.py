"""Each guard is needed: take it away, and a house that lives at random breaks an invariant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from commissions.history import History, LineHistory, in_order
from commissions.ledger import Change
from commissions.payouts import approving, booking, by_hand, claims, judging, partial
from commissions.periods import Sums
from commissions.targets import Target
from commissions.terms import Role
from commissions.versions import id_at
from tests.commissions.factories import moment
from tests.commissions.house.ground import Ground
from tests.commissions.house.lives import BUSY, GIVING_UP, PARTS, PAYING, live

ACTS = 100


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


BUGS: dict[str, tuple[int, Any, str, Any]] = {
    "a dispute holds nothing": (5, effects, "open_hold", nothing),
    "a dispute reserves nothing of what is claimed": (22, effects, "_mark_claimed", nothing),
    "a lost dispute takes nothing back": (
        11,
        History,
        "lose",
        lambda self, key, _: self.disputed.pop(key),
    ),
    "claimed entries are offered again": (7, claims, "is_claimed", lambda _: false()),
    "a hold is not looked at": (3, claims, "is_held", lambda *_: false()),
    "an earning is reversed rounding down": (
        4,
        targets,
        "cumulative",
        lambda total, part, whole: total * part // whole if whole else 0,
    ),
    "an earning is reversed rounding up": (
        0,
        targets,
        "cumulative",
        lambda total, part, whole: -(-total * part // whole) if whole else 0,
    ),
    "a refund that failed still counts": (3, history, "_effective", in_order),
    "a fact is not recognized": (0, intake, "_known_hashes", lambda *_: {}),
    "released at payment": (
        1,
        targets,
        "line_delivered_at",
        lambda of, _line: of.sale.paid_at,
    ),
    "no days of waiting": (1, Target, "available_at", available_at_once),
    "a changed claim is paid": (39, by_hand, "what_changed", lambda *_: ""),
    "a void payout keeps its money": (9, booking, "give_back", nothing),
    "money that came back is not booked": (7, booking, "returned", nothing),
    "what was sent is not booked": (7, booking, "transferred", nothing),
    "reserves stay out of balances": (5, settling, "shift_balances", without_reserve),
    "reversals are not posted": (4, settling, "post", only_earnings),
    "the version of today serves": (
        2,
        crediting,
        "id_at",
        lambda key, _: id_at(key, moment(NEWEST)),
    ),
    "who may not earn earns": (0, calculator, "_bar", lambda *_: None),
    "an upline needs no contract": (
        1,
        calculator,
        "_bar",
        lambda share, _: Outcome.INELIGIBLE if share.party.refusal else None,
    ),
    "periods count gross sales": (0, periods, "_sums", gross),
    "periods are not settled": (
        0,
        settling,
        "count",
        lambda *_args, **_more: counting.Differences(),
    ),
    "a period has no cap": (3, counting, "award_of", without_cap),
    "an upline's sales earn a bonus": (2, periods, "_is_met", anything_sold),
    "what did not arrive counts": (0, periods, "_choose", of_their_sale),
    "a period forgets what it gave": (
        3,
        counting,
        "counted_before",
        lambda _session, sales: {one.id: {} for one in sales},
    ),
    "an approval looks at nothing": (10, approving, "what_changed", lambda *_: ""),
    "a canceled sale goes on earning": (0, LineHistory, "call_off", nothing),
    "a part that came back is not booked": (19, partial, "_give", nothing),
    "a part that came back is booked but not counted": (8, partial, "_set", nothing),
    "what changed is sent over the network": (29, judging, "_objection", lambda *_: ""),
}
"""Name → the seed of a life that it breaks, and what is put in whose place."""
MIXES = {
    approving: PAYING,
    by_hand: PAYING,
    judging: PAYING,
    partial: PARTS,
    LineHistory: GIVING_UP,
}
NEWEST = 4000
STORED_TWICE = (IntegrityError, CommissionError)


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    ground = Ground()
    yield ground
    ground.close()


def breaks(ground: Ground, seed: int, mix: Sequence[str]) -> str:
    """What breaks in the life of this seed; empty if nothing does."""
    try:
        live(ground, seed, ACTS, mix)
    except AssertionError as error:
        return str(error).split("\n")[0] or "an assertion of the engine"
    except (*STORED_TWICE, KeyError) as error:
        return type(error).__name__
    return ""


@pytest.mark.parametrize("seed", range(4))
def test_a_house_with_all_guards_stands(ground: Ground, seed: int) -> None:
    live(ground, seed, ACTS)


@pytest.mark.parametrize("name", BUGS)
def test_a_house_without_this_guard_breaks(
    ground: Ground, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, where, guard, bug = BUGS[name]
    monkeypatch.setattr(where, guard, bug)

    assert breaks(ground, seed, MIXES.get(where, BUSY)), name


def test_there_are_enough_of_them() -> None:
    assert len(BUGS) >= 20


def test_the_same_seed_lives_the_same_life(ground: Ground) -> None:
    def told(seed: int) -> list[object]:
        return [(one.sale, one.told) for one in live(ground, seed, 20).sold]

    assert told(3) == told(3)
