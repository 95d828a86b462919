"""The tree of points: moved as a whole, never a circle, whatever two people do at once."""

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from shop.kernel import clock, db
from shop.kernel.db import reading, unit_of_work
from shop.network import queries, tree
from shop.network.models import Point
from shop.network.queries import PointFilter
from shop.network.tree import Cycle, TooDeep
from tests.counting import counted
from tests.factories import network
from tests.installation import Installation
from tests.races import won


def move(point_id: int, manager_id: int | None) -> bool:
    with unit_of_work() as session:
        return tree.move(session, point_id, manager_id, by="x", at=clock.now())


def whole() -> bool:
    with reading() as session:
        return network.broken(session) == []


class TestMoving:
    def test_everything_below_comes_along(self, shop: Installation) -> None:
        a, b = network.point("A"), network.point("B")
        network.point("A2", manager=network.point("A1", manager=a))

        assert move(a, b)

        with reading() as session:
            path = session.execute(select(Point.path).where(Point.name == "A2")).scalar_one()
            crumbs = queries.crumbs(session, path)
        assert [one.name for one in crumbs] == ["B", "A", "A1", "A2"]
        assert whole()

    def test_moving_it_where_it_is_changes_nothing(self, shop: Installation) -> None:
        a = network.point("A")

        assert not move(network.point("B", manager=a), a)

    @pytest.mark.parametrize("below", ["A", "A1", "A2"])
    def test_nothing_stands_below_itself(self, shop: Installation, below: str) -> None:
        a = network.point("A")
        a1 = network.point("A1", manager=a)
        ids = {"A": a, "A1": a1, "A2": network.point("A2", manager=a1)}

        with pytest.raises(Cycle):
            move(a, ids[below])

        assert whole()

    def test_a_branch_never_gets_too_deep_by_moving(self, shop: Installation) -> None:
        deep = None
        for number in range(20):
            deep = network.point(f"deep{number}", manager=deep)
        top = last = network.point("top")
        for number in range(12):
            last = network.point(f"low{number}", manager=last)

        with pytest.raises(TooDeep):
            move(top, deep)

        assert whole()


class TestTwoAtOnce:
    def test_two_points_hung_below_each_other_make_no_circle(self, shop: Installation) -> None:
        for number in range(8):
            a, b = network.point(f"A{number}"), network.point(f"B{number}")

            through = won([partial(move, a, b), partial(move, b, a)], refusal=Cycle)

            assert sum(through) == 1
        assert whole()

    def test_a_new_point_below_one_that_moves_away_goes_along(self, shop: Installation) -> None:
        for number in range(8):
            old, new = network.point(f"old{number}"), network.point(f"new{number}")
            branch = network.point(f"branch{number}", manager=old)

            acts: list[Callable[[], object]] = [
                partial(move, branch, new),
                partial(network.point, f"leaf{number}", manager=branch),
            ]

            assert all(won(acts, refusal=Cycle))
        assert whole()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves=st.lists(st.tuples(st.integers(0, 7), st.integers(-1, 7)), max_size=12))
def test_whatever_is_moved_the_tree_stays_a_tree(
    shop: Installation, moves: list[tuple[int, int]]
) -> None:
    with reading() as session:
        ids = list(session.scalars(select(Point.id).order_by(Point.id)))
    ids = ids or [network.point(f"P{number}") for number in range(8)]
    for point, manager in moves:
        try:
            move(ids[point], None if manager < 0 else ids[manager])
        except Cycle:
            continue
    assert whole()


class TestLists:
    def test_a_page_costs_the_same_however_many_points_there_are(self, shop: Installation) -> None:
        top = network.point("top")
        network.point("P0", manager=top)
        few = cost(PointFilter(within=top, deep=True))
        for number in range(1, 60):
            network.point(f"P{number}", manager=top)

        assert cost(PointFilter(within=top, deep=True)) == few <= 3
        assert cost(PointFilter(within=top)) <= 3
        assert cost(PointFilter()) <= 2

    def test_pages_follow_each_other_without_gap(self, shop: Installation) -> None:
        top = network.point("top")
        made = {network.point(f"P{number}", manager=top) for number in range(23)}
        wanted, seen, after = PointFilter(within=top), list[int](), ""
        while True:
            with reading() as session:
                page = queries.page(session, wanted, after=after, limit=10)
            seen += [row.id for row in page.items]
            after = page.next_key
            if not after:
                break
        assert sorted(seen) == sorted(made)

    def test_a_point_is_found_by_its_number_its_id_and_its_whole_name(
        self, shop: Installation
    ) -> None:
        point_id = network.point("Westlake", key="S-1")
        network.point("Twin")
        network.point("Twin")

        with reading() as session:
            found = [
                queries.find(session, text)
                for text in ("S-1", str(point_id), f"#{point_id}", "Westlake")
            ]
            twins = queries.find(session, "Twin")
        assert [one.id for one in found if one] == [point_id] * 4
        assert twins is None


def cost(wanted: PointFilter) -> int:
    with reading() as session, counted(db.engine()) as sent:
        queries.page(session, wanted)
    return len(sent)
