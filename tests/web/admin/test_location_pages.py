"""Places, taxes and moves of goods on the brand's desk: forms come back filled, errors named."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from shop.accounts.models import StaffRole
from shop.catalog import stock, taxes
from shop.catalog.models import Location
from shop.fulfillment import rate_book
from shop.fulfillment.rate_book import Rate
from shop.kernel import clock, db
from tests.counting import counted
from tests.factories import network
from tests.factories.catalog import (
    BY,
    figures,
    make_location,
    make_product,
    make_tax,
    make_variant,
    stock_up,
)
from tests.installation import Installation
from tests.web.admin.conftest import SignIn
from tests.web.admin.test_order_pages import text
from tests.web.admin.test_point_pages import act

PLACE = {"name_en": "Cold store", "active": "y", "ships": "y", "position": "3"}
PLACE |= {"ready_minutes": "60"}


@pytest.fixture
def here(shop: Installation) -> int:
    """A place beside which another one is open."""
    with db.unit_of_work() as session:
        make_location(session, "other", name={"en": "Other place"}, position=9)
        return make_location(session, "here")


def stored(place: int) -> Location:
    with db.reading() as session:
        return session.scalars(select(Location).where(Location.id == place)).one()


def fields_of(page: str) -> dict[str, str]:
    """What the form of a place would send."""
    found = dict(re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\s*(.*?)</textarea>', page, re.S))
    for tag in re.findall(r"<input[^>]*>", page):
        attributes = dict(re.findall(r'([a-z]+)="([^"]*)"', tag))
        is_ticked = attributes.get("type") != "checkbox" or " checked" in tag
        if "name" in attributes and is_ticked:
            found[attributes["name"]] = attributes.get("value", "")
    return found


class TestPlaces:
    def test_an_empty_list_says_how_to_begin(self, staff: FlaskClient) -> None:
        assert "No place yet" in text(staff, "/admin/locations")

    def test_a_place_is_made_shown_and_changed(
        self, shop: Installation, staff: FlaskClient, here: int
    ) -> None:
        store = network.point("Lake store", key="S-1")
        form = {**PLACE, "code": "lake", "point": "S-1", "address": "Lake Road 1"}

        act(staff, "locations/new", **form, pickup_enabled="y", hours_en="Daily 9–21")

        page = text(staff, "/admin/locations")
        assert ("Cold store" in page, "Lake store" in page) == (True, True)
        with db.reading() as session:
            made = session.scalars(select(Location).where(Location.code == "lake")).one()
        assert (made.point_id, made.opening_hours) == (store, {"en": "Daily 9–21"})
        edit = text(staff, f"/admin/locations/{made.id}")
        assert fields_of(edit)["point"] == "S-1"

        act(staff, f"locations/{made.id}", **{**fields_of(edit), "point": "", "phone": "1 2"})

        assert (stored(made.id).point_id, stored(made.id).phone) == (None, "1 2")

    def test_a_page_saved_as_it_stands_changes_nothing(
        self, shop: Installation, sign_in: SignIn, here: int
    ) -> None:
        both = sign_in(StaffRole.CATALOG, StaffRole.ADMIN)
        before = stored(here)

        act(both, f"locations/{here}", **fields_of(text(both, f"/admin/locations/{here}")))

        assert {c.name: getattr(stored(here), c.name) for c in Location.__table__.columns} == {
            c.name: getattr(before, c.name) for c in Location.__table__.columns
        }
        assert "location.changed" not in text(both, "/admin/audit-log")

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"name_en": ""}, "A place needs a name."),
            ({"code": ""}, "This field is required."),
            ({"code": "other"}, "Another place has this code already."),
            ({"phone": "call me"}, "does not look like a phone number"),
            ({"pickup_enabled": "y"}, "Buyers need the address"),
            ({"point": "nobody"}, "No point has this number."),
            ({"ready_minutes": "soon"}, "Not a valid integer value."),
            ({"ready_minutes": "-1"}, "between 0 and 10080"),
            ({"position": ""}, "This field is required."),
        ],
    )
    def test_what_makes_no_place_is_named_and_nothing_typed_is_lost(
        self, staff: FlaskClient, here: int, typed: dict[str, str], said: str
    ) -> None:
        form = {**PLACE, "code": "new", "address": "", "hours_en": "Sundays", **typed}

        page = act(staff, "locations/new", 422, **form)

        assert said in page
        assert 'value="Sundays"' in page

    def test_a_place_with_promised_goods_does_not_close(
        self, staff: FlaskClient, here: int
    ) -> None:
        with db.unit_of_work() as session:
            variant = make_variant(session, stock_at={here: 5})
            at = clock.now()
            stock.reserve(session, 7, [stock.Demand(variant, 2)], expires_at=at, at=at, by=BY)
        form = fields_of(text(staff, f"/admin/locations/{here}"))
        del form["active"]

        page = act(staff, f"locations/{here}", 422, **form)

        assert "Promised to orders or checkouts from here: 2." in page
        assert stored(here).active

    @pytest.mark.usefixtures("keeps_what_it_knows")
    def test_the_list_takes_as_many_statements_for_many_places_as_for_one(
        self, staff: FlaskClient, here: int
    ) -> None:
        with counted(db.engine()) as few:
            text(staff, "/admin/locations")
        with db.unit_of_work() as session:
            for n in range(60):
                make_location(session, f"p{n}")

        with counted(db.engine()) as many:
            page = text(staff, "/admin/locations")

        assert [sum("location" in one for one in sent) for sent in (few, many)] == [1, 1]
        assert "Show more" in page
        assert "Nothing fits" in text(staff, "/admin/locations?text=zzz")

    def test_pages_of_others_stay_closed(self, sign_in: SignIn, here: int) -> None:
        other = sign_in(StaffRole.ORDERS)

        assert other.get("/admin/locations").status_code == 403
        assert other.get("/admin/taxes").status_code == 403
        assert "/admin/locations" not in text(other, "/admin/orders")


class TestTaxes:
    def test_a_class_gets_rates_that_are_changed_and_removed(
        self, shop: Installation, chief: FlaskClient
    ) -> None:
        act(chief, "taxes/new", code="Food", name_en="Farm goods")
        assert "pay no tax on these goods" in text(chief, "/admin/taxes/classes/food")
        act(chief, "taxes/classes/food/rates/new", region="", percent="9")
        act(chief, "taxes/classes/food/rates/new", region="65", percent="6.5 %")

        page = text(chief, "/admin/taxes/classes/food/rates/65")
        assert 'value="6.5"' in page
        act(chief, "taxes/classes/food/rates/65", percent="6.25", seen="650")
        act(chief, "taxes/classes/food/rates/everywhere/remove")

        with db.reading() as session:
            assert taxes.rates(session)["food"] == {"65": 625}
        assert "65: 6.25 %" in text(chief, "/admin/taxes")
        assert "tax_rate.removed" in text(chief, "/admin/audit-log?thing=tax_class:food")

    @pytest.mark.parametrize(
        ("percent", "said"),
        [
            ("", "This field is required."),
            ("nine", "Please write a percentage"),
            ("6.125", "Please write a percentage"),
            ("-1", "Please write a percentage"),
            ("100.01", "between 0 and 100"),
        ],
    )
    def test_what_is_no_percentage_comes_back(
        self, chief: FlaskClient, percent: str, said: str
    ) -> None:
        form = {"region": "65", "percent": percent}

        page = act(chief, "taxes/classes/standard/rates/new", 422, **form)

        assert said in page
        assert 'value="65"' in page

    def test_whoever_was_slower_sees_the_new_rate_and_keeps_his_own(
        self, shop: Installation, chief: FlaskClient
    ) -> None:
        with db.unit_of_work() as session:
            make_tax(session, {"": 1300})
        path = "taxes/classes/standard/rates/everywhere"
        act(chief, path, percent="9", seen="1300")

        late = act(chief, path, 409, percent="6", seen="1300")

        assert "Somebody else changed this meanwhile" in late
        assert ("Now: 9 %" in late, 'value="6"' in late, 'value="900"' in late) == (True,) * 3
        act(chief, path, percent="6", seen="900")

    def test_a_class_in_use_stays(self, shop: Installation, chief: FlaskClient) -> None:
        with db.unit_of_work() as session:
            make_tax(session, code="food")
            make_tax(session, code="parcels")
            make_product(session, tax_class="food")
            parcel = Rate(region="", name={"en": "Parcel"}, amount=800, tax_class="parcels")
            rate_book.write(session, parcel, by=BY, at=clock.now())

        for code in ("food", "parcels"):
            page = act(chief, f"taxes/classes/{code}/remove", 409)
            assert "Give them another one first." in page
        assert "stays" in act(chief, "taxes/classes/standard/remove", 409)

    def test_a_class_that_nothing_uses_goes(self, shop: Installation, chief: FlaskClient) -> None:
        act(chief, "taxes/new", code="food", name_en="Farm goods")
        act(chief, "taxes/classes/food", name_en="Food", name_zh="农产品")
        assert 'value="农产品"' in text(chief, "/admin/taxes/classes/food")

        act(chief, "taxes/classes/food/remove")

        assert chief.get("/admin/taxes/classes/food").status_code == 404

    @pytest.mark.parametrize(
        ("form", "said"),
        [
            ({"code": "f d", "name_en": "Food"}, "A code has letters, digits and hyphens."),
            ({"code": "standard", "name_en": "Food"}, "has this code already"),
            ({"code": "food"}, "Please fill this in."),
        ],
    )
    def test_what_makes_no_class_comes_back(
        self, chief: FlaskClient, form: dict[str, str], said: str
    ) -> None:
        page = act(chief, "taxes/new", 422, **form)

        assert said in page
        assert f'value="{form["code"]}"' in page

    def test_what_a_change_means_is_said(self, chief: FlaskClient) -> None:
        assert "Orders that were made keep the tax" in text(chief, "/admin/taxes")


class TestMoves:
    def form(self, page: str, **typed: Any) -> dict[str, Any]:
        once = re.search(r'name="once"[^>]*value="([^"]+)"', page)
        assert once is not None
        return {"once": once[1], **typed}

    def test_goods_are_moved_once_however_often_the_form_is_sent(
        self, staff: FlaskClient, here: int
    ) -> None:
        with db.unit_of_work() as session:
            other = make_location(session, "store", name={"en": "Lake store"})
            variant = make_variant(session)
            level = stock_up(session, variant, here, 10)
            lot = stock.lot(session, variant, "2026-03", at=clock.now())
        path = f"stock/{level}/transfer"
        page = text(staff, f"/admin/{path}")
        assert "Lake store (0 free)" in page
        form = self.form(page, to=str(other), units="4", lot=str(lot), note="for Sunday")

        for _ in range(2):
            act(staff, path, **form)

        with db.reading() as session:
            end = stock.level_of(session, variant, other)
            assert (figures(session, level), figures(session, end)) == ((6, 0, 0, 0), (4, 0, 0, 0))
        said = text(staff, f"/admin/stock/{level}")
        assert ("To: Lake store" in said, "Lot 2026-03" in said, "for Sunday" in said) == (
            (True,) * 3
        )
        assert f'href="/admin/stock/{level}"' in text(staff, f"/admin/stock/{end}")

    def test_what_does_not_go_comes_back_filled_in(self, staff: FlaskClient, here: int) -> None:
        with db.unit_of_work() as session:
            level = stock_up(session, make_variant(session), here, 3)
            other = session.scalars(select(Location.id).where(Location.code == "other")).one()
        path = f"stock/{level}/transfer"
        page = text(staff, f"/admin/{path}")
        typed: list[tuple[dict[str, str], str]] = [
            ({"to": str(other), "units": "4"}, "Only 3 units are free"),
            ({"to": str(other), "units": "some"}, "as a whole number above zero"),
            ({"to": str(other), "units": "0"}, "as a whole number above zero"),
            ({"to": "", "units": "1"}, "This field is required."),
            ({"to": str(here), "units": "1"}, "Not a valid choice."),
        ]
        for fields, said in typed:
            answer = act(staff, path, 422, **self.form(page, **fields, note="for Sunday"))
            assert said in answer
            assert 'value="for Sunday"' in answer

    def test_a_form_that_moved_before_moves_nothing_else_and_may_be_sent_anew(
        self, staff: FlaskClient, here: int
    ) -> None:
        with db.unit_of_work() as session:
            level = stock_up(session, make_variant(session), here, 3)
            other = session.scalars(select(Location.id).where(Location.code == "other")).one()
        path = f"stock/{level}/transfer"
        form = self.form(text(staff, f"/admin/{path}"), to=str(other), units="1")
        act(staff, path, **form)

        again = act(staff, path, 422, **{**form, "units": "2"})
        assert "This form has moved goods already." in again
        act(staff, path, **self.form(again, to=str(other), units="2"))

        with db.reading() as session:
            assert figures(session, level) == (0, 0, 0, 0)
        assert "Nothing is free to move" in text(staff, f"/admin/{path}")

    def test_with_one_place_there_is_nowhere_to_go(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        with db.unit_of_work() as session:
            level = stock_up(session, make_variant(session), make_location(session), 3)

        assert "There is no other open place" in text(staff, f"/admin/stock/{level}/transfer")
        assert staff.get("/admin/stock/4711/transfer").status_code == 404
