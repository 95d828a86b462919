"""The administrator's pages: staff and roles, brand facts, rates, the audit log, the machines."""

import re
from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from shop.accounts import demo_people, passwords, queries, register, staffing
from shop.accounts.models import Account, StaffMembership, StaffRole
from shop.accounts.register import FourEyes
from shop.fulfillment.models import ShippingRate
from shop.gateway.models import InboxEvent
from shop.kernel import audit, clock, ids, jobs
from shop.kernel import brand as brands
from shop.kernel.db import reading, unit_of_work
from shop.kernel.errors import Conflict
from shop.kernel.jobs import OutboxJob
from shop.notifications.models import MailboxMessage
from tests.conftest import Database
from tests.factories import sales
from tests.installation import Installation
from tests.races import won
from tests.web.admin.conftest import SignIn
from tests.web.admin.test_order_pages import text
from tests.web.admin.test_point_pages import act


def person(email: str) -> queries.Person:
    with reading() as session:
        found = queries.person_by_contact(session, email)
    assert found is not None
    return found


def hire(email: str, *roles: StaffRole) -> int:
    with unit_of_work() as session:
        found = register.with_contact(session, email, name="", locale="en", at=clock.now())
        for role in roles:
            register.grant(session, found.id, role, by="test", at=clock.now())
        return found.id


class TestStaff:
    def test_somebody_is_invited_signs_in_by_code_and_chooses_a_password(
        self, shop: Installation, chief: FlaskClient
    ) -> None:
        act(chief, "staff", email="Mei@Example.com", name="Mei", roles=["orders", "catalog"])
        shop.work()
        mei = shop.client()
        mei.post("/sign-in", data={"contact": "mei@example.com"})
        shop.work()

        arrived = mei.post("/sign-in/code", data={"code": code_of("mei@example.com")})
        assert arrived.location == "/sign-in/password"
        short = mei.post("/en/sign-in/password", data={"password": "short", "again": "short"})
        other = mei.post("/en/sign-in/password", data={"password": "a" * 12, "again": "b" * 12})
        done = mei.post(
            "/sign-in/password", data={"password": "tea with milk", "again": "tea with milk"}
        )

        assert "at least 12" in short.text
        assert "not the same" in other.text
        assert done.location == "/sign-in/second-factor"
        assert mei.get("/admin/orders").location == "/sign-in/second-factor"
        assert person("mei@example.com").has_password

    def test_a_set_password_is_changed_only_behind_the_second_factor(
        self, shop: Installation, chief: FlaskClient
    ) -> None:
        account_id = hire("mei@example.com", StaffRole.ORDERS)
        with unit_of_work() as session:
            passwords.set_password(session, account_id, "tea with milk")
        mei = shop.client()
        mei.post("/sign-in/staff", data={"contact": "mei@example.com", "password": "tea with milk"})

        answer = mei.post("/sign-in/password", data={"password": "x" * 12, "again": "x" * 12})

        assert answer.location == "/sign-in/second-factor"
        with reading() as session:
            assert passwords.check(session, "mei@example.com", "tea with milk") == account_id

    def test_buyers_have_no_password(self, shop: Installation, sign_in: SignIn) -> None:
        assert sign_in(part="buyer").get("/sign-in/password").location == "/me"

    def test_nobody_gets_a_role_by_mistake(self, shop: Installation, chief: FlaskClient) -> None:
        no_role = act(chief, "staff", 422, email="mei@example.com", name="Mei")
        no_mail = act(chief, "staff", 422, email="mei@", roles=["orders"])
        both = act(
            chief, "staff", 422, email="mei@example.com", roles=["finance_maker", "finance_checker"]
        )

        assert "at least one role" in no_role
        assert 'value="Mei"' in no_role
        assert "does not look like an e-mail" in no_mail
        assert "cannot prepare payouts and approve them" in both
        with reading() as session:
            assert queries.person_by_contact(session, "mei@example.com") is None

    def test_one_side_of_four_eyes_may_become_the_other(
        self, shop: Installation, chief: FlaskClient
    ) -> None:
        account_id = hire("mei@example.com", StaffRole.FINANCE_MAKER)

        act(chief, f"staff/{account_id}/roles", 409, roles=["finance_maker", "finance_checker"])
        assert person("mei@example.com").staff_roles == {"finance_maker"}
        act(chief, f"staff/{account_id}/roles", roles=["finance_checker"])

        assert person("mei@example.com").staff_roles == {"finance_checker"}

    def test_whoever_loses_a_role_is_signed_out(
        self, shop: Installation, chief: FlaskClient, staff: FlaskClient
    ) -> None:
        account_id = person(demo_people.email_of("staff")).id
        text(staff, "/admin/orders")

        act(chief, f"staff/{account_id}/roles", roles=["catalog"])

        assert staff.get("/admin/orders").status_code == 302

    def test_the_last_administrator_stays(self, shop: Installation, chief: FlaskClient) -> None:
        account_id = person(demo_people.email_of("checker")).id

        answer = act(chief, f"staff/{account_id}/roles", 409, roles=["orders"])

        assert "Somebody must remain administrator" in answer
        assert "admin" in person(demo_people.email_of("checker")).staff_roles

    def test_who_is_kept_out_is_out_at_once_and_comes_back(
        self, shop: Installation, chief: FlaskClient, staff: FlaskClient
    ) -> None:
        account_id = person(demo_people.email_of("staff")).id

        act(chief, f"staff/{account_id}/disable")
        out = staff.get("/admin/orders").status_code
        act(chief, f"staff/{account_id}/enable")
        staff.post("/sign-in/demo", data={"person": "staff"})

        assert out == 302
        text(staff, "/admin/orders")

    def test_nobody_shuts_himself_out(self, shop: Installation, chief: FlaskClient) -> None:
        account_id = person(demo_people.email_of("checker")).id

        assert "shut yourself out" in act(chief, f"staff/{account_id}/disable", 409)
        act(chief, f"staff/{account_id}/second-factor", 409)

    def test_others_may_not_see_the_page(self, shop: Installation, staff: FlaskClient) -> None:
        for path in ("staff", "settings", "audit-log", "machinery"):
            text(staff, f"/admin/{path}", 403)


