"""Stock is promised once: holds, hand-overs and returns move levels by guarded updates."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.catalog import stock
from shop.catalog.models import Product, StockMovement, StockReservation, Variant
from shop.catalog.stock import Demand
from shop.kernel import db
from tests.conftest import Database
from tests.factories.catalog import (
    BY,
    figures,
    make_location,
    make_product,
    make_variant,
    stock_up,
)

pytestmark = pytest.mark.usefixtures("database")


def reserve(
    session: Session, order_id: int, demands: list[Demand], at: datetime
) -> dict[stock.Key, stock.Allocation]:
    return stock.reserve(
        session, order_id, demands, expires_at=at + timedelta(minutes=35), at=at, by=BY
    )


class TestReserve:
    def test_a_hold_takes_units_from_what_others_can_get(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            variant = make_variant(session)
            level = stock_up(session, variant, make_location(session), 5)
            places = reserve(session, 71, [Demand(variant, 2)], at)

            assert places[variant, None].stock_level_id == level
            assert places[variant, None].goods_owner == "brand"
            assert figures(session, level) == (5, 0, 2, 0)

    def test_a3_two_lines_of_one_variant_are_one_demand(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            variant = make_variant(session, stock_at={make_location(session): 1})

        with pytest.raises(stock.OutOfStock) as refusal, db.unit_of_work() as session:
            reserve(session, 71, [Demand(variant, 1), Demand(variant, 1)], at)

        assert [(s.variant_id, s.wanted, s.available) for s in refusal.value.shortages] == [
            (variant, 2, 1)
        ]

    def test_every_short_variant_is_named_at_once(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            here = make_location(session)
            tea = make_variant(session, stock_at={here: 1})
            honey = make_variant(session, stock_at={here: 0})
            fruit = make_variant(session, stock_at={here: 9})

        with pytest.raises(stock.OutOfStock) as refusal, db.unit_of_work() as session:
            reserve(session, 71, [Demand(tea, 2), Demand(honey, 1), Demand(fruit, 3)], at)

        assert {s.variant_id: s.available for s in refusal.value.shortages} == {tea: 1, honey: 0}

    def test_the_first_location_that_covers_all_ships(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            near = make_location(session, "near", position=1)
            far = make_location(session, "far", position=2)
            variant = make_variant(session, stock_at={near: 1, far: 5})

            assert reserve(session, 71, [Demand(variant, 2)], at)[variant, None].location_id == far
            assert reserve(session, 72, [Demand(variant, 1)], at)[variant, None].location_id == near

    def test_g4_a_demand_is_never_covered_by_two_places_together(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            places = [make_location(session, code) for code in ("a", "b")]
            variant = make_variant(session, stock_at=dict.fromkeys(places, 1))

        with pytest.raises(stock.OutOfStock), db.unit_of_work() as session:
            reserve(session, 71, [Demand(variant, 2)], at)

    def test_pick_up_takes_the_counter_s_own_stock_only(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            warehouse = make_location(session)
            counter = make_location(session, "counter", ships=False, pickup_enabled=True)
            variant = make_variant(session, stock_at={warehouse: 9, counter: 1})

            places = reserve(session, 71, [Demand(variant, 1, counter)], at)
            assert places[variant, counter].location_id == counter

        with pytest.raises(stock.OutOfStock), db.unit_of_work() as session:
            reserve(session, 72, [Demand(variant, 1, counter)], at)

    def test_a_counter_that_does_not_ship_is_no_source_of_parcels(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            counter = make_location(session, "counter", ships=False, pickup_enabled=True)
            variant = make_variant(session, stock_at={counter: 3})

        with pytest.raises(stock.OutOfStock), db.unit_of_work() as session:
            reserve(session, 71, [Demand(variant, 1)], at)

    def test_pick_up_and_parcel_of_one_variant_share_what_is_there(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            shop = make_location(session, pickup_enabled=True)
            variant = make_variant(session, stock_at={shop: 3})

        with pytest.raises(stock.OutOfStock), db.unit_of_work() as session:
            reserve(session, 71, [Demand(variant, 2), Demand(variant, 2, shop)], at)

        with db.unit_of_work() as session:
            places = reserve(session, 72, [Demand(variant, 2), Demand(variant, 1, shop)], at)
            level = places[variant, shop].stock_level_id
            assert level is not None
            assert figures(session, level) == (3, 0, 3, 0)

    def test_a_dealer_s_own_goods_are_named_as_the_dealer_s(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            shop = make_location(session, pickup_enabled=True)
            variant = make_variant(session)
            stock_up(session, variant, shop, 5, owner="point:9")

            places = reserve(session, 71, [Demand(variant, 1, shop)], at)

            assert places[variant, shop].goods_owner == "point:9"

    def test_what_is_not_counted_needs_no_stock(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            variant = make_variant(session, track_inventory=False)

            places = reserve(session, 71, [Demand(variant, 99)], at)

            assert places[variant, None] == stock.Allocation(None, None, "brand")

    def test_what_may_be_back_ordered_goes_below_zero_and_is_counted(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            variant = make_variant(session, backorderable=True)
            level = stock_up(session, variant, make_location(session), 1)

            reserve(session, 71, [Demand(variant, 4)], at)

            assert figures(session, level) == (1, 0, 4, 0)

    def test_an_unknown_variant_is_a_shortage(self, at: datetime) -> None:
        with pytest.raises(stock.OutOfStock), db.unit_of_work() as session:
            reserve(session, 71, [Demand(4711, 1)], at)

    def test_a_refusal_leaves_nothing_behind(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            here = make_location(session)
            rich, poor = make_variant(session), make_variant(session, stock_at={here: 0})
            level = stock_up(session, rich, here, 5)

        with pytest.raises(stock.OutOfStock), db.unit_of_work() as session:
            reserve(session, 71, [Demand(rich, 1), Demand(poor, 1)], at)

        with db.reading() as session:
            assert figures(session, level) == (5, 0, 0, 0)
            assert session.scalar(select(func.count()).select_from(StockReservation)) == 0


class TestHold:
    def test_release_gives_back_once(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            variant = make_variant(session)
            level = stock_up(session, variant, make_location(session), 5)
            reserve(session, 71, [Demand(variant, 2)], at)

            assert stock.release(session, 71, at=at, by=BY, expired=True) == 1
            assert stock.release(session, 71, at=at, by=BY) == 0
            assert figures(session, level) == (5, 0, 0, 0)

    def test_commit_makes_a_promise_once(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            variant = make_variant(session)
            level = stock_up(session, variant, make_location(session), 5)
            reserve(session, 71, [Demand(variant, 2)], at)

            assert stock.commit(session, 71, at=at, by=BY) == 1
            assert stock.commit(session, 71, at=at, by=BY) == 0
            assert stock.release(session, 71, at=at, by=BY) == 0
            assert figures(session, level) == (5, 2, 0, 0)

    def test_a_hold_that_ended_cannot_be_committed(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            variant = make_variant(session, stock_at={make_location(session): 5})
            reserve(session, 71, [Demand(variant, 2)], at)
            stock.release(session, 71, at=at, by=BY, expired=True)

        with pytest.raises(stock.HoldGone), db.unit_of_work() as session:
            stock.commit(session, 71, at=at, by=BY)

    def test_a9_late_money_takes_the_same_goods_if_they_are_still_there(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            variant = make_variant(session)
            level = stock_up(session, variant, make_location(session), 2)
            reserve(session, 71, [Demand(variant, 2)], at)
            stock.release(session, 71, at=at, by=BY, expired=True)

            later = at + timedelta(hours=1)
            stock.reserve_again(session, 71, expires_at=later, at=later, by=BY)
            stock.commit(session, 71, at=later, by=BY)

            assert figures(session, level) == (2, 2, 0, 0)

    def test_a9_late_money_after_the_goods_are_gone_is_refused(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            variant = make_variant(session, stock_at={make_location(session): 2})
            reserve(session, 71, [Demand(variant, 2)], at)
            stock.release(session, 71, at=at, by=BY, expired=True)
            reserve(session, 72, [Demand(variant, 1)], at)

        with pytest.raises(stock.OutOfStock) as refusal, db.unit_of_work() as session:
            stock.reserve_again(session, 71, expires_at=at, at=at, by=BY)
        assert [(s.wanted, s.available) for s in refusal.value.shortages] == [(2, 1)]

    def test_an_order_can_be_held_and_released_twice(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            variant = make_variant(session)
            level = stock_up(session, variant, make_location(session), 2)
            reserve(session, 71, [Demand(variant, 2)], at)
            stock.release(session, 71, at=at, by=BY, expired=True)
            stock.reserve_again(session, 71, expires_at=at + timedelta(hours=2), at=at, by=BY)
            stock.release(session, 71, at=at, by=BY)

            assert figures(session, level) == (2, 0, 0, 0)


class TestGoods:
    def test_a_hand_over_takes_committed_units_off_the_shelf_once(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            level = committed(session, 3, at)

            assert stock.hand_over(session, level, 2, reason_id="fulfillment:1", at=at, by=BY)
            assert not stock.hand_over(session, level, 2, reason_id="fulfillment:1", at=at, by=BY)
            assert figures(session, level) == (8, 1, 0, 0)

    def test_no_more_is_handed_over_than_was_committed(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            level = committed(session, 3, at)

        with pytest.raises(stock.NotCommitted), db.unit_of_work() as session:
            stock.hand_over(session, level, 4, reason_id="fulfillment:1", at=at, by=BY)

    def test_a_canceled_unit_is_restocked_once(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            level = committed(session, 3, at)

            assert stock.uncommit(session, level, 1, reason_id="cancel:1", at=at, by=BY)
            assert not stock.uncommit(session, level, 1, reason_id="cancel:1", at=at, by=BY)
            assert figures(session, level) == (10, 2, 0, 0)

    def test_a_damaged_return_is_on_hand_but_not_for_sale(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            level = committed(session, 3, at)
            stock.hand_over(session, level, 3, reason_id="f:1", at=at, by=BY)

            stock.take_back(session, level, 1, resellable=True, reason_id="r:1", at=at, by=BY)
            stock.take_back(session, level, 1, resellable=False, reason_id="r:2", at=at, by=BY)

            assert figures(session, level) == (9, 0, 0, 1)

    def test_a_lot_stays_on_the_movement_that_it_left_with(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            level = committed(session, 3, at)
            variant = session.scalars(select(Variant.id)).one()
            batch = stock.lot(session, variant, "2026-03-01", at=at)
            assert stock.lot(session, variant, "2026-03-01", at=at) == batch

            stock.hand_over(session, level, 1, reason_id="f:1", lot_id=batch, at=at, by=BY)

            assert (
                session.scalar(
                    select(StockMovement.lot_id).where(StockMovement.kind == "hand_over")
                )
                == batch
            )


class TestAdjust:
    def test_a_correction_has_its_reason_and_an_audit_row(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            level = committed(session, 3, at)

            stock.adjust(
                session,
                level,
                -2,
                reason=stock.AdjustReason.DAMAGED,
                note="two jars broke",
                at=at,
                by=BY,
                reason_id="form:1",
            )

            assert figures(session, level) == (8, 3, 0, 0)
            movement = session.scalars(
                select(StockMovement).where(StockMovement.kind == "adjust")
            ).one()
            assert (movement.reason_type, movement.note) == ("damaged", "two jars broke")

    def test_what_buyers_were_promised_cannot_be_corrected_away(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            level = committed(session, 3, at)

        with pytest.raises(stock.BelowCommitted) as refusal, db.unit_of_work() as session:
            stock.adjust(
                session, level, -8, reason=stock.AdjustReason.LOST, at=at, by=BY, reason_id="form:1"
            )
        assert refusal.value.available == 7

    def test_the_same_form_sent_twice_corrects_once(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            level = committed(session, 3, at)
            for _ in range(2):
                stock.adjust(
                    session,
                    level,
                    5,
                    reason=stock.AdjustReason.FOUND,
                    at=at,
                    by=BY,
                    reason_id="form:1",
                )
            assert figures(session, level) == (15, 3, 0, 0)

    def test_counting_sets_the_figure_and_a_second_count_changes_nothing(
        self, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            variant, here = make_variant(session), make_location(session)

            assert stock.set_on_hand(session, variant, here, 4, reason_id="i:1", at=at, by=BY)
            assert not stock.set_on_hand(session, variant, here, 4, reason_id="i:2", at=at, by=BY)

            assert figures(session, stock.level_of(session, variant, here)) == (4, 0, 0, 0)


class TestSellable:
    def test_the_version_rises_only_when_a_variant_crosses(
        self, at: datetime, database: Database
    ) -> None:
        with db.unit_of_work() as session:
            product = make_product(session)
            variant = make_variant(session, product, stock_at={make_location(session): 2})
            start = version(session, product)

            reserve(session, 71, [Demand(variant, 1)], at)
            assert version(session, product) == start
            reserve(session, 72, [Demand(variant, 1)], at)
            assert version(session, product) == (start[0] + 1, False)
            stock.commit(session, 72, at=at, by=BY)
            assert version(session, product) == (start[0] + 1, False)
            stock.release(session, 71, at=at, by=BY)
            assert version(session, product) == (start[0] + 2, True)

    def test_a_second_location_keeps_a_variant_sellable(self, at: datetime) -> None:
        with db.unit_of_work() as session:
            product = make_product(session)
            here, there = make_location(session, "a"), make_location(session, "b")
            variant = make_variant(session, product, stock_at={here: 1, there: 1})
            start = version(session, product)

            reserve(session, 71, [Demand(variant, 1)], at)
            assert version(session, product) == start
            reserve(session, 72, [Demand(variant, 1)], at)
            assert version(session, product) == (start[0] + 1, False)

    def test_a_sold_out_variant_of_a_product_with_others_raises_the_version(
        self, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            product, here = make_product(session), make_location(session)
            small = make_variant(session, product, options=["S"], stock_at={here: 1})
            make_variant(session, product, options=["L"], stock_at={here: 1})
            start = version(session, product)

            reserve(session, 71, [Demand(small, 1)], at)

            assert version(session, product) == (start[0] + 1, True)


def committed(session: Session, units: int, at: datetime) -> int:
    """A level with ten on hand, of which `units` are promised."""
    variant = make_variant(session)
    level = stock_up(session, variant, make_location(session), 10)
    reserve(session, 71, [Demand(variant, units)], at)
    stock.commit(session, 71, at=at, by=BY)
    return level


def version(session: Session, product_id: int) -> tuple[int, bool]:
    row = session.execute(
        select(Product.version, Product.sellable).where(Product.id == product_id)
    ).one()
    return (row[0], row[1])
