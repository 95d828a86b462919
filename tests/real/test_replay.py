"""A real day of a real shop through the real pipeline, and the ledger proven afterwards."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from commissions import audit
from commissions import plans as engine
from commissions.models import Entry, EntryKind, PlanVersion
from commissions.plan_checks import Market
from commissions.terms import Rate, Role, Rule, Terms, When
from shop.catalog import stock_check
from shop.kernel import brand, clock, db, ids
from shop.network.models import Point
from shop.orders.models import Order
from shop.payments.models import Refund
from shop.trial import plans, retail_file
from shop.trial.replay import Report, replay
from shop.trial.stage import stage
from tests.conftest import Database
from tests.installation import install
from tests.real.retail_count import by_size, count, percent

BEGIN = datetime(2010, 11, 30, tzinfo=UTC)


@pytest.fixture
def begun() -> Iterator[None]:
    with clock.set_to(BEGIN):
        yield


def play(
    database: Database, folder: Path, files: list[Path], *later: tuple[datetime, Terms]
) -> Report:
    """Replay the files; further versions of the plan come into force at their moments."""
    installed = install(database.urls, folder)
    with db.unit_of_work() as session:
        brand.change(
            session,
            {"currency": "GBP", "country": "GB", "payment_methods": ["card"]},
            by="test",
            at=BEGIN,
        )
    plans.publish_first(currency="GBP", at=BEGIN)
    for since, terms in later:
        publish(terms, since)
    return replay(stage(installed.app), retail_file.read(files))


def publish(terms: Terms, since: datetime) -> None:
    more: dict[str, Any] = {"at": BEGIN, "ids": ids.new}
    with db.unit_of_work() as session:
        draft = engine.start_draft(session, plans.PLAN, terms, by=plans.MAKER, **more)
        engine.submit_draft(session, draft.id, by=plans.MAKER, **more)
        engine.publish_draft(
            session,
            draft.id,
            effective_from=since,
            expected_hash=draft.content_hash,
            market=Market(currencies=("GBP",)),
            approver_name="the test",
            by=plans.CHECKER,
            **more,
        )


def seller(position: int = 1, **fields: Any) -> Rule:
    defaults = {"role": Role.SELLER, "name": f"Rule {position}", "rate": Rate.PERCENT}
    return Rule(**{**defaults, **fields, "position": position})


CAPPED = Terms(rules=(seller(bps=750, order_cap={"GBP": 2000}),), promises=plans.PROMISES)
"""7.5 %, at most 20.00 an order."""
SMALL = When(below_amount={"GBP": 1000})
MIXED = Terms(rules=(seller(bps=333, when=SMALL), seller(2, bps=1100)), promises=plans.PROMISES)
"""3.33 % of the lines below 10.00, 11 % of the others."""


def three_versions(
    database: Database, folder: Path, files: list[Path], second: datetime, third: datetime
) -> None:
    """Every dealer has under each version what a count of the raw rows says, before and after
    refunds, and the ledger is proven."""
    report = play(database, folder, files, (second, CAPPED), (third, MIXED))

    prove(report)
    shares = (percent(1200), percent(750, 2000), by_size(1000, 333, 1100))
    counted = count(files, list(zip((BEGIN, second, third), shares, strict=True)))
    assert booked(EntryKind.EARN) == +counted.earned
    assert booked(EntryKind.EARN, EntryKind.REVERSE) == +counted.net
    assert {version for version, _dealer in counted.earned} == {0, 1, 2}
    assert counted.net != counted.earned


def booked(*kinds: EntryKind) -> dict[tuple[int, int], int]:
    """What the ledger's entries come to, by version and dealer."""
    with db.reading() as session:
        names = {
            f"point:{row.id}": row.name for row in session.execute(select(Point.id, Point.name))
        }
        rows = session.execute(
            select(PlanVersion.number, Entry.point_key, func.sum(Entry.amount))
            .join(PlanVersion, PlanVersion.id == Entry.version_id)
            .where(Entry.kind.in_(kinds))
            .group_by(PlanVersion.number, Entry.point_key)
        )
        return {
            (number - 1, int(names[key].removeprefix("Dealer "))): int(amount)
            for number, key, amount in rows
            if amount
        }


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
@pytest.mark.heavy
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


@pytest.mark.shared
def test_a_day_under_three_versions_pays_what_the_raw_rows_say(
    sqlite_database: Database, tmp_path: Path, shared: Path, begun: None
) -> None:
    files = [shared / "online_retail" / "2010-12-22.csv"]
    noon = datetime(2010, 12, 22, 12, tzinfo=UTC)

    three_versions(sqlite_database, tmp_path, files, noon, noon + timedelta(hours=2))


@pytest.mark.soak
@pytest.mark.shared
def test_the_whole_month_of_real_orders_under_three_versions(
    database: Database, tmp_path: Path, shared: Path, begun: None
) -> None:
    files = sorted((shared / "online_retail").glob("*.csv"))
    second, third = datetime(2010, 12, 8, tzinfo=UTC), datetime(2010, 12, 15, tzinfo=UTC)

    assert len(files) == 20
    three_versions(database, tmp_path, files, second, third)
    with db.reading() as session:
        assert (session.scalar(select(func.count()).select_from(Entry)) or 0) > 10_000