class TestTwoAdministratorsAtOnce:
    """On both databases: the checks are by conditional reads behind a turn at the row."""

    def test_both_sides_of_four_eyes_never_meet_in_one_person(self, database: Database) -> None:
        for number in range(8):
            email = f"mei{number}@example.com"
            hire(email, StaffRole.ORDERS)

            through = won(
                [
                    partial(hire, email, StaffRole.FINANCE_MAKER),
                    partial(hire, email, StaffRole.FINANCE_CHECKER),
                ],
                refusal=FourEyes,
            )

            assert sum(through) == 1
            assert len(person(email).staff_roles) == 2

    def test_the_database_itself_refuses_the_second_of_the_two_roles(
        self, database: Database
    ) -> None:
        """Removed once, the index: the role was slipped in past every verb."""
        account_id = hire("mei@example.com", StaffRole.FINANCE_MAKER)
        slipped_in = {"role": StaffRole.FINANCE_CHECKER, "granted_at": clock.now()}

        with pytest.raises(IntegrityError), unit_of_work() as session:
            session.execute(
                insert(StaffMembership).values(account_id=account_id, granted_by="x", **slipped_in)
            )

    def test_two_administrators_who_remove_each_other_leave_one(self, database: Database) -> None:
        one, other = hire("a@example.com", StaffRole.ADMIN), hire("b@example.com", StaffRole.ADMIN)

        def remove(account_id: int) -> None:
            with unit_of_work() as session:
                register.revoke(session, account_id, StaffRole.ADMIN, by="x", at=clock.now())

        acts = [partial(remove, one), partial(remove, other)]

        assert sum(won(acts, refusal=Conflict)) == 1

        with reading() as session:
            admins = [one for one in queries.staff(session) if "admin" in one.staff_roles]
        assert len(admins) == 1

    def test_two_administrators_who_shut_each_other_out_leave_one(self, database: Database) -> None:
        one, other = hire("a@example.com", StaffRole.ADMIN), hire("b@example.com", StaffRole.ADMIN)

        def disable(account_id: int) -> None:
            with unit_of_work() as session:
                staffing.disable(session, account_id, by="x", at=clock.now())

        acts = [partial(disable, one), partial(disable, other)]

        assert sum(won(acts, refusal=Conflict)) == 1


