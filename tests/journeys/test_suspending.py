"""Whoever suspends a point says what becomes of its earnings: no row waits for ever (T24)."""

import pytest

from commissions.queries import earnings_of_point
from commissions.statuses import EntryStatus
from shop.kernel import clock, db
from shop.rewards import keys
from tests.conftest import Clock
from tests.journeys.test_paying_out import delivered
from tests.world import World


def statuses(world: World) -> list[EntryStatus]:
    with db.reading() as session:
        found = earnings_of_point(session, keys.point(world.points["anna"]), at=clock.now())
    return [one.status for one in found]


@pytest.mark.parametrize(
    ("choice", "then"), [("pay", EntryStatus.AVAILABLE), ("hold", EntryStatus.HELD)]
)
def test_its_earnings_are_paid_or_held_with_a_deadline(
    world: World, business_clock: Clock, choice: str, then: EntryStatus
) -> None:
    delivered(world, "honey", "anna-shop", quantity=1)
    business_clock.forward(days=8)
    form = {"to": "suspended", "note": "complaints", "earnings": choice}

    answer = world.signed_in("staff").post(
        f"/admin/points/{world.points['anna']}/status", data=form
    )

    assert answer.status_code == 303
    assert statuses(world) == [then]
    business_clock.forward(days=15)
    assert statuses(world) == [EntryStatus.AVAILABLE]
