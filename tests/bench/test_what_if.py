"""The benchmark itself works; what it measures is for `make bench`."""

import pytest

from tests.bench.what_if import measure
from tests.databases import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_it_measures_a_plan_over_past_sales(kind: str) -> None:
    found = measure(kind, 200, rounds=1)

    assert found.lines >= 200
    assert found.rows > found.lines
    assert found.exact_sales == 0
    assert found.checked_sales > 20
    assert found.ratio > 0
