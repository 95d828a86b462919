"""What no database could take is refused before any page looks at it, on every route.

Guards and who misses them: `unreadable.refuse` (`TestNul`), the `Id` converter and `ids.read`, which
reads an id from a form or a query (`TestNumbers`).
"""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule as Route

from shop.kernel import ids
from shop.web.access import machine, rule_of
from tests.world import CONTACT, World

PATHS = (
    "/s/a%00/", "/p/%00", "/orders/%00", "/q/%00", "/l/%00", "/c/%00", "/invite/%00", "/pages/%00",
    "/search?q=%00", "/?after=%00", "/?%00=1", "/speak/en?next=%00",
)  # fmt: skip
TOO_LARGE = ("9223372036854775808", "9" * 23, "9" * 6000)


@pytest.fixture
def staff(world: World) -> FlaskClient:
    return world.signed_in("staff")


class TestNul:
    def test_it_is_refused_with_a_sentence_in_the_readers_language(self, world: World) -> None:
        guest = world.browser()
        for path in PATHS:
            english, chinese = guest.get(f"/en{path}"), guest.get(path)

            assert (path, english.status_code, chinese.status_code) == (path, 400, 400)
            assert "a character in it that we cannot read" in english.get_data(as_text=True)
            assert 'lang="zh-Hans"' in chinese.get_data(as_text=True)

    def test_a_checkout_with_it_makes_no_order_and_the_cart_stays(self, world: World) -> None:
        guest = world.browser()
        world.add(guest, "honey")

        for field in ("name", "address", "note", "email", "province"):
            assert world.check_out(guest, **{field: "a\x00b"}).status_code == 400

        assert world.orders() == []
        assert world.check_out(guest).status_code == 303

    def test_no_form_takes_it(self, world: World, staff: FlaskClient) -> None:
        """Every post of every face, whatever the field is called."""
        wrong = []
        for route in routes(world, method="POST"):
            answer = staff.post(address(route), data={"contact": "a\x00@b.example", "x": "\x00"})
            if answer.status_code not in (400, 403):
                wrong.append((route.rule, answer.status_code))
        assert wrong == []

    def test_no_page_takes_it_in_its_address(self, world: World, staff: FlaskClient) -> None:
        wrong = []
        for route in routes(world, method="GET"):
            for path in (f"{address(route)}?text=%00", address(route, text="a%00")):
                answer = staff.get(path)
                if "%00" in path and answer.status_code not in (400, 403):
                    wrong.append((path, answer.status_code))
        assert wrong == []

    def test_no_file_name_brings_it_in(self, staff: FlaskClient) -> None:
        answer = staff.post(
            "/admin/imports",
            data=b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\x00.csv"\r\n\r\n'
            b"Handle\r\n--x--\r\n",
            content_type="multipart/form-data; boundary=x",
        )

        assert answer.status_code == 400

    def test_a_cart_cookie_that_is_none_of_ours_is_no_cart(self, world: World) -> None:
        """And it does not lock the visitor out."""
        bare = world.installation.app.test_client(use_cookies=False)
        for value in ('"a\\000b"', "x" * 5000, "%00"):
            answer = bare.get("/en/cart", headers={"Cookie": f"gs_cart={value}"})

            assert "Your cart is empty" in answer.get_data(as_text=True)

    def test_whom_a_view_would_not_hear_is_sent_away_first(self, world: World) -> None:
        answer = world.browser().get("/admin/orders?text=%00")

        assert answer.location == "/sign-in"


class TestNumbers:
    def test_an_address_beyond_the_largest_id_is_no_page(self, world: World) -> None:
        people = [world.signed_in(name) for name in ("staff", "maker", "checker", "anna")]
        wrong = []
        for method in ("GET", "POST"):
            for route in routes(world, method=method):
                for number in TOO_LARGE if "<int:" in route.rule else ():
                    path = address(route, number=number)
                    statuses = {one.open(path, method=method).status_code for one in people}
                    if not statuses <= {404, 405}:  # 405: a name could stand there, to be read
                        wrong.append((method, route.rule, statuses))
        assert wrong == []

    def test_the_largest_id_is_looked_for(self, staff: FlaskClient) -> None:
        assert staff.get(f"/admin/orders/{ids.LARGEST}").status_code == 404
        assert staff.get(f"/admin/products/{ids.LARGEST}").status_code == 404

    def test_a_number_too_large_in_a_query_or_a_form_is_none(
        self, world: World, staff: FlaskClient
    ) -> None:
        """Nothing is found by it, and no page breaks."""
        guest, owner, maker = world.browser(), world.signed_in("anna"), world.signed_in("maker")
        world.add(guest, "honey")
        line = guest.get("/cart").get_data(as_text=True).split("/cart/lines/")[1].split('"')[0]

        def answers(number: str) -> list[Any]:
            after, form = {"after": number}, {f"units-{number}": number}
            return [
                guest.post(f"/cart/lines/{line}", data={"delivery": number}),
                guest.post(f"/cart/lines/{line}", data={"quantity": number}),
                guest.post("/cart/add", data={"variant": number, "quantity": "1"}),
                guest.post("/checkout", data={**CONTACT, "expected_total": number}),
                guest.get("/", query_string={"after": f"{number[:30]}_{number[:30]}"}),
                guest.get("/search", query_string={"q": "honey", **after}),
                guest.get("/p/honey", query_string={"variant": number}),
                owner.get("/desk/orders", query_string=after),
                owner.get("/desk/earnings", query_string=after),
                owner.post("/desk/hand-over/1", data=form),
                maker.get("/admin/commissions", query_string=after),
                maker.get("/admin/payouts", query_string=after),
                maker.post("/admin/payouts/file", data={"payout": number}),
                staff.get("/admin/orders", query_string={"point": number, **after}),
                staff.get("/admin/products", query_string={"category": number, **after}),
                staff.get("/admin/stock", query_string={"location": number, **after}),
                staff.get("/admin/points", query_string={"within": number, **after}),
                staff.get("/admin/audit-log", query_string=after),
                staff.post("/admin/orders/1/ship", data=form),
            ]

        broken = [
            (number[:30], one.request.path, one.status_code)
            for number in (*TOO_LARGE, "²", "٣", "-1", "1e3", "0x1", "")
            for one in answers(number)
            if one.status_code >= 500
        ]
        assert broken == []


def routes(world: World, *, method: str) -> Iterator[Route]:
    """Those that people use."""
    with world.installation.app.app_context():
        for route in world.installation.app.url_map.iter_rules():
            rule = rule_of(route.endpoint)
            if rule is not None and rule is not machine and method in (route.methods or ()):
                yield route


def address(route: Route, *, number: str = "1", text: str = "zz") -> str:
    """The route with made-up values."""
    path = route.rule
    for argument in route.arguments:
        path = path.replace(f"<int:{argument}>", number)
        for kind in ("path:", "string:", ""):
            path = path.replace(f"<{kind}{argument}>", text)
    return path
