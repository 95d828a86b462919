"""Orders on the brand's desk: found by what staff know, acted on, and nothing typed is ever lost."""

import csv
import io
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from commissions.audit_trail import AuditEntry
from shop.kernel import db
from shop.kernel.db import reading, unit_of_work
from shop.network.models import PointKind
from shop.network.points import NewPoint
from shop.network.points import make as make_point
from shop.orders.models import OrderContact, OrderEvent
from tests.conftest import Clock
from tests.counting import counted
from tests.factories import catalog, sales
from tests.installation import Installation


def point(name: str = "Anna") -> int:
    with unit_of_work() as session:
        return make_point(
            session, NewPoint(kind=PointKind.DEALER, name=name), by="test", at=sales.now()
        )


def text(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


def act(
    client: FlaskClient, order_id: int, action: str, status: int = 303, /, **data: object
) -> str:
    answer = client.post(f"/admin/orders/{order_id}/{action}", data=data)
    assert answer.status_code == status, answer.text
    return answer.text


class TestTheList:
    def test_an_empty_list_teaches(self, staff: FlaskClient) -> None:
        assert "As soon as somebody buys" in text(staff, "/admin/orders")

    def test_an_order_is_found_by_number_name_phone_tail_and_sku(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 1})
        other = sales.placed(
            shop, {sales.stocked(): 1}, contact={"name": "王芳", "phone": "13900139000"}
        )
        number, sku = sales.order(order_id).number, sales.lines(order_id)[0].sku

        for wanted in (number, number.lower(), "李明", "8000", sku):
            page = text(staff, f"/admin/orders?text={wanted}")
            assert number in page, wanted
            assert sales.order(other).number not in page, wanted

    def test_a_filter_that_finds_nothing_says_so(self, staff: FlaskClient) -> None:
        assert "No order fits" in text(staff, "/admin/orders?text=nobody")

    def test_the_figure_to_ship_and_the_list_behind_it_agree(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        variant_id = sales.stocked()
        half = sales.placed(shop, {variant_id: 2})
        done = sales.placed(shop, {variant_id: 1})
        for order_id, units in ((half, 1), (done, 1)):
            line = sales.lines(order_id)[0]
            act(staff, order_id, "ship", **{f"units-{line.id}": units, "seen": 0})

        tasks = text(staff, "/admin/")
        link = re.search(r'href="(/admin/orders\?[^"]*)"[^>]*>\s*<span[^>]*>1</span>', tasks)
        assert link is not None
        page = text(staff, link[1].replace("&amp;", "&"))
        assert sales.order(half).number in page
        assert sales.order(done).number not in page

    def test_money_that_came_too_late_is_found_under_decisions(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 1})
        with unit_of_work() as session:
            session.execute(
                sales.update(sales.Order)
                .where(sales.Order.id == order_id)
                .values(status="expired", task="paid_but_unfillable")
            )

        assert sales.order(order_id).number in text(staff, "/admin/orders?task=any")

    def test_pages_follow_each_other_without_gap(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        variant_id = sales.stocked(100)
        numbers = {sales.order(sales.prepared({variant_id: 1})).number for _ in range(53)}

        first = text(staff, "/admin/orders")
        following = re.search(r'rel="next" href="([^"]+)"', first)
        assert following is not None
        second = text(staff, following[1].replace("&amp;", "&"))

        shown = [number for page in (first, second) for number in numbers if number in page]
        assert sorted(shown) == sorted(numbers)

    def test_dates_are_days_of_the_brand(
        self, shop: Installation, staff: FlaskClient, business_clock: Clock
    ) -> None:
        business_clock.forward(hours=-11.5)  # half past midnight in Shanghai, the day before in UTC
        order_id = sales.prepared({sales.stocked(): 1})
        number = sales.order(order_id).number

        assert number in text(staff, "/admin/orders?since=2026-03-02&until=2026-03-02")
        assert number not in text(staff, "/admin/orders?until=2026-03-01")
        assert number in text(staff, "/admin/orders?period=today")


class TestTheExport:
    def rows(self, client: FlaskClient, query: str = "") -> list[dict[str, str]]:
        answer = client.get(f"/admin/orders/export{query}")
        assert answer.mimetype == "text/csv"
        return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))

    def test_the_file_holds_what_the_list_shows(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        variant_id = sales.stocked(amount=1234)
        paid = sales.placed(shop, [(variant_id, 1, None), (variant_id, 2, point())])
        sales.prepared({variant_id: 1})

        rows = self.rows(staff, "?status=placed")

        assert {row["Order"] for row in rows} == {sales.order(paid).number}
        assert [(row["Quantity"], row["Line total"], row["Point"]) for row in rows] == [
            ("1", "12.34", ""),
            ("2", "24.68", "Anna"),
        ]

    def test_moments_are_the_brands_and_say_how_far_from_utc(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        sales.placed(shop, {sales.stocked(): 1})

        (row,) = self.rows(staff)
        name = staff.get("/admin/orders/export").headers["Content-Disposition"]

        assert row["Placed at"] == "2026-03-02T12:00:00+08:00"
        assert "orders-20260302-1200.csv" in name

    def test_no_cell_is_a_formula(self, shop: Installation, staff: FlaskClient) -> None:
        sales.placed(shop, {sales.stocked(): 1}, contact={"name": "=HYPERLINK(1)"})

        (row,) = self.rows(staff)

        assert row["Name"] == "'=HYPERLINK(1)"
        assert row["Phone"].startswith("'+86")

    def test_who_took_the_file_is_kept(self, shop: Installation, staff: FlaskClient) -> None:
        self.rows(staff, "?status=placed&text=secret")

        with reading() as session:
            entry = session.scalars(
                select(AuditEntry).where(AuditEntry.action == "orders.exported")
            ).one()
        assert entry.after == {"status": "placed"}


class TestOneOrder:
    def test_it_says_who_brought_each_line_and_why_the_others_did_not(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = sales.placed(shop, [(sales.stocked(), 1, point("Anna's"))])

        page = text(staff, f"/admin/orders/{order_id}")

        assert "bought in this shop" in page
        assert "Paid and placed" in page
        assert "Pack and ship" in page

    def test_an_unknown_order_is_not_found(self, staff: FlaskClient) -> None:
        text(staff, "/admin/orders/12345", 404)

    def test_the_packing_slip_names_no_price(self, shop: Installation, staff: FlaskClient) -> None:
        order_id = sales.placed(shop, {sales.stocked(amount=98765): 2})

        slip = text(staff, f"/admin/orders/{order_id}/slip")

        assert "李明" in slip
        assert "987" not in slip

    def test_catalog_staff_alone_may_not_see_it(
        self, shop: Installation, chief: FlaskClient
    ) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 1})

        text(chief, f"/admin/orders/{order_id}", 403)


class TestActions:
    def test_part_is_shipped_then_delivered(self, shop: Installation, staff: FlaskClient) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 3})
        line = sales.lines(order_id)[0]

        act(
            staff,
            order_id,
            "ship",
            **{f"units-{line.id}": "2", "seen": "0", "carrier": "顺丰", "tracking": "SF9"},
        )
        page = text(staff, f"/admin/orders/{order_id}")
        assert "SF9" in page
        parcel = re.search(rf"/admin/orders/{order_id}/parcels/(\d+)/delivered", page)
        assert parcel is not None
        act(staff, order_id, f"parcels/{parcel[1]}/delivered")

        line = sales.lines(order_id)[0]
        assert (line.fulfilled_count, line.delivered_count) == (2, 2)

    def test_a_form_sent_twice_ships_once(self, shop: Installation, staff: FlaskClient) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 3})
        form = {f"units-{sales.lines(order_id)[0].id}": "1", "seen": "0"}

        act(staff, order_id, "ship", **form)
        answer = act(staff, order_id, "ship", 409, **form)

        assert "has changed since you opened it" in answer
        assert sales.lines(order_id)[0].fulfilled_count == 1

    def test_too_many_units_come_back_with_everything_that_was_typed(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 1})

        answer = act(
            staff, order_id, "ship", 422,
            **{f"units-{sales.lines(order_id)[0].id}": "9", "seen": "0", "carrier": "EMS", "tracking": "T-77"},
        )  # fmt: skip

        assert "So many units do not wait" in answer
        assert 'value="EMS"' in answer
        assert 'value="T-77"' in answer

    def test_another_orders_parcel_is_not_touched(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        variant_id = sales.stocked()
        mine, other = (sales.placed(shop, {variant_id: 1}) for _ in range(2))
        act(staff, mine, "ship", **{f"units-{sales.lines(mine)[0].id}": 1, "seen": 0})
        parcel = re.search(r"/parcels/(\d+)/delivered", text(staff, f"/admin/orders/{mine}"))
        assert parcel is not None

        act(staff, other, f"parcels/{parcel[1]}/delivered", 404)

    def test_units_shipping_and_goodwill_go_back_in_one_refund(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        sales.shipping_costs(800)
        order_id = sales.placed(shop, {sales.stocked(): 2})
        line = sales.lines(order_id)[0]

        act(
            staff, order_id, "refund",
            **{f"units-{line.id}": "1", "shipping": "8.00", "goodwill": "0.50", "bearer": "brand", "reason": "damaged", "seen": "0"},
        )  # fmt: skip
        shop.settle()

        assert sales.order(order_id).refunded_amount == 1000 + 800 + 50
        page = text(staff, f"/admin/orders/{order_id}")
        assert "Damaged or not as described" in page
        assert "the brand bears it" in page

    def test_a_refund_that_is_too_large_or_no_amount_is_explained(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 1})

        nonsense = act(staff, order_id, "refund", 422, goodwill="viel", seen="0", note="für Anna")
        too_much = act(staff, order_id, "refund", 422, goodwill="10.01", seen="0")
        nothing = act(staff, order_id, "refund", 422, seen="0")

        assert "“viel” is not an amount of money" in nonsense
        assert 'value="viel"' in nonsense
        assert 'value="für Anna"' in nonsense
        assert "more than can be given back" in too_much
        assert "choose what to give back" in nothing
        assert sales.order(order_id).refunded_amount == 0

    def test_a_refund_sent_twice_is_made_once(self, shop: Installation, staff: FlaskClient) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 1})

        act(staff, order_id, "refund", goodwill="1", seen="0")
        act(staff, order_id, "refund", 409, goodwill="1", seen="0")

        assert sales.order(order_id).refunded_amount == 100

    def test_what_was_paid_twice_goes_back_by_one_button(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 1})
        sales.pay_twice(shop, order_id)

        assert "Give back what is too much" in text(staff, f"/admin/orders/{order_id}")
        act(staff, order_id, "overpayment")
        act(staff, order_id, "overpayment", 409)

        assert sales.order(order_id).payment_status == "paid"

    def test_an_unpaid_order_is_given_up_at_stripe_first(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = sales.prepared({sales.stocked(): 1})
        sales.sessions.open_session(order_id, success_url="http://x/", cancel_url="http://x/")

        act(staff, order_id, "cancel", reason="out_of_stock")

        assert sales.order(order_id).status == "canceled"

    def test_an_order_paid_a_moment_ago_is_placed_instead_of_canceled(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = sales.prepared({sales.stocked(): 1})
        sales.sessions.open_session(order_id, success_url="http://x/", cancel_url="http://x/")
        shop.pay(sales.sessions.session_ids(order_id)[0])

        act(staff, order_id, "cancel")

        assert sales.order(order_id).status == "placed"
        assert "was paid meanwhile" in text(staff, f"/admin/orders/{order_id}")

    def test_a_paid_order_is_canceled_with_its_money(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 1})

        act(staff, order_id, "cancel", reason="out_of_stock", note="Regal leer")

        assert sales.order(order_id).payment_status == "refunded"
        page = text(staff, f"/admin/orders/{order_id}")
        assert "Not available" in page
        assert "Regal leer" in page

    def test_a_shipped_order_is_not_canceled(self, shop: Installation, staff: FlaskClient) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 1})
        act(staff, order_id, "ship", **{f"units-{sales.lines(order_id)[0].id}": 1, "seen": 0})

        assert "Refund it instead" in act(staff, order_id, "cancel", 409)

    def test_a_note_and_a_task_end_on_the_timeline(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 1})
        sales.pay_twice(shop, order_id)

        assert "Please write something" in act(staff, order_id, "notes", 422, note="  ")
        act(staff, order_id, "notes", note="Called back")
        act(staff, order_id, "task", task="overcharged", note="refunded by bank")

        page = text(staff, f"/admin/orders/{order_id}")
        assert "Called back" in page
        assert "refunded by bank" in page
        assert sales.order(order_id).task == ""


