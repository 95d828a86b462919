"""The proof is silent when the books are right and names the first thing that is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from commissions.audit import prove, prove_snapshot
from commissions.guards import drop_guards
from commissions.intake import record_sale
from commissions.life import record_dispute, record_fulfilled, record_refund
from commissions.payouts.approving import void
from commissions.payouts.by_hand import register_by_hand
from commissions.sealing import house_totals, last_block, seal
from tests.commissions.conftest import Ids, Sessions
from tests.commissions.factories import (
    BY,
    approved,
    arrived,
    credited,
    disputed,
    fulfilled,
    line,
    lines_of,
    moment,
    party,
    prepared,
    published,
    refunded,
    sale,
    terms,
    tiered,
)
from tests.databases import Urls, make_engine


def lived(session: Session, ids: Ids) -> None:
    """A few sales in every state, with payouts."""
    published(session, ids)
    arrived(session, ids)
    arrived(session, ids, sale(*lines_of([105] * 7, seller=party("bob")), key="s2"))
    credited(session, ids, sale(line(base=9000, quantity=3), key="s3"))
    record_fulfilled(session, fulfilled(units=2, sale_key="s3"), by=BY, ids=ids)
    record_refund(session, refunded(3000, units=1, sale_key="s3"), by=BY, ids=ids)
    credited(session, ids, sale(line(seller=None), key="s4"))
    first, second = prepared(session, ids, "hand")
    approved(session, ids, first)
    register_by_hand(session, first.id, reference="1", by=BY, at=moment(31), ids=ids)
    void(session, second.id, by=BY, at=moment(31), ids=ids, reason="test")
    record_dispute(session, disputed("opened", days=32), by=BY, ids=ids)
    counting = terms(tiered((0, 1000), (5000, 2000), period_cap={"CNY": 900}))
    published(session, ids, counting, at=moment(33))
    for n, base in enumerate((4000, 4000)):
        late = sale(line(base=base), key=f"c{n}", placed_at=moment(34), paid_at=moment(34))
        arrived(session, ids, late, days=35)
    session.flush()


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=16)


class TestAudit:
    def test_right_books_are_silent(self, session: Session, ids: Ids) -> None:
        lived(session, ids)
        seal(session, wall=soon(), by="job", ids=ids, rows_per_block=3)

        report = prove(session)

        assert report.findings == []
        assert (report.sales, report.postings) == (6, report.postings)

    def test_an_uncredited_sale_is_named(self, session: Session, ids: Ids) -> None:
        record_sale(session, sale(), by=BY, at=moment(), ids=ids)

        report = prove(session)
        assert [finding.code for finding in report.findings] == ["sale_uncredited"]
        assert not report.is_broken

    def test_a_snapshot_is_not_disturbed_by_a_working_shop(
        self, sessions: Sessions, engine: Engine, ids: Ids
    ) -> None:
        with sessions.begin() as session:
            lived(session, ids)
        stop = threading.Event()

        def sell() -> None:
            for n in range(200):
                if stop.is_set():
                    return
                with sessions.begin() as session:
                    credited(session, ids, sale(key=f"busy-{n}"))

        seller = threading.Thread(target=sell)
        seller.start()
        reports = [prove_snapshot(engine) for _ in range(6)]
        stop.set()
        seller.join()

        assert [finding for report in reports for finding in report.findings] == []


ATTACKS = {
    "UPDATE commission_entry SET amount = amount + 1 WHERE kind = 'earn'": "amount_differs",
    "UPDATE commission_entry SET payee_key = 'eve' WHERE kind = 'earn'": "entry_differs",
    "UPDATE commission_sale SET currency = 'EUR'": "sale_altered",
    "UPDATE commission_sale_line SET base_amount = 1": "sale_altered",
    "UPDATE commission_fact SET at = '2031-01-01 00:00:00+00'": "fact_altered",
    "DELETE FROM commission_decision": "decision_missing",
    "DELETE FROM commission_release": "release_missing",
    "UPDATE commission_release SET available_at = delivered_at": "release_differs",
    "UPDATE commission_posting SET amount = amount + 1": "posting_differs",
    "UPDATE commission_posting SET recorded_at = '2001-01-01 00:00:00+00'": "block_broken",
    "DELETE FROM commission_posting WHERE id = (SELECT MIN(id) FROM commission_posting)": (
        "posting_differs"
    ),
    "UPDATE commission_block SET house_totals = '{}' WHERE number = 1": "block_broken",
    "UPDATE commission_balance SET earned_amount = earned_amount + 1": "balance_differs",
    "UPDATE commission_balance SET expected_amount = expected_amount + 1": "balance_differs",
    "DELETE FROM commission_balance": "balance_missing",
    "UPDATE commission_payout_claim SET amount = amount + 1": "payout_differs",
    "UPDATE commission_payout SET status = 'void'": "claim_state_differs",
    "UPDATE commission_sale_head SET version_id = 999 WHERE sale_key = 's1'": "wrong_version",
    "UPDATE commission_counted SET base_amount = base_amount - 1": "counting_differs",
    "DELETE FROM commission_counted": "counting_differs",
    "UPDATE commission_counted SET room_amount = room_amount + 1": "period_differs",
    "UPDATE commission_period SET award_amount = award_amount + 1": "award_differs",
    "UPDATE commission_period SET line_amount = 0": "period_differs",
    "UPDATE commission_award SET amount = amount + 1": "award_differs",
    "UPDATE commission_entry SET payee_key = 'eve' WHERE kind = 'difference'": (
        "award_entry_differs"
    ),
    "DELETE FROM commission_release WHERE sale_id IS NULL": "award_entry_differs",
}


@pytest.fixture
def owner(urls: Urls) -> Iterator[Engine]:
    engine = make_engine(urls.owner, migrating=True)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(("attack", "code"), ATTACKS.items())
def test_a_change_behind_the_guards_is_found(
    sessions: Sessions, owner: Engine, ids: Ids, attack: str, code: str
) -> None:
    with sessions.begin() as session:
        lived(session, ids)
        seal(session, wall=soon(), by="job", ids=ids, rows_per_block=3)
    with owner.begin() as connection:
        table = attack.split(" SET ")[0].split()[-1] if "SET" in attack else attack.split()[2]
        drop_guards(connection, table)
        connection.execute(text(attack.replace(":", r"\:")))

    with sessionmaker(owner)() as session:
        codes = [finding.code for finding in prove(session).findings]

    assert code in codes


class TestSealing:
    def test_young_rows_are_left_alone(self, session: Session, ids: Ids) -> None:
        lived(session, ids)

        assert seal(session, wall=datetime.now(UTC), by="job", ids=ids) == []
        assert seal(session, wall=soon(), by="job", ids=ids) == [1]
        assert seal(session, wall=soon(), by="job", ids=ids) == []

    def test_house_balances_are_sealed_sums_plus_a_tail(self, session: Session, ids: Ids) -> None:
        lived(session, ids)
        unsealed = house_totals(session)
        seal(session, wall=soon(), by="job", ids=ids, rows_per_block=4)
        credited(session, ids, sale(key="tail"))

        totals = house_totals(session)

        assert totals["CNY"]["platform:cash"] == unsealed["CNY"]["platform:cash"] == 480
        expense = "brand:commission_expense"
        assert totals["CNY"][expense] == unsealed["CNY"][expense] - 480
        block = last_block(session)
        assert block is not None
        assert block.number > 1
