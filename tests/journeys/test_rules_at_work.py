"""The rules at work: groups, codes, browsers, households, the brand's own doing, and trying out.

On SQLite: nothing here depends on the database. What does stands in test_refused_sales.py.
"""

from typing import Any

import pytest
from sqlalchemy import select

from commissions.abuse.rules import Action, Check
from shop.kernel import clock, db
from shop.network import edit
from shop.orders.models import Order, OrderLine
from shop.payments import refunds
from shop.payments.refunds import Units, Wanted
from shop.rewards.abuse import reviewing, watching
from tests.conftest import Clock, on_sqlite
from tests.journeys.test_paying_out import delivered, proven
from tests.journeys.test_refused_sales import outcomes, set_rule
from tests.journeys.test_unusual_things import ANNAS, bought, found, look, open_holds
from tests.web.store.people import link_of, sign_in
from tests.world import CONTACT, World

pytestmark = on_sqlite


class TestAnOrder:
    def test_a_household_is_refused_from_its_second_order_on(self, world: World) -> None:
        set_rule(Check.HOUSEHOLD, Action.REJECT, orders=2)
        bought(world)
        look(reviewing.ORDERS)
        bought(world, phone="13900001002")

        assert outcomes(world) == ["paid", "household"]
        assert proven()

    def test_what_is_found_after_the_sale_is_held_and_says_so(self, world: World) -> None:
        bought(world, email=ANNAS)
        set_rule(Check.SELF_PURCHASE, Action.REJECT)
        look(reviewing.ORDERS)

        (case,) = found()
        assert (case.action, open_holds()) == ("hold", 1)
        page = world.signed_in("checker").get(f"/admin/reviews/{case.id}").text
        assert "It found this one only after the sale" in page

    def test_a_group_goes_by_its_own_setting(self, world: World) -> None:
        with db.unit_of_work() as session:
            edit.change(
                session, world.points["bo"], {"group_key": "gold"}, by="test", at=clock.now()
            )
        set_rule(Check.DISPOSABLE_MAIL, Action.REJECT, group="gold")
        for slug in ("anna-shop", "bo-shop"):
            buyer = world.browser()
            world.add(buyer, "honey", slug=slug)
            world.check_out(buyer, email="x@yopmail.com")
            world.pay()
        world.installation.settle()

        assert (outcomes(world, "anna"), outcomes(world, "bo")) == (["paid"], ["disposable_mail"])
        checker, path = world.signed_in("checker"), "/admin/reviews/rules/disposable_mail"
        assert "For the group gold" in checker.get(path).text
        assert checker.post(f"{path}/same-for-all", data={"group": "gold"}).status_code == 303
        assert "For the group gold" not in checker.get(path).text
        wrong = {"action": "hold", "group": "nobody", "words": "a.example"}
        assert checker.post(path, data=wrong).status_code == 422


class TestAPoint:
    def test_it_ends_by_itself_and_does_not_begin_anew_on_the_same_evidence(
        self, world: World, business_clock: Clock
    ) -> None:
        set_rule(Check.REFUNDS, Action.REJECT, delivered=1)
        order = delivered(world, "honey", "anna-shop", quantity=1)
        give_back(order, "requested_by_customer")
        look(reviewing.POINTS)
        business_clock.forward(days=13)
        look(reviewing.POINTS)
        bought(world)
        business_clock.forward(days=2)
        look(reviewing.POINTS)
        bought(world)

        assert outcomes(world)[1:] == ["refunds", "paid"]
        assert (len(found()), open_holds()) == (1, 0)

    def test_letting_go_of_one_review_leaves_what_another_holds(self, world: World) -> None:
        set_rule(Check.VELOCITY, Action.HOLD, per_hour=1)
        bought(world, email=ANNAS)
        look()
        own, many = sorted(found(), key=lambda one: one.rule)
        assert (own.rule, many.rule) == ("self_purchase", "velocity")
        finance = world.signed_in("checker")
        assert "Reviews to decide" in finance.get("/admin/").text
        listed = finance.get("/admin/commissions").text
        assert f"/admin/reviews/{many.id}" in listed

        page = finance.post(
            f"/admin/reviews/{own.id}/release", data={"note": "A gift."}, follow_redirects=True
        ).get_data(as_text=True)

        assert "Another review still holds it" in page
        assert "Also under review" in page
        assert open_holds() == 1

    def test_a_code_that_went_around_refuses_what_came_by_it_and_nothing_else(
        self, world: World
    ) -> None:
        set_rule(Check.CODE_LEAK, Action.REJECT, ("*.coupons.example",), listed=2)
        link = link_of(world, "anna")
        for _visitor in range(2):
            by_link(world, link, referrer="https://www.coupons.example/best")
        look(reviewing.POINTS)
        (case,) = found()
        by_link(world, link)
        bought(world)

        assert (case.about, case.kinds) == (link.rpartition("/")[2], ["listed"])
        assert outcomes(world) == ["paid", "paid", "code_leak", "paid"]
        assert case.about in world.signed_in("checker").get(f"/admin/reviews/{case.id}").text

    def test_points_of_one_browser_are_alike_until_somebody_lets_them(self, world: World) -> None:
        tablet = world.browser()
        for name in ("anna", "bo"):
            sign_in(world, tablet, name)
            tablet.post("/sign-out")
        look(reviewing.POINTS)
        first, second = found()

        assert {first.point_id, second.point_id} == {world.points["anna"], world.points["bo"]}
        assert first.kinds == second.kinds == ["device"]
        finance = world.signed_in("checker")
        page = finance.get(f"/admin/reviews/{first.id}").text
        assert "the same browser" in page
        note = {"note": "Husband and wife.", "allow": "yes"}
        for case in (first, second):
            assert finance.post(f"/admin/reviews/{case.id}/release", data=note).status_code == 303
        look(reviewing.POINTS)
        assert (len(found()), open_holds()) == (2, 0)

        rule = finance.get("/admin/reviews/rules/duplicate_point").text
        assert "Husband and wife." in rule
        pair = rule.partition("/admin/reviews/pairs/")[2].partition("/withdraw")[0]
        assert finance.post(f"/admin/reviews/pairs/{pair}/withdraw").status_code == 303
        look(reviewing.POINTS)
        assert (len(found()), open_holds()) == (4, 2)

    def test_colleagues_may_share_the_browser_at_the_counter(self, world: World) -> None:
        staff = world.signed_in("staff")
        moved = {"manager": str(world.points["store"])}
        path = f"/admin/points/{world.points['anna']}/manager"
        assert staff.post(path, data=moved).status_code == 303
        tablet = world.browser()
        for name in ("anna", "keeper"):
            sign_in(world, tablet, name)
        look(reviewing.POINTS)

        assert found() == []

    def test_who_orders_in_the_browser_of_the_desk_or_to_its_address_is_known_if_that_counts(
        self, world: World
    ) -> None:
        set_rule(Check.SELF_PURCHASE, Action.FLAG, ("address", "device", "phone"))
        place = {name: CONTACT[name] for name in ("province", "city", "district", "address")}
        with db.unit_of_work() as session:
            edit.change(session, world.points["anna"], place, by="test", at=clock.now())
        tablet = world.browser()
        sign_in(world, tablet, "anna")
        tablet.post("/sign-out")
        world.add(tablet, "honey", slug="anna-shop")
        assert world.check_out(tablet).status_code == 303
        world.pay()
        world.installation.settle()
        look(reviewing.ORDERS)

        (case,) = found()
        assert (case.rule, case.kinds) == ("self_purchase", ["address", "device"])