class TestTheTimeline:
    def timeline(self, client: FlaskClient, order_id: int) -> str:
        page = text(client, f"/admin/orders/{order_id}")
        return page.partition('<ol class="timeline">')[2].partition("</ol>")[0]

    def test_it_begins_when_the_buyer_sent_the_order(
        self, shop: Installation, staff: FlaskClient, business_clock: Clock
    ) -> None:
        order_id = sales.prepared({sales.stocked(): 1})
        business_clock.forward(minutes=10)
        sales.pay(shop, order_id)

        lines = self.timeline(staff, order_id).split("<li")

        assert "Order sent" in lines[-1]
        assert "Mar 2, 2026, 12:00:00" in lines[-1]
        assert "Paid and placed" in lines[-2]
        assert "Mar 2, 2026, 12:10:00" in lines[-2]

    def test_it_says_which_status_became_which(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 2})
        (line,) = sales.lines(order_id)
        act(staff, order_id, "ship", **{f"units-{line.id}": "1", "seen": "0"})

        told = self.timeline(staff, order_id)

        assert "Order: Waiting for payment → Placed" in told
        assert "Payment: Waiting for payment → Paid" in told
        assert "Goods: Being prepared → Partly handed over" in told

    def test_messages_to_the_buyer_stand_there_without_personal_data(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 1})
        shop.work()

        told = self.timeline(staff, order_id)

        assert "SMS to the buyer: confirmation of the order" in told
        assert "•••• 8000" in told
        with reading() as session:
            kept = session.scalars(select(OrderEvent.values).where(OrderEvent.kind == "told")).one()
        assert kept == {"message": "placed", "channel": "sms"}

    def test_a_corrected_contact_is_not_taken_for_the_one_that_was_written_to(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 1})
        shop.work()

        act(
            staff, order_id, "contact",
            name="李明", phone="13900139999", email="", province="浙江省", city="杭州市",
            district="西湖区", address="文三路100号",
        )  # fmt: skip

        told = self.timeline(staff, order_id)
        assert "to the former contact" in told
        assert "9999" not in told

    def test_an_erased_contact_is_erased_here_too(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 1})
        shop.work()
        with unit_of_work() as session:
            session.execute(
                update(OrderContact)
                .where(OrderContact.order_id == order_id)
                .values(phone=None, name="", address="", erased_at=sales.now())
            )

        assert "8000" not in self.timeline(staff, order_id)


