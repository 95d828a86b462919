"""Files by way: what was approved, in the words of the bank, the books and the payroll."""

import csv
import io
from decimal import Decimal
from importlib.resources import as_file, files
from xml.etree import ElementTree

import pytest
import xmlschema
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from commissions.auditing.payouts import check
from commissions.models import Batch, BatchItem, Payout
from commissions.payouts.files import tables
from commissions.payouts.files.format import Account, Head, Row
from shop.kernel import clock, db
from shop.kernel.audit import AuditEntry
from shop.network import account_numbers
from shop.network.models import Rail
from shop.rewards import payout_files
from shop.rewards.files.pain001 import NAMESPACE, Pain001
from tests.conftest import START, Clock
from tests.factories.many_payees import many_payees
from tests.web.admin.test_finance_pages import act, all_payouts, page
from tests.web.admin.test_statement_pages import text_of
from tests.world import World

OWN = Account(holder="山野商贸有限公司", number="110060149018010012345", bank="BOC HK", code="012")
IBAN = "GB82WEST12345698765432"
PAIN = {"p": NAMESPACE}


def row(
    n: int, net: int, *, code: str = "", number: str = "6222021203004321", **fields: str
) -> Row:
    account = Account(holder=fields.get("holder", "李明"), number=number, bank="ICBC", code=code)
    return Row(
        reference=f"7-{n}",
        payee_key=f"payee:{n}",
        account=account,
        gross_amount=net + 150,
        fee_amount=100,
        withheld_amount=50,
        net_amount=net,
        purpose="Commission",
    )


def head(currency: str = "CNY", rail: str = "bank_file") -> Head:
    return Head(batch_id=7, rail=rail, currency=currency, at=START)


