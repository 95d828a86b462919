"""E1: a cart is its owner's, on every device and for nobody else.

Guards and who misses them: the account in `opened_by` (`test_a_stale_cookie…`,
`test_the_next_person…`), `forget_cart` at the sign-out (`test_signing_out…`), the order of locks in
`_open_carts` (`test_two_devices_that_sign_in_at_once…`), the cap at the stock
(`test_the_sum_is_capped…`), the later touch in `_latest` (`test_of_two_links…`), the touches of the
lines beside the browser's own in `_last_touch` (`test_the_link_of_the_other_device…`).
"""

from functools import partial

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from shop.catalog.models import StockLevel
from shop.checkout import merge
from shop.checkout.models import Cart, CartLine
from shop.kernel import clock, db
from shop.orders import queries as orders
from tests.conftest import Clock
from tests.races import together
from tests.web.store.people import link_of, sign_in, text_of
from tests.world import CONTACT, World

SECRET = "梧桐路 77 号"


def fill(world: World, client: FlaskClient) -> None:
    """Honey in the cart, and an address typed."""
    world.add(client, "honey", slug="anna-shop", quantity=3)
    client.post("/checkout/address", data={**CONTACT, "address": SECRET, "paste": ""})
    assert SECRET in text_of(client, "/checkout")


def with_cart_of(world: World, client: FlaskClient, other: FlaskClient) -> FlaskClient:
    """Let a browser hold the other's cart cookie."""
    token = other.get_cookie("gs_cart")
    assert token
    client.set_cookie("gs_cart", token.value)
    return client


def units(client: FlaskClient) -> int:
    return int(client.get("/cart/badge").get_json()["units"])


class TestTheNextPersonOnTheDevice:
    def test_signing_out_leaves_nothing_behind(self, world: World) -> None:
        phone = world.browser()
        sign_in(world, phone, "buyer")
        fill(world, phone)

        phone.post("/sign-out")

        assert phone.get_cookie("gs_cart") is None
        assert units(phone) == 0
        assert "Your cart is empty" in text_of(phone, "/en/cart")
        assert phone.get("/checkout").location == "/cart"

    def test_the_account_finds_its_cart_again(self, world: World) -> None:
        phone = world.browser()
        sign_in(world, phone, "buyer")
        fill(world, phone)
        phone.post("/sign-out")
        sign_in(world, phone, "anna")
        assert units(phone) == 0
        phone.post("/sign-out")

        sign_in(world, phone, "buyer")

        assert units(phone) == 3
        assert SECRET in text_of(phone, "/checkout")

    @pytest.mark.parametrize("name", ["", "anna"])
    def test_a_stale_cookie_opens_nothing(self, world: World, name: str) -> None:
        owner = world.browser()
        sign_in(world, owner, "buyer")
        fill(world, owner)
        line = line_of(owner)
        stranger = world.signed_in(name) if name else world.browser()
        with_cart_of(world, stranger, owner)

        assert units(stranger) == 0
        assert "Your cart is empty" in text_of(stranger, "/en/cart")
        assert stranger.get("/checkout").location == "/cart"
        refused = (
            stranger.post(f"/cart/lines/{line}", data={"quantity": "9"}),
            stranger.post("/cart/edit"),
            stranger.post("/checkout", data={**CONTACT, "expected_total": "99999999"}),
        )
        assert [answer.status_code for answer in refused] == [404, 404, 404]
        assert stranger.post("/checkout/address", data={"paste": ""}).location == "/cart"
        assert world.orders() == []
        assert units(owner) == 3
        assert SECRET in text_of(owner, "/checkout")

    @pytest.mark.parametrize("name", ["", "anna"])
    def test_what_a_stranger_adds_begins_a_cart_of_their_own(self, world: World, name: str) -> None:
        owner = world.browser()
        sign_in(world, owner, "buyer")
        fill(world, owner)
        stranger = world.signed_in(name) if name else world.browser()
        with_cart_of(world, stranger, owner)

        world.add(stranger, "tea")

        assert (units(stranger), units(owner)) == (1, 3)
        assert SECRET not in text_of(stranger, "/checkout")

    @pytest.mark.parametrize("name", ["", "anna"])
    def test_an_order_that_waits_for_its_payment_is_not_shown_either(
        self, world: World, name: str
    ) -> None:
        owner = world.browser()
        sign_in(world, owner, "buyer")
        fill(world, owner)
        assert world.check_out(owner).status_code == 303
        stranger = world.signed_in(name) if name else world.browser()
        with_cart_of(world, stranger, owner)

        assert "Your cart is empty" in text_of(stranger, "/en/cart")
        assert stranger.get("/checkout").location == "/cart"
        again = stranger.post("/checkout", data={**CONTACT, "expected_total": "99999999"})
        assert (again.status_code, stranger.post("/cart/edit").status_code) == (404, 404)
        assert world.add(stranger, "tea").status_code == 303
        assert world.order().status == "pending"

    def test_the_next_person_who_signs_in_gets_their_own(self, world: World) -> None:
        """The first person never signed out: the session ended by itself."""
        phone = world.browser()
        sign_in(world, phone, "buyer")
        fill(world, phone)
        phone.delete_cookie("gs_session")

        sign_in(world, phone, "anna")

        assert phone.get_cookie("gs_cart") is None
        assert units(phone) == 0

    def test_a_guest_goes_on_as_before(self, world: World) -> None:
        guest = world.browser()
        fill(world, guest)

        assert units(guest) == 3
        assert world.check_out(guest).status_code == 303
        assert "waits for its payment" in text_of(guest, "/en/cart")
        guest.post("/cart/edit")
        assert units(guest) == 3


