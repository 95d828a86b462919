"""What an owner enters and reads about being paid: tax data, statements, credit notes, payroll slips."""

from collections.abc import Mapping

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from commissions.models import Statement
from shop.kernel import clock, db, ids
from shop.kernel.audit import AuditEntry
from shop.network.models import Payee, Point, PointPayee, Rail
from shop.notifications.models import MailboxMessage
from shop.rewards import keys, tax_changes, taxes
from shop.rewards.tax_models import PayeeTaxChange
from tests.conftest import Clock, on_sqlite
from tests.journeys.test_paying_out import all_payouts, delivered, set_destination
from tests.web.admin.test_finance_pages import act, page, tasks
from tests.web.admin.test_payout_files import send
from tests.web.admin.test_statement_pages import close_march, latest, text_of
from tests.world import World

OWN = {
    "legal_name": "安娜农产品有限公司",
    "address": "文一西路 12 号",
    "tax_id": "91330106MA2B12345X",
    "self_billing": "y",
}
TAX_PAGE = "/en/desk/payee/tax"


def post(client: FlaskClient, path: str, data: Mapping[str, str], status: int = 303) -> str:
    answer = client.post(path, data=data)
    assert answer.status_code == status, answer.text
    return answer.text


def payee_of(world: World, name: str) -> int:
    with db.reading() as session:
        found = session.get_one(Point, world.points[name]).payee_id
    assert found is not None
    return found


def everything_kept() -> str:
    """All that is stored of a change, and all audit rows."""
    with db.reading() as session:
        changes = session.scalars(select(PayeeTaxChange)).all()
        rows = session.scalars(select(AuditEntry)).all()
        kept = [(one.sealed, one.label, one.note) for one in changes]
        return str([*kept, *((row.before, row.after, row.note) for row in rows)])


class TestTaxData:
    def test_rests_three_days_is_told_to_the_owner_and_counts_once_finance_accepts(
        self, world: World, business_clock: Clock
    ) -> None:
        desk, maker = world.signed_in("anna"), world.signed_in("maker")
        payee_id = payee_of(world, "anna")
        post(desk, "/desk/payee/tax", OWN)
        world.installation.work()

        assert "•••• 345X" in desk.get(TAX_PAGE).text
        assert "It rests until" in desk.get(TAX_PAGE).text
        assert OWN["tax_id"] not in everything_kept()
        assert OWN["address"] not in everything_kept()
        with db.reading() as session:
            told = select(MailboxMessage.recipient).where(
                MailboxMessage.subject.contains("tax data")
            )
            assert session.scalars(told).all() == ["anna@world.example"]
        assert "rests for three days" in act(maker, f"payees/{payee_id}/tax/accept", 409)
        assert tasks(maker)["Tax data of payees to look at"] == 0

        business_clock.forward(days=3)
        assert tasks(maker)["Tax data of payees to look at"] == 1
        assert "Anna&#39;s shop" in page(maker, "payouts/taxes")
        seen = page(maker, f"payees/{payee_id}/tax")
        assert OWN["legal_name"] in seen
        assert OWN["tax_id"] not in seen
        act(maker, f"payees/{payee_id}/tax/accept")

        with db.reading() as session:
            data = taxes.data_of(session, [payee_id])[payee_id]
            assert (data.legal_name, taxes.tax_id(data)) == (OWN["legal_name"], OWN["tax_id"])
        assert "The brand writes them for you." in desk.get(TAX_PAGE).text
        assert OWN["tax_id"] not in everything_kept()

    @on_sqlite
    def test_a_change_keeps_what_is_the_brands_and_the_number_that_was_not_retyped(
        self, world: World, business_clock: Clock
    ) -> None:
        payee_id, maker = payee_of(world, "anna"), world.signed_in("maker")
        with db.unit_of_work() as session:
            known = taxes.TaxData(
                legal_name="Anna",
                tax_id=OWN["tax_id"],
                vat_code="standard",
                vat_bps=600,
                self_billing=True,
            )
            taxes.set_data(session, payee_id, known, by="test", at=clock.now())
        desk = world.signed_in("anna")
        same = {"legal_name": "Anna", "self_billing": "y"}
        assert "know already" in post(desk, "/desk/payee/tax", same, 409)

        post(desk, "/desk/payee/tax", {**same, "legal_name": "Anna Ltd"})
        refused = act(maker, f"payees/{payee_id}/tax/refuse", 422, note=" ")
        assert 'name="self_billing" value="yes" checked' in refused
        business_clock.forward(days=3)
        act(maker, f"payees/{payee_id}/tax/accept")

        with db.reading() as session:
            data = taxes.data_of(session, [payee_id])[payee_id]
            assert (data.legal_name, data.vat_bps, taxes.tax_id(data)) == (
                "Anna Ltd",
                600,
                OWN["tax_id"],
            )

    @on_sqlite
    def test_is_refused_with_a_reason_or_withdrawn_and_one_waits_at_a_time(
        self, world: World
    ) -> None:
        desk, maker = world.signed_in("anna"), world.signed_in("maker")
        payee_id = payee_of(world, "anna")
        bad = {**OWN, "legal_name": " ", "tax_id": "不知道"}
        said = post(desk, "/en/desk/payee/tax", bad, 422)
        assert "letters, digits and hyphens" in said
        for name in ("First Ltd", "Second Ltd"):
            post(desk, "/desk/payee/tax", {**OWN, "legal_name": name})
        with db.reading() as session:
            waiting = tax_changes.open_of(session, [payee_id])[payee_id]
            assert tax_changes.content(waiting).legal_name == "Second Ltd"

        assert "say why" in act(maker, f"payees/{payee_id}/tax/refuse", 422, note=" ")
        act(maker, f"payees/{payee_id}/tax/refuse", note="the licence says otherwise")
        assert "the licence says otherwise" in desk.get(TAX_PAGE).text
        post(desk, "/desk/payee/tax", OWN)
        post(desk, "/desk/payee/tax/withdraw", {})

        with db.reading() as session:
            assert tax_changes.open_of(session, [payee_id]) == {}
            assert taxes.data_of(session, [payee_id]) == {}

    def test_payouts_are_found_by_whether_it_is_known(
        self, world: World, business_clock: Clock
    ) -> None:
        for name, product in (("anna", "honey"), ("bo", "tea")):
            set_destination(world, name, Rail.BY_HAND, {"instructions": ""})
            delivered(world, product, f"{name}-shop", quantity=2)
        with db.unit_of_work() as session:
            known = taxes.TaxData(legal_name="Anna")
            taxes.set_data(session, payee_of(world, "anna"), known, by="test", at=clock.now())
        business_clock.forward(days=8)
        maker = world.signed_in("maker")
        act(maker, "payouts/prepare")
        world.installation.work()

        def listed(tax: str) -> set[str]:
            _before, _mark, rows = page(maker, f"payouts?tax={tax}").partition("All payouts")
            return {name for name in ("Anna", "Bo") if f"{name}&#39;s shop" in rows}

        assert [listed(tax) for tax in ("", "known", "missing")] == [
            {"Anna", "Bo"},
            {"Anna"},
            {"Bo"},
        ]


