"""A copy of the database is put back: it is found at the next start, and nothing is paid twice."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from commissions.audit_trail import AuditEntry
from commissions.models import Payout, PayoutStatus
from shop.app import connect
from shop.cli import checks
from shop.gateway import client
from shop.gateway.transport import WsgiTransport
from shop.kernel import clock, db
from shop.rewards import payouts, reconciling, restores
from shop.rewards.payout_models import PayoutMarker
from shop.sandbox import control
from tests.conftest import SHOP, Clock, Database, on_sqlite
from tests.databases import backup, fresh_database
from tests.journeys.test_paying_out import (
    all_payouts,
    anna_has_an_account,
    balance,
    delivered,
    halted,
    proven,
)
from tests.races import together
from tests.web.admin.test_finance_pages import act, consent, page
from tests.world import World


@dataclass
class House:
    """A world whose database can be copied, put back, and started again."""

    world: World
    database: Database
    clock: Clock

    def start(self, database_url: str = "") -> None:
        """As `flask run` and the worker do."""
        installation = self.world.installation
        db.unbind()
        transport = WsgiTransport(installation.sandbox_app)
        url = database_url or installation.settings.database_url
        settings = replace(installation.settings, database_url=url)
        connect(installation.app, settings, transport=transport)

    def copied(self) -> Callable[[], None]:
        """Copy the database now; what is returned puts it back and starts again."""
        db.unbind()
        copy = backup(self.database.urls)
        self.start()

        def put_back() -> None:
            db.unbind()
            copy.put_back()
            self.start()

        return put_back

    @property
    def marker(self) -> Path:
        return self.world.installation.settings.data_dir / restores.FILE

    def approved(self) -> Payout:
        """Anna has 17.52, approved and queued, not sent."""
        delivered(self.world, "honey", "anna-shop", quantity=2)
        self.clock.forward(days=8)
        self.world.signed_in("maker").post("/admin/payouts/prepare")
        self.world.installation.work()
        (payout,) = [one for one in all_payouts() if one.status is PayoutStatus.DRAFT]
        form = {"payout": str(payout.id), f"hash-{payout.id}": payout.terms_hash}
        self.world.signed_in("checker").post("/admin/payouts/approve", data=form)
        return all_payouts()[0]


@pytest.fixture
def house(world: World, database: Database, business_clock: Clock) -> House:
    anna_has_an_account(world)
    return House(world, database, business_clock)


def resume(house: House) -> None:
    act(house.world.signed_in("maker"), "payouts/resume", reason="compared")
    act(house.world.signed_in("checker"), f"consents/{consent().id}", answer="agree")


def test_what_the_copy_does_not_know_is_adopted_and_sent_once(house: House) -> None:
    """The queue is the copy's, so the worker would send the payout again at once."""
    payout = house.approved()
    put_back = house.copied()
    payouts.send_due({})
    assert all_payouts()[0].status is PayoutStatus.SENT
    house.clock.forward(days=1)

    put_back()

    assert all_payouts()[0].status is PayoutStatus.QUEUED
    assert halted()
    maker = house.world.signed_in("maker")
    assert "the database was restored from a copy" in page(maker, "payouts")
    assert "was restored" in act(maker, "payouts/resume", 409, reason="fine")
    reconciling.reconcile(by="test")  # not from before the copy's time
    assert "was restored" in act(maker, "payouts/resume", 409, reason="fine")

    before = clock.now() - timedelta(days=30)
    assert [one["code"] for one in reconciling.reconcile(by="t", since=before).findings] in (
        ["unrecorded"],
        [],  # the comparison before has adopted it
    )
    reconciling.reconcile(by="test", since=before)
    resume(house)

    assert not halted()
    payouts.send_due({})
    assert len(client.transfers_of(payout.group_key)) == 1
    assert all_payouts()[0].status is PayoutStatus.SENT
    assert balance(house.world, "anna") == 0
    assert proven()
    house.start()  # found once: nobody is asked again
    assert not halted()


def test_a_payout_that_the_copy_never_had_is_put_right_by_people(house: House) -> None:
    put_back = house.copied()
    payout = house.approved()
    payouts.send_due({})
    put_back()
    assert (all_payouts(), halted()) == ([], True)

    since = clock.now() - timedelta(days=30)
    found = reconciling.reconcile(by="test", since=since).findings
    assert [one["code"] for one in found] == ["payout_missing"]
    control.reverse_transfer(house.world.installation.sandbox, found[0]["ref"])
    assert reconciling.reconcile(by="test", since=since).findings == []
    resume(house)

    assert not halted()
    assert client.transfers_of(payout.group_key)[0]["reversed"]


@on_sqlite
def test_a_start_over_the_same_database_blocks_nothing(house: House) -> None:
    house.approved()
    payouts.send_due({})
    for _ in range(2):
        house.start()
        restores.work({})

    assert not halted()
    assert not [one for one in checks.run() if one.startswith("payouts")]


@on_sqlite
def test_a_copy_is_known_even_if_nothing_was_sent_since(house: House) -> None:
    restores.work({})
    put_back = house.copied()
    restores.work({})  # some minutes later

    put_back()

    assert halted()
    assert any(one.startswith("payouts") for one in checks.run())


@on_sqlite
def test_a_database_that_has_sent_money_and_has_no_marker_is_blocked(house: House) -> None:
    house.marker.unlink()
    house.start()
    assert not halted()  # nothing was ever sent: this is a first start

    house.approved()
    payouts.send_due({})
    house.marker.unlink()
    house.start()

    assert halted()


@on_sqlite
def test_another_database_behind_the_same_marker_is_blocked(house: House) -> None:
    house.approved()
    payouts.send_due({})
    db.unbind()
    other = fresh_database(house.database.kind, *SHOP)
    house.start(other.app)

    assert halted()
    db.unbind()
    other.drop()


def test_processes_that_start_together_find_it_once(house: House) -> None:
    """Removed once, the lock of `_locked`: on PostgreSQL each of them wrote a block of its own."""
    restores.work({})
    put_back = house.copied()
    restores.work({})
    put_back()
    resume_row()
    house.marker.write_text(house.marker.read_text().replace('"count": ', '"count": 9'))

    before = halts()
    answers = together([restores.check] * 6)

    assert answers == [None] * 6
    with db.reading() as session:
        row = session.get_one(PayoutMarker, 1)
        assert row.restored_to is not None
        assert f'"count": {row.count}' in house.marker.read_text()
        assert str(row.count).startswith("9")
    assert halts() == before + 1
    assert halted()


@on_sqlite
def test_nothing_is_sent_when_the_database_went_back_under_a_running_worker(house: House) -> None:
    payout = house.approved()
    house.marker.write_text(house.marker.read_text().replace('"count": ', '"count": 9'))

    with pytest.raises(restores.WentBack):
        payouts.send_due({})

    assert client.transfers_of(payout.group_key) == []
    restores.work({})
    assert halted()


def halts() -> int:
    """How often payouts were halted."""
    halted_once = AuditEntry.action == "commission_payouts.halted"
    with db.reading() as session:
        return len(session.scalars(select(AuditEntry.id).where(halted_once)).all())


def resume_row() -> None:
    with db.unit_of_work() as session:
        restores.unblock(session)