class TestASecondDevice:
    def test_a_browser_without_a_cart_gets_the_accounts(self, world: World) -> None:
        phone, desk = world.browser(), world.browser()
        sign_in(world, phone, "buyer")
        fill(world, phone)

        sign_in(world, desk, "buyer")

        assert units(desk) == 3
        world.add(desk, "tea")
        assert units(phone) == 4

    def test_an_order_that_waits_is_found_there_too(self, world: World) -> None:
        phone, desk = world.browser(), world.browser()
        sign_in(world, phone, "buyer")
        fill(world, phone)
        world.check_out(phone)

        sign_in(world, desk, "buyer")

        assert "waits for its payment" in text_of(desk, "/en/cart")

    def test_a_person_without_a_cart_gets_no_cookie(self, world: World) -> None:
        desk = world.browser()

        sign_in(world, desk, "buyer")

        assert desk.get_cookie("gs_cart") is None


class TestTwoCarts:
    def test_they_become_one(self, world: World) -> None:
        phone, desk = world.browser(), world.browser()
        sign_in(world, phone, "buyer")
        world.add(phone, "honey", quantity=2)
        world.add(phone, "honey", slug="anna-shop")
        world.add(desk, "honey", quantity=3)
        world.add(desk, "tea")

        sign_in(world, desk, "buyer")

        assert lines_of(world, desk) == {("honey", ""): 5, ("honey", "anna"): 1, ("tea", ""): 1}
        assert "not enough" not in text_of(desk, "/en/cart")
        assert units(phone) == 0  # its own was folded; the next sign-in there brings the one cart

    def test_the_sum_is_capped_at_what_can_be_had_and_said_once(self, world: World) -> None:
        phone, desk = world.browser(), world.browser()
        sign_in(world, phone, "buyer")
        world.add(phone, "tea", quantity=25)
        world.add(desk, "tea", quantity=20)

        sign_in(world, desk, "buyer")

        first, second = text_of(desk, "/en/cart"), text_of(desk, "/en/cart")
        assert lines_of(world, desk) == {("tea", ""): 30}
        assert "Tea: 30 instead of 45" in first
        assert "instead of 45" not in second

    def test_the_cap_counts_all_shops_together(self, world: World) -> None:
        phone, desk = world.browser(), world.browser()
        sign_in(world, phone, "buyer")
        world.add(phone, "tea", slug="anna-shop", quantity=8)
        world.add(phone, "tea", slug="bo-shop", quantity=8)
        world.add(desk, "tea", slug="anna-shop", quantity=20)

        sign_in(world, desk, "buyer")

        assert lines_of(world, desk) == {("tea", "anna"): 28, ("tea", "bo"): 2}

    def test_what_sold_out_stays_for_the_buyer_to_decide(self, world: World) -> None:
        phone, desk = world.browser(), world.browser()
        sign_in(world, phone, "buyer")
        world.add(phone, "tea", quantity=2)
        world.add(desk, "tea", quantity=3)
        with db.unit_of_work() as session:
            session.execute(
                update(StockLevel)
                .where(StockLevel.variant_id == world.variants["tea"])
                .values(on_hand=0)
            )

        sign_in(world, desk, "buyer")

        assert "Sold out meanwhile" in text_of(desk, "/en/cart")

    def test_an_order_that_waits_takes_no_further_lines(self, world: World) -> None:
        phone, desk = world.browser(), world.browser()
        sign_in(world, phone, "buyer")
        world.add(phone, "honey", quantity=2)
        world.check_out(phone)
        world.add(desk, "tea")

        sign_in(world, desk, "buyer")

        assert lines_of(world, desk) == {("tea", ""): 1}
        assert lines_of(world, phone) == {("honey", ""): 2}

    def test_two_devices_that_sign_in_at_once_count_everything_once(self, world: World) -> None:
        for devices in range(1, 9):
            tokens = [cart_left_on_a_device(world, "buyer") for _device in range(2)]

            outcomes = together([partial(arrive, world, token) for token in tokens])

            assert [one for one in outcomes if isinstance(one, Exception)] == []
            assert outcomes[0] == outcomes[1]
            desk = world.signed_in("buyer")
            desk.set_cookie("gs_cart", str(outcomes[0]))
            assert lines_of(world, desk) == {("honey", ""): 2 * devices}


