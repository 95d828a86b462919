"""From a link or a printed code to who brought the order.

Guards and who misses them: `paths.is_inside` in `check_target` (`test_an_owner_cannot_print…`) and
at the redirect (`test_a_target_that_was_changed_behind…`), the signature of the touch
(`test_a_forged_touch…`), the window (`test_a_link_counts_for_thirty_days`), the reason
`self_purchase` (`TestNobodyEarnsOnTheirOwnOrder`), the point in `retarget`
(`test_a_code_of_another_point…`).
"""

import re
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from shop.kernel import clock, db, signing
from shop.orders import queries as orders
from shop.sharing.models import LineAttribution, LiveCode, ShareLink, Touch
from shop.sharing.touches import Seen
from tests.conftest import Clock
from tests.web.store.people import link_of, sign_in, text_of
from tests.world import World


class TestFollowing:
    def test_a_link_leads_to_the_shop_and_remembers_who_sent_you(self, world: World) -> None:
        guest = world.browser()

        answer = guest.get(link_of(world, "anna"))

        assert answer.location == "/s/anna-shop/"
        cookie = guest.get_cookie("gs_touch")
        assert cookie is not None
        assert cookie.http_only
        assert "anna" not in cookie.value

    def test_it_speaks_the_language_it_was_followed_in(self, world: World) -> None:
        answer = world.browser().get("/en" + link_of(world, "anna"))

        assert answer.location == "/en/s/anna-shop/"

    def test_a_visitor_writes_nothing_until_something_is_put_into_the_cart(
        self, world: World
    ) -> None:
        guest = world.browser()
        guest.get(link_of(world, "anna"))
        guest.get("/s/anna-shop/p/honey")
        assert touches() == 0

        world.add(guest, "honey", slug="anna-shop")
        world.add(guest, "tea", slug="anna-shop")

        assert touches() == 1

    def test_an_unknown_code_leads_home_and_remembers_nobody(self, world: World) -> None:
        guest = world.browser()

        for path in ("/l/NOPE234", "/q/NOPE2345"):
            assert guest.get(path).location == "/"

        assert guest.get_cookie("gs_touch") is None


class TestWhoBroughtIt:
    def test_the_link_does_where_no_shop_was_named(self, world: World) -> None:
        guest = world.browser()
        guest.get(link_of(world, "anna"))

        credit = ordered(world, guest, "honey")

        assert credit_of(world, credit) == ("anna", "touch", [])
        assert credit.touch_id is not None

    def test_a_printed_code_does_too(self, world: World) -> None:
        guest = world.browser()
        guest.get(f"/q/{printed_code(world, 'bo')}")

        assert credit_of(world, ordered(world, guest, "honey")) == ("bo", "touch", [])
        with db.reading() as session:
            assert session.scalars(select(Touch.kind)).all() == ["qr"]

    def test_the_shop_comes_before_another_points_link(self, world: World) -> None:
        guest = world.browser()
        guest.get(link_of(world, "anna"))

        credit = ordered(world, guest, "honey", slug="bo-shop")

        assert credit_of(world, credit) == ("bo", "storefront", [("anna", "lower_priority")])

    def test_the_shop_and_its_own_link_are_one_claim(self, world: World) -> None:
        guest = world.browser()
        guest.get(link_of(world, "anna"))

        credit = ordered(world, guest, "honey", slug="anna-shop")

        assert credit_of(world, credit) == ("anna", "storefront", [("anna", "duplicate")])

    def test_nobody_brought_who_came_alone(self, world: World) -> None:
        assert credit_of(world, ordered(world, world.browser(), "honey")) == ("", "none", [])

    def test_each_line_has_its_own_answer(self, world: World) -> None:
        guest = world.browser()
        guest.get(link_of(world, "anna"))
        world.add(guest, "honey", slug="bo-shop")
        world.add(guest, "tea")

        world.check_out(guest)

        with db.reading() as session:
            found = orders.credits_of(session, world.order().id).values()
            assert sorted(name_of(world, one.point_id) for one in found) == ["anna", "bo"]

    def test_the_later_of_two_links_counts(self, world: World, business_clock: Clock) -> None:
        guest = world.browser()
        guest.get(link_of(world, "anna"))
        world.add(guest, "honey")
        business_clock.forward(days=1)
        guest.get(link_of(world, "bo"))

        assert credit_of(world, ordered(world, guest, "honey"))[0] == "bo"

    def test_a_link_counts_for_thirty_days(self, world: World, business_clock: Clock) -> None:
        link = link_of(world, "anna")
        for late in (timedelta(), timedelta(seconds=1)):
            guest = world.browser()
            guest.get(link)
            world.add(guest, "honey")
            business_clock.forward(seconds=(timedelta(days=30) + late).total_seconds())
            world.check_out(guest)

            expected = ("", "none", [("anna", "outside_window")]) if late else ("anna", "touch", [])
            assert credit_of(world, the_credit(world)) == expected

    def test_a_forged_touch_is_none(self, world: World) -> None:
        guest = world.browser()
        seen = Seen("me", world.points["anna"], "link", "X", clock.now()).to_json()
        signed = signing.sign(seen, purpose="visit")  # genuine, but from another door
        for value in (signed, "nonsense", "", signed[:-2]):
            guest.set_cookie("gs_touch", value)
            world.add(guest, "honey")

        world.check_out(guest)

        assert credit_of(world, the_credit(world)) == ("", "none", [])

    def test_the_answer_is_frozen(self, world: World) -> None:
        guest = world.browser()
        guest.get(link_of(world, "anna"))
        ordered(world, guest, "honey")
        guest.get(link_of(world, "bo"))

        again = world.check_out(guest)

        assert again.status_code == 303
        assert credit_of(world, the_credit(world)) == ("anna", "touch", [])


