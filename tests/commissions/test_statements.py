"""Statements: everything stands on exactly one of them, and none of them ever changes."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from commissions import audit
from commissions.guards import drop_guards
from commissions.life import record_dispute, record_refund
from commissions.models import Balance, Payout, Posting, Series, Statement, StatementLine
from commissions.payouts.by_hand import register_by_hand
from commissions.payouts.conditions import Conditions
from commissions.payouts.preparing import prepare_run
from commissions.payouts.returning import take_back
from commissions.sealing import seal
from commissions.statements import reading
from commissions.statements.closing import (
    NotSealed,
    Period,
    PeriodOverlaps,
    close_period,
    reissue,
)
from tests.commissions.conftest import Ids, Sessions
from tests.commissions.factories import (
    BY,
    approved,
    arrived,
    disputed,
    line,
    moment,
    party,
    policy,
    published,
    refunded,
    sale,
)
from tests.commissions.test_audit import soon
from tests.databases import Urls, make_engine


def closed(
    session: Session, ids: Ids, start: float, end: float, payee: str = "ann"
) -> Statement | None:
    """The ledger is sealed, then the period is closed."""
    seal(session, wall=soon(), by="job", ids=ids)
    return close_period(
        session,
        payee,
        "CNY",
        Period(moment(start), moment(end)),
        series="2026",
        by=BY,
        at=moment(end + 1),
        ids=ids,
    )


def sums(found: Statement | None) -> dict[str, int]:
    assert found is not None
    names = ("opening", "earned", "reversed", "held", "released", "paid", "fee", "withheld")
    amounts = {name: getattr(found, f"{name}_amount") for name in (*names, "closing")}
    return {name: amount for name, amount in amounts.items() if amount}


def owed(session: Session, payee: str = "ann") -> int:
    found = session.get(Balance, (payee, "CNY"), populate_existing=True)
    return found.earned_amount if found else 0


def test_three_periods_carry_over_and_hold_every_movement(session: Session, ids: Ids) -> None:
    published(session, ids)
    arrived(session, ids)
    record_refund(session, refunded(1000, days=5), by=BY, ids=ids)
    assert sums(closed(session, ids, 0, 30)) == {"earned": 480, "reversed": 120, "closing": 360}

    keeps = policy(
        "hand",
        conditions_of=lambda _rail, _currency: Conditions(fee_amount=10),
        withhold=lambda _payee, _currency, gross: gross // 10,
    )
    prepare_run(session, keeps, by="maker", at=moment(31), ids=ids)
    second = closed(session, ids, 30, 60)
    assert sums(second) == {"opening": 360, "paid": 314, "fee": 10, "withheld": 36}

    arrived(session, ids, sale(key="s2", placed_at=moment(61), paid_at=moment(61)), days=62)
    record_dispute(session, disputed("opened", days=63), by=BY, ids=ids)
    third = closed(session, ids, 60, 90)
    assert sums(third) == {"earned": 480, "held": 360, "closing": 120}
    record_dispute(session, disputed("won", days=91), by=BY, ids=ids)
    assert sums(closed(session, ids, 90, 120)) == {"opening": 120, "released": 360, "closing": 480}

    assert owed(session) == 480
    earned = (Posting.credit == "payee:ann:earned") | (Posting.debit == "payee:ann:earned")
    assert session.scalar(select(func.count()).where(earned)) == session.scalar(
        select(func.count()).select_from(StatementLine)
    )
    assert list(audit.audit(session)) == []


def test_what_came_late_stands_on_the_next_one_and_says_so(session: Session, ids: Ids) -> None:
    published(session, ids)
    arrived(session, ids)
    first = closed(session, ids, 0, 30)
    before = sums(first)

    record_refund(session, refunded(1000, days=29), by=BY, ids=ids)  # told after the closing
    second = closed(session, ids, 30, 60)

    assert second is not None
    assert sums(second) == {"opening": 480, "reversed": 120, "closing": 360}
    assert [one.is_late for one in reading.lines(session, second)] == [True]
    assert sums(first) == before


def test_a_returned_payout_gives_all_its_parts_back(session: Session, ids: Ids) -> None:
    published(session, ids)
    arrived(session, ids)
    keeps = policy("hand", conditions_of=lambda _r, _c: Conditions(fee_amount=10))
    prepare_run(session, keeps, by="maker", at=moment(30), ids=ids)
    paid = session.scalars(select(Payout)).one()
    approved(session, ids, paid)
    register_by_hand(session, paid.id, reference="1", by=BY, at=moment(31), ids=ids)
    take_back(session, paid.id, event_key="b", by=BY, at=moment(32), ids=ids)

    assert sums(closed(session, ids, 0, 60)) == {"earned": 480, "closing": 480}
    assert list(audit.audit(session)) == []


class TestNumbers:
    def test_have_no_gaps_whatever_was_given_up(self, sessions: Sessions, ids: Ids) -> None:
        with sessions.begin() as session:
            published(session, ids)
            for n, name in enumerate(("ann", "bob", "eve")):
                arrived(session, ids, sale(line(seller=party(name)), key=f"s{n}"))
            seal(session, wall=soon(), by="job", ids=ids)
        numbers = []
        for name in ("ann", "bob", "eve"):
            with sessions() as session:  # somebody stops halfway: the number is not used up
                closed(session, ids, 0, 30, name)
                session.rollback()
            with sessions.begin() as session:
                statement = closed(session, ids, 0, 30, name)
                assert statement is not None
                numbers.append(statement.number)
        assert numbers == [1, 2, 3]

    def test_a_copy_has_its_own_and_the_same_account(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)
        first = closed(session, ids, 0, 30)
        assert first is not None

        copy = reissue(session, first.id, reason="new address", by=BY, at=moment(40), ids=ids)

        assert (copy.number, copy.copy, copy.original_id) == (2, 2, first.id)
        assert sums(copy) == sums(first)
        assert copy.checksum != first.checksum
        assert reading.lines(session, copy) == reading.lines(session, first)
        record_refund(session, refunded(1000, days=31), by=BY, ids=ids)
        assert sums(closed(session, ids, 30, 60)) == {
            "opening": 480, "reversed": 120, "closing": 360,
        }  # fmt: skip
        assert list(audit.audit(session)) == []


def test_a_period_is_closed_once_and_only_over_sealed_rows(session: Session, ids: Ids) -> None:
    published(session, ids)
    arrived(session, ids)
    period = Period(moment(0), moment(30))

    def close(period: Period) -> Statement | None:
        return close_period(
            session, "ann", "CNY", period, series="s", by=BY, at=moment(31), ids=ids
        )

    with pytest.raises(NotSealed):
        close(period)
    first = closed(session, ids, 0, 30)
    assert close(period) is first
    with pytest.raises(PeriodOverlaps):
        close(Period(moment(15), moment(45)))
    assert closed(session, ids, 0, 30, "nobody") is None
    assert session.get_one(Series, "2026").last_number == 1


def test_each_point_has_its_part(session: Session, ids: Ids) -> None:
    published(session, ids)
    two = (line("1", 4000, seller=party("north", payee_key="ann")),)
    other = (line("1", 1000, seller=party("south", payee_key="ann")),)
    arrived(session, ids, sale(*two))
    arrived(session, ids, sale(*other, key="s2"))
    record_refund(session, refunded(2000, days=4), by=BY, ids=ids)

    found = closed(session, ids, 0, 30)
    assert found is not None

    parts = [
        (one.point_key, one.earned_amount, one.amount) for one in reading.parts(session, found)
    ]
    assert parts == [("north", 480, 240), ("south", 120, 120)]
    assert sum(amount for *_names, amount in parts) == found.closing_amount


BREAKS = {
    "statement_checksum_differs": "UPDATE commission_statement SET earned_amount = 481,"
    " reversed_amount = reversed_amount + 1",
    "statement_sum_differs": "DELETE FROM commission_statement_line WHERE position = 1",
    "statement_line_differs": "UPDATE commission_statement_line SET request_hash = 'x'",
    "statement_not_carried": "UPDATE commission_statement SET opening_amount = 1,"
    " earned_amount = earned_amount - 1",
    "statement_number_gap": "UPDATE commission_statement SET number = 7",
}


@pytest.mark.parametrize(("code", "attack"), BREAKS.items())
def test_the_proof_names_each_break(
    sessions: Sessions, ids: Ids, urls: Urls, code: str, attack: str
) -> None:
    with sessions.begin() as session:
        published(session, ids)
        arrived(session, ids)
        closed(session, ids, 0, 30)
    with pytest.raises(DBAPIError), sessions.begin() as session:
        session.execute(text(attack))
    owner = make_engine(urls.owner)
    with owner.begin() as connection:  # an owner without the guards
        for table in ("commission_statement", "commission_statement_line"):
            drop_guards(connection, table)
        connection.execute(text(attack))
    owner.dispose()

    with sessions() as session:
        codes = {finding.code for finding in audit.audit(session)}
    assert code in codes
