"""A real day of a real shop through the real pipeline, and the ledger proven afterwards."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from commissions import audit
from shop.catalog import stock_check
from shop.kernel import brand, clock, db
from shop.orders.models import Order
from shop.payments.models import Refund
from shop.trial import plans, retail_file
from shop.trial.replay import Report, replay
from shop.trial.stage import stage
from tests.conftest import Database
from tests.installation import install

BEGIN = datetime(2010, 11, 30, tzinfo=UTC)


@pytest.fixture
def begun() -> Iterator[None]:
    with clock.set_to(BEGIN):
        yield


def play(database: Database, folder: Path, files: list[Path]) -> Report:
    installed = install(database.urls, folder)
    with db.unit_of_work() as session:
        brand.change(
            session,
            {"currency": "GBP", "country": "GB", "payment_methods": ["card"]},
            by="test",
            at=BEGIN,
        )
    plans.publish_first(currency="GBP", at=BEGIN)
    return replay(stage(installed.app), retail_file.read(files))


def prove(report: Report) -> None:
    """Accepted + rejected = file; all paid; refunds are refunds; the books agree."""
    assert report.adds_up
    with db.reading() as session:
        orders = session.execute(
            select(Order.status, func.count(), func.sum(Order.total_amount)).group_by(Order.status)
        ).all()
        unpaid = session.scalars(
            select(Order.number).where(
                Order.payment_status.not_in(("paid", "partially_refunded", "refunded"))
            )
        ).all()
        refunds = session.scalars(select(Refund.status)).all()
        proof = audit.prove(session)
        shelves = stock_check.check(session)
    assert [tuple(row) for row in orders] == [("placed", report.orders, report.paid_amount)]
    assert unpaid == []
    assert len(refunds) == report.refunds
    assert set(refunds) <= {"succeeded"}
    assert proof.findings == []
    assert proof.sales == report.orders
    assert shelves == []


@pytest.mark.shared
def test_a_day_of_real_orders_is_paid_and_proven(
    database: Database, tmp_path: Path, shared: Path, begun: None
) -> None:
    report = play(database, tmp_path, [shared / "online_retail" / "2010-12-10.csv"])

    assert report.rows == 2758
    assert report.orders == 76
    assert report.refund_rows == 41
    assert report.rejected == {
        "cancellation whose sale is not in the file": 28,
        "no sale: price is not positive": 7,
        "no goods: fee, discount, sample or voucher": 1,
        "carriage without goods": 1,
        "carriage given back without its goods": 0,
    }
    prove(report)


@pytest.mark.soak
@pytest.mark.shared
def test_the_whole_month_of_real_orders(
    database: Database, tmp_path: Path, shared: Path, begun: None
) -> None:
    report = play(database, tmp_path, sorted((shared / "online_retail").glob("*.csv")))

    assert report.rows == 42_481
    prove(report)
