"""Tax that is kept from payouts: by the table that holds, exact, over the year where it says so."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shop.rewards.withholding import (
    BadTable,
    Band,
    Table,
    Year,
    body_of,
    china_service_income,
    flat,
    of_body,
    withheld,
)

CHINA = china_service_income()


def over_a_year(table: Table, months: list[int]) -> list[int]:
    """Tax of one payment in each month, in minor units."""
    kept, year = list[int](), Year(months=0)
    for gross in months:
        now = Year(gross=year.gross, withheld=year.withheld, months=year.months + 1)
        tax = withheld(table, gross, now).amount
        kept.append(tax)
        year = Year(gross=now.gross + gross, withheld=now.withheld + tax, months=now.months)
    return kept


class TestChina:
    def test_up_to_6250_yuan_a_month_nothing_is_kept(self) -> None:
        assert over_a_year(CHINA, [625_000] * 12) == [0] * 12
        assert over_a_year(CHINA, [625_100])[0] == 2  # 0.80 yuan taxable at 3 %

    def test_ten_thousand_a_month_passes_into_the_second_band_when_the_year_does(self) -> None:
        # 10,000 less 20 % less 5,000 is 3,000 taxable a month: 36,000 in twelve, all at 3 %.
        assert over_a_year(CHINA, [1_000_000] * 12) == [9_000] * 12
        # 20,000: 11,000 a month. After three months 33,000; the fourth brings 3,000 at 3 %, 8,000 at 10 %.
        assert over_a_year(CHINA, [2_000_000] * 5) == [33_000] * 3 + [89_000, 110_000]

    def test_a_month_without_income_makes_room_for_the_next(self) -> None:
        assert over_a_year(CHINA, [0, 1_250_000]) == [0, 0]
        assert over_a_year(CHINA, [1_250_000, 0, 0])[0] == 15_000

    def test_the_year_of_a_star(self) -> None:
        """1,500,000 in December alone: 1,200,000 less 5,000 by the bands of the year."""
        taxable = 1_195_000
        quick = taxable * 45 // 100 - 181_920  # the tax office's own shortcut
        assert withheld(CHINA, 150_000_000, Year()).amount == quick * 100


def test_a_flat_table_takes_its_part_of_every_payment() -> None:
    assert over_a_year(flat(1000), [12_345, 5, 4]) == [1_235, 1, 0]


def test_a_plain_table_frees_each_payment_alone() -> None:
    table = Table(bands=(Band(up_to=None, bps=2000),), free_amount=80_000)
    assert over_a_year(table, [80_000, 90_000]) == [0, 2_000]


@pytest.mark.parametrize(
    "change",
    [
        {"bands": ()},
        {"bands": (Band(up_to=5, bps=1),)},
        {"bands": (Band(up_to=None, bps=1), Band(up_to=None, bps=1))},
        {"bands": (Band(up_to=5, bps=1), Band(up_to=5, bps=1), Band(up_to=None, bps=1))},
        {"bands": (Band(up_to=None, bps=10_001),)},
        {"deduction_bps": 10_000},
        {"free_amount": -1},
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadTable):
        Table(**{"bands": flat(1).bands, **change})  # type: ignore[arg-type]


@settings(max_examples=200)
@given(st.lists(st.integers(0, 50_000_000), min_size=1, max_size=12))
def test_what_is_kept_over_a_year_is_the_tax_of_the_year(months: list[int]) -> None:
    """Never negative, never above the payment, and in the end what one payment would have cost,
    or more where an early month was taxed without the free amounts that came after it."""
    kept = over_a_year(CHINA, months)

    assert all(0 <= tax <= gross for tax, gross in zip(kept, months, strict=True))
    whole = withheld(CHINA, sum(months), Year(months=len(months))).amount
    assert sum(kept) >= whole
    if all(later >= earlier for earlier, later in pairwise(months)):
        assert sum(kept) == whole
    assert of_body(body_of(CHINA)) == CHINA
