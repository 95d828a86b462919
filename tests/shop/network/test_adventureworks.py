"""The AdventureWorks sales force with its 701 stores comes in, in its true hierarchy."""

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from shop.kernel.db import reading
from shop.network.models import Point
from tests.converters import adventureworks_network as converter
from tests.factories import network
from tests.shop.network.conftest import BringIn
from tests.shop.network.test_import import counts, problems

pytestmark = pytest.mark.shared


def test_the_published_paths_are_read_as_the_source_explains_them(shared: Path) -> None:
    managers = {row[0]: row[1] for row in converter.employees(shared / "adventureworks")}

    assert len(managers) == 290
    assert managers["E-1"] == ""
    assert {managers[f"E-{number}"] for number in range(275, 285)} == {"E-274"}
    assert (managers["E-286"], managers["E-288"], managers["E-290"]) == ("E-285", "E-287", "E-287")
    assert {managers[f"E-{number}"] for number in (274, 285, 287)} == {"E-273"}


def test_employees_and_stores_come_in_twice_without_a_change(
    shared: Path, bring_in: BringIn
) -> None:
    file = converter.to_csv(shared / "adventureworks")

    first, second = bring_in(file), bring_in(file)

    assert (counts(first), problems(first)) == ({"created": 991}, [])
    assert (counts(second), problems(second)) == ({"unchanged": 991}, [])
    with reading() as session:
        kinds = Counter(session.scalars(select(Point.kind)))
        deepest = session.scalar(select(func.max(Point.depth)).where(Point.kind == "employee"))
        below = session.scalar(
            select(func.count()).where(
                Point.manager_id
                == select(Point.id).where(Point.external_key == "E-279").scalar_subquery()
            )
        )
        twins = session.scalar(select(func.count()).where(Point.name == "Friendly Bike Shop"))
        assert network.broken(session) == []
    assert kinds == {"employee": 290, "store": 701}
    assert deepest == 4
    assert below == 80
    assert twins == 2
