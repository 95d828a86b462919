"""A11: whatever order cancellations, hand-overs and returns come in, nothing is restocked twice."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from shop.catalog import stock
from shop.catalog.stock import Demand, NotCommitted
from shop.catalog.stock_check import check
from shop.kernel import db
from tests.factories.catalog import BY, figures, make_location, make_variant, stock_up

pytestmark = pytest.mark.usefixtures("database")
AT = datetime(2026, 3, 2, tzinfo=UTC)
SOLD = 5


@dataclass(frozen=True)
class Act:
    """One thing that happens to a sold line; equal acts are repeats of one."""

    kind: str
    units: int
    reason: int


ACTS = st.lists(
    st.builds(
        Act,
        st.sampled_from(["cancel", "hand_over", "return", "return_damaged"]),
        st.integers(1, 3),
        st.integers(1, 2),
    ),
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=ACTS)
def test_restocked_units_never_exceed_sold_units_and_repeats_change_nothing(
    acts: list[Act],
) -> None:
    with db.unit_of_work() as session:
        variant = make_variant(session)
        here = make_location(session, f"l-{variant}")
        level = stock_up(session, variant, here, 10)
        stock.reserve(session, variant, [Demand(variant, SOLD)], expires_at=AT, at=AT, by=BY)
        stock.commit(session, variant, at=AT, by=BY)

    moved = Counter[str]()
    done: set[tuple[str, int]] = set()
    for act in acts:
        kind = "return" if act.kind.startswith("return") else act.kind
        changed = happen(level, act)
        # A reason moves a level once, whatever it says the second time.
        assert not (changed and (kind, act.reason) in done)
        if changed:
            done.add((kind, act.reason))
            moved[act.kind] += act.units

    left = SOLD - moved["cancel"] - moved["hand_over"]
    came_back = moved["return"] + moved["return_damaged"]
    assert left >= 0
    with db.reading() as session:
        assert figures(session, level) == (
            10 - moved["hand_over"] + came_back,
            left,
            0,
            moved["return_damaged"],
        )
        assert check(session) == []


def happen(level: int, act: Act) -> bool:
    """True if stock moved; more than what is promised is refused and leaves nothing behind."""
    try:
        with db.unit_of_work() as session:
            return _verb(session, level, act)
    except NotCommitted:
        return False


def _verb(session: Session, level: int, act: Act) -> bool:
    reason = f"act:{act.reason}"
    match act.kind:
        case "cancel":
            return stock.uncommit(session, level, act.units, reason_id=reason, at=AT, by=BY)
        case "hand_over":
            return stock.hand_over(session, level, act.units, reason_id=reason, at=AT, by=BY)
        case _:
            return stock.take_back(
                session,
                level,
                act.units,
                resellable=act.kind == "return",
                reason_id=reason,
                at=AT,
                by=BY,
            )