class TestOurOwnDoing:
    @pytest.mark.parametrize(
        ("reason", "counts"), [("out_of_stock", 0), ("late", 0), ("requested_by_customer", 1)]
    )
    def test_what_the_brand_gives_back_of_itself_speaks_against_no_point(
        self, world: World, business_clock: Clock, reason: str, counts: int
    ) -> None:
        """Without `reason.not_in(OURS)` the brand's own refunds count: that was seen once."""
        order = delivered(world, "honey", "anna-shop", quantity=2)
        business_clock.forward(days=9)
        give_back(order, reason)
        with db.reading() as session:
            signals = watching.points(session, at=clock.now())[world.points["anna"]]

        assert (signals.delivered, signals.refunded) == (1, counts)
        assert (signals.released, len(signals.returned)) == (1, counts)

    def test_a_canceled_order_and_a_declined_card_count_nowhere(self, world: World) -> None:
        order = bought(world)
        staff = world.signed_in("staff")
        canceled = staff.post(f"/admin/orders/{order.id}/cancel", data={"note": "Suspicious."})
        assert canceled.status_code == 303
        buyer = world.browser()
        world.add(buyer, "honey", slug="anna-shop")
        world.check_out(buyer)
        world.pay(outcome="decline")
        world.installation.settle()
        with db.reading() as session:
            assert watching.points(session, at=clock.now()) == {}


class TestTryingOut:
    def test_the_page_says_what_a_rule_did_and_what_it_would_do(self, world: World) -> None:
        bought(world, email=ANNAS)
        look(reviewing.ORDERS)
        set_rule(Check.HOUSEHOLD, Action.OFF, orders=1)
        finance = world.signed_in("checker")

        assert "Hold: 1" in finance.get("/admin/reviews/rules").text
        off = finance.get("/admin/reviews/rules/household").text
        assert "not met" in off
        tried = finance.get("/admin/reviews/rules/household?try=1").text
        assert "by 0 of the last 1 orders" in tried
        tried = finance.get("/admin/reviews/rules/velocity?try=1").text
        assert "by 0 of 1 points" in tried
        assert len(found()) == 1


def by_link(world: World, link: str, *, referrer: str = "") -> None:
    """A purchase by a visitor whom nobody has seen, who followed a link."""
    buyer = world.browser()
    buyer.get(link, headers={"Referer": referrer} if referrer else {})
    world.add(buyer, "honey", slug="anna-shop")
    answer: Any = world.check_out(buyer)
    assert answer.status_code == 303
    world.pay()
    world.installation.settle()


def give_back(order: Order, reason: str) -> None:
    """One unit of an order that has arrived goes back, for this reason."""
    with db.unit_of_work() as session:
        line = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
        wanted = Wanted(lines=[Units(line.id, 1)], reason=reason)
        refunds.reserve(session, order.id, wanted, by="staff", at=clock.now())
