"""Staff make and change products; every change that pages show raises the version."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.audit_trail import AuditEntry
from shop.catalog import categories, edit, queries, stock, stored
from shop.catalog.drafts import ProductDraft, VariantDraft
from shop.catalog.events import ProductsChanged
from shop.catalog.models import Product, StockLevel
from shop.catalog.stock import Demand
from shop.kernel import db, events
from shop.kernel.errors import Conflict, Invalid
from tests.factories.catalog import BY, make_location, make_tax, stock_up

pytestmark = pytest.mark.usefixtures("database")
CNY: dict[str, Any] = {"currency": "CNY", "by": BY}


@pytest.fixture(autouse=True)
def news() -> Iterator[list[ProductsChanged]]:
    """The events that were published."""
    heard: list[ProductsChanged] = []
    events.bind({ProductsChanged: [lambda _session, event: heard.append(event)]})
    yield heard
    events.bind({})


def honey(**values: object) -> ProductDraft:
    made = {
        "title": {"zh": "野蜂蜜", "en": "Wild honey"},
        "body": {"en": "<p onclick='x()'>Good</p><script>bad()</script>"},
        "option_names": [{"en": "Size"}],
        "variants": [
            VariantDraft(option_values=[{"en": "S"}], sku="H-S", amount=4200),
            VariantDraft(option_values=[{"en": "L"}], sku="H-L", amount=7900),
        ],
        **values,
    }
    return ProductDraft(**made)  # type: ignore[arg-type]


def made(session: Session, at: datetime, **values: object) -> int:
    make_tax(session)
    return edit.create(session, honey(**values), at=at, **CNY)


def version(session: Session, product_id: int) -> int:
    return session.scalars(select(Product.version).where(Product.id == product_id)).one()


class TestCreate:
    def test_a_product_gets_its_address_from_the_title(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            ids = [made(session, at), edit.create(session, variantless(), at=at, **CNY)]
            slugs = session.scalars(
                select(Product.slug).where(Product.id.in_(ids)).order_by(Product.id)
            ).all()
        assert slugs == ["wild-honey", "wild-honey-2"]

    def test_its_html_is_cleaned(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            draft = stored.draft_of(session, made(session, at), currency="CNY")
        assert draft.body == {"en": "<p>Good</p>"}

    def test_lists_show_its_lowest_price(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            product_id = made(session, at)
            edit.publish(session, product_id, at=at, **CNY)
            assert [card.amount for card in queries.cards(session, at=at).items] == [4200]

    def test_others_hear_of_it(self, at: datetime, news: list[ProductsChanged]) -> None:
        with db.unit_of_work() as session:
            product_id = made(session, at)
        assert news == [ProductsChanged((product_id,), at)]

    def test_all_fields_that_cannot_stay_are_named_at_once(self, at: datetime) -> None:
        broken = honey(
            title={"zh": " "},
            tax_class="unknown",
            category_id=4711,
            variants=[
                VariantDraft(option_values=[{"en": "S"}], sku="A", amount=-1),
                VariantDraft(option_values=[{"en": "S"}], sku="A"),
                VariantDraft(),
            ],
        )
        with pytest.raises(Invalid) as refusal, db.unit_of_work() as session:
            edit.create(session, broken, at=at, **CNY)
        assert set(refusal.value.fields) == {
            "title",
            "slug",
            "tax_class",
            "category_id",
            "variants.0.amount",
            "variants.1.option_values",
            "variants.1.sku",
            "variants.2.option_values",
        }

    def test_a_sku_belongs_to_one_variant(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            made(session, at)
        with pytest.raises(Invalid) as refusal, db.unit_of_work() as session:
            edit.create(session, honey(), at=at, **CNY)
        assert set(refusal.value.fields) == {"variants.0.sku", "variants.1.sku"}


class TestChange:
    def test_a_change_raises_the_version_and_is_audited(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            product_id = made(session, at)
            draft = stored.draft_of(session, product_id, currency="CNY")
            draft.variants[0].amount = 3900

            assert edit.change(session, draft, at=at + timedelta(hours=1), **CNY)

            assert version(session, product_id) == 2 + 1  # sold out before, and changed now
            entry = session.scalars(
                select(AuditEntry).where(AuditEntry.action == "product.changed")
            ).one()
            assert entry.before is not None
            assert entry.before["variants"][0]["amount"] == 4200

    def test_saving_what_is_there_changes_nothing(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            product_id = made(session, at)
            before = version(session, product_id)
            draft = stored.draft_of(session, product_id, currency="CNY")

            assert not edit.change(session, draft, at=at, **CNY)
            assert version(session, product_id) == before

    def test_two_editors_do_not_overwrite_each_other(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            product_id = made(session, at)
            first = stored.draft_of(session, product_id, currency="CNY")
            second = deepcopy(first)
            first.vendor, second.vendor = "One", "Two"
            edit.change(session, first, seen_at=first.updated_at, at=at, **CNY)

        with pytest.raises(Conflict), db.unit_of_work() as session:
            edit.change(session, second, seen_at=second.updated_at, at=at, **CNY)

    def test_a_sale_between_opening_and_saving_is_no_conflict(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            product_id = made(session, at)
            draft = stored.draft_of(session, product_id, currency="CNY")
            stock_up(session, draft.variants[0].id or 0, make_location(session), 1)
            draft.vendor = "Shanye"

            assert edit.change(session, draft, seen_at=draft.updated_at, at=at, **CNY)

    def test_a_variant_that_is_left_out_is_switched_off_and_keeps_its_stock(
        self, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            product_id = made(session, at)
            draft = stored.draft_of(session, product_id, currency="CNY")
            gone = draft.variants.pop()
            edit.change(session, draft, at=at, **CNY)

            after = stored.draft_of(session, product_id, currency="CNY")
        assert [(row.id == gone.id, row.active) for row in after.variants] == [
            (False, True),
            (True, False),
        ]

    def test_back_orders_reach_the_stock_levels(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            product_id = made(session, at)
            draft = stored.draft_of(session, product_id, currency="CNY")
            variant_id = draft.variants[0].id or 0
            level = stock_up(session, variant_id, make_location(session), 1)
            draft.variants[0].backorderable = True
            edit.change(session, draft, at=at, **CNY)

            stock.reserve(session, 71, [Demand(variant_id, 5)], expires_at=at, at=at, by=BY)

            # Below zero now: the level keeps its flag, the variant is no longer sold beyond stock.
            draft = stored.draft_of(session, product_id, currency="CNY")
            draft.variants[0].backorderable = False
            edit.change(session, draft, at=at, **CNY)
            assert session.get_one(StockLevel, level).reserved == 5
        with pytest.raises(stock.OutOfStock), db.unit_of_work() as session:
            stock.reserve(session, 72, [Demand(variant_id, 1)], expires_at=at, at=at, by=BY)


class TestPublication:
    def test_a_published_product_can_be_taken_off_and_put_back(self, at: datetime) -> None:
        def shown(session: Session) -> int:
            return len(queries.cards(session, at=at).items)

        with db.unit_of_work() as session:
            product_id = made(session, at)
            assert shown(session) == 0
            edit.publish(session, product_id, at=at, **CNY)
            assert shown(session) == 1
            edit.unpublish(session, product_id, at=at, **CNY)
            assert shown(session) == 0
            edit.publish(session, product_id, at=at, **CNY)
            edit.archive(session, product_id, at=at, **CNY)
            assert shown(session) == 0

    def test_publication_can_lie_ahead(self, at: datetime) -> None:
        later = at + timedelta(days=1)
        with db.unit_of_work() as session:
            edit.publish(session, made(session, at), on=later, at=at, **CNY)
            assert queries.cards(session, at=at).items == []
            assert len(queries.cards(session, at=later).items) == 1


class TestMatrix:
    def test_combinations_keep_the_variants_that_are_there(self) -> None:
        present = honey().variants

        rows = edit.matrix([[{"en": "S"}, {"en": "L"}], [{"en": "Jar"}, {"en": "Tin"}]], present)
        assert len(rows) == 4
        assert {row.amount for row in rows} == {4200}

        kept = edit.matrix([[{"en": "s"}, {"en": "M"}]], present)
        assert [row.sku for row in kept] == ["H-S", None]

    def test_too_many_combinations_are_refused(self) -> None:
        many = [[{"en": str(n)} for n in range(16)]] * 2
        with pytest.raises(Invalid):
            edit.matrix(many, [])


class TestCategories:
    def test_a_tree_of_categories_cannot_bite_its_tail(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            food = categories.make_category(session, {"en": "Food"}, by=BY, at=at)
            tea = categories.make_category(session, {"zh": "茶"}, parent_id=food, by=BY, at=at)
            assert [row.slug for row in categories.categories(session).path_to(tea)] == [
                "food", "茶",
            ]  # fmt: skip
            with pytest.raises(Invalid):
                categories.change_category(
                    session, food, name={"en": "Food"}, parent_id=tea, position=0, by=BY, at=at
                )

    def test_a_category_with_something_in_it_stays(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            food = categories.make_category(session, {"en": "Food"}, by=BY, at=at)
            product_id = made(session, at, category_id=food)
            with pytest.raises(Conflict):
                categories.remove_category(session, food, by=BY, at=at)
            draft = stored.draft_of(session, product_id, currency="CNY")
            draft.category_id = None
            edit.change(session, draft, at=at, **CNY)
            categories.remove_category(session, food, by=BY, at=at)
            assert categories.categories(session).rows == []


def variantless() -> ProductDraft:
    """Another product of the same title, with its one plain variant."""
    return ProductDraft(title={"en": "Wild honey"}, variants=[VariantDraft(amount=100)])
