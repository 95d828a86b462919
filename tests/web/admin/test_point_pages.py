"""Points on the brand's desk: found in the tree, changed, moved, suspended, imported, paid."""

import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from commissions.abuse.rules import Action, Check
from commissions.models import Hold
from shop.accounts import demo_people, register
from shop.catalog.models import Location
from shop.kernel import clock, db
from shop.kernel.db import reading, unit_of_work
from shop.network import destinations, joining, points
from shop.network.models import Invitation, Point, PointKind, PointRole, Rail
from shop.rewards.abuse.applying import MailThrownAway
from shop.rewards.abuse.models import AbuseCase
from shop.storefront.models import Storefront
from tests.conftest import Clock
from tests.counting import counted
from tests.factories import network
from tests.installation import Installation
from tests.journeys.test_refused_sales import set_rule
from tests.shop.notifications.mailbox import messages_to
from tests.web.admin.conftest import SignIn
from tests.web.admin.test_order_pages import text

BANK = {
    "rail": "bank_file",
    "holder": "Anna",
    "account_number": "6222021203004321",
    "bank_name": "ICBC",
}


def act(client: FlaskClient, path: str, status: int = 303, /, **data: Any) -> str:
    answer = client.post(f"/admin/{path}", data=data)
    assert answer.status_code == status, answer.text
    return answer.text


def stored(point_id: int) -> Point:
    with reading() as session:
        return session.execute(select(Point).where(Point.id == point_id)).scalar_one()


def slug_of(point_id: int) -> str:
    with reading() as session:
        return session.scalars(select(Storefront.slug).where(Storefront.point_id == point_id)).one()


