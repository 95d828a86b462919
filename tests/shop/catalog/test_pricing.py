"""One price function; lines always add up to the total as shown (reference shop §8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.catalog.pricing import line_price, totals

AMOUNT = st.integers(0, 10_000_000)
RATE = st.integers(0, 10_000)


def test_tax_lies_inside_an_inclusive_price() -> None:
    line = line_price(1130, 2, rate_bps=1300, tax_included=True)

    assert (line.line_amount, line.tax_amount, line.base_amount, line.total_amount) == (
        2260, 260, 2000, 2260,
    )  # fmt: skip


def test_tax_comes_on_top_of_an_exclusive_price() -> None:
    line = line_price(1000, 2, rate_bps=1300, tax_included=False)

    assert (line.line_amount, line.tax_amount, line.base_amount, line.total_amount) == (
        2000, 260, 2000, 2260,
    )  # fmt: skip


def test_d1_three_times_seventy_less_five_at_twenty_per_cent() -> None:
    inside = line_price(7000, 3, rate_bps=2000, tax_included=True, discount_amount=500)
    on_top = line_price(7000, 3, rate_bps=2000, tax_included=False, discount_amount=500)

    assert (inside.line_amount, inside.tax_amount, inside.total_amount) == (20500, 3417, 20500)
    assert (on_top.line_amount, on_top.tax_amount, on_top.total_amount) == (20500, 4100, 24600)


@pytest.mark.parametrize("discount", [-1, 1001])
def test_a_discount_is_never_more_than_the_line(discount: int) -> None:
    with pytest.raises(ValueError, match="discount"):
        line_price(1000, 1, rate_bps=0, tax_included=True, discount_amount=discount)


@given(AMOUNT, st.integers(1, 99), RATE, st.booleans())
def test_base_and_tax_make_up_what_is_paid(
    unit: int, quantity: int, rate: int, included: bool
) -> None:
    line = line_price(unit, quantity, rate_bps=rate, tax_included=included)

    assert line.base_amount + line.tax_amount == line.total_amount
    assert line.line_amount == unit * quantity


@given(st.lists(st.tuples(AMOUNT, st.integers(1, 9), RATE), max_size=6), AMOUNT, st.booleans())
def test_the_parts_of_a_total_add_up(
    lines: list[tuple[int, int, int]], shipping: int, included: bool
) -> None:
    priced = [
        line_price(unit, count, rate_bps=rate, tax_included=included) for unit, count, rate in lines
    ]
    sent = line_price(shipping, 1, rate_bps=900, tax_included=included)
    total = totals(priced, sent)

    shown = total.subtotal_amount + total.shipping_amount
    assert total.total_amount == shown + (0 if included else total.tax_amount)
    assert total.tax_amount == sum(line.tax_amount for line in priced) + total.shipping_tax_amount