def cells(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


@pytest.fixture(scope="module")
def schema() -> xmlschema.XMLSchema:
    """The standard's own schema, as another library ships it."""
    found = files("sepaxml") / "schemas" / "pain.001.001.09.xsd"
    with as_file(found) as path:
        return xmlschema.XMLSchema(str(path))


class TestPain001:
    @pytest.mark.parametrize(
        ("currency", "code", "number", "system"),
        [
            ("CNY", "102331002007", "6222021203004321", "CNAPS"),
            ("HKD", "004", "012345678901", "HKNCC"),
            ("GBP", "200000", "55779911", "GBDSC"),
            ("EUR", "WESTGB2L", IBAN, ""),
            ("JPY", "", "1234567", ""),
        ],
    )
    def test_is_what_the_standard_says_in_every_currency(
        self, schema: xmlschema.XMLSchema, currency: str, code: str, number: str, system: str
    ) -> None:
        rows = [row(n, 1000 + n, code=code, number=number) for n in range(1, 4)]

        content = Pain001(OWN).write(head(currency), rows)

        schema.validate(content.decode())
        tree = ElementTree.fromstring(content)  # noqa: S314 - our own file
        total = Decimal(3006).scaleb(0 if currency == "JPY" else -2)
        for place in ("GrpHdr", "PmtInf"):
            assert tree.findtext(f".//p:{place}/p:NbOfTxs", None, PAIN) == "3"
            assert Decimal(tree.findtext(f".//p:{place}/p:CtrlSum", "", PAIN)) == total
        amounts = tree.findall(".//p:InstdAmt", PAIN)
        assert sum(Decimal(one.text or "") for one in amounts) == total
        assert {one.get("Ccy") for one in amounts} == {currency}
        references = [one.text for one in tree.findall(".//p:EndToEndId", PAIN)]
        assert references == ["7-1", "7-2", "7-3"]
        way = "IBAN" if number == IBAN else "Othr/p:Id"
        assert tree.findtext(f".//p:CdtrAcct/p:Id/p:{way}", None, PAIN) == number
        agent = ".//p:CdtrAgt/p:FinInstnId"
        assert tree.findtext(f"{agent}/p:ClrSysMmbId/p:ClrSysId/p:Cd", "", PAIN) == system
        if code == "WESTGB2L":
            assert tree.findtext(f"{agent}/p:BICFI", None, PAIN) == code

    def test_the_same_rows_are_the_same_bytes(self) -> None:
        rows = [row(1, 500, holder="a < b & “c”")]
        first, second = (Pain001(OWN).write(head(), rows) for _twice in range(2))
        assert first == second
        assert "a &lt; b &amp; “c”" in first.decode()


class TestTables:
    def test_the_books_and_the_payroll_see_every_part(self) -> None:
        (note,) = cells(tables.CREDIT_NOTES.write(head(), [row(1, 850, number="C-1")]))
        assert (note["customer_number"], note["gross"], note["fee"]) == ("C-1", "10.00", "1.00")
        assert (note["withheld"], note["amount"], note["date"]) == ("0.50", "8.50", "2026-03-02")
        (pay,) = cells(tables.PAYROLL.write(head(), [row(1, 850, number="P-1")]))
        assert (pay["personnel_number"], pay["period"], pay["amount"]) == ("P-1", "2026-03", "8.50")

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r@"])
    def test_no_name_becomes_a_formula(self, start: str) -> None:
        bad = row(1, 850, holder=f"{start}cmd|' /C calc'!A0")
        for table in (tables.BANK, tables.CREDIT_NOTES, tables.PAYROLL):
            (found,) = cells(table.write(head(), [bad]))
            assert (found.get("holder") or found.get("name") or "")[0] == "'"


@pytest.mark.parametrize(
    ("number", "good"),
    [(IBAN, True), ("GB82WEST12345698765433", False), ("DE89370400440532013000", True)],
)
def test_an_iban_is_checked_by_its_digits(number: str, *, good: bool) -> None:
    assert account_numbers.is_iban(number) is good


def approved(world: World, business_clock: Clock, *rails: Rail) -> None:
    for rail in rails:
        many_payees(2, at=clock.now(), rail=rail)
    business_clock.forward(days=30)
    act(world.signed_in("maker"), "payouts/prepare")
    form: dict[str, object] = {"payout": [str(one.id) for one in all_payouts()]}
    form.update({f"hash-{one.id}": one.terms_hash for one in all_payouts()})
    act(world.signed_in("checker"), "payouts/approve", **form)


def send(world: World, maker: FlaskClient) -> list[Batch]:
    with db.reading() as session:
        run_id = session.scalars(select(Payout.run_id)).first()
    act(maker, f"payouts/runs/{run_id}/send")
    world.installation.work()
    with db.reading() as session:
        return list(session.scalars(select(Batch).order_by(Batch.rail)))


OUR_ACCOUNT = {
    "holder": "Shanye Ltd", "account_number": "012-345678901", "bank_name": "BOC", "bank_code": "012"
}  # fmt: skip


def test_each_way_gets_its_own_file_in_its_own_words(world: World, business_clock: Clock) -> None:
    maker, checker = world.signed_in("maker"), world.signed_in("checker")
    act(maker, "payouts/payer", 403, **OUR_ACCOUNT, format="pain001")
    wrong = {**OUR_ACCOUNT, "account_number": "GB82WEST12345698765433", "format": "pain001"}
    assert "typing error" in act(checker, "payouts/payer", 422, **wrong)
    act(checker, "payouts/payer", **OUR_ACCOUNT, format="pain001")
    assert "•••• 8901" in page(maker, "payouts/terms")
    approved(world, business_clock, Rail.BANK_FILE, Rail.CREDIT_NOTE, Rail.PAYROLL_FILE)

    batches = send(world, maker)

    assert [(one.rail, one.format) for one in batches] == [
        ("bank_file", "pain001"),
        ("credit_note", "credit_notes"),
        ("payroll_file", "payroll"),
    ]
    for batch in batches:
        first, again = (maker.get(f"/admin/payouts/files/{batch.id}") for _twice in range(2))
        assert first.get_data() == again.get_data()
        assert first.headers["ETag"].strip('"') == batch.sha256
        suffix = "xml" if batch.format == "pain001" else "csv"
        assert f".{suffix}" in first.headers["Content-Disposition"]
    with db.reading() as session:
        changed = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "payer_account.changed")
        ).one()
    assert OUR_ACCOUNT["account_number"] not in str((changed.before, changed.after))


def test_a_file_that_holds_what_nobody_approved_is_found(
    world: World, business_clock: Clock
) -> None:
    approved(world, business_clock, Rail.BANK_FILE)
    first, second = all_payouts()
    with db.unit_of_work() as session:
        batch_id = payout_files.build(session, [first.id], by="account:1", at=clock.now())
        assert list(check(session)) == []
        slipped_in = {"batch_id": batch_id, "payout_id": second.id, "reference": "x"}
        session.execute(insert(BatchItem).values(**slipped_in, terms_hash="other"))

        assert [finding.code for finding in check(session)] == ["file_differs"]


def test_a_dealer_gets_a_credit_note_with_the_number_of_the_list(
    world: World, business_clock: Clock
) -> None:
    maker = world.signed_in("maker")
    approved(world, business_clock, Rail.CREDIT_NOTE)
    payout = all_payouts()[0]
    path = f"/admin/payouts/{payout.id}/paper.pdf"
    assert maker.get(path).status_code == 409
    (batch,) = send(world, maker)
    listed = cells(maker.get(f"/admin/payouts/files/{batch.id}").data)[0]

    first, again = (maker.get(path).data for _twice in range(2))

    assert first == again
    words = text_of(first)
    for said in (listed["reference"], listed["customer_number"], listed["amount"], listed["name"]):
        assert said in words
    assert "Credit note (PDF)" in page(maker, f"payouts/{payout.id}")
