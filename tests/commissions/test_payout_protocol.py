"""A payout is sent at most once, and once in the end, whatever breaks on the way."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from commissions import create_schema
from commissions.audit import prove
from commissions.life import record_refund
from commissions.models import Attempt, Payout, PayoutStatus, Posting
from commissions.payouts.approving import (
    MayStillLand,
    clear_quarantine,
    queue,
    void,
    void_after_send,
)
from commissions.payouts.halting import halt_payouts, is_halted, resume_payouts
from commissions.payouts.hearing import hear
from commissions.payouts.leases import order_of
from commissions.payouts.method import Answer, AnswerKind, LookUpFailed, Order, Transfer
from commissions.payouts.reconciling import reconcile
from commissions.payouts.sending import Progress, Sender, advance, confirm_absence, due_payouts
from commissions.plans import SamePerson
from tests.commissions.conftest import Ids, Sessions
from tests.commissions.factories import (
    BY,
    approved,
    arrived,
    line,
    moment,
    party,
    prepared,
    published,
    queued,
    refunded,
    sale,
)
from tests.commissions.provider import Clock, Crash, Fault, Killed, Provider
from tests.databases import make_engine

BASIC_FAULTS = (
    Fault.NONE,
    Fault.REQUEST_LOST,
    Fault.ANSWER_LOST,
    Fault.RATE_LIMITED,
    Fault.ERROR_DONE,
    Fault.ERROR_NOT_DONE,
)
HARD_FAULTS = (*BASIC_FAULTS, Fault.LATE_REQUEST, Fault.LATE_ERROR_DONE, Fault.REFUSED)
PAUSES = (timedelta(seconds=60), timedelta(hours=25))
Attempt_ = tuple[Fault, Crash, timedelta]


def sender_of(
    sessions: Sessions, clock: Clock, ids: Ids, *, owner: str = "worker", crash_after: int = 0
) -> Sender:
    """A worker; with `crash_after` it dies right after that commit."""
    commits = itertools.count(1)

    @contextmanager
    def unit_of_work() -> Iterator[Session]:
        with sessions.begin() as session:
            yield session
        if next(commits) == crash_after:
            raise Killed

    return Sender(
        unit_of_work=unit_of_work, now=clock, wall=clock, ids=ids, by="job:send", owner=owner
    )


def finish(sender: Sender, clock: Clock, payout_id: int, provider: Provider) -> int:
    """Clean passes until the payout rests; how many it took."""
    for passes in range(1, 60):
        clock.pass_(timedelta(minutes=6))
        if advance(sender, payout_id, provider) is Progress.RECORDED:
            return passes
        with sender.unit_of_work() as session:
            status = session.scalar(select(Payout.status).where(Payout.id == payout_id))
        if status is PayoutStatus.SENT:
            return passes
    raise AssertionError("the payout is stuck")


def run_case(
    sessions: Sessions, ids: Ids, payout_id: int, attempts: tuple[Attempt_, ...], lag: timedelta
) -> Counter[str]:
    """One history of faults, then clean passes; what came of it."""
    clock = Clock()
    provider = Provider(clock, lag=lag)
    for n, (fault, crash, pause) in enumerate(attempts):
        provider.script = [(fault, crash)]
        with suppress(Killed):
            advance(sender_of(sessions, clock, ids, owner=f"w{n}"), payout_id, provider)
        clock.pass_(pause)
    provider.script = []
    finish(sender_of(sessions, clock, ids, owner="last"), clock, payout_id, provider)
    clock.pass_(timedelta(hours=1))
    provider.look_up(
        Order(
            payout_id=payout_id,
            group_key="",
            key="",
            payee_key="",
            amount=1,
            currency="CNY",
            destination_hash="",
            destination_sealed="",
        )
    )
    with sessions() as session:
        sent = session.scalars(
            select(Posting.amount).where(Posting.payout_id == payout_id, Posting.key.like("%sent%"))
        ).all()
    return Counter(transfers=len(provider.transfers), booked=len(sent))


@pytest.fixture(scope="module")
def memory() -> Iterator[Engine]:
    engine = make_engine("sqlite://")
    with engine.begin() as connection:
        create_schema(connection)
    yield engine
    engine.dispose()


def many_queued(sessions: Sessions, ids: Ids, count: int) -> list[int]:
    """Approved and queued payouts of as many payees."""
    with sessions.begin() as session:
        published(session, ids)
        for start in range(0, count, 48):
            lines = [
                line(str(n), seller=party(f"p{start + n}")) for n in range(min(48, count - start))
            ]
            arrived(session, ids, sale(*lines, key=f"bulk-{start}"))
        payouts = prepared(session, ids)
        for payout in payouts:
            approved(session, ids, payout)
            queue(session, payout.id, by="checker", at=moment(30), ids=ids)
        return [payout.id for payout in payouts]


def enumerate_cases(
    engine: Engine, faults: tuple[Fault, ...], lag: timedelta, *, every: int = 1
) -> Counter[tuple[int, int]]:
    """All histories of two faults; as many at a time as payouts stand queued in one database."""
    sessions = sessionmaker(engine)
    ids: Callable[[], int] = itertools.count(1).__next__
    singles = list(itertools.product(faults, Crash, PAUSES))
    cases = list(itertools.product(singles, repeat=2))[::every]
    payouts = many_queued(sessions, ids, 48)
    ends: Counter[tuple[int, int]] = Counter()
    with engine.connect() as connection:
        database = connection.connection.driver_connection
    assert isinstance(database, sqlite3.Connection)
    all_queued = sqlite3.connect(":memory:")
    database.backup(all_queued)
    for n, attempts in enumerate(cases):
        if n % len(payouts) == 0:
            all_queued.backup(database)
        end = run_case(sessions, ids, payouts[n % len(payouts)], attempts, lag)
        ends[end["transfers"], end["booked"]] += 1
    all_queued.close()
    return ends


@pytest.mark.heavy
def test_every_two_faults_end_in_one_transfer_and_one_booking(memory: Engine) -> None:
    """6 faults × 4 crash points × 2 pauses, twice in a row: 2,304 histories."""
    ends = enumerate_cases(memory, BASIC_FAULTS, timedelta(0))

    assert ends == {(1, 1): 2304}


@pytest.mark.longer
def test_late_requests_and_lagging_look_ups_do_not_pay_twice() -> None:
    """A sample of the harder model; `make soak` runs all of it."""
    engine = make_engine("sqlite://")
    with engine.begin() as connection:
        create_schema(connection)
    every = 1 if os.environ.get("GRIDSHOP_SOAK") else 47

    ends = enumerate_cases(engine, HARD_FAULTS, timedelta(seconds=60), every=every)

    assert set(ends) == {(1, 1)}
    engine.dispose()


class TestOnePass:
    def test_killed_after_any_commit_it_still_ends_once(self, sessions: Sessions, ids: Ids) -> None:
        ids_of_payouts = many_queued(sessions, ids, 8)
        for payout_id, crash_after in zip(ids_of_payouts, range(1, 9), strict=True):
            clock = Clock()
            provider = Provider(clock, script=[(Fault.ERROR_NOT_DONE, Crash.NONE)])
            sender = sender_of(sessions, clock, ids, owner="first", crash_after=crash_after)
            try:
                for _ in range(4):
                    advance(sender, payout_id, provider)
                    clock.pass_(timedelta(minutes=16))
            except Killed:
                clock.pass_(timedelta(minutes=6))

            finish(sender_of(sessions, clock, ids, owner="next"), clock, payout_id, provider)

            assert len(provider.transfers) == 1

    def test_a_live_lease_keeps_others_out(self, sessions: Sessions, ids: Ids) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()
        provider = Provider(clock, script=[(Fault.NONE, Crash.BEFORE_CALL)])
        with pytest.raises(Killed):
            advance(sender_of(sessions, clock, ids, owner="dead"), payout_id, provider)

        assert advance(sender_of(sessions, clock, ids), payout_id, provider) is Progress.LEFT
        with sessions() as session:
            assert due_payouts(session, "net", wall=clock.now) == []
            later = clock.now + timedelta(minutes=5)
            assert due_payouts(session, "net", wall=later) == [payout_id]

    def test_two_workers_on_one_payout_send_once(self, sessions: Sessions, ids: Ids) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()
        provider = Provider(clock)
        first = advance(sender_of(sessions, clock, ids, owner="a"), payout_id, provider)
        second = advance(sender_of(sessions, clock, ids, owner="b"), payout_id, provider)

        assert (first, second) == (Progress.RECORDED, Progress.LEFT)
        assert len(provider.transfers) == 1

    def test_halted_payouts_are_not_sent(self, sessions: Sessions, ids: Ids) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        with sessions.begin() as session:
            halt_payouts(session, reason="restored", by=BY, at=moment(40), ids=ids)
        clock = Clock()
        provider = Provider(clock)

        progress = advance(sender_of(sessions, clock, ids), payout_id, provider)

        assert (progress, provider.transfers) == (Progress.WAITING, [])

    def test_a_refund_since_the_approval_blocks(self, sessions: Sessions, ids: Ids) -> None:
        with sessions.begin() as session:
            payout_id = queued(session, ids).id
            record_refund(session, refunded(1000, days=31), by=BY, ids=ids)
        clock = Clock()
        provider = Provider(clock)

        progress = advance(sender_of(sessions, clock, ids), payout_id, provider)

        assert (progress, provider.transfers) == (Progress.BLOCKED, [])
        with sessions.begin() as session:
            payout = session.get_one(Payout, payout_id)
            assert payout.status_reason == "entries_changed"
            void(session, payout_id, by=BY, at=moment(41), ids=ids, reason="prepare anew")
            assert [p.amount for p in prepared(session, ids, days=41)] == [360]

    @pytest.mark.parametrize(
        "differs", [{"amount": 1}, {"currency": "EUR"}, {"destination_hash": "x"}], ids=str
    )
    def test_a_transfer_that_differs_is_quarantined_and_halts(
        self, sessions: Sessions, ids: Ids, differs: dict[str, Any]
    ) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()
        provider = Provider(clock)
        ours = Transfer(
            ref="tr_x",
            group_key=f"payout:{payout_id}",
            amount=480,
            currency="CNY",
            destination_hash="hash-p0",
        )
        provider.transfers.append((clock.now, replace(ours, **differs)))

        progress = advance(sender_of(sessions, clock, ids), payout_id, provider)

        assert progress is Progress.QUARANTINED
        with sessions() as session:
            assert is_halted(session)
            assert session.get_one(Payout, payout_id).status is PayoutStatus.QUARANTINED
            (noted,) = session.scalars(
                select(Attempt.detail).where(Attempt.event == "quarantined")
            ).all()
            shown = {"transfer": "tr_x", "amount": 480, "currency": "CNY", "back": 0}
            found = {**shown, **{name: differs[name] for name in shown if name in differs}}
            same_place = "destination_hash" not in differs
            assert noted["found"] == [{**found, "same_place": same_place}]

    def test_a_look_up_that_fails_waits(self, sessions: Sessions, ids: Ids) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()

        class Dark(Provider):
            def look_up(self, order: Order) -> list[Transfer]:
                raise LookUpFailed

        progress = advance(sender_of(sessions, clock, ids), payout_id, Dark(clock))

        assert progress is Progress.WAITING
        assert advance(sender_of(sessions, clock, ids), payout_id, Provider(clock)) == "recorded"

    def test_a_transfer_found_reversed_records_both(self, sessions: Sessions, ids: Ids) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()
        provider = Provider(clock)
        found = Transfer(
            ref="tr_x",
            group_key=f"payout:{payout_id}",
            amount=480,
            currency="CNY",
            destination_hash="hash-p0",
            is_reversed=True,
        )
        provider.transfers.append((clock.now, found))

        advance(sender_of(sessions, clock, ids), payout_id, provider)

        with sessions() as session:
            assert session.get_one(Payout, payout_id).status is PayoutStatus.REVERSED


class TestAnswers:
    def answered(self, sessions: Sessions, ids: Ids, kind: AnswerKind) -> tuple[int, Progress]:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()

        class Answering(Provider):
            def send(self, order: Order) -> Answer:
                return Answer(kind=kind)

        return payout_id, advance(sender_of(sessions, clock, ids), payout_id, Answering(clock))

    @pytest.mark.parametrize(
        ("kind", "progress", "status", "halts"),
        [
            (AnswerKind.BUSY, Progress.WAITING, PayoutStatus.QUEUED, False),
            (AnswerKind.INSUFFICIENT_FUNDS, Progress.WAITING, PayoutStatus.QUEUED, False),
            (AnswerKind.INVALID, Progress.BLOCKED, PayoutStatus.BLOCKED, False),
            (AnswerKind.UNAUTHORIZED, Progress.WAITING, PayoutStatus.QUEUED, True),
            (AnswerKind.KEY_MISUSED, Progress.QUARANTINED, PayoutStatus.QUARANTINED, True),
        ],
    )
    def test_each_class_has_its_place(
        self,
        sessions: Sessions,
        ids: Ids,
        kind: AnswerKind,
        progress: Progress,
        status: PayoutStatus,
        halts: bool,
    ) -> None:
        payout_id, found = self.answered(sessions, ids, kind)

        with sessions() as session:
            payout = session.get_one(Payout, payout_id)
            assert (found, payout.status, is_halted(session)) == (progress, status, halts)
            assert payout.status_reason == kind.value

    def test_an_answer_after_the_lease_is_still_recorded_once(
        self, sessions: Sessions, ids: Ids
    ) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()
        first = sender_of(sessions, clock, ids, owner="slow")
        second = sender_of(sessions, clock, ids, owner="quick")

        class Slow(Provider):
            """While one worker waits for its answer, its lease ends and another looks."""

            def send(self, order: Order) -> Answer:
                clock.pass_(timedelta(minutes=6))
                with suppress(Killed):
                    advance(second, payout_id, Lost(clock))
                return Provider.send(self, order)

        class Lost(Provider):
            def send(self, order: Order) -> Answer:
                return Answer(kind=AnswerKind.UNKNOWN)

        provider = Slow(clock)

        assert advance(first, payout_id, provider) is Progress.RECORDED
        assert advance(second, payout_id, provider) is Progress.LEFT
        with sessions() as session:
            assert session.get_one(Payout, payout_id).status is PayoutStatus.SENT

    def test_a_late_refusal_does_not_undo_what_another_recorded(
        self, sessions: Sessions, ids: Ids
    ) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()
        good = Provider(clock)

        class Slow(Provider):
            def send(self, order: Order) -> Answer:
                clock.pass_(timedelta(minutes=6))
                advance(sender_of(sessions, clock, ids, owner="quick"), payout_id, good)
                return Answer(kind=AnswerKind.INVALID)

        slow = sender_of(sessions, clock, ids, owner="slow")

        assert advance(slow, payout_id, Slow(clock)) is Progress.LEFT
        with sessions() as session:
            assert session.get_one(Payout, payout_id).status is PayoutStatus.SENT

    def test_a_second_transfer_in_an_answer_is_quarantined(
        self, sessions: Sessions, ids: Ids
    ) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()
        good = Provider(clock)

        class Doubling(Provider):
            def send(self, order: Order) -> Answer:
                clock.pass_(timedelta(minutes=6))
                advance(sender_of(sessions, clock, ids, owner="quick"), payout_id, good)
                self.transfers.append((clock.now, good.transfers[0][1]))
                return Provider.send(self, order)

        slow = sender_of(sessions, clock, ids, owner="slow")

        assert advance(slow, payout_id, Doubling(clock)) is Progress.QUARANTINED
        with sessions() as session:
            assert is_halted(session)

    def test_two_transfers_of_one_group_are_a_matter_for_people(
        self, sessions: Sessions, ids: Ids
    ) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()
        provider = Provider(clock, script=[(Fault.ANSWER_LOST, Crash.NONE)])
        advance(sender_of(sessions, clock, ids), payout_id, provider)
        provider.transfers.append(provider.transfers[0])

        progress = advance(sender_of(sessions, clock, ids), payout_id, provider)

        assert progress is Progress.QUARANTINED

    def test_a_doubled_transfer_that_was_taken_back_lets_two_people_go_on(
        self, sessions: Sessions, ids: Ids
    ) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()
        provider = Provider(clock, script=[(Fault.ANSWER_LOST, Crash.NONE)])
        sender = sender_of(sessions, clock, ids)
        advance(sender, payout_id, provider)
        sent_at, first = provider.transfers[0]
        provider.transfers.append((sent_at, replace(first, ref="tr_double")))
        advance(sender, payout_id, provider)

        provider.transfers[1] = (sent_at, replace(first, ref="tr_double", is_reversed=True))
        with sessions.begin() as session:
            clear_quarantine(
                session, payout_id, by="ann", second="bob", at=clock.now, ids=ids, reason="doubled"
            )
            resume_payouts(session, reason="doubled", by="ann", second="bob", at=clock.now, ids=ids)
        confirm_absence(sender, payout_id, provider)

        with sessions() as session:
            payout = session.get_one(Payout, payout_id)
            assert (payout.status, payout.transfer_ref) == (PayoutStatus.SENT, first.ref)
            assert prove(session).is_clean

    def test_what_was_sent_before_its_quarantine_is_proven_and_stands_as_sent_again(
        self, sessions: Sessions, ids: Ids
    ) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()
        provider = Provider(clock)
        sender = sender_of(sessions, clock, ids)
        advance(sender, payout_id, provider)
        _sent_at, first = provider.transfers[0]
        doubled = [first, replace(first, ref="tr_double")]
        with sessions.begin() as session:
            hear(session, sender, first.group_key, doubled)
            assert session.get_one(Payout, payout_id).status is PayoutStatus.QUARANTINED
            assert prove(session).is_clean

        with sessions.begin() as session, pytest.raises(SamePerson):
            clear_quarantine(
                session, payout_id, by="ann", second="ann", at=clock.now, ids=ids, reason="x"
            )
        with sessions.begin() as session:
            clear_quarantine(
                session, payout_id, by="ann", second="bob", at=clock.now, ids=ids, reason="x"
            )

        with sessions() as session:
            assert session.get_one(Payout, payout_id).status is PayoutStatus.SENT
            assert prove(session).is_clean

    def test_too_little_lease_is_left_alone(self, sessions: Sessions, ids: Ids) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()

        class Sluggish(Provider):
            def look_up(self, order: Order) -> list[Transfer]:
                clock.pass_(timedelta(minutes=2))
                return []

        provider = Sluggish(clock)

        assert advance(sender_of(sessions, clock, ids), payout_id, provider) is Progress.WAITING
        assert provider.transfers == []


class TestBlockedAfterSend:
    def refused(self, sessions: Sessions, ids: Ids) -> tuple[int, Clock, Provider]:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()

        class Refusing(Provider):
            def send(self, order: Order) -> Answer:
                return Answer(kind=AnswerKind.CANNOT_RECEIVE)

        provider = Refusing(clock)
        progress = advance(sender_of(sessions, clock, ids), payout_id, provider)
        assert progress is Progress.BLOCKED
        return payout_id, clock, provider

    def test_void_needs_proof_of_absence_and_two_people(self, sessions: Sessions, ids: Ids) -> None:
        payout_id, clock, provider = self.refused(sessions, ids)
        with pytest.raises(MayStillLand), sessions.begin() as session:
            void_after_send(
                session, payout_id, by="a", second="b", at=clock.now, ids=ids, reason="gone"
            )

        for _ in range(2):
            clock.pass_(timedelta(minutes=16))
            confirm_absence(sender_of(sessions, clock, ids), payout_id, provider)

        with sessions.begin() as session:
            assert void_after_send(
                session, payout_id, by="a", second="b", at=clock.now, ids=ids, reason="gone"
            )
            assert len(prepared(session, ids, days=41)) == 1

    def test_queued_again_it_gets_a_new_key_after_the_quiet_time(
        self, sessions: Sessions, ids: Ids
    ) -> None:
        payout_id, clock, _ = self.refused(sessions, ids)
        with sessions.begin() as session:
            queue(session, payout_id, by=BY, at=clock.now, ids=ids)
        provider = Provider(clock)

        finish(sender_of(sessions, clock, ids), clock, payout_id, provider)

        with sessions() as session:
            events = session.scalars(select(Attempt.event).order_by(Attempt.id)).all()
        assert events == [
            "marked",
            "answered",
            "absent",
            "new_epoch",
            "marked",
            "answered",
            "recorded",
        ]

    def test_what_turns_up_meanwhile_is_recorded(self, sessions: Sessions, ids: Ids) -> None:
        payout_id, clock, _ = self.refused(sessions, ids)
        provider = Provider(clock)
        with sessions() as session:
            order = order_of(session.get_one(Payout, payout_id))
        provider.send(order)

        found = confirm_absence(sender_of(sessions, clock, ids), payout_id, provider)

        assert found is Progress.RECORDED
        again = confirm_absence(sender_of(sessions, clock, ids), payout_id, provider)
        assert again is Progress.LEFT

    def test_what_lands_after_a_void_halts(self, sessions: Sessions, ids: Ids) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()

        class Voiding(Provider):
            def send(self, order: Order) -> Answer:
                with sessions.begin() as session:
                    payout = session.get_one(Payout, payout_id)
                    payout.status = PayoutStatus.VOID  # what two people may do by mistake
                return Provider.send(self, order)

        progress = advance(sender_of(sessions, clock, ids), payout_id, Voiding(clock))

        assert progress is Progress.QUARANTINED
        with sessions() as session:
            assert is_halted(session)


class TestReconcile:
    def test_a_second_transfer_halts(self, sessions: Sessions, ids: Ids) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()
        provider = Provider(clock)
        advance(sender_of(sessions, clock, ids), payout_id, provider)
        provider.transfers.append((clock.now, provider.transfers[0][1]))

        with sessions.begin() as session:
            found = reconcile(
                session,
                [transfer for _, transfer in provider.transfers],
                "net",
                since=moment(0),
                by="job",
                at=clock.now,
                ids=ids,
            )
            assert [disagreement.code for disagreement in found] == ["several_transfers"]
            assert is_halted(session)

    def test_a_payout_without_its_transfer_halts(self, sessions: Sessions, ids: Ids) -> None:
        (payout_id,) = many_queued(sessions, ids, 1)
        clock = Clock()
        provider = Provider(clock)
        advance(sender_of(sessions, clock, ids), payout_id, provider)

        with sessions.begin() as session:
            assert (
                reconcile(
                    session,
                    [provider.transfers[0][1]],
                    "net",
                    since=moment(0),
                    by="job",
                    at=clock.now,
                    ids=ids,
                )
                == []
            )
            found = reconcile(session, [], "net", since=moment(0), by="job", at=clock.now, ids=ids)
            assert [disagreement.code for disagreement in found] == ["transfer_missing"]

    def test_unknown_differing_and_unrecorded_transfers_are_named(
        self, sessions: Sessions, ids: Ids
    ) -> None:
        first, second = many_queued(sessions, ids, 2)
        clock = Clock()

        def transfer(group: str, amount: int) -> Transfer:
            return Transfer(
                ref=f"tr_{group}",
                group_key=group,
                amount=amount,
                currency="CNY",
                destination_hash="hash-p0",
            )

        seen = [
            transfer("payout:0", 1),
            transfer(f"payout:{first}", 480),
            transfer(f"payout:{second}", 1),
        ]
        with sessions.begin() as session:
            found = reconcile(
                session, seen, "net", since=moment(0), by="job", at=clock.now, ids=ids
            )

        assert {(d.code, d.halts) for d in found} == {
            ("payout_missing", True),
            ("unrecorded", False),
            ("transfer_differs", True),
        }
