"""The checkout page as a browser without script sends it: nothing that was typed is lost.

Its form is read from the page, so a field that stands outside of it is missed.
"""

from flask.testing import FlaskClient

from tests.web.store.forms import form_with
from tests.web.store.people import text_of
from tests.world import World

LINE = "王小明 13812345678 浙江省杭州市西湖区文三路 100 号"


def test_pasting_an_address_keeps_what_was_typed(world: World) -> None:
    guest = world.browser()
    world.add(guest, "honey")
    typed = {"note": "Please ring twice", "email": "wang@example.com", "consent": "yes"}

    press(guest, "Fill in the fields", {**typed, "paste": LINE})

    form = form_with(text_of(guest, "/en/checkout"), "Fill in the fields")
    for name, value in typed.items():
        assert form.values[name] == value
    assert form.values["name"] == "王小明"
    assert form.values["phone"] == "13812345678"
    assert form.values["address"] == "文三路 100 号"


def test_a_field_that_the_line_does_not_name_stays(world: World) -> None:
    guest = world.browser()
    world.add(guest, "honey")

    press(
        guest,
        "Fill in the fields",
        {"name": "Li", "postal_code": "310012", "paste": "浙江省杭州市西湖区文三路1号"},
    )

    form = form_with(text_of(guest, "/en/checkout"), "Fill in the fields")
    assert (form.values["name"], form.values["postal_code"]) == ("Li", "310012")
    assert form.values["district"] == "西湖区"


def test_the_button_at_the_end_orders_with_the_pasted_address(world: World) -> None:
    guest = world.browser()
    world.add(guest, "honey")
    press(guest, "Fill in the fields", {"paste": LINE})

    answer = press(guest, "Pay ", {"consent": "yes"})

    assert answer.startswith("http://sandbox.test/")
    assert world.order().status == "pending"


def test_enter_in_a_field_orders(world: World) -> None:
    """Browsers press the first button of the form."""
    guest = world.browser()
    world.add(guest, "honey")

    form = form_with(text_of(guest, "/en/checkout"), "Fill in the fields")

    assert form.buttons[0].action == "/en/checkout"
    assert [one.action for one in form.buttons].count("/en/checkout/address") == 1


def test_each_line_says_which_shop_it_is_from(world: World) -> None:
    guest = world.browser()
    world.add(guest, "honey", slug="anna-shop")
    world.add(guest, "tea", slug="bo-shop")
    world.add(guest, "tea")

    page = text_of(guest, "/en/checkout")

    assert page.count("from Anna's shop") == 1
    assert page.count("from Bo's shop") == 1


def press(client: FlaskClient, button: str, typed: dict[str, str]) -> str:
    """Type into the checkout page's form and press one of its buttons; where it leads."""
    form = form_with(text_of(client, "/en/checkout"), button)
    assert typed.keys() <= form.names
    answer = client.post(form.button(button).action, data={**form.values, **typed})
    assert answer.status_code == 303
    return str(answer.location)
