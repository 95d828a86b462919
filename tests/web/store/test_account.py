"""Guest orders become an account's, by the contact that its owner has proved.

Guards and who misses them: the empty owner in `claim` (`test_an_order_that_has_an_owner…`), the
account's own contact in `_mine` (`test_nobody_claims_the_orders_of_another_contact`).
"""

from tests.web.store.people import sign_in, text_of
from tests.world import World

BUYERS = "buyer@world.example"


def order_as_guest(world: World, email: str) -> str:
    """A paid order with this e-mail; its number."""
    guest = world.browser()
    world.add(guest, "honey")
    assert world.check_out(guest, email=email, phone="").status_code == 303
    world.pay()
    world.installation.settle()
    return world.order().number


def test_a_guest_order_is_offered_and_taken_over(world: World) -> None:
    number = order_as_guest(world, BUYERS)
    client = world.browser()
    sign_in(world, client, "buyer")
    assert number in text_of(client, "/me").partition('class="notice')[2]

    assert client.post("/me/claim").location == "/me"

    page = text_of(client, "/me")
    assert number in page
    assert 'action="/me/claim"' not in page
    assert world.order().account_id == world.accounts["buyer"]


def test_nothing_is_taken_over_by_signing_in_alone(world: World) -> None:
    order_as_guest(world, BUYERS)

    sign_in(world, world.browser(), "buyer")

    assert world.order().account_id is None


def test_nobody_claims_the_orders_of_another_contact(world: World) -> None:
    number = order_as_guest(world, BUYERS)
    client = world.browser()
    sign_in(world, client, "anna")

    assert number not in text_of(client, "/me")
    client.post("/me/claim")

    assert world.order().account_id is None


def test_an_order_that_has_an_owner_keeps_it(world: World) -> None:
    """Somebody signed in ordered for a friend and gave the friend's e-mail."""
    client = world.signed_in("anna")
    world.add(client, "honey")
    world.check_out(client, email=BUYERS, phone="")
    world.pay()
    world.installation.settle()
    friend = world.browser()
    sign_in(world, friend, "buyer")

    assert 'action="/me/claim"' not in text_of(friend, "/me")
    friend.post("/me/claim")

    assert world.order().account_id == world.accounts["anna"]


def test_claiming_needs_an_account(world: World) -> None:
    order_as_guest(world, BUYERS)

    assert world.browser().post("/me/claim").location == "/sign-in"
    assert world.order().account_id is None