class TestNobodyEarnsOnTheirOwnOrder:
    def test_the_owner_who_is_signed_in(self, world: World) -> None:
        anna = world.browser()
        sign_in(world, anna, "anna")

        credit = ordered(world, anna, "honey", slug="anna-shop")

        assert credit_of(world, credit) == ("", "none", [("anna", "self_purchase")])

    def test_the_owner_as_a_guest_with_the_own_e_mail(self, world: World) -> None:
        guest = world.browser()
        world.add(guest, "honey", slug="anna-shop")
        world.check_out(guest, email="Anna@World.example", phone="")

        assert credit_of(world, the_credit(world)) == ("", "none", [("anna", "self_purchase")])

    def test_the_owner_by_the_own_link(self, world: World) -> None:
        anna = world.signed_in("anna")
        anna.get(link_of(world, "anna"))

        credit = ordered(world, anna, "honey")

        assert credit_of(world, credit) == ("", "none", [("anna", "self_purchase")])

    def test_the_clerk_in_the_store(self, world: World) -> None:
        credit = ordered(world, world.signed_in("clerk"), "honey", slug="store-shop")

        assert credit_of(world, credit) == ("", "none", [("store", "self_purchase")])

    def test_then_the_link_that_another_point_sent_counts(self, world: World) -> None:
        anna = world.signed_in("anna")
        anna.get(link_of(world, "bo"))

        credit = ordered(world, anna, "honey", slug="anna-shop")

        assert credit_of(world, credit) == ("bo", "touch", [("anna", "self_purchase")])


EVIL = (
    "//evil.example", "https://evil.example", "/\t/evil.example", "/\n/evil.example",
    "/\\evil.example", "\\\\evil.example", "evil", "", "/" + "x" * 300,
)  # fmt: skip


class TestPrintedCodes:
    def test_the_owner_lets_it_lead_elsewhere_and_it_still_counts(self, world: World) -> None:
        owner, code = world.signed_in("bo"), printed_code(world, "bo")
        guest = world.browser()
        assert guest.get(f"/q/{code}").location == "/s/bo-shop/"

        changed = owner.post(f"/desk/share/codes/{code}", data={"target": "/s/bo-shop/p/tea"})

        assert changed.location == "/desk/share"
        assert guest.get(f"/q/{code}").location == "/s/bo-shop/p/tea"
        assert credit_of(world, ordered(world, guest, "tea")) == ("bo", "touch", [])

    def test_an_owner_cannot_print_a_way_out_of_the_shop(self, world: World) -> None:
        owner, code = world.signed_in("bo"), printed_code(world, "bo")

        for target in EVIL:
            answer = owner.post(f"/desk/share/codes/{code}", data={"target": target})
            assert answer.status_code == 422

        assert world.browser().get(f"/q/{code}").location == "/s/bo-shop/"

    def test_a_target_that_was_changed_behind_our_back_leads_home(self, world: World) -> None:
        guest, code, link = world.browser(), printed_code(world, "bo"), link_of(world, "bo")
        for target in EVIL[:6]:
            with db.unit_of_work() as session:
                session.execute(update(LiveCode).values(target=target))
                session.execute(update(ShareLink).values(target=target))

            assert [guest.get(path).location for path in (f"/q/{code}", link)] == ["/", "/"]
            assert guest.get(f"/en/q/{code}").location == "/en/"

    def test_a_code_of_another_point_cannot_be_changed(self, world: World) -> None:
        code = printed_code(world, "bo")

        answer = world.signed_in("anna").post(
            f"/desk/share/codes/{code}", data={"target": "/s/anna-shop/"}
        )

        assert answer.status_code == 404
        assert world.browser().get(f"/q/{code}").location == "/s/bo-shop/"

    def test_a_clerk_prints_none(self, world: World) -> None:
        assert world.signed_in("clerk").post("/desk/share/codes").status_code == 403


def printed_code(world: World, name: str) -> str:
    """A code that this point's owner makes at the desk."""
    owner = world.signed_in(name)
    assert owner.post("/desk/share/codes", data={"label": "Door"}).status_code == 303
    found = re.search(r"/share/codes/([A-Z0-9]{8})", text_of(owner, "/desk/share"))
    assert found
    return found[1]


def ordered(world: World, client: FlaskClient, product: str, *, slug: str = "") -> Any:
    """Put one into the cart and order; who brought it."""
    assert world.add(client, product, slug=slug).status_code == 303
    assert world.check_out(client).status_code == 303
    return the_credit(world)


def the_credit(world: World) -> LineAttribution:
    """Who brought the latest order, which has one line."""
    with db.reading() as session:
        return session.scalars(
            select(LineAttribution).where(LineAttribution.order_id == world.order().id)
        ).one()


def credit_of(world: World, credit: LineAttribution) -> tuple[str, str, list[tuple[str, str]]]:
    """Winner, kind, and the losers with their reasons."""
    losers = [(name_of(world, int(one["point"])), one["reason"]) for one in credit.losers]
    return name_of(world, credit.point_id), credit.kind, losers


def name_of(world: World, point_id: int | None) -> str:
    return next((name for name, known in world.points.items() if known == point_id), "")


def touches() -> int:
    with db.reading() as session:
        return session.execute(select(func.count()).select_from(Touch)).scalar_one()
