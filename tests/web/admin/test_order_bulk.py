"""Several orders at once: slips, carrier, file; and the columns that each person sees."""

import csv
import io
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from commissions.audit_trail import AuditEntry
from shop.accounts.models import Preference, StaffRole
from shop.kernel import db
from shop.kernel.db import reading, unit_of_work
from shop.kernel.jobs import OutboxJob
from tests.counting import counted
from tests.factories import catalog, sales
from tests.installation import Installation
from tests.web.admin.conftest import SignIn
from tests.web.admin.test_order_pages import act, text


def placed(shop: Installation, count: int, units: int = 1) -> list[int]:
    variant_id = sales.stocked(100)
    return [sales.placed(shop, {variant_id: units}) for _ in range(count)]


def chosen(order_ids: list[int]) -> str:
    return "&".join(f"order={order_id}" for order_id in order_ids)


def shipped(client: FlaskClient, form: dict[str, object], status: int = 303) -> str:
    answer = client.post("/admin/orders/ship", data=form)
    assert answer.status_code == status, answer.text
    return answer.text


def typed(page: str) -> dict[str, object]:
    """What the page about to hand over would send."""
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    form: dict[str, object] = {name: value for name, value in fields if name != "order"}
    return {**form, "order": [value for name, value in fields if name == "order"]}


def left(order_id: int) -> int:
    return sum(line.fulfilled_count for line in sales.lines(order_id))