class TestSettings:
    def facts(self, page: str, **changed: Any) -> dict[str, Any]:
        version = re.search(r'name="version" value="(\d+)"', page)
        assert version is not None
        return {
            "version": version[1],
            "name_zh": "山野",
            "name_en": "Shanye",
            "timezone": "Asia/Shanghai",
            "currency": "CNY",
            "country": "HK",
            "tax_included": "yes",
            "hold_minutes": "35",
            "return_days": "7",
            "pickup_days": "7",
            "payment_methods": ["card", "alipay"],
            "consent_version": "2026-03",
            **changed,
        }

    def test_facts_are_changed_and_shown_everywhere(
        self, shop: Installation, chief: FlaskClient
    ) -> None:
        act(chief, "settings", **self.facts(text(chief, "/admin/settings")))

        with reading() as session:
            brand = brands.current(session)
        assert (brand.name["en"], brand.country) == ("Shanye", "HK")
        assert brand.payment_methods == ("card", "alipay")
        assert "山野" in text(shop.client(), "/")

    def test_whoever_was_slower_is_told_and_loses_nothing(
        self, shop: Installation, chief: FlaskClient
    ) -> None:
        page = text(chief, "/admin/settings")
        act(chief, "settings", **self.facts(page))

        late = act(chief, "settings", 409, **self.facts(page, name_en="Wild Mountain"))

        assert "Somebody else changed the settings" in late
        assert 'value="Wild Mountain"' in late

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("name_zh", "", "Please fill this in"),
            ("hold_minutes", "5", "a number from 33"),
            ("timezone", "Mars/Base", "time zone is not known"),
            ("country", "China", "two letters"),
            ("payment_methods", [], "at least one way to pay"),
            ("service_email", "x@", "does not look like an e-mail"),
            ("consent_version", "", "version of your terms"),
        ],
    )
    def test_what_makes_no_sense_is_refused_at_its_field(
        self, shop: Installation, chief: FlaskClient, field: str, value: Any, said: str
    ) -> None:
        changed: dict[str, Any] = {field: value}
        if field == "name_zh":
            changed["name_en"] = ""
        form = self.facts(text(chief, "/admin/settings"), **changed)

        assert said in act(chief, "settings", 422, **form)

    def test_the_currency_is_fixed_with_the_first_order(
        self, shop: Installation, chief: FlaskClient
    ) -> None:
        sales.prepared({sales.stocked(): 1})
        page = text(chief, "/admin/settings")

        answer = act(chief, "settings", 409, **self.facts(page, currency="HKD"))

        assert "fixed since the first order" in answer

    def test_a_legal_page_is_written_in_both_languages(
        self, shop: Installation, chief: FlaskClient
    ) -> None:
        page = text(chief, "/admin/settings/pages/returns")
        form = {**self.facts(page), "zh": "## 退货\n七天内", "en": "## Returns\nSeven days"}

        act(chief, "settings/pages/returns", **form)
        late = act(chief, "settings/pages/returns", 409, **{**form, "en": "Eight days"})

        assert "<h2>退货</h2>" in text(shop.client(), "/pages/returns")
        assert "Seven days" in text(shop.client(), "/en/pages/returns")
        assert "Eight days" in late


