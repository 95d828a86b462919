"""Goods between places: what is promised stays, a form moves once, and both ends agree."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.catalog import listing, places, stock, transfers
from shop.catalog.models import Product, StockMovement
from shop.catalog.stock import Demand
from shop.catalog.stock_check import check
from shop.kernel import audit, db
from shop.kernel.errors import Invalid, NotFound
from tests.factories.catalog import (
    BY,
    figures,
    make_location,
    make_product,
    make_variant,
    stock_up,
)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def session() -> Iterator[Session]:
    with db.unit_of_work() as session:
        yield session


@pytest.fixture
def here(session: Session) -> int:
    return make_location(session, "here")


@pytest.fixture
def there(session: Session) -> int:
    return make_location(session, "there")


@pytest.fixture
def variant(session: Session) -> int:
    return make_variant(session)


@pytest.fixture
def level(session: Session, variant: int, here: int) -> int:
    return stock_up(session, variant, here, 10)


def move(
    session: Session,
    level: int,
    units: int,
    to: int,
    at: datetime,
    *,
    key: str = "form:1",
    lot: int | None = None,
) -> bool:
    return transfers.transfer(
        session, level, units, to_location_id=to, reason_id=key, lot_id=lot, by=BY, at=at
    )


def level_at(session: Session, variant: int, place: int, owner: str = "brand") -> int:
    return stock.level_of(session, variant, place, goods_owner=owner)


def promise(session: Session, variant: int, units: int, at: datetime) -> None:
    stock.reserve(
        session, 71, [Demand(variant, units)], expires_at=at + timedelta(hours=1), at=at, by=BY
    )


class TestTransfer:
    def test_units_leave_one_place_and_stand_at_the_other(
        self, session: Session, level: int, variant: int, there: int, at: datetime
    ) -> None:
        assert move(session, level, 4, there, at)

        other = level_at(session, variant, there)
        assert figures(session, level) == (6, 0, 0, 0)
        assert figures(session, other) == (4, 0, 0, 0)
        assert check(session) == []

    def test_both_movements_carry_the_lot_and_name_each_other(
        self, session: Session, level: int, variant: int, there: int, at: datetime
    ) -> None:
        batch = stock.lot(session, variant, "2026-03-01", best_before=date(2026, 9, 1), at=at)

        move(session, level, 4, there, at, lot=batch)

        other = level_at(session, variant, there)
        moved = session.execute(
            select(StockMovement.stock_level_id, StockMovement.on_hand_change)
            .where(StockMovement.kind == "transfer", StockMovement.lot_id == batch)
            .order_by(StockMovement.on_hand_change)
        )
        assert [tuple(row) for row in moved] == [(level, -4), (other, 4)]
        row = listing.stock_row(session, level)
        assert row is not None
        assert places.other_ends(session, row, ["form:1"])["form:1"][0] == other
        assert listing.movements(session, level).items[0].lot == "2026-03-01"

    def test_what_is_promised_stays(
        self, session: Session, level: int, variant: int, there: int, at: datetime
    ) -> None:
        promise(session, variant, 8, at)

        with pytest.raises(transfers.TooFewFree) as refusal:
            move(session, level, 3, there, at)

        assert refusal.value.available == 2

    def test_a_level_that_may_be_oversold_still_sends_only_what_is_there(
        self, session: Session, here: int, there: int, at: datetime
    ) -> None:
        endless = make_variant(session, backorderable=True)
        level = stock_up(session, endless, here, 1)

        with pytest.raises(transfers.TooFewFree):
            move(session, level, 2, there, at)

    def test_goods_keep_their_owner(
        self, session: Session, variant: int, here: int, there: int, at: datetime
    ) -> None:
        level = stock_up(session, variant, here, 3, owner="point:7")

        move(session, level, 3, there, at)

        assert figures(session, level_at(session, variant, there, "point:7")) == (3, 0, 0, 0)
        assert figures(session, level_at(session, variant, there)) == (0, 0, 0, 0)

    def test_it_is_kept_who_moved_what(
        self, session: Session, level: int, variant: int, there: int, at: datetime
    ) -> None:
        move(session, level, 4, there, at)

        entry = audit.page(session, thing="stock_level", thing_id=str(level)).items[0]
        assert (entry.action, entry.by) == ("stock.transferred", BY)
        assert entry.after == {"to": level_at(session, variant, there), "units": 4, "lot": None}


class TestRepeats:
    def test_the_same_form_sent_twice_moves_once(
        self, session: Session, level: int, there: int, at: datetime
    ) -> None:
        assert move(session, level, 4, there, at)
        assert not move(session, level, 4, there, at)

        assert figures(session, level) == (6, 0, 0, 0)

    @pytest.mark.parametrize("code", ["a", "z"])
    def test_the_same_key_for_another_place_moves_nothing(
        self, level: int, variant: int, there: int, session: Session, code: str, at: datetime
    ) -> None:
        """Levels are changed in the order of their ids, so the repeat shows first or second."""
        elsewhere = make_location(session, code)
        if code == "a":
            level_at(session, variant, elsewhere)
        move(session, level, 4, there, at)

        with pytest.raises(transfers.KeyReused), session.begin_nested():
            move(session, level, 4, elsewhere, at)

        assert figures(session, level) == (6, 0, 0, 0)
        assert figures(session, level_at(session, variant, elsewhere)) == (0, 0, 0, 0)

    def test_the_same_key_for_other_units_moves_nothing(
        self, session: Session, level: int, there: int, at: datetime
    ) -> None:
        move(session, level, 4, there, at)

        with pytest.raises(transfers.KeyReused):
            move(session, level, 5, there, at)


class TestRefusals:
    def test_places_and_lots_that_do_not_fit_are_named(
        self, session: Session, level: int, here: int, there: int, at: datetime
    ) -> None:
        closed = make_location(session, "closed", active=False)
        foreign = stock.lot(session, make_variant(session), "L", at=at)
        wrong: list[tuple[dict[str, int], str]] = [
            ({"to": here}, "to"),
            ({"to": closed}, "to"),
            ({"to": 4711}, "to"),
            ({"to": there, "lot": foreign}, "lot"),
            ({"to": there, "units": 0}, "units"),
        ]
        for case, blamed in wrong:
            with pytest.raises(Invalid) as refusal:
                move(session, level, case.get("units", 1), case["to"], at, lot=case.get("lot"))
            assert list(refusal.value.fields) == [blamed]

    def test_an_unknown_level_is_not_found(
        self, session: Session, there: int, at: datetime
    ) -> None:
        with pytest.raises(NotFound):
            move(session, 4711, 1, there, at)


class TestSellable:
    def test_the_last_units_between_open_places_change_nothing_for_buyers(
        self, session: Session, here: int, there: int, at: datetime
    ) -> None:
        product = make_product(session)
        level = stock_up(session, make_variant(session, product), here, 1)
        before = shown(session, product)

        move(session, level, 1, there, at)

        assert shown(session, product) == before == (before[0], True)

    def test_units_that_come_out_of_a_closed_place_are_for_sale_again(
        self, session: Session, there: int, at: datetime
    ) -> None:
        closed = make_location(session, "closed", active=False)
        product = make_product(session)
        level = stock_up(session, make_variant(session, product), closed, 1)
        version, _sellable = shown(session, product)

        move(session, level, 1, there, at)

        assert shown(session, product) == (version + 1, True)


def shown(session: Session, product: int) -> tuple[int, bool]:
    row = session.execute(
        select(Product.version, Product.sellable).where(Product.id == product)
    ).one()
    return (row[0], row[1])
