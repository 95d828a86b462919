"""Signing in and out: limits that hold, a second factor that is really asked for, ways that stay
inside the site.

Guards and who misses them: `limits.count` in `codes.request` and `passwords.count_try`, the tries of a
code, which `count_try` and `use` both bound (`TestLimits`), the used step in `_use_step` (`test_a_code_works_once`), `POST` for
the sign-out (`test_a_link_signs_nobody_out`), `paths.is_inside` (`TestTheWayBack`).
"""

import time
from datetime import timedelta
from typing import Any

import pyotp
from argon2 import extract_parameters
from flask.testing import FlaskClient

from shop.accounts import passwords
from shop.accounts.models import Account
from shop.kernel import clock, db
from tests.web.store.people import (
    ask_for_code,
    code_for,
    in_one_window,
    letters_to,
    sign_in,
    text_of,
)
from tests.world import World

HOUR, QUARTER = 3600, 900
BUYER = "buyer@world.example"
STAFF = "staff@world.example"
QR = 'class="qr'
PASSWORD = "a long enough password"


class TestSigningIn:
    def test_a_code_from_the_mailbox_opens_the_account_once(self, world: World) -> None:
        client = world.browser()
        ask_for_code(client, BUYER)
        code = code_for(world, BUYER)

        assert client.post("/sign-in/code", data={"code": code}).location == "/me"
        assert client.get("/me").status_code == 200
        other = world.browser()
        with other.session_transaction() as cookie:
            cookie["signing_in"] = BUYER
        assert other.post("/sign-in/code", data={"code": code}).status_code == 422

    def test_a_button_signs_out_without_script(self, world: World) -> None:
        client = world.browser()
        sign_in(world, client, "buyer")
        assert '<form method="post" action="/sign-out">' in text_of(client, "/me")

        assert client.post("/sign-out").location == "/"

        assert client.get("/me").location == "/sign-in"

    def test_a_link_signs_nobody_out(self, world: World) -> None:
        """Else any picture on any page could."""
        client = world.browser()
        sign_in(world, client, "buyer")

        assert client.get("/sign-out").status_code == 405
        foreign = client.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 403

        assert client.get("/me").status_code == 200


class TestLimits:
    def test_a_contact_gets_five_codes_an_hour(self, world: World) -> None:
        in_one_window(HOUR)
        client = world.browser()

        answers = [ask_for_code(client, BUYER) for _try in range(6)]

        assert [one.status_code for one in answers] == [303] * 5 + [429]
        assert answers[-1].headers["Retry-After"] == str(HOUR)
        world.installation.work()
        assert len(letters_to(BUYER)) == 5

    def test_an_unknown_contact_is_limited_alike(self, world: World) -> None:
        in_one_window(HOUR)
        client = world.browser()

        statuses = [ask_for_code(client, "nobody@world.example").status_code for _try in range(6)]

        assert statuses == [303] * 5 + [429]

    def test_an_address_of_the_net_asks_for_thirty_codes_an_hour(self, world: World) -> None:
        in_one_window(HOUR)
        client = world.browser()

        statuses = [
            ask_for_code(client, f"n{number}@world.example").status_code for number in range(31)
        ]

        assert statuses == [303] * 30 + [429]

    def test_the_longest_contact_is_counted_like_any_other(self, world: World) -> None:
        contact = f"{'a' * 64}@{'.'.join(['b' * 50] * 3)}.example"

        assert ask_for_code(world.browser(), contact).status_code == 303

    def test_after_five_wrong_guesses_the_right_code_is_refused_too(self, world: World) -> None:
        client = world.browser()
        ask_for_code(client, BUYER)
        code = code_for(world, BUYER)
        wrong = "000000" if code != "000000" else "111111"

        for _guess in range(5):
            assert client.post("/sign-in/code", data={"code": wrong}).status_code == 422
        answer = client.post("/sign-in/code", data={"code": code})

        assert answer.status_code == 422
        assert client.get("/me").location == "/sign-in"

    def test_a_password_is_tried_ten_times_in_a_quarter_of_an_hour(self, world: World) -> None:
        with db.unit_of_work() as session:
            passwords.set_password(session, world.accounts["staff"], PASSWORD)
        in_one_window(QUARTER)
        client = world.browser()

        statuses = [enter_password(client, "wrong").status_code for _try in range(10)]

        assert statuses == [422] * 10
        assert enter_password(client, PASSWORD).status_code == 429

    def test_an_unknown_contact_is_told_after_as_much_work_as_a_known_one(
        self, world: World
    ) -> None:
        with db.unit_of_work() as session:
            passwords.set_password(session, world.accounts["staff"], PASSWORD)
            stored = session.get_one(Account, world.accounts["staff"]).password_hash

        assert extract_parameters(passwords.NOBODY) == extract_parameters(stored or "")

    def test_an_unknown_contact_hears_the_same_about_its_password(self, world: World) -> None:
        client = world.browser()

        known = enter_password(client, "wrong")
        unknown = client.post(
            "/sign-in/staff", data={"contact": "nobody@world.example", "password": "wrong"}
        )

        assert known.status_code == unknown.status_code == 422
        assert known.get_data(as_text=True).replace(STAFF, "") == unknown.get_data(
            as_text=True
        ).replace("nobody@world.example", "")


