"""Money is exact: rounded half up once, split without losing a unit, never a float."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from commissions.arithmetic import (
    EXPONENTS,
    BadAmount,
    cumulative,
    half_up,
    parse_amount,
    parse_bps,
    share_of,
    split,
    to_decimal_text,
)

SHARED = Path(os.environ.get("GRIDSHOP_SHARED", "../shared"))
VECTORS = SHARED / "data" / "examples" / "money_allocation.json"

OUR_OWN = [
    (100, [1, 1, 1], [34, 33, 33]),
    (5, [3, 7], [2, 3]),
    (5, [7, 3, 0], [4, 1, 0]),
    (2, [1, 1, 1], [1, 1, 0]),
    (101, [3, 7], [30, 71]),
    (10, ["0.1", "0.2", "0.1"], [3, 5, 2]),
    (1, ["0.33", "0.66"], [0, 1]),
    (1000000000000000025, [50, 50], [500000000000000013, 500000000000000012]),
    (99, [1, 1, 1, 1, 1], [20, 20, 20, 20, 19]),
    (1, [0, 1, 1], [0, 1, 0]),
]

OUR_RULE = {
    # moneyphp floors negative quotas; ours mirrors the positive split.
    (-5, (7, 3)): [-4, -1],
    # RubyMoney rounds a running total; ours gives the odd units to the largest remainders.
    (700273, "Ruby"): [*[61565] * 7, 60954, *[52091] * 4],
    (-700273, "Ruby"): [*[-61565] * 7, -60954, *[-52091] * 4],
    # numscript gives odd units in declared order; ours to the largest remainder.
    (15, (80, 8, 12)): [12, 1, 2],
}


def vectors(section: str) -> list[dict[str, Any]]:
    if not VECTORS.exists():
        return []
    found: dict[str, Any] = json.loads(VECTORS.read_text(), parse_float=Decimal)
    vectors: list[dict[str, Any]] = found[section]
    return vectors


@pytest.mark.parametrize(("amount", "weights", "parts"), OUR_OWN)
def test_splits_by_largest_remainder_and_ties_by_order(
    amount: int, weights: list[int | str], parts: list[int]
) -> None:
    assert split(amount, [Decimal(weight) for weight in weights]) == parts


@pytest.mark.shared
@pytest.mark.skipif(not VECTORS.exists(), reason="the shared examples are not here")
def test_published_splits_agree_or_our_rule_is_named() -> None:
    found = vectors("vectors")
    assert len(found) >= 42
    for vector in found:
        amount, ratios = vector["amount"], vector["ratios"]
        parts = split(amount, ratios)
        assert sum(parts) == amount
        if vector["matches_largest_remainder"]:
            assert parts == vector["result"], vector["source"]
            continue
        key = (amount, "Ruby" if len(ratios) == 12 else tuple(ratios))
        assert key in OUR_RULE, f"say why we differ from {vector}"
        assert parts == OUR_RULE[key] != vector["result"], vector["source"]


@pytest.mark.shared
@pytest.mark.skipif(not VECTORS.exists(), reason="the shared examples are not here")
def test_published_bad_splits_are_refused() -> None:
    for vector in vectors("must_raise"):
        with pytest.raises(ValueError, match="weights"):
            split(vector["amount"], vector["ratios"])


@pytest.mark.parametrize("weights", [[], [0, 0], [-1], [-50, -50], [2, -1]])
def test_impossible_splits_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split(100, weights)


@pytest.mark.parametrize(
    "call",
    [
        lambda: split(1.0, [1]),  # type: ignore[arg-type]
        lambda: split(1, [0.5]),  # type: ignore[list-item]
        lambda: split(1, [True]),
        lambda: half_up(1.5, 2),  # type: ignore[arg-type]
        lambda: share_of(100, 12.5),  # type: ignore[arg-type]
        lambda: share_of(100.0, 10),  # type: ignore[arg-type]
        lambda: cumulative(1, 1, 2.0),  # type: ignore[arg-type]
        lambda: to_decimal_text(1.0, "CNY"),  # type: ignore[arg-type]
        lambda: half_up(True, 2),
    ],
)
def test_floats_and_booleans_are_refused(call: Any) -> None:
    with pytest.raises(TypeError):
        call()


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(5, 2, 3), (-5, 2, -3), (5, -2, -3), (4, 3, 1), (-4, 3, -1), (0, 7, 0), (15 * 1000, 10**4, 2)],
)
def test_halves_round_away_from_zero(numerator: int, denominator: int, rounded: int) -> None:
    assert half_up(numerator, denominator) == rounded


def test_twelve_and_a_half_percent_stays_that() -> None:
    assert parse_bps("12.5") == 1250
    assert share_of(800, 1250) == 100


def test_cumulative_thirds_of_333_are_taken_back_exactly() -> None:
    parts = [cumulative(333, so_far, 1000) for so_far in (333, 666, 1000)]
    assert parts == [111, 222, 333]


def test_cumulative_refuses_more_than_the_whole() -> None:
    with pytest.raises(ValueError, match="not within"):
        cumulative(1, 3, 2)
    assert cumulative(5, 0, 0) == 0


class TestText:
    @pytest.mark.parametrize(
        ("text", "currency", "amount"),
        [
            ("12.5", "CNY", 1250),
            ("-0.01", "CNY", -1),
            ("+3", "USD", 300),
            (" 7.000 ", "EUR", 700),
            ("12", "JPY", 12),
            ("1.234", "KWD", 1234),
        ],
    )
    def test_amounts_are_read_exactly(self, text: str, currency: str, amount: int) -> None:
        assert parse_amount(text, currency) == amount

    @pytest.mark.parametrize(
        ("text", "currency"),
        [
            ("1.234", "CNY"),
            ("1,5", "EUR"),
            ("1e3", "CNY"),
            ("", "CNY"),
            ("NaN", "CNY"),
            ("0.5", "JPY"),
            ("١٢", "CNY"),
            ("1", "XYZ"),
            ("9" * 30, "CNY"),
        ],
    )
    def test_anything_else_is_refused(self, text: str, currency: str) -> None:
        with pytest.raises(BadAmount):
            parse_amount(text, currency)

    @pytest.mark.parametrize(
        ("amount", "currency", "text"),
        [(1250, "CNY", "12.50"), (-1, "USD", "-0.01"), (5, "KWD", "0.005"), (-7, "JPY", "-7")],
    )
    def test_amounts_are_written_with_all_decimals(
        self, amount: int, currency: str, text: str
    ) -> None:
        assert to_decimal_text(amount, currency) == text
        assert parse_amount(text, currency) == amount

    def test_exponents_come_from_the_table(self) -> None:
        assert {EXPONENTS[code] for code in ("CNY", "JPY", "KWD")} == {2, 0, 3}


def test_exact_rationals_are_fine_as_weights() -> None:
    assert split(10, [Fraction(1, 3), Fraction(2, 3)]) == [3, 7]
