"""Statements and tax at the desks: a month is closed, read, kept as PDF and CSV, and taxed."""

import csv
import io
import os
import re
import shutil
import subprocess
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from commissions import sealing
from commissions.models import Payout, Statement
from commissions.payouts import approving
from shop.kernel import clock, db, ids
from shop.network.models import Payee, Rail
from shop.rewards import payout_runs, statement_documents, taxes
from shop.rewards.tax_models import SelfBilling, StatementDocument, TaxRecord
from tests.conftest import Clock
from tests.factories.many_payees import many_payees
from tests.journeys.test_paying_out import delivered, proven, set_destination
from tests.web.admin.test_finance_pages import act, all_payouts, consent, page
from tests.world import World


def sealed() -> None:
    """A quarter of an hour of wall time goes by, and the ledger is sealed."""
    with db.unit_of_work() as session:
        wall = clock.wall() + timedelta(minutes=16)
        sealing.seal(session, wall=wall, by="test", ids=ids.new)


def close_march(world: World, maker: FlaskClient) -> None:
    sealed()
    act(maker, "statements/close", month="2026-03")
    world.installation.work()


def latest() -> Statement:
    with db.reading() as session:
        return (
            session.scalars(select(Statement).order_by(Statement.id.desc())).first() or Statement()
        )


def text_of(pdf: bytes) -> str:
    """The words of a PDF, as `pdftotext` reads them."""
    if shutil.which("pdftotext") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("pdftotext is missing; the checks of a bare machine install it")
        pytest.skip("pdftotext is absent (Debian: poppler-utils)")
    made = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return made.stdout.decode()


TAX = {
    "legal_name": "安娜农产品（杭州）有限公司",
    "address": "文一西路 12 号",
    "tax_id": "91330106MA2B12345X",
    "vat_code": "standard",
    "vat_bps": "6",
    "self_billing": "yes",
    "table_key": "",
}


class TestAMonth:
    def test_is_closed_for_all_and_read_on_both_desks_in_chinese(
        self, world: World, maker: FlaskClient, business_clock: Clock
    ) -> None:
        order = delivered(world, "honey", "anna-shop", quantity=2)
        with db.reading() as session:
            anna = session.scalars(select(Payee).where(Payee.name == "Anna's shop")).one()
        assert "not over yet" in act(maker, "statements/close", 409, month="2026-03")
        assert "choose a month" in act(maker, "statements/close", 422, month="2026-13")
        act(maker, f"payees/{anna.id}/tax", **TAX)
        business_clock.forward(days=40)
        assert "sealed within half an hour" in act(maker, "statements/close", 409, month="2026-03")
        close_march(world, maker)

        found = latest()
        assert page(maker, "statements").count("ST2026-000001") == 1
        desk = world.signed_in("anna")
        assert order.number in desk.get(f"/desk/statements/{found.id}").text
        assert "SB2026-000001" in desk.get("/desk/statements").text
        desk.get("/speak/zh?next=/desk/")
        first, again = (desk.get(f"/desk/statements/{found.id}/pdf").data for _twice in range(2))
        assert first == again
        words = text_of(first)
        for said in (TAX["legal_name"], TAX["tax_id"], "ST2026-000001", order.number, "¥17.52"):
            assert said in words
        assert "期末余额" in words
        rows = list(csv.reader(io.StringIO(desk.get(f"/desk/statements/{found.id}/csv").text)))
        assert next(row for row in rows if order.number in row)[5] == "17.52"
        assert proven()

    def test_a_document_stays_as_it_was_whatever_changes_its_name(
        self, world: World, maker: FlaskClient, business_clock: Clock
    ) -> None:
        delivered(world, "honey", "anna-shop", quantity=2)
        business_clock.forward(days=40)
        close_march(world, maker)
        found = latest()
        with db.reading() as session:
            drawn = {statement_documents.draw(session, found, "pdf") for _twice in range(2)}
        assert len(drawn) == 1
        before = maker.get(f"/admin/statements/{found.id}/pdf").data
        with db.unit_of_work() as session:
            session.execute(update(Payee).values(name="Somebody else"))

        assert maker.get(f"/admin/statements/{found.id}/pdf").data == before
        assert "say why" in act(maker, f"statements/{found.id}/again", 422, reason=" ")
        act(maker, f"statements/{found.id}/again", reason="new name")
        copy = latest()
        assert (copy.copy, copy.number, copy.closing_amount) == (2, 2, found.closing_amount)
        assert "Somebody else" in page(maker, f"statements/{copy.id}")
        with db.reading() as session:
            assert session.scalar(select(func.count()).select_from(StatementDocument)) == 1
        assert proven()

    def test_many_payees_are_a_jobs_and_numbers_have_no_gaps(
        self, world: World, maker: FlaskClient, business_clock: Clock
    ) -> None:
        many_payees(25, at=clock.now())
        business_clock.forward(days=40)
        close_march(world, maker)
        act(maker, "statements/close", month="2026-03")
        world.installation.work()

        with db.reading() as session:
            numbers = session.scalars(select(Statement.number).order_by(Statement.number)).all()
        assert numbers == list(range(1, 26))
        assert "25 statements" in page(maker, "statements")
        assert proven()