class TestTheSecondFactor:
    def test_staff_choose_a_password_and_an_authenticator_and_are_in(self, world: World) -> None:
        client = world.browser()
        assert sign_in(world, client, "staff").location == "/sign-in/password"
        assert client.get("/admin/orders").location == "/sign-in/second-factor"

        chosen = {"password": PASSWORD, "again": PASSWORD}
        assert client.post("/sign-in/password", data=chosen).location == "/sign-in/second-factor"
        authenticator = set_up(client)
        answer = client.post("/sign-in/second-factor", data={"code": authenticator.now()})

        assert answer.status_code == 303
        assert client.get("/admin/orders").status_code == 200

    def test_a_set_up_that_was_left_begins_anew(self, world: World) -> None:
        """Nobody is kept out because a phone's battery died in front of the picture."""
        first = world.browser()
        sign_in(world, first, "staff")
        first.post("/sign-in/password", data={"password": PASSWORD, "again": PASSWORD})
        abandoned = set_up(first)

        again = world.browser()
        enter_password(again, PASSWORD)
        authenticator = set_up(again)
        old = again.post("/sign-in/second-factor", data={"code": abandoned.now()})
        new = again.post("/sign-in/second-factor", data={"code": authenticator.now()})

        assert (old.status_code, new.status_code) == (422, 303)

    def test_a_password_alone_opens_nothing(self, world: World) -> None:
        """The second factor was set up before, so no picture gives it away."""
        enrolled(world)
        client = world.browser()

        assert enter_password(client, PASSWORD).location == "/sign-in/second-factor"

        assert QR not in client.get("/sign-in/second-factor").get_data(as_text=True)
        assert client.get("/admin/orders").location == "/sign-in/second-factor"

    def test_a_code_works_once(self, world: World) -> None:
        authenticator = enrolled(world)
        first, second = world.browser(), world.browser()
        enter_password(first, PASSWORD)
        enter_password(second, PASSWORD)
        code = authenticator.at(time.time() + 30)  # a clock that is half a minute ahead is fine

        assert first.post("/sign-in/second-factor", data={"code": code}).status_code == 303
        assert second.post("/sign-in/second-factor", data={"code": code}).status_code == 422
        assert first.get("/admin/orders").status_code == 200
        assert second.get("/admin/orders").location == "/sign-in/second-factor"

    def test_it_is_guessed_ten_times_in_a_quarter_of_an_hour(self, world: World) -> None:
        authenticator = enrolled(world)
        in_one_window(QUARTER)
        client = world.browser()
        enter_password(client, PASSWORD)
        code = authenticator.at(time.time() + 30)
        wrong = "000000" if code != "000000" else "111111"

        statuses = [
            client.post("/sign-in/second-factor", data={"code": wrong}).status_code
            for _guess in range(10)
        ]

        assert statuses == [422] * 10
        assert client.post("/sign-in/second-factor", data={"code": code}).status_code == 429
        assert client.get("/admin/orders").location == "/sign-in/second-factor"


EVIL = (
    "//evil.example", "https://evil.example", "/%09/evil.example", "/%0a/evil.example",
    "/%5Cevil.example", "%5C%5Cevil.example", "/%0d//evil.example", "///evil.example", "%09//evil.example",
)  # fmt: skip


class TestTheWayBack:
    def test_choosing_a_language_never_leads_away(self, world: World) -> None:
        client = world.browser()

        assert [client.get(f"/speak/en?next={one}").location for one in EVIL] == ["/"] * len(EVIL)

    def test_choosing_a_language_leads_back_to_the_page(self, world: World) -> None:
        assert world.browser().get("/speak/en?next=/me").location == "/me"

    def test_signing_in_leads_to_the_page_that_was_asked_for(self, world: World) -> None:
        client = world.browser()
        assert client.get("/desk/share").location == "/sign-in"

        assert sign_in(world, client, "anna").location == "/desk/share"

    def test_signing_in_never_leads_away(self, world: World) -> None:
        for target in ("//evil.example", "/\t/evil.example", "/\\evil.example"):
            client = world.browser()
            with client.session_transaction() as cookie:
                cookie["after_sign_in"] = target

            assert sign_in(world, client, "anna").location == "/me"


def enter_password(client: FlaskClient, password: str) -> Any:
    return client.post("/sign-in/staff", data={"contact": STAFF, "password": password})


def set_up(client: FlaskClient) -> pyotp.TOTP:
    """What an authenticator app keeps after scanning the picture on the page."""
    assert QR in client.get("/sign-in/second-factor").get_data(as_text=True)
    with client.session_transaction() as cookie:
        return pyotp.TOTP(cookie["totp_secret"])


def enrolled(world: World) -> pyotp.TOTP:
    """A member of staff who has chosen password and authenticator earlier."""
    with db.unit_of_work() as session:
        passwords.set_password(session, world.accounts["staff"], PASSWORD)
        app = pyotp.TOTP(passwords.begin_second_factor(session, world.accounts["staff"]))
        earlier = app.at(clock.wall() - timedelta(seconds=app.interval))
        passwords.use_second_factor(session, world.accounts["staff"], earlier)
    return app