class TestRates:
    def test_a_rate_is_added_changed_and_shown(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        assert "Shipping is free everywhere" in text(staff, "/admin/rates")
        form = {
            "name_en": "Parcel",
            "delivered": "y",
            "amount": "8",
            "days_min": "2",
            "days_max": "4",
            "active": "y",
            "tax_class": "standard",
        }

        act(staff, "rates/new", **form)
        act(staff, "rates/new", 422, **form)
        with reading() as session:
            rate_id = session.scalars(select(ShippingRate.id)).one()
        act(staff, f"rates/{rate_id}", **{**form, "amount": "9.50", "free_over": "99"})

        with reading() as session:
            rate = session.scalars(select(ShippingRate)).one()
        assert (rate.amount, rate.free_over_amount) == (950, 9900)
        assert 'value="9.50"' in text(staff, f"/admin/rates/{rate_id}")

    def test_bad_input_comes_back_filled_in(self, shop: Installation, staff: FlaskClient) -> None:
        answer = act(
            staff,
            "rates/new",
            422,
            name_en="Parcel",
            delivered="y",
            amount="cheap",
            days_min="2",
            days_max="4",
            tax_class="standard",
        )

        assert "“cheap” is not an amount of money" in answer
        assert 'value="Parcel"' in answer

    def test_a_region_may_be_left_out(self, shop: Installation, staff: FlaskClient) -> None:
        act(
            staff,
            "rates/new",
            region="71",
            name_en="Far",
            days_min="2",
            days_max="4",
            active="y",
            tax_class="standard",
        )

        assert "not delivered" in text(staff, "/admin/rates")


class TestAuditLog:
    def test_it_is_narrowed_by_person_and_thing(
        self, shop: Installation, chief: FlaskClient
    ) -> None:
        account_id = hire("mei@example.com", StaffRole.ORDERS)
        act(chief, f"staff/{account_id}/sign-out")

        mine = text(chief, "/admin/audit-log?by=checker@demo.example")
        thing = text(chief, f"/admin/audit-log?thing=account:{account_id}")
        nothing = text(chief, "/admin/audit-log?action=payout.")

        assert "account.signed_out" in mine
        assert "staff.granted" not in mine
        assert "staff.granted" in thing
        assert "Nothing fits" in nothing

    def test_stored_moments_are_shown_in_the_brands_zone(
        self, shop: Installation, chief: FlaskClient
    ) -> None:
        with unit_of_work() as session:
            at = clock.now()
            after = {"published_at": at.isoformat(), "tags": ["new", "2026"]}
            audit.record(session, "x.changed", "x", 1, by="test", at=at, after=after)

        page = text(chief, "/admin/audit-log")

        assert "published_at: Mar 2, 2026, 12:00" in page
        assert "tags: new, 2026" in page

    def test_pages_follow_each_other(self, shop: Installation, chief: FlaskClient) -> None:
        for number in range(105):
            hire(f"p{number}@example.com", StaffRole.ORDERS)

        first = text(chief, "/admin/audit-log?action=staff.granted")
        following = re.search(r'rel="next" href="([^"]+)"', first)
        assert following is not None
        second = text(chief, following[1].replace("&amp;", "&"))

        rows = first.count("<code>staff.granted</code>"), second.count("<code>staff.granted</code>")
        assert rows == (100, 6)


class TestMachinery:
    def test_a_dead_job_shows_its_error_and_is_tried_again(
        self, shop: Installation, chief: FlaskClient
    ) -> None:
        with unit_of_work() as session:
            jobs.enqueue(session, "rewards.seal", at=clock.now())
            session.execute(update(OutboxJob).values(dead_at=clock.now(), error="Boom: no luck"))
            job_id = session.scalars(select(OutboxJob.id)).one()
        assert "Boom: no luck" in text(chief, "/admin/machinery")

        act(chief, "machinery/jobs", job=str(job_id))
        shop.work()

        with reading() as session:
            assert session.scalars(select(OutboxJob.done_at)).one() is not None
        assert "Every job went through" in text(chief, "/admin/machinery")

    def test_a_failed_event_is_replayed(self, shop: Installation, chief: FlaskClient) -> None:
        with unit_of_work() as session:
            session.execute(
                insert(InboxEvent).values(
                    id=ids.new(),
                    provider="stripe",
                    event_id="evt_1",
                    type="charge.refunded",
                    object_id="ch_1",
                    account="",
                    body_hash="0" * 64,
                    created_at=clock.now(),
                    received_at=clock.now(),
                    status="dead",
                    tries=3,
                    error="Unknown: ch_1",
                )
            )
            inbox_id = session.scalars(select(InboxEvent.id)).one()
        assert "Unknown: ch_1" in text(chief, "/admin/machinery")

        act(chief, f"machinery/events/{inbox_id}")

        with reading() as session:
            assert session.scalars(select(InboxEvent.status)).one() == "received"

    def test_the_tasks_of_others_do_not_lead_to_closed_doors(
        self, shop: Installation, staff: FlaskClient
    ) -> None:
        for link in re.findall(r'class="tile[^"]*" href="([^"]+)"', text(staff, "/admin/")):
            text(staff, link.replace("&amp;", "&"))


def code_of(contact: str) -> str:
    """The one-time code that was sent last."""
    with reading() as session:
        subject = session.scalars(
            select(MailboxMessage.subject)
            .where(MailboxMessage.recipient == contact)
            .order_by(MailboxMessage.id.desc())
            .limit(1)
        ).one()
    found = re.search(r"\d{6}", subject)
    assert found is not None
    return found[0]


def test_accounts_have_no_trace_of_what_was_typed(shop: Installation, chief: FlaskClient) -> None:
    act(chief, "staff", email="mei@example.com", name="Mei", roles=["orders"])

    with reading() as session:
        assert (
            session.scalars(
                select(Account.password_hash).where(Account.email == "mei@example.com")
            ).one()
            == ""
        )