class TestWhoBroughtIt:
    @pytest.mark.parametrize("later_at", ["desk", "phone"])
    def test_of_two_links_the_later_one_is_kept(
        self, world: World, business_clock: Clock, later_at: str
    ) -> None:
        phone, desk = world.browser(), world.browser()
        sign_in(world, phone, "buyer")
        early, late = (phone, desk) if later_at == "desk" else (desk, phone)
        early.get(link_of(world, "anna"))
        world.add(early, "honey")
        business_clock.forward(hours=1)
        late.get(link_of(world, "bo"))
        world.add(late, "honey")

        sign_in(world, desk, "buyer")

        assert lines_of(world, desk) == {("honey", ""): 2}
        world.check_out(desk)
        assert brought_by(world) == world.points["bo"]

    def test_the_link_of_the_other_device_counts(self, world: World) -> None:
        phone, desk = world.browser(), world.browser()
        phone.get(link_of(world, "anna"))
        sign_in(world, phone, "buyer")
        world.add(phone, "honey")
        world.add(desk, "tea")

        sign_in(world, desk, "buyer")
        world.check_out(desk)

        assert brought_by(world) == world.points["anna"]

    def test_a_link_followed_on_the_second_device_counts(
        self, world: World, business_clock: Clock
    ) -> None:
        phone, desk = world.browser(), world.browser()
        phone.get(link_of(world, "anna"))
        sign_in(world, phone, "buyer")
        world.add(phone, "honey")
        sign_in(world, desk, "buyer")
        business_clock.forward(hours=1)
        desk.get(link_of(world, "bo"))

        world.add(desk, "honey")
        world.check_out(desk)

        assert brought_by(world) == world.points["bo"]


def line_of(client: FlaskClient) -> str:
    page = client.get("/cart").get_data(as_text=True)
    return page.split("/cart/lines/")[1].split('"')[0]


def lines_of(world: World, client: FlaskClient) -> dict[tuple[str, str], int]:
    """Units by product and shop in the cart that a browser holds."""
    token = client.get_cookie("gs_cart")
    assert token
    goods = {number: name for name, number in world.variants.items()}
    shops: dict[int | None, str] = {
        None: "",
        **{number: name for name, number in world.points.items()},
    }
    with db.reading() as session:
        rows = session.execute(
            select(CartLine.variant_id, CartLine.point_id, CartLine.quantity)
            .join(Cart, Cart.id == CartLine.cart_id)
            .where(Cart.token == token.value)
        ).all()
    return {(goods[row[0]], shops[row[1]]): row[2] for row in rows}


def cart_left_on_a_device(world: World, name: str) -> str:
    """One honey in a fresh cart of this person; its token."""
    client = world.signed_in(name)
    world.add(client, "honey")
    token = client.get_cookie("gs_cart")
    assert token
    return token.value


def arrive(world: World, token: str) -> str:
    """What signing in does with the cart."""
    with db.unit_of_work() as session:
        return merge.take_over(
            session, token, world.accounts["buyer"], currency="CNY", at=clock.now()
        )


def brought_by(world: World) -> int | None:
    with db.reading() as session:
        (credit,) = {one.point_id for one in orders.credits_of(session, world.order().id).values()}
    return credit
