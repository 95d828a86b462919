"""Random lives of shops on a real database: after every storm the proof is silent."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Engine, func, or_, select
from sqlalchemy.orm import Session, sessionmaker

from commissions import create_schema
from commissions.audit import prove
from commissions.crediting import credit_sale
from commissions.errors import CommissionError, KeyReused
from commissions.facts import DisputePhase, Fact, Refunded, RefundedLine, RefundFailed, Sale
from commissions.holds import On, close_hold, open_hold
from commissions.intake import record_sale
from commissions.life import (
    record_delivered,
    record_dispute,
    record_facts,
    record_fulfilled,
    record_refund,
    record_refund_failed,
)
from commissions.models import (
    Award,
    Claim,
    Counted,
    Entry,
    EntryKind,
    Payout,
    PayoutStatus,
    PeriodRow,
    Release,
    RuleRow,
)
from commissions.payouts.approving import void
from commissions.payouts.by_hand import ClaimChanged, register_by_hand
from commissions.payouts.returning import take_back
from commissions.plan_checks import check
from commissions.queries import balances
from commissions.sealing import seal
from commissions.terms import Period, Role, Terms
from tests.commissions import strategies
from tests.commissions.conftest import build
from tests.commissions.factories import (
    BY,
    approved,
    bonus,
    delivered,
    disputed,
    fulfilled,
    line,
    market,
    moment,
    party,
    percent,
    prepared,
    published,
    refunded,
    sale,
    tiered,
)
from tests.databases import fresh_database, make_engine

SOAK = bool(os.environ.get("GRIDSHOP_SOAK"))
stormy = settings(
    max_examples=1000 if SOAK else 25, deadline=None, suppress_health_check=list(HealthCheck)
)


def fresh_engine(kind: str) -> Engine:
    if kind == "sqlite":
        engine = make_engine("sqlite://")
        with engine.begin() as connection:
            create_schema(connection)
        return engine
    return make_engine(fresh_database(kind, "commissions", build).app)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Sale, list[Fact], Terms]:
    the_sale = draw(strategies.sales())
    plans = strategies.plans().filter(is_publishable)
    return the_sale, draw(strategies.facts_of(the_sale)), draw(plans)


def is_publishable(terms: Terms) -> bool:
    return not any(problem.is_error for problem in check(terms, market()))


def nets(engine: Engine, facts: list[Sale | Fact], terms: Terms) -> Counter[str]:
    """Tell a history to an empty engine in this order; the net of every payee."""
    ids = itertools.count(1).__next__
    with Session(engine) as session:
        published(session, ids, terms)
        for fact in facts:
            tell(session, fact, ids)
        assert prove(session).findings == []
        found: Counter[str] = Counter()
        for payee_key, amount in session.execute(select(Entry.payee_key, Entry.amount)):
            found[payee_key] += amount
        return Counter({payee_key: amount for payee_key, amount in found.items() if amount})


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_at_the_same_sums(
    history: tuple[Sale, list[Fact], Terms], random: Random
) -> None:
    the_sale, facts, terms = history
    told: list[Sale | Fact] = [the_sale, *facts]
    shuffled = [*told, *told[:4]]
    random.shuffle(shuffled)

    in_order = nets(fresh_engine("sqlite"), told, terms)

    assert nets(fresh_engine("sqlite"), shuffled, terms) == in_order


@st.composite
def months(draw: st.DrawFn) -> tuple[list[Sale], list[Fact], Terms]:
    """Some sales over two months, all of which have arrived in the end, and a plan that counts."""
    the_sales, facts = [], []
    for n in range(draw(st.integers(1, 3))):
        one = replace(draw(strategies.sales()), key=f"s{n}")
        found = draw(strategies.facts_of(one, last=40))
        the_sales.append(one)
        facts += [*found, *strategies.the_rest_of(one, found, 45)]
    return the_sales, facts, draw(strategies.counting_plans().filter(is_publishable))


@pytest.mark.longer
@settings(stormy)
@given(months(), st.randoms(use_true_random=False))
def test_periods_come_to_the_same_in_any_order(
    month: tuple[list[Sale], list[Fact], Terms], random: Random
) -> None:
    the_sales, facts, terms = month
    told: list[Sale | Fact] = [*the_sales, *facts]
    shuffled = [*told, *told[:4]]
    random.shuffle(shuffled)

    in_order = nets(fresh_engine("sqlite"), told, terms)

    assert nets(fresh_engine("sqlite"), shuffled, terms) == in_order


@pytest.mark.longer
@settings(stormy)
@given(months(), st.randoms(use_true_random=False))
def test_what_is_refunded_in_full_leaves_nobody_anything(
    month: tuple[list[Sale], list[Fact], Terms], random: Random
) -> None:
    the_sales, facts, terms = month
    all_back: list[Fact] = [
        Refunded(
            key="all",
            sale_key=one.key,
            at=moment(50),
            lines=tuple(RefundedLine(line_key=s.key, amount=s.base_amount) for s in one.lines),
        )
        for one in the_sales
    ]
    told: list[Sale | Fact] = [*the_sales, *facts, *all_back]
    random.shuffle(told)

    assert not nets(fresh_engine("sqlite"), told, terms)


@pytest.mark.longer
@settings(stormy)
@given(months(), st.randoms(use_true_random=False))
def test_no_cap_and_no_ceiling_is_ever_passed(
    month: tuple[list[Sale], list[Fact], Terms], random: Random
) -> None:
    the_sales, facts, terms = month
    told: list[Sale | Fact] = [*the_sales, *facts]
    random.shuffle(told)
    engine = fresh_engine("sqlite")
    ids = itertools.count(1).__next__
    sold = sum(line.base_amount for one in the_sales for line in one.lines)
    with Session(engine) as session:
        published(session, ids, terms)
        for fact in told:
            tell(session, fact, ids)
            for period in session.scalars(select(PeriodRow)).all():
                for day in (16, 20, 31, 40, 59, 70):
                    assert payable(session, period, day) <= cap_of(session, period)
                    for view in balances(session, period.payee_key, at=moment(day)):
                        assert view.pending_amount >= 0
        total = session.scalar(select(func.coalesce(func.sum(Entry.amount), 0)))
        assert (total or 0) * 10_000 <= sold * terms.ceiling_bps


def tell(session: Session, fact: Sale | Fact, ids: Callable[[], int]) -> None:
    if isinstance(fact, Sale):
        recorded = record_sale(session, fact, by=BY, at=fact.paid_at, ids=ids)
        credit_sale(session, recorded, by=BY, at=fact.paid_at, ids=ids)
    else:
        record_facts(session, [fact], by=BY, ids=ids)


def cap_of(session: Session, period: PeriodRow) -> int:
    rule = session.get_one(RuleRow, period.rule_id)
    return rule.period_cap.get(period.currency, 10**15)


def payable(session: Session, period: PeriodRow, day: int) -> int:
    """What may be paid on a day of one period: lines that count in it, and its differences."""
    due = select(Release.entry_id).where(Release.available_at <= moment(day))
    moves = (
        select(Counted.line_id, Counted.role, Counted.cause, Counted.cause_key)
        .where(Counted.period_id == period.id, ~Counted.is_bonus)
        .group_by(Counted.line_id, Counted.role, Counted.cause, Counted.cause_key)
        .having(func.sum(Counted.base_amount) + func.sum(Counted.line_amount) != 0)
    ).subquery()
    earnings = (
        select(Entry.id)
        .join(
            moves,
            (moves.c.line_id == Entry.line_id)
            & (moves.c.role == Entry.role)
            & (moves.c.cause == Entry.cause)
            & (moves.c.cause_key == Entry.cause_key),
        )
        .where(Entry.kind == EntryKind.EARN)
    )
    differences = (
        select(Entry.id).join(Award, Award.id == Entry.award_id).where(Award.period_id == period.id)
    )
    which = or_(Entry.origin_id.in_(earnings), Entry.id.in_(differences))
    total = session.scalar(
        select(func.coalesce(func.sum(Entry.amount), 0)).where(which, Entry.origin_id.in_(due))
    )
    return int(total or 0)


class Shop(RuleBasedStateMachine):
    """Sells, ships, refunds, disputes, holds and pays at random; time only goes on."""

    kind = "sqlite"

    @initialize()
    def open(self) -> None:
        self.engine = fresh_engine(self.kind)
        self.sessions = sessionmaker(self.engine)
        self.ids = itertools.count(1).__next__
        self.day = 0.0
        self.sales: list[Sale] = []
        self.hand_overs: list[tuple[str, str]] = []
        self.refunds: list[tuple[str, str]] = []
        self.disputes: list[tuple[str, str]] = []
        self.holds: list[str] = []
        self.count = itertools.count()
        rules = (
            tiered((0, 1000), (15_000, 1200), period_cap={"CNY": 2500}),
            percent(300, Role.UPLINE, order_cap={"CNY": 150}),
            percent(433, Role.FULFILLER, period=Period.MONTH, period_cap={"CNY": 700}),
            bonus(9000, bps=100),
        )
        with self.sessions.begin() as session:
            published(session, self.ids, Terms(rules=rules, zone="Asia/Shanghai"))

    @rule(days=st.sampled_from([0.1, 1, 15]))
    def wait(self, days: float) -> None:
        self.day += days

    @rule(
        bases=st.lists(st.integers(1, 9999), min_size=1, max_size=3),
        quantity=st.integers(1, 3),
        seller=st.sampled_from(["ann", "bob"]),
    )
    def sell(self, bases: list[int], quantity: int, seller: str) -> None:
        lines = [
            line(
                str(n),
                base,
                quantity=quantity,
                seller=party(seller),
                upline=party("dealer", contract="c1"),
            )
            for n, base in enumerate(bases)
        ]
        now = moment(self.day)
        sold = sale(*lines, key=f"s{len(self.sales)}", placed_at=now, paid_at=now)
        self.sales.append(sold)
        with self.sessions.begin() as session:
            recorded = record_sale(session, sold, by=BY, at=now, ids=self.ids)
            credit_sale(session, recorded, by=BY, at=now, ids=self.ids)

    @precondition(lambda self: self.sales)
    @rule(data=st.data(), by_point=st.sampled_from([None, "store", "ann"]))
    def hand_over(self, data: st.DataObject, by_point: str | None) -> None:
        sold = data.draw(st.sampled_from(self.sales))
        key = f"h{next(self.count)}"
        fact = fulfilled(
            key,
            data.draw(st.sampled_from(sold.lines)).key,
            days=self.day,
            sale_key=sold.key,
            by_point=party(by_point) if by_point else None,
        )
        try:
            with self.sessions.begin() as session:
                record_fulfilled(session, fact, by=BY, ids=self.ids)
        except CommissionError:
            return
        self.hand_overs.append((sold.key, key))

    @precondition(lambda self: self.hand_overs)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        sale_key, key = data.draw(st.sampled_from(self.hand_overs))
        fact = delivered(key, days=self.day, key=f"d{next(self.count)}", sale_key=sale_key)
        with self.sessions.begin() as session:
            record_delivered(session, fact, by=BY, ids=self.ids)

    @precondition(lambda self: self.sales)
    @rule(data=st.data(), whole=st.booleans(), units=st.sampled_from([None, 0, 1, 2]))
    def refund(self, data: st.DataObject, whole: bool, units: int | None) -> None:
        sold = data.draw(st.sampled_from(self.sales))
        one = data.draw(st.sampled_from(sold.lines))
        amount = one.base_amount if whole else data.draw(st.integers(0, one.base_amount))
        key = f"r{next(self.count)}"
        fact = refunded(amount, key, one.key, units, self.day, sale_key=sold.key)
        with self.sessions.begin() as session:
            record_refund(session, fact, by=BY, ids=self.ids)
            record_refund(session, fact, by=BY, ids=self.ids)
        self.refunds.append((sold.key, key))

    @precondition(lambda self: self.refunds)
    @rule(data=st.data())
    def refund_fails(self, data: st.DataObject) -> None:
        sale_key, key = data.draw(st.sampled_from(self.refunds))
        fact = RefundFailed(key=f"f{key}", sale_key=sale_key, at=moment(self.day), refund_key=key)
        # Told before at another time it is refused as a reused key.
        with suppress(KeyReused), self.sessions.begin() as session:
            record_refund_failed(session, fact, by=BY, ids=self.ids)

    @precondition(lambda self: self.sales)
    @rule(data=st.data(), amount=st.one_of(st.none(), st.integers(1, 9999)))
    def dispute(self, data: st.DataObject, amount: int | None) -> None:
        sold = data.draw(st.sampled_from(self.sales))
        key = f"dp{next(self.count)}"
        fact = disputed("opened", key, self.day, amount, sale_key=sold.key)
        with self.sessions.begin() as session:
            record_dispute(session, fact, by=BY, ids=self.ids)
        self.disputes.append((sold.key, key))

    @precondition(lambda self: self.disputes)
    @rule(data=st.data(), phase=st.sampled_from([DisputePhase.WON, DisputePhase.LOST]))
    def close_dispute(self, data: st.DataObject, phase: DisputePhase) -> None:
        sale_key, key = data.draw(st.sampled_from(self.disputes))
        self.disputes.remove((sale_key, key))
        fact = disputed(phase, key, self.day, sale_key=sale_key)
        with self.sessions.begin() as session:
            record_dispute(session, fact, by=BY, ids=self.ids)

    @rule(who=st.sampled_from(["ann", "store"]), days=st.one_of(st.none(), st.just(5)))
    def hold(self, who: str, days: int | None) -> None:
        key = f"hold{next(self.count)}"
        with self.sessions.begin() as session:
            open_hold(
                session,
                On(point_key=who),
                key=key,
                reason="review",
                owner="staff",
                until=None if days is None else moment(self.day + days),
                by=BY,
                at=moment(self.day),
                ids=self.ids,
            )
        self.holds.append(key)

    @precondition(lambda self: self.holds)
    @rule()
    def let_go(self) -> None:
        with self.sessions.begin() as session:
            close_hold(session, self.holds.pop(), by=BY, at=moment(self.day), ids=self.ids)

    @rule()
    def prepare(self) -> None:
        with self.sessions.begin() as session:
            for payout in prepared(session, self.ids, "hand", self.day):
                releases = session.scalars(
                    select(Release.available_at)
                    .join(Entry, Entry.origin_id == Release.entry_id)
                    .join(Claim, Claim.entry_id == Entry.id)
                    .where(Claim.payout_id == payout.id)
                ).all()
                assert payout.amount > 0
                assert max(releases) <= moment(self.day)

    @rule(end=st.sampled_from(["pay", "pay", "void", "return"]))
    def finish(self, end: str) -> None:
        now = moment(self.day)
        with self.sessions() as session:
            waiting = (PayoutStatus.DRAFT,) if end != "return" else (PayoutStatus.SENT,)
            payouts = session.scalars(select(Payout).where(Payout.status.in_(waiting))).all()
            ids = [payout.id for payout in payouts]
        for payout_id in ids[:2]:
            with self.sessions.begin() as session:
                payout = session.get_one(Payout, payout_id)
                if end == "return":
                    take_back(session, payout_id, event_key="e", by=BY, at=now, ids=self.ids)
                    continue
                try:
                    if end == "pay":
                        approved(session, self.ids, payout, self.day)
                        register_by_hand(
                            session,
                            payout_id,
                            reference=str(payout_id),
                            by=BY,
                            at=now,
                            ids=self.ids,
                        )
                        continue
                except (CommissionError, ClaimChanged):
                    pass
                void(session, payout_id, by=BY, at=now, ids=self.ids, reason="changed")

    @rule()
    def seal(self) -> None:
        wall = datetime.now(UTC) + timedelta(minutes=16)
        with self.sessions.begin() as session:
            seal(session, wall=wall, by="job", ids=self.ids, rows_per_block=7)

    @invariant()
    def the_proof_is_silent(self) -> None:
        if not hasattr(self, "engine"):
            return
        with self.sessions() as session:
            assert prove(session).findings == []
            for payee_key in ("ann", "bob", "store", "dealer"):
                for view in balances(session, payee_key, at=moment(self.day)):
                    assert min(view.expected_amount, view.pending_amount) >= 0
                    assert view.held_amount >= 0
            for period in session.scalars(select(PeriodRow)).all():
                assert payable(session, period, int(self.day)) <= cap_of(session, period)

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()


class ShopOnPostgres(Shop):
    """The same on the other database."""

    kind = "postgresql"


TestShop = pytest.mark.longer(Shop.TestCase)
TestShop.settings = settings(
    max_examples=2000 if SOAK else 60,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestShopOnPostgres = pytest.mark.longer(ShopOnPostgres.TestCase)
TestShopOnPostgres.settings = settings(
    TestShop.settings, max_examples=200 if SOAK else 6, stateful_step_count=30
)
