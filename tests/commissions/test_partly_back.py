"""A part of a transfer comes back: its own payout waits, two people decide, every cent has its place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commissions.audit import prove
from commissions.errors import StaleState
from commissions.models import Case, Entry, EntryKind, Payout, PayoutStatus
from commissions.payouts.approving import queue
from commissions.payouts.conditions import Conditions
from commissions.payouts.halting import is_halted
from commissions.payouts.hearing import hear
from commissions.payouts.leases import Progress, Sender
from commissions.payouts.method import Transfer
from commissions.payouts.partial import MoreCameBack, accept_part, book_part, undecided_amount
from commissions.payouts.preparing import prepare_run
from commissions.payouts.reconciling import reconcile
from commissions.payouts.returning import settle
from commissions.payouts.sending import advance
from commissions.plans import SamePerson
from commissions.queries import balances
from commissions.sealing import seal
from commissions.statements import closing, reading
from tests.commissions.conftest import Ids, Sessions
from tests.commissions.factories import (
    BY,
    approved,
    arrived,
    line,
    moment,
    party,
    policy,
    published,
    sale,
)
from tests.commissions.provider import Clock, Provider
from tests.commissions.test_payout_protocol import sender_of
from tests.commissions.test_statements import soon

PEOPLE = {"by": "maker", "second": "checker", "reason": "Stripe took it back"}


class Paid:
    """Ann was sent 10.00 less a fee of 1.00: two thirds for her shop, a third for her second one."""

    def __init__(self, sessions: Sessions, ids: Ids) -> None:
        self.sessions, self.ids = sessions, ids
        self.clock = Clock()
        self.provider = Provider(self.clock)
        keeps = policy(
            conditions_of=lambda _r, _c: Conditions(fee_amount=100),
            withhold=lambda _p, _c, gross: gross // 10,
        )
        with sessions.begin() as session:
            published(session, ids)
            for shop, base in (("ann", 5_556), ("annex", 2_778)):
                seller = party(shop, payee_key="ann")
                arrived(session, ids, sale(line(base=base, seller=seller), key=shop))
            prepare_run(session, keeps, by="maker", at=moment(30), ids=ids)
            payout = session.scalars(select(Payout)).one()
            self.payout_id = payout.id
            approved(session, ids, payout)
            queue(session, payout.id, by=BY, at=moment(31), ids=ids)
        assert advance(self.sender, self.payout_id, self.provider) is Progress.RECORDED

    @property
    def sender(self) -> Sender:
        return sender_of(self.sessions, self.clock, self.ids)

    @property
    def transfer(self) -> Transfer:
        return self.provider.transfers[0][1]

    def comes_back(self, amount: int) -> Progress | None:
        """So much came back in all; the news of it is told twice."""
        sent_at, one = self.provider.transfers[0]
        whole = amount == one.amount
        told = replace(one, reversed_amount=amount, is_reversed=whole)
        self.provider.transfers[0] = (sent_at, told)
        for _ in range(2):
            with self.sessions.begin() as session:
                heard = hear(session, self.sender, told.group_key, [told])
        return heard

    def book(self, amount: int, **people: str) -> None:
        with self.sessions.begin() as session:
            more = {**PEOPLE, **people}
            at, ids = moment(41), self.ids
            book_part(session, self.payout_id, amount=amount, at=at, ids=ids, **more)

    def accept(self, amount: int) -> None:
        with self.sessions.begin() as session:
            at, ids = moment(41), self.ids
            accept_part(session, self.payout_id, amount=amount, at=at, ids=ids, **PEOPLE)

    def stands(self) -> tuple[PayoutStatus, int, int]:
        """Status, what is paid, what is payable; the books are proven by the way."""
        with self.sessions.begin() as session:
            assert prove(session).findings == []
            payout = session.get_one(Payout, self.payout_id)
            (balance,) = balances(session, "ann", at=moment(41))
            return payout.status, balance.paid_amount, balance.available_amount

    def differences(self) -> list[str]:
        with self.sessions.begin() as session:
            told = [one for _, one in self.provider.transfers]
            at, ids = moment(41), self.ids
            found = reconcile(session, told, "net", since=moment(), by=BY, at=at, ids=ids)
            assert not is_halted(session)
            return [one.code for one in found]


@pytest.fixture
def paid(sessions: Sessions, ids: Ids) -> Paid:
    return Paid(sessions, ids)


def test_only_its_own_payout_waits_and_what_came_back_is_payable_again(paid: Paid) -> None:
    """1,000 were earned: 100 fee, 100 tax, 800 sent; 300 of them come back."""
    assert paid.stands() == (PayoutStatus.SENT, 1000, 0)

    assert paid.comes_back(300) is Progress.LEFT

    assert paid.stands()[0] is PayoutStatus.QUARANTINED
    assert paid.differences() == ["partly_reversed"]
    paid.book(300)
    assert paid.stands() == (PayoutStatus.SENT, 700, 300)
    assert paid.differences() == []
    assert paid.comes_back(300) is Progress.RECORDED
    assert paid.stands() == (PayoutStatus.SENT, 700, 300)


def test_each_point_has_its_share_of_it_and_tax_and_fee_are_not_taken_twice(paid: Paid) -> None:
    paid.comes_back(301)
    paid.book(301)

    with paid.sessions.begin() as session:
        assert shares(session) == {"ann": 201, "annex": 100}
        keeps = policy(
            conditions_of=lambda _r, _c: Conditions(fee_bps=1000),
            withhold=lambda _p, _c, gross: gross // 10,
        )
        prepare_run(session, keeps, by="maker", at=moment(42), ids=paid.ids)
        again = session.scalars(select(Payout).order_by(Payout.id.desc()).limit(1)).one()
        assert (again.amount, again.net_amount) == (301, 301)
    paid.stands()


def test_part_by_part_until_the_whole_is_back_ends_as_one_reversal(paid: Paid) -> None:
    for told, part in ((100, 100), (300, 200)):
        paid.comes_back(told)
        paid.book(part)
    assert paid.stands() == (PayoutStatus.SENT, 700, 300)

    paid.comes_back(800)
    paid.book(500)

    assert paid.stands() == (PayoutStatus.REVERSED, 0, 1000)
    assert paid.differences() == []
    with paid.sessions.begin() as session:
        assert shares(session) == {"ann": 0, "annex": 0}


def test_accepted_nothing_is_owed_for_it_and_the_same_news_asks_nobody_again(paid: Paid) -> None:
    with paid.sessions.begin() as session:
        settle(session, paid.payout_id, by=BY, at=moment(40), ids=paid.ids)
    paid.comes_back(300)
    paid.accept(300)

    assert paid.comes_back(300) is Progress.RECORDED
    assert paid.stands() == (PayoutStatus.SETTLED, 1000, 0)
    assert paid.differences() == []

    paid.comes_back(800)  # of the rest, people decide as well
    assert paid.stands()[0] is PayoutStatus.QUARANTINED
    paid.book(500)
    assert paid.stands() == (PayoutStatus.SETTLED, 500, 500)
    assert paid.differences() == []


def test_two_people_agree_to_exactly_the_amount_that_the_provider_shows(paid: Paid) -> None:
    paid.comes_back(300)
    paid.comes_back(400)
    with paid.sessions.begin() as session:
        assert undecided_amount(session, session.get_one(Payout, paid.payout_id)) == 400

    with pytest.raises(MoreCameBack):
        paid.book(300)
    with pytest.raises(SamePerson):
        paid.book(400, second="maker")
    paid.book(400)
    with pytest.raises(StaleState):
        paid.book(400)
    with pytest.raises(StaleState):
        paid.accept(400)

    assert paid.stands() == (PayoutStatus.SENT, 600, 400)


def test_a_part_that_came_back_before_the_transfer_was_known_is_seen(
    sessions: Sessions, ids: Ids
) -> None:
    """The copy that was restored knows neither the transfer nor what became of it."""
    paid = Paid(sessions, ids)
    told = replace(paid.transfer, reversed_amount=300)
    with sessions.begin() as session:
        fresh = session.scalars(select(Payout)).one()
        arrived(session, ids, sale(line(seller=party("bob")), key="bob"))
        prepare_run(session, policy(), by="maker", at=moment(33), ids=ids)
        other = session.scalars(select(Payout).where(Payout.id != fresh.id)).one()
        approved(session, ids, other, days=33)
        other_id = other.id
        queue(session, other_id, by=BY, at=moment(33), ids=ids)
        unknown = replace(
            told,
            ref="tr_unknown",
            group_key=other.group_key,
            amount=other.net_amount,
            destination_hash=other.destination_hash,
        )
    paid.provider.transfers.append((paid.clock.now, unknown))

    assert advance(paid.sender, other_id, paid.provider) is Progress.QUARANTINED
    with sessions.begin() as session:
        seen = session.get_one(Payout, other_id)
        assert (seen.transfer_ref, undecided_amount(session, seen)) == ("tr_unknown", 300)
        assert not is_halted(session)
        assert prove(session).is_clean


def test_the_statement_counts_it_as_less_paid_and_as_no_earning(paid: Paid) -> None:
    paid.comes_back(300)
    paid.book(300)

    with paid.sessions.begin() as session:
        seal(session, wall=soon(), by="job", ids=paid.ids)
        period = closing.Period(moment(0), moment(60))
        at, ids = moment(61), paid.ids
        closed = closing.close_period(
            session, "ann", "CNY", period, series="S", by=BY, at=at, ids=ids
        )
        assert closed is not None
        sums = (closed.earned_amount, closed.paid_amount, closed.fee_amount)
        assert (*sums, closed.withheld_amount, closed.closing_amount) == (1000, 500, 100, 100, 300)
        parts = reading.parts(session, closed)
        assert [(part.point_key, part.amount) for part in parts] == [("ann", 667), ("annex", 333)]
    paid.stands()


def test_a_booked_part_that_is_not_in_the_cases_is_found(paid: Paid) -> None:
    paid.comes_back(300)
    paid.book(300)
    with paid.sessions.begin() as session:
        session.get_one(Payout, paid.payout_id).returned_amount = 299
        session.flush()
        found = {one.code for one in prove(session).findings}
        session.rollback()

    assert found == {"returned_part_differs"}


def shares(session: Session) -> dict[str, int]:
    """What was given again, by point; each of it with its case."""
    rows = session.execute(
        select(Entry.point_key, func.sum(Entry.amount))
        .join(Case, Case.id == Entry.case_id)
        .where(Entry.kind == EntryKind.RETURNED)
        .group_by(Entry.point_key)
    )
    return {point: int(amount) for point, amount in rows}