@pytest.fixture
def together(world: World) -> World:
    """Anna and Bo own a point each, and one payee is paid for both."""
    at, payee_id = clock.now(), payee_of(world, "anna")
    with db.unit_of_work() as session:
        point_id = world.points["bo"]
        session.execute(update(Point).where(Point.id == point_id).values(payee_id=payee_id))
        session.execute(
            update(PointPayee).where(PointPayee.point_id == point_id).values(until_at=at)
        )
        values = {"id": ids.new(), "point_id": point_id, "payee_id": payee_id, "from_at": at}
        session.execute(insert(PointPayee).values(values))
        session.execute(update(Payee).where(Payee.id == payee_id).values(account_id=None))
    return world


class TestStatements:
    def test_whoever_owns_some_of_a_payees_points_reads_their_part_and_no_more(
        self, together: World, business_clock: Clock
    ) -> None:
        mine = delivered(together, "honey", "anna-shop", quantity=2)
        other = delivered(together, "tea", "bo-shop", quantity=1)
        business_clock.forward(days=40)
        close_march(together, together.signed_in("maker"))
        found = latest()
        desk = together.signed_in("anna")

        assert "17.52" in desk.get("/en/desk/statements").text
        shown = desk.get(f"/en/desk/statements/{found.id}").text
        assert mine.number in shown
        assert other.number not in shown
        assert "Bo&#39;s shop" not in shown
        for kind in ("pdf", "csv"):
            assert desk.get(f"/desk/statements/{found.id}/{kind}").status_code == 403
        assert desk.get("/desk/payee").status_code == 403
        assert desk.get(f"/desk/statements/{others(found)}").status_code == 404

    @on_sqlite
    def test_a_point_that_nobody_is_paid_for_has_an_empty_list(self, world: World) -> None:
        with db.unit_of_work() as session:
            point = update(Point).where(Point.id == world.points["anna"])
            session.execute(point.values(payee_id=None))

        assert "No statements yet" in world.signed_in("anna").get("/en/desk/statements").text

    @on_sqlite
    @pytest.mark.parametrize(
        ("rail", "details", "said"),
        [
            (Rail.CREDIT_NOTE, {"customer_number": "K-1001"}, "Customer number K-1001"),
            (Rail.PAYROLL_FILE, {"personnel_number": "P-77"}, "Personnel number P-77"),
        ],
    )
    def test_credit_notes_and_payroll_slips_are_taken_along_from_the_desk(
        self,
        world: World,
        business_clock: Clock,
        rail: Rail,
        details: dict[str, str],
        said: str,
    ) -> None:
        set_destination(world, "anna", rail, details)
        delivered(world, "honey", "anna-shop", quantity=2)
        business_clock.forward(days=8)
        maker, checker = world.signed_in("maker"), world.signed_in("checker")
        act(maker, "payouts/prepare")
        world.installation.work()
        (payout,) = all_payouts()
        desk = world.signed_in("anna")
        paper = f"/desk/statements/papers/{payout.id}"
        assert desk.get(paper).status_code == 404  # it stands in no list yet
        seen = {"payout": str(payout.id), f"hash-{payout.id}": payout.terms_hash}
        act(checker, "payouts/approve", **seen)
        (batch,) = send(world, maker)

        assert paper in desk.get("/desk/statements").text
        answer = desk.get(paper)
        assert answer.data == maker.get(f"/admin/payouts/{payout.id}/paper.pdf").data
        words = text_of(answer.data)
        assert said in words
        assert "17.52" in words
        assert world.signed_in("bo").get(paper).status_code == 404
        assert batch.rail == rail


def others(found: Statement) -> int:
    """A statement of a payee that has nothing to do with Anna."""
    columns = {column.name: getattr(found, column.name) for column in Statement.__table__.columns}
    statement_id = ids.new()
    columns |= {"id": statement_id, "original_id": statement_id, "previous_id": None}
    with db.unit_of_work() as session:
        changed = {"payee_key": keys.payee(7), "number": 99}
        session.execute(insert(Statement).values({**columns, **changed}))
    return statement_id
