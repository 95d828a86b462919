"""E2: number and contact open nothing; they only have a fresh link sent to who ordered.

Guards and who misses them: the contact in `order_links.request` (`test_only_who_ordered…`), the
limits there (`TestLimits`).
"""

from typing import Any

from flask.testing import FlaskClient

from shop.orders.models import Order
from tests.web.store.people import in_one_window, letters_to, text_of
from tests.world import CONTACT, World

PHONE = "+8613800001001"
HOUR = 3600


def ask(client: FlaskClient, number: str, contact: str) -> Any:
    return client.post("/en/find-order", data={"number": number, "contact": contact})


def links_to(world: World, recipient: str, order: Order) -> int:
    """How many messages with the order's link somebody has got since it was placed."""
    world.installation.work()
    return sum(f"/orders/{order.token}" in one for one in letters_to(recipient)) - 1


class TestTheAnswer:
    def test_it_is_the_same_whatever_is_known(self, world: World) -> None:
        order = world.buy("honey")
        in_one_window(HOUR)
        asked = (
            (order.number, CONTACT["phone"]),
            (order.number, "somebody@else.example"),
            ("NOPE2345", CONTACT["phone"]),
            ("NOPE2345", "nobody@world.example"),
        )
        pages = []
        for number, contact in asked:
            client = world.browser()
            answer = ask(client, number, contact)
            pages.append((answer.status_code, answer.location, text_of(client, answer.location)))

        assert len(set(pages)) == 1
        assert "its link is on the way" in pages[0][2]

    def test_only_who_ordered_gets_the_link(self, world: World) -> None:
        order = world.buy("honey")

        ask(world.browser(), order.number, "somebody@else.example")
        ask(world.browser(), "NOPE2345", CONTACT["phone"])
        assert links_to(world, PHONE, order) == 0
        assert letters_to("somebody@else.example") == []

        ask(world.browser(), f" {order.number.lower()} ", "138 0000 1001")
        assert links_to(world, PHONE, order) == 1

    def test_the_link_opens_the_order_for_a_guest(self, world: World) -> None:
        order = world.buy("honey")

        page = text_of(world.browser(), f"/en/orders/{order.token}")

        assert order.number in page

    def test_what_is_no_contact_is_said_and_what_was_typed_stays(self, world: World) -> None:
        answer = ask(world.browser(), "ABCD2345", "nonsense")

        assert answer.status_code == 422
        assert 'value="ABCD2345"' in answer.get_data(as_text=True)


class TestLimits:
    def test_five_an_hour_for_a_contact_known_or_not(self, world: World) -> None:
        order = world.buy("honey")
        in_one_window(HOUR)
        for contact in (CONTACT["phone"], "nobody@world.example"):
            statuses = [
                ask(world.browser(), order.number, contact).status_code for _try in range(6)
            ]
            assert statuses == [303] * 5 + [429]

        assert links_to(world, PHONE, order) == 5

    def test_twenty_an_hour_for_an_address_of_the_net(self, world: World) -> None:
        in_one_window(HOUR)
        client = world.browser()

        statuses = [
            ask(client, "ABCD2345", f"n{number}@world.example").status_code for number in range(21)
        ]

        assert statuses == [303] * 20 + [429]
