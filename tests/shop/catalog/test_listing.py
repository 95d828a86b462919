"""Staff lists, and the export that holds exactly what a list shows (F2)."""

import csv
import io
from datetime import datetime

import pytest

from shop.catalog import listing, stock
from shop.catalog.listing import ProductFilter
from shop.kernel import db
from tests.conftest import Database
from tests.counting import counted
from tests.factories.catalog import (
    BY,
    make_category,
    make_location,
    make_product,
    make_variant,
    stock_up,
)
from tests.shop.catalog.importing import exported


@pytest.fixture
def shelf(database: Database) -> dict[str, int]:
    """Products of several kinds by handle."""
    with db.unit_of_work() as session:
        food = make_category(session, "food")
        made = {
            "honey": make_product(session, "honey", category_id=food, vendor="山野"),
            "tea": make_product(session, "tea", vendor="山野", status="draft"),
            "old": make_product(session, "old", status="archived"),
        }
        place = make_location(session)
        make_variant(session, made["honey"], sku="H-1", stock_at={place: 3})
        make_variant(session, made["tea"], sku="T-100%", stock_at={place: 0})
        return made


FILTERS: list[tuple[ProductFilter, set[str]]] = [
    (ProductFilter(), {"honey", "tea", "old"}),
    (ProductFilter(status="draft"), {"tea"}),
    (ProductFilter(vendor="山野"), {"honey", "tea"}),
    (ProductFilter(vendor="山野", status="active"), {"honey"}),
    (ProductFilter(text="hon"), {"honey"}),
    (ProductFilter(text="t-100%"), {"tea"}),
    (ProductFilter(text="%"), {"tea"}),
    (ProductFilter(sold_out=True), {"tea"}),
    (ProductFilter(ids=[]), set()),
]


def test_f2_the_export_holds_exactly_what_the_filtered_list_shows(shelf: dict[str, int]) -> None:
    for wanted, expected in FILTERS:
        with db.reading() as session:
            listed = {row.slug for row in listing.products(session, wanted).items}
        sent = {row["URL handle"] for row in csv.DictReader(io.StringIO(exported(wanted)))}

        assert listed == expected, wanted
        assert sent == expected, wanted


def test_a_category_and_search_results_narrow_the_list(shelf: dict[str, int]) -> None:
    with db.reading() as session:
        category = listing.products(session, ProductFilter(text="honey")).items[0].category_id
        assert category is not None
        in_category = listing.products(session, ProductFilter(category_ids=[category])).items
        found = listing.products(session, ProductFilter(text="茶", found_ids=[shelf["tea"]])).items
    assert [row.slug for row in in_category] == ["honey"]
    assert [row.slug for row in found] == ["tea"]


def test_the_list_comes_in_pages_of_one_statement(
    shelf: dict[str, int], database: Database
) -> None:
    with db.reading() as session, counted(database.engine) as sent:
        first = listing.products(session, ProductFilter(), limit=2)
    with db.reading() as session:
        second = listing.products(session, ProductFilter(), limit=2, after=first.next_key)
    assert len(sent) == 1
    assert [row.slug for row in (*first.items, *second.items)] == ["old", "tea", "honey"]
    honey = second.items[0]
    assert (honey.variants, honey.units, honey.amount) == (1, 3, 1000)


def test_little_stock_is_listed_and_counted(shelf: dict[str, int]) -> None:
    with db.reading() as session:
        rows = listing.stock(session, low=True).items
        assert [(row.sku, row.available) for row in rows] == [("T-100%", 0), ("H-1", 3)]
        assert listing.low_stock_count(session) == 1
        assert [row.sku for row in listing.stock(session, text="h-").items] == ["H-1"]
        assert rows[0].label == "野蜂蜜"


def test_movements_and_holds_tell_where_units_are(database: Database, at: datetime) -> None:
    with db.unit_of_work() as session:
        variant = make_variant(session)
        level = stock_up(session, variant, make_location(session), 5)
        stock.reserve(session, 71, [stock.Demand(variant, 2)], expires_at=at, at=at, by=BY)

        rows = listing.movements(session, level).items
        assert [(row.kind, row.quantity) for row in rows] == [("reserve", 2), ("receive", 5)]
        assert [(row.order_id, row.quantity) for row in listing.holds(session, level)] == [(71, 2)]