class TestTheContact:
    def typed(self, **changed: str) -> dict[str, str]:
        return {**sales.CONTACT, "country": "CN", **changed}

    def test_an_address_is_corrected_before_shipping_and_prices_stay(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        sales.shipping_costs(800)
        order_id = sales.placed(shop, {sales.stocked(): 1})
        before = sales.order(order_id)

        act(
            staff,
            order_id,
            "contact",
            **self.typed(
                address="西溪路 5 号", province="江苏省", city="南京市", district="玄武区"
            ),
        )

        after = sales.order(order_id)
        with reading() as session:
            contact = session.scalars(
                select(OrderContact).where(OrderContact.order_id == order_id)
            ).one()
            entry = session.scalars(
                select(AuditEntry).where(AuditEntry.action == "order.contact_changed")
            ).one()
        assert (contact.address, contact.division_code) == ("西溪路 5 号", "320102")
        assert (after.total_amount, after.tax_amount, after.territory) == (
            before.total_amount, before.tax_amount, before.territory,
        )  # fmt: skip
        assert "西溪路" not in str(entry.after)

    def test_a_bad_phone_number_comes_back_at_its_field(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 1})

        answer = act(staff, order_id, "contact", 422, **self.typed(phone="12", name="New Name"))

        assert "does not look like a phone number" in answer
        assert 'value="New Name"' in answer

    def test_after_shipping_it_stays_as_it_is(self, shop: Installation, staff: FlaskClient) -> None:
        order_id = sales.placed(shop, {sales.stocked(): 2})
        act(staff, order_id, "ship", **{f"units-{sales.lines(order_id)[0].id}": 1, "seen": 0})

        act(staff, order_id, "contact", 409, **self.typed(name="Somebody else"))


@pytest.mark.usefixtures("keeps_what_it_knows")
def test_the_list_takes_as_many_statements_for_fifty_orders_as_for_one(
    shop: Installation, staff: FlaskClient
) -> None:
    variant_id = sales.stocked(100)
    sales.prepared({variant_id: 1})
    text(staff, "/admin/orders")
    with counted(db.engine()) as few:
        text(staff, "/admin/orders")
    for _ in range(49):
        sales.prepared({variant_id: 1})
    with counted(db.engine()) as many:
        text(staff, "/admin/orders")
    assert len(many) == len(few)


def test_counters_have_names(shop: Installation, staff: FlaskClient) -> None:
    place, variant_id = sales.counter(point("Store")), sales.stocked(1)
    with unit_of_work() as session:
        catalog.stock_up(session, variant_id, place, 5)
    order_id = sales.placed(shop, {variant_id: 2}, collect_at=place)

    page = text(staff, f"/admin/orders/{order_id}")

    assert "Pick-up at Counter" in page
    assert "The counter puts the goods ready" in page
