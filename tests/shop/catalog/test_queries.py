"""What pages and carts read of the catalog, and in how many statements."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from shop.catalog import queries, stock
from shop.catalog.models import Media, Product
from shop.catalog.stock import Demand
from shop.kernel import db, ids
from tests.conftest import Database
from tests.counting import counted
from tests.factories.catalog import (
    BY,
    make_category,
    make_location,
    make_product,
    make_tax,
    make_variant,
)


def slugs(session: Session, at: datetime, **how: object) -> list[str]:
    return [card.slug for card in queries.cards(session, at=at, **how).items]  # type: ignore[arg-type]


class TestCards:
    def test_only_published_products_with_a_price_are_listed(
        self, database: Database, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            make_product(session, "honey")
            make_product(session, "draft", status="draft")
            make_product(session, "later", published_at=at + timedelta(days=1))
            make_product(session, "unpriced", from_amount=None)

            assert slugs(session, at) == ["honey"]

    def test_pages_follow_each_other_without_gap_or_repeat(
        self, database: Database, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            for number in range(30):
                make_product(session, f"p{number:02}", position=number % 3)
            first = queries.cards(session, at=at)
            second = queries.cards(session, at=at, after=first.next_key)

        seen = [card.slug for card in (*first.items, *second.items)]
        assert len(first.items) == 24
        assert len(set(seen)) == len(seen) == 30
        assert second.next_key == ""

    def test_pinned_products_stand_first_and_appear_once(
        self, database: Database, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            made = [make_product(session, f"p{number}") for number in range(5)]
            pinned = [made[4], made[2]]
            first = queries.cards(session, at=at, pinned=pinned, limit=3)
            second = queries.cards(session, at=at, pinned=pinned, limit=3, after=first.next_key)

        assert [card.slug for card in first.items] == ["p4", "p2", "p0"]
        assert [card.slug for card in second.items] == ["p1", "p3"]

    def test_more_pins_than_a_page_holds_still_lead_to_the_rest(
        self, database: Database, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            made = [make_product(session, f"p{number}") for number in range(4)]
            first = queries.cards(session, at=at, pinned=made[:2], limit=2)
            second = queries.cards(session, at=at, pinned=made[:2], limit=2, after=first.next_key)

        assert [card.slug for card in first.items] == ["p0", "p1"]
        assert [card.slug for card in second.items] == ["p2", "p3"]

    def test_hidden_products_are_left_out_even_if_pinned(
        self, database: Database, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            made = [make_product(session, f"p{number}") for number in range(3)]

            assert slugs(session, at, hidden={made[1]}, pinned=[made[1], made[2]]) == ["p2", "p0"]

    def test_a_category_lists_what_stands_below_it(self, database: Database, at: datetime) -> None:
        with db.unit_of_work() as session:
            food = make_category(session, "food")
            honey = make_category(session, "honey", food)
            other = make_category(session, "other")
            make_product(session, "jar", category_id=honey, position=2)
            make_product(session, "bread", category_id=food, position=1)
            make_product(session, "soap", category_id=other)
            tree = queries.categories(session)

            assert slugs(session, at, category_ids=tree.ids_under(food)) == ["bread", "jar"]
            assert slugs(session, at, category_ids=[honey]) == ["jar"]

    def test_search_results_keep_their_order(self, database: Database, at: datetime) -> None:
        with db.unit_of_work() as session:
            made = [make_product(session, f"p{number}") for number in range(3)]

            assert slugs(session, at, ids=[made[2], made[0]]) == ["p2", "p0"]

    def test_a_forged_page_key_begins_at_the_beginning(
        self, database: Database, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            make_product(session, "honey")
            for forged in ("x", "1", "9_9_9", "9999999999999999999999_1", "_"):
                assert slugs(session, at, after=forged) == ["honey"]

    def test_a_list_is_one_statement(self, database: Database, at: datetime) -> None:
        with db.unit_of_work() as session:
            food = make_category(session, "food")
            child = make_category(session, "child", food)
            made = [make_product(session, f"p{n}", category_id=child) for n in range(3)]
        with db.reading() as session, counted(database.engine) as sent:
            queries.cards(session, at=at, category_ids=[food, child], pinned=made[:1])
        assert len(sent) == 1


class TestProductPage:
    def test_it_shows_variants_with_prices_and_what_is_there(
        self, database: Database, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            main = make_location(session)
            counter = make_location(session, "counter", ships=False, pickup_enabled=True)
            product = make_product(session, "honey", option_names=[{"en": "Size"}])
            make_variant(session, product, options=["S"], stock_at={main: 9, counter: 2})
            make_variant(session, product, options=["M"], stock_at={main: 3}, position=1)
            make_variant(session, product, options=["L"], stock_at={main: 0}, position=2)
            make_variant(session, product, options=["XL"], backorderable=True, position=3)
            make_variant(session, product, options=["E"], track_inventory=False, position=4)
            make_variant(session, product, options=["Old"], active=False, position=5)

            page = queries.product_page(
                session, slug="honey", currency="CNY", at=at, counter_id=counter
            )

        assert page is not None
        assert [row.state for row in page.variants] == ["in", "low", "out", "backorder", "in"]
        assert (page.variants[0].shippable, page.variants[0].at_counter) == (9, 2)
        assert page.variants[0].amount == 1000

    def test_a_draft_has_no_page(self, database: Database, at: datetime) -> None:
        with db.unit_of_work() as session:
            make_product(session, "honey", status="draft")
            assert queries.product_page(session, slug="honey", currency="CNY", at=at) is None

    def test_shown_again_it_takes_one_statement_whatever_it_holds(
        self, database: Database, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            places = [make_location(session, f"l{n}") for n in range(3)]
            product = make_product(session, "honey")
            for n in range(8):
                make_variant(session, product, options=[str(n)], stock_at=dict.fromkeys(places, n))
        with db.reading() as session, counted(database.engine) as first:
            queries.product_page(session, slug="honey", currency="CNY", at=at)
        with db.reading() as session, counted(database.engine) as second:
            page = queries.product_page(session, slug="honey", currency="CNY", at=at)
        assert page is not None
        assert len(page.variants) == 8
        assert (len(first), len(second)) == (3, 1)


class TestVariantsForCart:
    def test_one_statement_tells_all(self, database: Database, at: datetime) -> None:
        with db.unit_of_work() as session:
            make_tax(session, {"": 1300, "44": 900, "4403": 600})
            root = make_category(session, "food")
            leaf = make_category(session, "honey", root)
            product = make_product(session, "honey", category_id=leaf, image_key="a/b.webp")
            variant = make_variant(
                session,
                product,
                amount=4200,
                cost_amount=2000,
                weight_grams=500,
                stock_at={make_location(session): 3},
            )
        with db.reading() as session, counted(database.engine) as sent:
            found = queries.variants_for_cart(
                session, [variant, 4711], currency="CNY", at=at, region="440305"
            )

        assert len(sent) == 1
        assert set(found) == {variant}
        row = found[variant]
        assert (row.unit_amount, row.cost_amount, row.weight_grams) == (4200, 2000, 500)
        assert row.category_ids == [leaf, root]
        assert row.rate_bps == 600
        assert (row.published, row.available, row.image_key) == (True, 3, "a/b.webp")

    def test_the_longest_region_decides_the_tax(self, database: Database, at: datetime) -> None:
        with db.unit_of_work() as session:
            make_tax(session, {"": 1300, "44": 900})
            variant = make_variant(session)

            def rate(region: str) -> int:
                rows = queries.variants_for_cart(
                    session, [variant], currency="CNY", at=at, region=region
                )
                return rows[variant].rate_bps

            assert [rate(region) for region in ("", "110000", "440305")] == [1300, 1300, 900]

    def test_what_is_not_taxable_has_no_rate(self, database: Database, at: datetime) -> None:
        with db.unit_of_work() as session:
            make_tax(session, {"": 1300})
            variant = make_variant(session, taxable=False)
            found = queries.variants_for_cart(session, [variant], currency="CNY", at=at)
            assert found[variant].rate_bps == 0

    @pytest.mark.parametrize("change", [{"status": "archived"}, {"published_at": None}])
    def test_what_was_withdrawn_is_no_longer_for_sale(
        self, database: Database, at: datetime, change: dict[str, object]
    ) -> None:
        with db.unit_of_work() as session:
            product = make_product(session)
            variant = make_variant(session, product)
            session.execute(update(Product).values(**change))
            found = queries.variants_for_cart(session, [variant], currency="CNY", at=at)
            assert not found[variant].published

    def test_a_variant_without_a_price_in_the_currency_is_not_for_sale(
        self, database: Database, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            variant = make_variant(session, currency="EUR")
            found = queries.variants_for_cart(session, [variant], currency="CNY", at=at)
            assert (found[variant].published, found[variant].unit_amount) == (False, None)

    def test_the_variant_s_own_picture_wins(self, database: Database, at: datetime) -> None:
        with db.unit_of_work() as session:
            product = make_product(session, image_key="first.webp")
            picture = ids.new()
            session.execute(
                insert(Media).values(
                    id=picture,
                    product_id=product,
                    position=1,
                    alt={},
                    status="ready",
                    sizes={"480": "own.webp"},
                )
            )
            variant = make_variant(session, product, media_id=picture)
            found = queries.variants_for_cart(session, [variant], currency="CNY", at=at)
            assert found[variant].image_key == "own.webp"


class TestCounters:
    def test_g3_a_counter_covers_by_its_own_stock_only(
        self, database: Database, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            main = make_location(session)
            rich = make_location(session, "rich", pickup_enabled=True, ships=False, position=2)
            poor = make_location(session, "poor", pickup_enabled=True, ships=False, position=1)
            variant = make_variant(session, stock_at={main: 9, rich: 2, poor: 1})
        with db.reading() as session, counted(database.engine) as sent:
            places = queries.counters(session, [Demand(variant, 2)])

        assert [(place.location_id, place.covers) for place in places] == [
            (rich, True),
            (poor, False),
        ]
        assert places[1].missing[0].available == 1
        assert len(sent) == 1

    def test_g1_a_counter_with_stock_serves_although_the_warehouse_is_empty(
        self, database: Database, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            main = make_location(session)
            counter = make_location(session, "counter", pickup_enabled=True, ships=False)
            variant = make_variant(session, stock_at={main: 0, counter: 1})

            assert queries.counters(session, [Demand(variant, 1)])[0].covers
            assert queries.shortages(session, [Demand(variant, 1, counter)]) == []
            assert queries.shortages(session, [Demand(variant, 1)])[0].available == 0

    def test_without_a_demand_all_counters_are_named(
        self, database: Database, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            counter = make_location(session, "counter", pickup_enabled=True)
            make_location(session, "closed", pickup_enabled=True, active=False)
            assert [place.location_id for place in queries.counters(session, [])] == [counter]
            assert queries.counters(session, [], ids=[4711]) == []


class TestA4:
    def test_what_another_buyer_took_last_shows_in_the_cart(
        self, database: Database, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            variant = make_variant(session, stock_at={make_location(session): 1})
            before = queries.variants_for_cart(session, [variant], currency="CNY", at=at)
            stock.reserve(
                session,
                72,
                [Demand(variant, 1)],
                expires_at=at + timedelta(minutes=35),
                at=at,
                by=BY,
            )
            after = queries.variants_for_cart(session, [variant], currency="CNY", at=at)

        assert (before[variant].available, after[variant].available) == (1, 0)


class TestReserveStatements:
    def test_a_hold_takes_four_statements_however_many_lines(
        self, database: Database, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            here = make_location(session)
            made = [make_variant(session, stock_at={here: 5}) for _ in range(5)]
        with db.unit_of_work() as session, counted(database.engine) as sent:
            stock.reserve(
                session,
                71,
                [Demand(variant, 1) for variant in made],
                expires_at=at + timedelta(minutes=35),
                at=at,
                by=BY,
            )
        assert len(sent) == 4