class TestWithholding:
    def adopt(self, maker: FlaskClient, checker: FlaskClient) -> None:
        """China's table as the page offers it, agreed by a second person."""
        offered = page(maker, "payouts/taxes?preset=china_service")
        bands = re.search(r'<textarea id="bands"[^>]*>([^<]*)', offered)
        assert bands is not None
        form = {
            "key": "cn_service", "name": "劳务报酬", "deduction": "20", "free": "5000",
            "cumulative": "yes", "bands": bands[1], "reason": "the law",
        }  # fmt: skip
        assert "rising" in act(maker, "payouts/taxes", 422, **{**form, "bands": "100 3"})
        assert "is too large" in act(maker, "payouts/taxes", 422, **{**form, "free": "9" * 17})
        act(maker, "payouts/taxes", **form)
        assert "劳务报酬" in page(checker, "payouts/taxes")
        act(maker, f"consents/{consent().id}", 403, answer="agree")
        act(checker, f"consents/{consent().id}", answer="agree")

    def test_a_payout_keeps_tax_over_the_year_and_says_what_it_was_reckoned_by(
        self, world: World, maker: FlaskClient, checker: FlaskClient, business_clock: Clock
    ) -> None:
        self.adopt(maker, checker)
        (payee,) = many_payees(1, at=clock.now(), base=10_000_000, rail=Rail.BY_HAND).payee_ids
        act(maker, f"payees/{payee}/tax", **{**TAX, "table_key": "cn_service"})
        business_clock.forward(days=30)
        act(maker, "payouts/prepare")
        (payout,) = all_payouts()

        # 12,000.00 earned: less 20 % is 9,600.00, less 5,000.00 free is 4,600.00, at 3 % 138.00.
        assert (payout.amount, payout.withheld_amount) == (1_200_000, 13_800)
        assert payout.net_amount == 1_186_200
        said = page(maker, f"payouts/{payout.id}")
        assert "劳务报酬" in said
        assert "4,600.00" in said
        form = {"payout": str(payout.id), f"hash-{payout.id}": payout.terms_hash}
        act(checker, "payouts/approve", **form)
        act(maker, f"payouts/{payout.id}/by-hand", reference="A1")
        assert proven()

        with db.reading() as session:
            more = taxes.reckon(session, payout.payee_key, "CNY", 1_200_000, at=clock.now())
        assert more is not None  # the same month: no second free amount
        assert (more.year.gross, more.year.withheld, more.result.amount) == (
            1_200_000, 13_800, 28_800,
        )  # fmt: skip

    def test_what_was_taken_back_does_not_count_for_the_year(
        self, world: World, maker: FlaskClient, checker: FlaskClient, business_clock: Clock
    ) -> None:
        self.adopt(maker, checker)
        (payee,) = many_payees(1, at=clock.now(), base=10_000_000).payee_ids
        act(maker, f"payees/{payee}/tax", **{**TAX, "table_key": "cn_service"})
        business_clock.forward(days=30)
        kept = []
        for _twice in range(2):
            payout_runs.prepare(by="account:1")
            payout = all_payouts()[-1]
            kept.append(payout.withheld_amount)
            with db.unit_of_work() as session:
                approving.void(session, payout.id, by="t", at=clock.now(), ids=ids.new, reason="x")

        assert kept == [13_800, 13_800]
        with db.reading() as session:
            assert session.scalar(select(func.count()).select_from(TaxRecord)) == 2
            assert session.scalar(select(func.count()).select_from(Payout)) == 2

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"legal_name": " "}, "fill this in"),
            ({"vat_code": "none"}, "Only VAT that is included"),
            ({"vat_bps": "x"}, "not a number"),
            ({"table_key": "none_such"}, "no such table"),
        ],
    )
    def test_bad_tax_data_is_refused_by_field(
        self, world: World, maker: FlaskClient, changed: dict[str, str], said: str
    ) -> None:
        with db.reading() as session:
            payee = session.scalars(select(Payee.id)).first()

        assert said in act(maker, f"payees/{payee}/tax", 422, **{**TAX, **changed})
        with db.reading() as session:
            assert session.scalars(select(SelfBilling)).all() == []


def test_a_payee_reads_no_account_of_others(
    world: World, maker: FlaskClient, business_clock: Clock
) -> None:
    set_destination(world, "bo", Rail.BY_HAND, {"instructions": ""})
    delivered(world, "tea", "bo-shop", quantity=1)
    business_clock.forward(days=40)
    close_march(world, maker)

    for path in ("", "/pdf", "/csv"):
        answer = world.signed_in("anna").get(f"/desk/statements/{latest().id}{path}")
        assert answer.status_code == 404