class TestSlips:
    def test_stand_on_one_page_each_on_its_sheet(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        paid, unpaid = placed(shop, 3), sales.prepared({sales.stocked(): 1})

        page = text(staff, f"/admin/orders/slips?{chosen([*paid, unpaid])}")

        sheets = page.split("<article")[1:]
        assert [sales.order(one).number for one in paid] == [
            re.findall(r'class="num">(\w+)</span></h1>', sheet)[0] for sheet in sheets
        ]
        assert f"without a slip: {sales.order(unpaid).number}" in page

    @pytest.mark.usefixtures("keeps_what_it_knows")
    def test_cost_the_same_statements_for_many(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        orders = placed(shop, 4)
        text(staff, f"/admin/orders/slips?{chosen(orders[:1])}")

        with counted(db.engine()) as one:
            text(staff, f"/admin/orders/slips?{chosen(orders[:1])}")
        with counted(db.engine()) as four:
            text(staff, f"/admin/orders/slips?{chosen(orders)}")

        assert len(four) == len(one)

    def test_nothing_ticked_is_said(self, staff: FlaskClient) -> None:
        for path in ("slips", "ship", "export/chosen"):
            assert staff.get(f"/admin/orders/{path}").status_code == 303
            assert "Tick the orders first." in text(staff, "/admin/orders")
        shipped(staff, {})
        assert "Tick the orders first." in text(staff, "/admin/orders")


class TestTheCarrier:
    def test_takes_everything_that_waits_of_each_order(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        first, second = placed(shop, 2, units=2)
        line = sales.lines(first)[0]
        act(staff, first, "ship", **{f"units-{line.id}": 1, "seen": 0})
        form = typed(text(staff, f"/admin/orders/ship?{chosen([first, second])}"))

        shipped(staff, {**form, "carrier": "SF", f"tracking-{second}": "SF-9"})

        assert [left(first), left(second)] == [2, 2]
        assert "Shipped: 2 orders." in text(staff, "/admin/orders")
        assert "SF-9" in text(staff, f"/admin/orders/{second}")

    def test_what_cannot_leave_keeps_no_other(self, shop: Installation, staff: FlaskClient) -> None:
        good, changed = placed(shop, 2, units=2)
        unpaid = sales.prepared({sales.stocked(): 1})
        page = text(staff, f"/admin/orders/ship?{chosen([good, changed, unpaid])}")
        assert "It is not paid, or was canceled." in page
        form = typed(page)
        line = sales.lines(changed)[0]
        act(staff, changed, "ship", **{f"units-{line.id}": 1, "seen": 0})

        answer = shipped(staff, {**form, f"tracking-{changed}": "SF-1"}, 409)

        assert "1 order left." in answer
        assert "It changed since you looked." in answer
        assert 'value="SF-1"' in answer
        assert sales.order(good).number not in answer
        assert [left(good), left(changed), left(unpaid)] == [2, 1, 0]

    def test_a_form_that_is_sent_twice_hands_over_once(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        (order_id,) = placed(shop, 1)
        form = typed(text(staff, f"/admin/orders/ship?{chosen([order_id])}"))
        shipped(staff, form)

        assert "It changed since you looked." in shipped(staff, form, 409)
        assert left(order_id) == 1

    def test_unpaid_and_unknown_orders_are_refused_by_the_verb_too(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        unpaid = sales.prepared({sales.stocked(): 1})

        answer = shipped(staff, {"order": [unpaid, 77], f"seen-{unpaid}": "0"}, 409)

        assert "It is not paid, or was canceled." in answer
        assert left(unpaid) == 0


class TestTheFile:
    def test_holds_the_ticked_orders_and_says_so_in_the_audit(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        orders = placed(shop, 3)

        answer = staff.get(f"/admin/orders/export/chosen?{chosen(orders[:2])}")

        rows = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
        assert {row["Order"] for row in rows} == {sales.order(one).number for one in orders[:2]}
        with reading() as session:
            kept = session.scalars(
                select(AuditEntry.after).where(AuditEntry.action == "orders.exported")
            ).one()
        assert kept == {"chosen": "2"}


class TestColumns:
    def heads(self, client: FlaskClient, query: str = "") -> list[str]:
        table = text(client, f"/admin/orders{query}").partition("<thead>")[2].partition("</thead>")
        return re.findall(r"<th[^>]*>([^<]+)</th>", table[0])

    def test_are_each_persons_own_and_stay(
        self, shop: Installation, staff: FlaskClient, sign_in: SignIn
    ) -> None:
        placed(shop, 1)
        usual = ["Order", "Submitted", "Buyer", "Brought by", "Status", "Delivery", "Total"]
        assert self.heads(staff) == usual

        answer = staff.post(
            "/admin/orders/columns",
            data={"column": ["units", "buyer", "nonsense"], "list": "status=placed&evil=1"},
        )

        assert answer.headers["Location"] == "/admin/orders?status=placed"
        assert self.heads(staff, "?status=placed") == ["Order", "Buyer", "Units"]
        assert "1 order on this page" in text(staff, "/admin/orders")
        assert self.heads(sign_in(StaffRole.ORDERS, part="owner")) == usual

    def test_none_is_the_usual_choice(self, shop: Installation, staff: FlaskClient) -> None:
        placed(shop, 1)
        for column in (["units"], []):
            staff.post("/admin/orders/columns", data={"column": column})

        assert "Brought by" in self.heads(staff)
        with reading() as session:
            assert session.scalar(select(func.count()).select_from(Preference)) == 0


def test_each_buyer_has_a_message(shop: Installation, staff: FlaskClient) -> None:
    first, second = placed(shop, 2)
    with reading() as session:
        before = session.scalar(select(func.count()).select_from(OutboxJob)) or 0

    shipped(staff, typed(text(staff, f"/admin/orders/ship?{chosen([first, second])}")))

    with reading() as session:
        after = session.scalar(select(func.count()).select_from(OutboxJob)) or 0
    assert after >= before + 2


class TestAnotherWay:
    def test_is_chosen_on_the_orders_page_and_stands_on_its_timeline(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        variant_id = sales.stocked(5)
        place = sales.counter()
        with unit_of_work() as session:
            catalog.stock_up(session, variant_id, place, 3)
        order_id = sales.placed(shop, {variant_id: 1})
        (line,) = sales.lines(order_id)
        form = {"seen": 0, "line": line.id, "to": place}
        assert "Collected at Counter" in text(staff, f"/admin/orders/{order_id}")

        act(staff, order_id, "way", **form)

        page = text(staff, f"/admin/orders/{order_id}")
        assert "Will be collected instead" in page
        assert "Changed. Prices, tax and paid shipping stay." in page
        assert sales.lines(order_id)[0].delivery == "pickup"

    def test_what_cannot_be_is_said_and_nothing_changes(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        order_id = placed(shop, 1)[0]
        (line,) = sales.lines(order_id)
        place = sales.counter()
        for form, said in (
            ({"to": place}, "Please tick the goods."),
            ({"line": line.id, "to": "nowhere"}, "Please choose one of the list."),
            ({"line": line.id, "to": 77}, "Nobody can collect there."),
        ):
            assert said in act(staff, order_id, "way", 422, seen=0, **form)
        late = act(staff, order_id, "way", 409, seen=1, line=line.id, to=place)
        assert "This order has changed since you opened it." in late
        short = act(staff, order_id, "way", 409, seen=0, line=line.id, to=place)
        assert "no longer available in this quantity" in short
        assert sales.lines(order_id)[0].delivery == "shipping"
