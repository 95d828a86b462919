"""Random lives on real databases: whatever happens, in any order, what must hold holds."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from random import Random
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from commissions.audit import prove
from commissions.crediting import credit_sale
from commissions.facts import Fact, Refunded, RefundedLine, Sale
from commissions.intake import record_sale
from commissions.life import record_facts
from commissions.models import Award, Counted, Entry, EntryKind, PeriodRow, Release, RuleRow
from commissions.plan_checks import check
from commissions.queries import balances
from commissions.terms import Terms
from tests.commissions import strategies
from tests.commissions.factories import BY, market, moment, published
from tests.commissions.house.acts import ACTS, House
from tests.commissions.house.ground import Ground
from tests.commissions.house.lives import Life

SOAK = bool(os.environ.get("GRIDSHOP_SOAK"))
stormy = settings(
    max_examples=1000 if SOAK else 25, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    ground = Ground()
    yield ground
    ground.close()


@st.composite
def histories(draw: st.DrawFn) -> tuple[Sale, list[Fact], Terms]:
    the_sale = draw(strategies.sales())
    plans = strategies.plans().filter(is_publishable)
    return the_sale, draw(strategies.facts_of(the_sale)), draw(plans)


def is_publishable(terms: Terms) -> bool:
    return not any(problem.is_error for problem in check(terms, market()))


def nets(ground: Ground, facts: list[Sale | Fact], terms: Terms) -> Counter[str]:
    """Tell a history to an empty engine in this order; the net of every payee."""
    with ground.history() as sessions, sessions.begin() as session:
        published(session, ground.ids, terms)
        for fact in facts:
            tell(session, fact, ground.ids)
        assert prove(session).findings == []
        found: Counter[str] = Counter()
        for payee_key, amount in session.execute(select(Entry.payee_key, Entry.amount)):
            found[payee_key] += amount
        return Counter({payee_key: amount for payee_key, amount in found.items() if amount})


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_at_the_same_sums(
    ground: Ground, history: tuple[Sale, list[Fact], Terms], random: Random
) -> None:
    the_sale, facts, terms = history
    told: list[Sale | Fact] = [the_sale, *facts]
    shuffled = [*told, *told[:4]]
    random.shuffle(shuffled)

    in_order = nets(ground, told, terms)

    assert nets(ground, shuffled, terms) == in_order


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
    ground: Ground, month: tuple[list[Sale], list[Fact], Terms], random: Random
) -> None:
    the_sales, facts, terms = month
    told: list[Sale | Fact] = [*the_sales, *facts]
    shuffled = [*told, *told[:4]]
    random.shuffle(shuffled)

    in_order = nets(ground, told, terms)

    assert nets(ground, shuffled, terms) == in_order


@pytest.mark.longer
@settings(stormy)
@given(months(), st.randoms(use_true_random=False))
def test_what_is_refunded_in_full_leaves_nobody_anything(
    ground: Ground, month: tuple[list[Sale], list[Fact], Terms], random: Random
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

    assert not nets(ground, told, terms)


@pytest.mark.longer
@settings(stormy)
@given(months(), st.randoms(use_true_random=False))
def test_no_cap_and_no_ceiling_is_ever_passed(
    ground: Ground, month: tuple[list[Sale], list[Fact], Terms], random: Random
) -> None:
    the_sales, facts, terms = month
    told: list[Sale | Fact] = [*the_sales, *facts]
    random.shuffle(told)
    sold = sum(line.base_amount for one in the_sales for line in one.lines)
    with ground.history() as sessions, sessions.begin() as session:
        published(session, ground.ids, terms)
        for fact in told:
            tell(session, fact, ground.ids)
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


class Storm(RuleBasedStateMachine):
    """One house, act by act; what Hypothesis finds it makes as short as it can."""

    kind = "sqlite"
    ground: ClassVar[Ground | None] = None

    @initialize()
    def open(self) -> None:
        if type(self).ground is None:
            type(self).ground = Ground(self.kind)
        ground = type(self).ground
        assert ground is not None
        self.rollback = ExitStack()
        sessions = self.rollback.enter_context(ground.history())
        self.life = Life(House(sessions, ground.ids, Random(0)))
        self.stands = True

    @rule(act=st.sampled_from(ACTS), choice=st.integers(0, 10**6))
    def act(self, act: str, choice: int) -> None:
        self.stands = False
        self.life.house.random.seed(choice)
        self.life.do(act)
        self.stands = True

    def teardown(self) -> None:
        if not hasattr(self, "life"):
            return
        with self.rollback:
            if self.stands:
                self.life.end()


class StormOnPostgres(Storm):
    """The same on the other database."""

    kind = "postgresql"
    ground = None


TestStorm = pytest.mark.heavy(Storm.TestCase)
TestStormOnPostgres = pytest.mark.heavy(StormOnPostgres.TestCase)
TestStorm.settings = TestStormOnPostgres.settings = settings(
    max_examples=300,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
