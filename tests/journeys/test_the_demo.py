"""The demo brand has one of everything that can happen, however few orders it is built with."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from commissions import audit, queries
from commissions.models import Payout
from commissions.statuses import EntryStatus
from shop.kernel import clock, db
from shop.network import queries as network
from shop.network.models import Point
from shop.notifications.models import MailboxMessage
from shop.orders.models import Order
from shop.rewards import holds
from shop.sharing.models import LineAttribution
from shop.trial.shanye.build import ORDERS, build
from tests.conftest import _database
from tests.installation import install

pytestmark = pytest.mark.xdist_group("demo")  # or each worker would build it


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Built once, in-process, with six orders by chance."""
    folder: Path = tmp_path_factory.mktemp("demo")
    databases = _database("sqlite", folder)
    app = install(next(databases).urls, folder).app
    assert build(app, orders=6)
    with clock.set_to(clock.wall() + timedelta(minutes=1)):
        yield
    next(databases, None)


def test_it_stays_small() -> None:
    assert ORDERS + 20 <= 300


def test_orders_of_every_kind(demo: None) -> None:
    with db.reading() as session:
        orders = session.scalars(select(Order)).all()

    assert {one.status for one in orders} == {"placed", "expired", "canceled"}
    assert {one.end_reason for one in orders if one.status == "canceled"} == {
        "out_of_stock",
        "canceled_by_buyer",
    }
    assert [one.dispute_status for one in orders].count("needs_response") == 1
    assert "refunded" in {one.payment_status for one in orders}


def test_links_win_and_lose_sales(demo: None) -> None:
    with db.reading() as session:
        rows = session.scalars(select(LineAttribution)).all()

    assert "touch" in {row.kind for row in rows}
    reasons = {loser["reason"] for row in rows for loser in row.losers}
    assert reasons >= {"lower_priority", "outside_window"}


def test_money_in_every_state_and_books_that_agree(demo: None) -> None:
    with db.reading() as session:
        earnings = queries.latest_earnings(session, at=clock.now(), limit=1000)
        payouts = session.scalars(select(Payout)).all()
        reasons = {one.hold.reason for one in holds.standing(session, at=clock.now())}
        report = audit.prove(session)

    assert {one.status for one in earnings} >= {
        EntryStatus.PAID,
        EntryStatus.IN_PAYOUT,
        EntryStatus.HELD,
    }
    assert {(one.rail, one.status.value) for one in payouts} >= {
        ("connect", "sent"),
        ("bank_file", "sent"),
        ("bank_file", "draft"),
    }
    assert reasons == {"dispute", "check"}
    assert report.is_clean


def test_people_who_ask_own_and_hear(demo: None) -> None:
    with db.reading() as session:
        waiting = network.applications(session)
        declined = network.decided(session)
        groups = session.scalars(select(Point.group_key)).all()
        heard = session.scalars(
            select(MailboxMessage.body).where(MailboxMessage.recipient == "+8613800002004")
        ).one()

    assert (len(waiting), len(declined)) == (3, 1)
    assert groups.count("shareholder") == 2
    assert declined[0][0].note in heard
