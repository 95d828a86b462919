"""The long run: lives from seeds, as many as there is time for. `SOAK_SEEDS=a:b` takes a range."""

from __future__ import annotations

import os
import sys

import pytest

from tests.commissions.house.ground import Ground
from tests.commissions.house.lives import live
from tests.databases import KINDS

SEEDS = range(*map(int, os.environ.get("SOAK_SEEDS", "0:20000").split(":")))
ACTS = 100
KEPT_FOR = 200
"""Lives on one ground; published terms stay cached for as long."""


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_no_life_breaks_anything(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`SOAK_SEEDS=7:8` lives a failing one again."""
    for first in range(SEEDS.start, SEEDS.stop, KEPT_FOR):
        ground = Ground(kind)
        for seed in range(first, min(first + KEPT_FOR, SEEDS.stop)):
            try:
                live(ground, seed, ACTS)
            except Exception as error:
                raise AssertionError(f"seed {seed} on {kind}: {error}") from error
        ground.close()
    with capsys.disabled():
        ran = f"{len(SEEDS)} lives of {ACTS} acts on {kind}, seeds {SEEDS.start}:{SEEDS.stop}"
        sys.stdout.write(f"\n{ran}: 0 breaks\n")