class TestTheTree:
    def test_without_points_the_list_teaches(self, staff: FlaskClient) -> None:
        assert "Import a spreadsheet" in text(staff, "/admin/points")

    def test_one_level_at_a_time_with_the_way_back(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        top = network.point("Top dealer")
        middle = network.point("Middle store", manager=top)
        network.point("Low clerk", manager=middle)

        root = text(staff, "/admin/points")
        level = text(staff, f"/admin/points?within={middle}")

        assert "Top dealer" in root
        assert "Low clerk" not in root
        assert all(name in level for name in ("Top dealer", "Middle store", "Low clerk"))

    def test_a_search_looks_below_too(self, shop: Installation, staff: FlaskClient) -> None:
        top = network.point("Top")
        network.point("Westlake", manager=top, key="S-77")
        network.point("Westlake twin")

        assert "S-77" in text(staff, "/admin/points?text=westl")
        assert "S-77" in text(staff, "/admin/points?text=S-77")
        assert "Westlake twin" not in text(staff, f"/admin/points?within={top}&text=Westlake")
        assert "No point fits" in text(staff, "/admin/points?kind=partner")

    def test_an_unknown_part_of_the_tree_is_not_found(self, staff: FlaskClient) -> None:
        text(staff, "/admin/points?within=12", 404)

    @pytest.mark.usefixtures("keeps_what_it_knows")
    def test_a_point_deep_down_costs_as_many_statements_as_a_root(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        last = top = network.point("P0")
        for number in range(1, 20):
            last = network.point(f"P{number}", manager=last)
        text(staff, f"/admin/points/{top}")
        with counted(db.engine()) as shallow:
            text(staff, f"/admin/points/{top}")
        with counted(db.engine()) as deep:
            text(staff, f"/admin/points/{last}")

        assert len(deep) == len(shallow)


class TestOnePoint:
    def test_facts_are_changed_and_bad_ones_come_back(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        network.point("Other", key="D-1")
        point_id = network.point("Anna")

        act(staff, f"points/{point_id}/facts", name="Anna's", kind="store", grade="gold")
        taken = act(
            staff, f"points/{point_id}/facts", 422, name="A", kind="store", external_key="D-1"
        )
        phone = act(
            staff, f"points/{point_id}/facts", 422, name="Kept", kind="store", contact_phone="12"
        )

        assert (stored(point_id).name, stored(point_id).grade) == ("Anna's", "gold")
        assert "has this number already" in taken
        assert "does not look like a phone number" in phone
        assert 'value="Kept"' in phone

    def test_a_suspended_point_leads_to_the_brands_shop(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        point_id = network.point("Anna")
        slug = slug_of(point_id)

        assert "Please say why" in act(staff, f"points/{point_id}/status", 422, to="suspended")
        act(staff, f"points/{point_id}/status", to="suspended", note="complaints")
        visited = shop.client().get(f"/s/{slug}/")
        act(staff, f"points/{point_id}/status", to="active")

        assert visited.status_code in (302, 303, 307)
        assert not visited.location.startswith("/s/")
        assert shop.client().get(f"/s/{slug}/").status_code == 200

    def test_a_closed_point_stays_closed(self, shop: Installation, staff: FlaskClient) -> None:
        point_id = network.point("Anna")
        act(staff, f"points/{point_id}/status", to="closed", note="moved away")

        act(staff, f"points/{point_id}/status", 409, to="active")

        assert stored(point_id).status == "closed"

    def test_moving_says_when_it_would_make_a_circle(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        top = network.point("Top", key="T")
        low = network.point("Low", manager=top, key="L")

        circle = act(staff, f"points/{top}/manager", 409, manager="L")
        nobody = act(staff, f"points/{low}/manager", 422, manager="X-404")
        act(staff, f"points/{low}/manager", manager="")

        assert "cannot be managed by itself" in circle
        assert 'value="L"' in circle
        assert "No point has this number" in nobody
        assert stored(low).manager_id is None

    def test_an_owner_is_invited_and_comes_in(self, shop: Installation, staff: FlaskClient) -> None:
        point_id = network.point("Anna")

        assert "phone number or an e-mail" in act(
            staff, f"points/{point_id}/invitations", 422, contact="", role="owner"
        )
        act(staff, f"points/{point_id}/invitations", contact="anna@example.com", role="owner")

        with reading() as session:
            found = session.scalars(select(Invitation)).one()
        assert (found.contact, found.role) == ("anna@example.com", "owner")
        assert "anna@example.com" in text(staff, f"/admin/points/{point_id}")

    def test_it_becomes_a_pick_up_counter(self, shop: Installation, staff: FlaskClient) -> None:
        point_id = network.point("Store", kind=PointKind.STORE)
        form = {"name_zh": "西湖店", "name_en": "", "ready_minutes": "60", "enabled": "1"}

        assert "is not a number" in act(
            staff, f"points/{point_id}/counter", 422, **{**form, "ready_minutes": "soon"}
        )
        act(staff, f"points/{point_id}/counter", **form)
        act(staff, f"points/{point_id}/counter", **{**form, "address": "文三路 1 号"})

        with reading() as session:
            place = session.scalars(select(Location)).one()
        assert (place.point_id, place.ships, place.pickup_enabled) == (point_id, False, True)
        assert place.address == "文三路 1 号"

    def test_a_new_point_hangs_where_staff_say(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        network.point("Top", key="T")

        wrong = act(staff, "points/new", 422, name="New", kind="store", manager="nobody")
        act(
            staff, "points/new", name="New", kind="store", manager="T", external_key="N-1",
            owner="13800138000",
        )  # fmt: skip
        twice = act(staff, "points/new", 422, name="Again", kind="store", external_key="N-1")

        assert 'value="New"' in wrong
        assert "has this number already" in twice
        assert network.names()["New"] == "Top"
        with reading() as session:
            assert session.scalars(select(Invitation.contact)).all() == ["+8613800138000"]

    def test_the_destination_is_shown_masked(self, shop: Installation, staff: FlaskClient) -> None:
        point_id = network.point("Anna")

        bad = act(staff, f"points/{point_id}/destination", 422, **{**BANK, "account_number": "1"})
        act(staff, f"points/{point_id}/destination", **BANK)
        page = text(staff, f"/admin/points/{point_id}")

        assert "6 to 34 letters and digits" in bad
        assert "ICBC •••• 4321" in page
        assert BANK["account_number"] not in page


class TestApplications:
    def apply(
        self,
        name: str = "Anna's kitchen",
        *,
        contact: str = "anna@example.com",
        locale: str = "en",
    ) -> int:
        with unit_of_work() as session:
            person = register.with_contact(
                session, contact, name="Anna", locale=locale, at=clock.now()
            )
            return joining.apply(
                session, account_id=person.id, kind=PointKind.CUSTOMER, name=name,
                words="I cook well.", at=clock.now(),
            )  # fmt: skip

    def test_they_are_approved_once(self, shop: Installation, staff: FlaskClient) -> None:
        point_id = self.apply()
        assert "I cook well." in text(staff, "/admin/applications")

        act(staff, f"applications/{point_id}", answer="approve", note="welcome")
        act(staff, f"applications/{point_id}", answer="decline")

        assert stored(point_id).status == "active"
        assert "has decided this application already" in text(staff, "/admin/applications")

    def test_a_declined_one_opens_no_shop(self, shop: Installation, staff: FlaskClient) -> None:
        point_id = self.apply()

        act(staff, f"applications/{point_id}", answer="decline", note="too near")

        page = text(staff, "/admin/applications")
        assert stored(point_id).status == "closed"
        assert "too near" in page
        assert "No applications wait" in page

    def test_a_refusal_needs_a_reason(self, shop: Installation, staff: FlaskClient) -> None:
        point_id = self.apply()

        page = act(staff, f"applications/{point_id}", 422, answer="decline", note="  ")

        assert "Please say why; the applicant reads it." in page
        assert stored(point_id).status == "applied"

    def test_a_mail_address_thrown_away_is_told_to_staff(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        point_id = self.apply(contact="anna@yopmail.com")
        assert "a mail address that is thrown away" in text(staff, "/admin/applications")

        act(staff, f"applications/{point_id}", answer="approve")

        assert stored(point_id).status == "active"

    def test_on_hold_it_needs_a_second_look_and_what_was_found(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        set_rule(Check.DISPOSABLE_MAIL, Action.HOLD)
        point_id = self.apply(contact="anna@yopmail.com")
        path = f"applications/{point_id}"

        page = act(staff, path, 422, answer="approve", note="Welcome!")
        assert "Please look at it again" in page
        assert "Welcome!" in page
        act(staff, path, 422, answer="approve", looked="yes")
        act(staff, path, 422, answer="approve", found="I called her.")
        assert stored(point_id).status == "applied"
        act(staff, path, answer="approve", looked="yes", found="I called her.")

        assert stored(point_id).status == "active"
        with reading() as session:
            (case,) = session.scalars(select(AbuseCase))
            assert (case.status, case.note) == ("released", "I called her.")
            assert session.scalar(select(func.count()).select_from(Hold)) == 0

    def test_rejected_it_is_refused_in_words(self, shop: Installation) -> None:
        set_rule(Check.DISPOSABLE_MAIL, Action.REJECT)

        with pytest.raises(MailThrownAway, match="thrown away"):
            self.apply(contact="anna@yopmail.com")
        self.apply(contact="anna@example.com")

    def test_who_is_approved_hears_where_the_shop_is(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        point_id = self.apply()

        act(staff, f"applications/{point_id}", answer="approve", note="Call us for samples.")
        shop.work()

        (told,) = messages_to("anna@example.com")
        assert told.channel == "mail"
        assert "“Anna's kitchen” is open" in told.subject
        assert f"http://localhost/en/s/{slug_of(point_id)}/" in told.body
        assert "http://localhost/desk/" in told.body
        assert "Call us for samples." in told.body

    def test_who_is_declined_hears_the_reason_by_sms_and_in_the_own_language(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        point_id = self.apply(contact="+8613800138000", locale="zh")

        act(staff, f"applications/{point_id}", answer="decline", note="太近了")
        shop.work()

        (told,) = messages_to("+8613800138000")
        assert told.channel == "sms"
        assert "太近了" in told.body
        assert "http://localhost/apply" in told.body


class TestImport:
    FILE = (
        "external_key,parent_key,kind,name\nA,,dealer,Alpha\nB,A,store,Beta\nC,nobody,store,Gamma\n"
    )

    def upload(self, client: FlaskClient, content: str, name: str = "points.csv") -> Any:
        data = {"file": (io.BytesIO(content.encode()), name)}
        return client.post("/admin/points/import", data=data)

    def test_look_then_bring_in_then_try_the_rest_again(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        look = self.upload(staff, self.FILE)
        waiting = text(staff, look.location)
        shop.work()
        report = text(staff, look.location)
        assert "You may leave this page" in waiting
        assert "Dry run" in report
        assert "There is no point with the number “nobody”" in report
        assert network.names() == {}

        run = staff.post(f"{look.location}/run")
        shop.work()
        assert network.names() == {"Alpha": "", "Beta": "Alpha"}

        network.point("Nobody", key="nobody")
        again = staff.post(f"{run.location}/retry")
        shop.work()
        assert network.names()["Gamma"] == "Nobody"
        assert "Every row is fine" in text(staff, again.location)
        assert "points.csv" in text(staff, "/admin/points/import")

    @pytest.mark.parametrize(
        ("content", "name", "said"),
        [
            ("", "points.csv", "The file is empty"),
            ("title\nHoney\n", "points.csv", "No column with the points"),
            ("a,b\n1,2\n", "points.xlsx", "Please save the table as CSV"),
        ],
    )
    def test_what_is_no_file_of_points_is_refused_with_a_sentence(
        self, shop: Installation, staff: FlaskClient, content: str, name: str, said: str
    ) -> None:
        answer = self.upload(staff, content, name)

        assert answer.status_code == 422
        assert said in answer.text

    def test_without_a_file_it_asks_for_one(self, staff: FlaskClient) -> None:
        assert "Please choose a file" in act(staff, "points/import", 422)

    def test_the_example_and_the_export_come_in_again(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        example = staff.get("/admin/points/import/template.csv").text
        look = self.upload(staff, example.removeprefix("\ufeff"))
        shop.work()
        staff.post(f"{look.location}/run")
        shop.work()
        exported = staff.get("/admin/points/export").text
        again = self.upload(staff, exported.removeprefix("\ufeff"))
        shop.work()

        assert "S-001" in exported
        assert re.search(
            r">2</span><span class=\"tile__name\">as before", text(staff, again.location)
        )


class TestTheOwnersDesk:
    def owner(self, sign_in: SignIn, *point_ids: int, part: str = "owner") -> FlaskClient:
        client = sign_in(part=part)
        with unit_of_work() as session:
            person = register.with_contact(
                session, demo_people.email_of(part), name="", locale="en", at=clock.now()
            )
            for point_id in point_ids:
                points.join(session, point_id, person.id, PointRole.OWNER, at=clock.now())
        client.post("/sign-in/demo", data={"person": part})
        return client

    def test_an_owner_says_where_the_money_goes_and_it_rests(
        self, shop: Installation, sign_in: SignIn, business_clock: Clock
    ) -> None:
        point_id = network.point("Anna")
        owner = self.owner(sign_in, point_id)

        assert "We do not know yet" in text(owner, "/desk/payee")
        wrong = owner.post("/desk/payee", data={**BANK, "holder": ""})
        saved = owner.post("/desk/payee", data=BANK)
        page = text(owner, "/desk/payee")

        assert wrong.status_code == 422
        assert "Please fill this in" in wrong.text
        assert saved.status_code == 303
        assert "ICBC •••• 4321" in page
        assert "resting" in page
        payee_id = stored(point_id).payee_id or 0
        with reading() as session:
            found = destinations.current(session, [payee_id])[payee_id]
        assert found.usable_from == business_clock.now + destinations.COOL_DOWN

    def test_the_owner_of_one_store_does_not_redirect_the_money_of_all(
        self, shop: Installation, sign_in: SignIn
    ) -> None:
        first = network.point("Store 1")
        with unit_of_work() as session:
            points.make(
                session, points.NewPoint(kind=PointKind.STORE, name="Store 2"), by="x",
                at=clock.now(), payee_id=stored(first).payee_id,
            )  # fmt: skip
        owner = self.owner(sign_in, first)

        assert owner.get("/desk/payee").status_code == 403
        assert owner.post("/desk/payee", data=BANK).status_code == 403

    def test_who_is_paid_with_the_salary_does_not_change_it_alone(
        self, shop: Installation, sign_in: SignIn
    ) -> None:
        point_id = network.point("Employee", kind=PointKind.EMPLOYEE)
        with unit_of_work() as session:
            destinations.set_destination(
                session,
                stored(point_id).payee_id or 0,
                rail=Rail.PAYROLL_FILE,
                details={"personnel_number": "4711"},
                by="x",
                at=clock.now(),
                by_staff=True,
            )
        owner = self.owner(sign_in, point_id)

        refused = owner.post("/en/desk/payee", data=BANK)

        assert "agreed with the brand" in text(owner, "/desk/payee")
        assert refused.status_code == 409
        assert "The brand chose how you are paid" in refused.text

    def test_a_clerk_does_not_see_it(self, shop: Installation, sign_in: SignIn) -> None:
        point_id = network.point("Store")
        clerk = sign_in(part="clerk")
        with unit_of_work() as session:
            person = register.with_contact(
                session, demo_people.email_of("clerk"), name="", locale="en", at=clock.now()
            )
            points.join(session, point_id, person.id, PointRole.CLERK, at=clock.now())
        clerk.post("/sign-in/demo", data={"person": "clerk"})

        assert clerk.get("/desk/payee").status_code == 403
