"""Many hands at once on both databases: one claim, one approval, one credit, never both."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import sessionmaker

from commissions.audit import prove
from commissions.crediting import credit_sale
from commissions.errors import CommissionError
from commissions.holds import On, open_hold
from commissions.intake import record_sale
from commissions.life import record_delivered, record_dispute, record_facts, record_refund
from commissions.models import Claim, Entry, EntryKind, Hold, Payout, PayoutStatus, Posting
from commissions.payouts.approving import approve, queue, void
from commissions.payouts.by_hand import register_by_hand
from commissions.payouts.sending import advance
from commissions.terms import Period, Rule, TierMode
from tests import races
from tests.commissions.conftest import Ids, Sessions
from tests.commissions.factories import (
    BY,
    arrived,
    credited,
    delivered,
    disputed,
    fulfilled,
    line,
    moment,
    percent,
    prepared,
    published,
    queued,
    refunded,
    sale,
    terms,
    tiered,
)
from tests.commissions.provider import Clock, Provider
from tests.commissions.test_payout_protocol import sender_of

THREADS = 8


def together(*acts: Callable[[], object]) -> list[object]:
    """Run all at the same moment; their answers, or the refusals they ended with."""
    answers = races.together(acts)
    refused = (CommissionError, IntegrityError)
    crashed = [
        one for one in answers if isinstance(one, Exception) and not isinstance(one, refused)
    ]
    assert crashed == []
    return list(answers)


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    return sessionmaker(engine)


def clean(sessions: Sessions) -> bool:
    with sessions() as session:
        return prove(session).findings == []


def test_one_sale_told_by_many_is_credited_once(sessions: Sessions, ids: Ids) -> None:
    with sessions.begin() as session:
        published(session, ids)

    def tell() -> object:
        with sessions.begin() as session:
            return credited(session, ids)

    answers = together(*[tell] * THREADS)

    assert [type(answer).__name__ for answer in answers] == ["Sale"] * THREADS
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Entry)) == 1
    assert clean(sessions)


def test_one_refund_told_by_many_reverses_once(sessions: Sessions, ids: Ids) -> None:
    with sessions.begin() as session:
        published(session, ids)
        credited(session, ids)

    def tell(key: str) -> object:
        with sessions.begin() as session:
            return record_refund(session, refunded(1000, key), by=BY, ids=ids)

    answers = together(*[lambda n=n: tell(f"r{n % 3}") for n in range(9)])

    assert sorted(map(str, answers)) == ["False"] * 6 + ["True"] * 3
    with sessions() as session:
        taken = select(func.sum(Entry.amount)).where(Entry.kind == EntryKind.REVERSE)
        assert session.scalar(taken) == -360
    assert clean(sessions)


def test_facts_and_crediting_at_once_end_the_same(sessions: Sessions, ids: Ids) -> None:
    with sessions.begin() as session:
        published(session, ids)
        recorded = record_sale(session, sale(), by=BY, at=moment(), ids=ids)

    def credit() -> object:
        with sessions.begin() as session:
            return credit_sale(session, recorded.stored.sale.key, by=BY, at=moment(), ids=ids)

    def refund() -> object:
        with sessions.begin() as session:
            return record_refund(session, refunded(4000), by=BY, ids=ids)

    together(credit, refund, credit, refund)

    with sessions() as session:
        assert session.scalar(select(func.sum(Entry.amount))) == 0
    assert clean(sessions)


def test_one_balance_is_claimed_by_one_run(sessions: Sessions, ids: Ids) -> None:
    with sessions.begin() as session:
        published(session, ids)
        arrived(session, ids)

    def prepare() -> object:
        with sessions.begin() as session:
            return len(prepared(session, ids))

    answers = together(*[prepare] * THREADS)

    assert sorted(answers, key=str) == [0] * (THREADS - 1) + [1]
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Claim)) == 1
    assert clean(sessions)


@pytest.mark.parametrize("round_", range(3))
def test_approve_against_void_has_one_winner(sessions: Sessions, ids: Ids, round_: int) -> None:
    with sessions.begin() as session:
        published(session, ids)
        arrived(session, ids)
        payout = prepared(session, ids)[0]
        payout_id, terms_hash = payout.id, payout.terms_hash

    def agree() -> object:
        with sessions.begin() as session:
            return approve(
                session,
                payout_id,
                expected_hash=terms_hash,
                by="checker",
                at=moment(30),
                ids=ids,
            )

    def take_back() -> object:
        with sessions.begin() as session:
            return void(session, payout_id, by="maker", at=moment(30), ids=ids, reason="x")

    answers = together(*[agree, take_back] * (THREADS // 2))

    assert answers.count(True) in (1, 2)  # void alone, or approved first and void then
    with sessions() as session:
        status = session.get_one(Payout, payout_id).status
        freed = session.scalars(select(Claim.released_at)).one()
        assert (status is PayoutStatus.VOID) == (freed is not None)
    assert clean(sessions)


def test_one_payout_is_registered_once(sessions: Sessions, ids: Ids) -> None:
    with sessions.begin() as session:
        payout_id = queued(session, ids, "hand").id

    def register(reference: str) -> object:
        with sessions.begin() as session:
            return register_by_hand(
                session, payout_id, reference=reference, by=BY, at=moment(31), ids=ids
            )

    answers = together(*[lambda n=n: register(f"r{n}") for n in range(THREADS)])

    assert answers.count(True) == 1
    with sessions() as session:
        sent = select(func.count()).select_from(Posting).where(Posting.key.like("%sent%"))
        assert session.scalar(sent) == 1
    assert clean(sessions)


def test_many_workers_send_one_transfer(sessions: Sessions, ids: Ids) -> None:
    with sessions.begin() as session:
        payout_id = queued(session, ids).id
    clock = Clock()
    provider = Provider(clock)

    answers = together(
        *[
            lambda n=n: advance(sender_of(sessions, clock, ids, owner=f"w{n}"), payout_id, provider)
            for n in range(THREADS)
        ]
    )

    assert sorted(map(str, answers)) == ["left"] * (THREADS - 1) + ["recorded"]
    assert len(provider.transfers) == 1
    assert clean(sessions)


@pytest.mark.parametrize("round_", range(3))
def test_void_against_sending_has_one_winner(sessions: Sessions, ids: Ids, round_: int) -> None:
    with sessions.begin() as session:
        payout_id = queued(session, ids).id
    clock = Clock()
    provider = Provider(clock)

    def take_back() -> object:
        with sessions.begin() as session:
            return void(session, payout_id, by="maker", at=moment(40), ids=ids, reason="x")

    def send() -> object:
        return advance(sender_of(sessions, clock, ids), payout_id, provider)

    together(take_back, send)

    with sessions() as session:
        status = session.get_one(Payout, payout_id).status
    assert (status, len(provider.transfers)) in (
        (PayoutStatus.VOID, 0),
        (PayoutStatus.SENT, 1),
    )
    assert clean(sessions)


@pytest.mark.parametrize("round_", range(4))
def test_a_hold_against_a_claim_has_one_winner(sessions: Sessions, ids: Ids, round_: int) -> None:
    with sessions.begin() as session:
        published(session, ids)
        arrived(session, ids)

    def prepare() -> object:
        with sessions.begin() as session:
            return [payout.id for payout in prepared(session, ids)]

    def hold() -> object:
        with sessions.begin() as session:
            claimed_before = session.scalar(select(func.count()).select_from(Claim))
            open_hold(
                session,
                On(payee_key="ann"),
                key="k",
                reason="review",
                owner="staff",
                until=moment(90),
                by=BY,
                at=moment(30),
                ids=ids,
            )
            return claimed_before

    together(prepare, hold)

    with sessions.begin() as session:
        assert session.scalar(select(func.count()).select_from(Hold)) == 1
        assert prepared(session, ids) == []
        claims = session.scalar(select(func.count()).select_from(Claim))
        assert claims in (0, 1)
    assert clean(sessions)


@pytest.mark.parametrize("round_", range(4))
def test_a_dispute_against_a_claim_is_held_or_reserved(
    sessions: Sessions, ids: Ids, round_: int
) -> None:
    with sessions.begin() as session:
        published(session, ids)
        arrived(session, ids)

    def prepare() -> object:
        with sessions.begin() as session:
            return len(prepared(session, ids))

    def dispute() -> object:
        with sessions.begin() as session:
            return record_dispute(session, disputed("opened", days=29), by=BY, ids=ids)

    together(prepare, dispute)

    with sessions() as session:
        claims = session.scalar(select(func.count()).select_from(Claim))
        reserved = session.scalar(
            select(func.count()).select_from(Entry).where(Entry.kind == EntryKind.RESERVE)
        )
    assert claims == reserved
    assert clean(sessions)


def test_a_refund_against_sending_leaves_a_debt_or_stops_it(sessions: Sessions, ids: Ids) -> None:
    with sessions.begin() as session:
        payout_id = queued(session, ids).id
    clock = Clock()
    provider = Provider(clock)

    def refund() -> object:
        with sessions.begin() as session:
            return record_refund(session, refunded(4000, days=31), by=BY, ids=ids)

    together(refund, lambda: advance(sender_of(sessions, clock, ids), payout_id, provider))

    with sessions.begin() as session:
        payout = session.get_one(Payout, payout_id)
        if payout.status is PayoutStatus.BLOCKED:
            queue(session, payout_id, by=BY, at=moment(41), ids=ids)
            with suppress(CommissionError):
                void(session, payout_id, by=BY, at=moment(41), ids=ids, reason="refunded")
        net = session.scalar(select(func.sum(Entry.amount)))
        assert net == 0
    assert clean(sessions)


def capped_sales(sessions: Sessions, ids: Ids, rule: Rule) -> None:
    """One sale of 80.00 for each thread, handed over and not yet arrived."""
    with sessions.begin() as session:
        published(session, ids, terms(rule))
        for n in range(THREADS):
            credited(session, ids, sale(line(base=8000), key=f"s{n}"))
            hand_over = fulfilled(sale_key=f"s{n}", by_point=None)
            record_facts(session, [hand_over], by=BY, ids=ids)


@pytest.mark.parametrize("round_", range(3))
def test_deliveries_at_once_never_pass_a_cap(sessions: Sessions, ids: Ids, round_: int) -> None:
    capped_sales(sessions, ids, percent(1000, period=Period.MONTH, period_cap={"CNY": 1000}))

    def deliver(n: int) -> object:
        with sessions.begin() as session:
            fact = delivered("h1", sale_key=f"s{n}")
            return record_delivered(session, fact, by=BY, ids=ids)

    answers = together(*[lambda n=n: deliver(n) for n in range(THREADS)])

    assert answers == [True] * THREADS
    with sessions() as session:
        assert session.scalar(select(func.sum(Entry.amount))) == 1000
    assert clean(sessions)


@pytest.mark.parametrize("round_", range(3))
def test_deliveries_and_refunds_at_once_end_in_the_right_band(
    sessions: Sessions, ids: Ids, round_: int
) -> None:
    capped_sales(sessions, ids, tiered((0, 1000), (20_000, 1500), tier_mode=TierMode.RETROACTIVE))

    def deliver(n: int) -> object:
        with sessions.begin() as session:
            fact = delivered("h1", sale_key=f"s{n}")
            return record_delivered(session, fact, by=BY, ids=ids)

    def refund(n: int) -> object:
        with sessions.begin() as session:
            fact = refunded(8000, sale_key=f"s{n}")
            return record_refund(session, fact, by=BY, ids=ids)

    back = THREADS - 3
    together(
        *[lambda n=n: deliver(n) for n in range(THREADS)],
        *[lambda n=n: refund(n) for n in range(back)],
    )

    with sessions() as session:
        assert session.scalar(select(func.sum(Entry.amount))) == 3600
    assert clean(sessions)
