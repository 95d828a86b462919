"""Who brought an order line: the order of the candidates, and every reason to refuse one."""

from datetime import timedelta

import pytest

from shop.sharing.attribution import TOUCH_WINDOW, Candidate, Credit, Standing, decide
from tests.conftest import START

ANNA, BO = 1, 2
GOOD = {ANNA: Standing("active", is_buyers_own=False), BO: Standing("active", is_buyers_own=False)}
SHOP = Candidate(ANNA, "storefront")


def touched(point_id: int, *, ago: timedelta = timedelta(hours=1)) -> Candidate:
    return Candidate(point_id, "touch", START - ago, 77)


def reasons(credit: Credit) -> list[str]:
    return [loser["reason"] for loser in credit.losers]


def test_the_shop_comes_before_the_link() -> None:
    credit = decide(SHOP, touched(BO), GOOD, at=START)

    assert (credit.point_id, credit.kind, credit.touch_id) == (ANNA, "storefront", None)
    assert credit.losers == ({"point": str(BO), "kind": "touch", "reason": "lower_priority"},)


def test_the_link_of_the_same_point_is_no_second_claim() -> None:
    credit = decide(SHOP, touched(ANNA), GOOD, at=START)

    assert (credit.point_id, reasons(credit)) == (ANNA, ["duplicate"])


def test_without_a_shop_the_link_wins() -> None:
    credit = decide(None, touched(BO), GOOD, at=START)

    assert (credit.point_id, credit.kind, credit.touch_id) == (BO, "touch", 77)


def test_nobody_wins_a_sale_that_nobody_brought() -> None:
    assert decide(None, None, GOOD, at=START) == Credit(None, "none", None, ())


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (Standing("closed", is_buyers_own=False), "point_expired"),
        (Standing("applied", is_buyers_own=False), "point_not_yet_approved"),
        (Standing("suspended", is_buyers_own=False), "point_suspended"),
        (Standing("active", is_buyers_own=True), "self_purchase"),
        (None, "point_expired"),
    ],
)
def test_a_shop_that_may_not_earn_leaves_the_sale_to_the_link(
    standing: Standing | None, reason: str
) -> None:
    standings = {BO: GOOD[BO], **({ANNA: standing} if standing else {})}

    credit = decide(SHOP, touched(BO), standings, at=START)

    assert (credit.point_id, credit.kind) == (BO, "touch")
    assert reasons(credit) == [reason]


def test_a_link_counts_for_thirty_days_to_the_second() -> None:
    last = decide(None, touched(BO, ago=TOUCH_WINDOW), GOOD, at=START)
    late = decide(None, touched(BO, ago=TOUCH_WINDOW + timedelta(seconds=1)), GOOD, at=START)

    assert last.point_id == BO
    assert (late.point_id, reasons(late)) == (None, ["outside_window"])
