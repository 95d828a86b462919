"""The check finds what a stray hand changed in the database."""

from datetime import datetime

import pytest
from sqlalchemy import select, update

from shop.catalog import stock
from shop.catalog.models import Product, StockLevel
from shop.catalog.stock import Demand
from shop.catalog.stock_check import Finding, check, repair_sellable
from shop.kernel import db
from tests.factories.catalog import BY, make_location, make_variant, stock_up

pytestmark = pytest.mark.usefixtures("database")


def test_figures_are_compared_with_their_movements_and_holds(at: datetime) -> None:
    with db.unit_of_work() as session:
        variant = make_variant(session)
        level = stock_up(session, variant, make_location(session), 5)
        stock.reserve(session, 71, [Demand(variant, 2)], expires_at=at, at=at, by=BY)
        assert check(session) == []

        session.execute(update(StockLevel).values(on_hand=7, reserved=1))

        assert check(session) == [
            Finding("on_hand", level, 7, 5),
            Finding("reserved", level, 1, 2),
            Finding("holds", level, 1, 2),
        ]


def test_a_wrong_word_about_a_product_is_put_right(at: datetime) -> None:
    with db.unit_of_work() as session:
        make_variant(session, stock_at={make_location(session): 1})
        assert repair_sellable(session) == []
        session.execute(update(Product).values(sellable=False))

        product = session.scalars(select(Product.id)).one()
        assert repair_sellable(session) == [product]
        assert session.scalar(select(Product.sellable)) is True
