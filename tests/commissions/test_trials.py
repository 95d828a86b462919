"""What-if: a plan over past sales says to the cent what the calculator would have said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from commissions.life import record_facts, record_refund
from commissions.models import Entry, Trial, TrialBlock, TrialLine
from commissions.rows import table_of
from commissions.terms import Basis, Period, Rate, Role, Rule, SamePoint, Terms, When
from commissions.trials.deck import packed, shrunk, unpacked
from commissions.trials.running import NothingToTry
from tests.commissions.conftest import Ids
from tests.commissions.factories import (
    BY,
    bonus,
    credited,
    delivered,
    fulfilled,
    line,
    moment,
    party,
    percent,
    published,
    refunded,
    sale,
    terms,
    tiered,
)
from tests.commissions.strategies import amounts, counting_plans, facts_of
from tests.commissions.what_if import (
    Told,
    asked,
    by_calculator,
    by_deck,
    costs_what_it_cost,
    pieces,
    totals,
    tried,
)

BOB = party("bob", kind="store", group="gold")
people = st.sampled_from(
    [
        party("ann", kind="dealer", grade="a"),
        BOB,
        party("cat", refusal="point_suspended"),
        party("store", kind="store"),
    ]
)
managers = st.sampled_from([party("ann", contract="c1", kind="dealer"), BOB, party("dog")])


@st.composite
def told_sales(draw: st.DrawFn, number: int) -> Told:
    """A sale as shops sell: mostly one seller and one manager for all lines, at times several."""
    alike = draw(st.integers(0, 3)) > 0
    seller, upline = draw(st.one_of(st.none(), people)), draw(st.one_of(st.none(), managers))
    lines = []
    for place in range(draw(st.integers(1, 5))):
        base = draw(amounts)
        lines.append(
            line(
                f"{number}-{place}",
                base,
                quantity=draw(st.integers(1, 4)),
                cost_amount=draw(st.one_of(st.none(), st.integers(0, base))),
                product_key=draw(st.sampled_from(["tea", "rice", "oil"])),
                category_keys=draw(st.sampled_from([(), ("food",), ("food", "new")])),
                commissionable=draw(st.integers(0, 5)) > 0,
                seller=seller if alike else draw(st.one_of(st.none(), people)),
                upline=upline if alike else draw(st.one_of(st.none(), managers)),
            )
        )
    made = sale(*lines, key=f"s{number}", channel="web", new_customer=draw(st.booleans()))
    return made, draw(facts_of(made))


@st.composite
def conditions(draw: st.DrawFn) -> When:
    words: dict[str, Any] = {
        "products": ("tea",),
        "categories": ("new",),
        "points": ("ann", "store"),
        "point_kinds": ("store",),
        "point_groups": ("gold",),
        "grades": ("a",),
        "customers": ("new",),
        "channels": ("counter",),
        "from_amount": {"CNY": 40},
        "below_amount": {"CNY": 9000},
    }
    chosen = draw(st.lists(st.sampled_from(sorted(words)), max_size=2, unique=True))
    return When(**{name: words[name] for name in chosen})


@st.composite
def rules(draw: st.DrawFn, role: Role, position: int) -> Rule:
    rule = percent(draw(st.integers(0, 2500)), role, position, when=draw(conditions()))
    unusual: dict[str, Any] = draw(
        st.sampled_from(
            [
                {},
                {},
                {},
                {"floor": {"CNY": 30}},
                {"cap": {"CNY": 200}},
                {"order_cap": {"CNY": 300}},
                {"basis": Basis.PROFIT},
                {"rate": Rate.FIXED, "fixed": {"CNY": 70}},
                {"basis": Basis.SELLER} if role is Role.UPLINE else {},
            ]
        )
    )
    return replace(rule, **unusual)


@st.composite
def plans(draw: st.DrawFn) -> Terms:
    found = [
        draw(rules(role, position))
        for role in (Role.SELLER, Role.FULFILLER, Role.UPLINE)
        for position in range(1, 1 + draw(st.integers(0, 3)))
    ]
    return Terms(
        rules=tuple(found),
        ceiling_bps=draw(st.sampled_from([0, 500, 1750, 3000, 10_000])),
        same_point=draw(st.sampled_from(SamePoint)),
    )


@settings(max_examples=150, deadline=None)
@given(st.data(), plans())
def test_it_is_the_calculator_line_by_line(data: st.DataObject, terms: Terms) -> None:
    told = [data.draw(told_sales(n)) for n in range(data.draw(st.integers(1, 4)))]

    assert by_deck(told, terms) == by_calculator(told, terms)


@settings(max_examples=40, deadline=None)
@given(st.data(), counting_plans())
def test_whole_periods_count_the_same(data: st.DataObject, terms: Terms) -> None:
    told = [data.draw(told_sales(n)) for n in range(data.draw(st.integers(1, 4)))]

    assert by_deck(told, terms) == by_calculator(told, terms)


@pytest.fixture
def year(session: Session, ids: Ids) -> Terms:
    """A plan with bands, a cap and a bonus in force, and sales in every state under it."""
    the_terms = terms(
        tiered((0, 800), (9000, 1100), period=Period.MONTH),
        percent(400, Role.FULFILLER, period=Period.MONTH, period_cap={"CNY": 500}),
        percent(200, Role.UPLINE),
        bonus(12_000, fixed={"CNY": 700}),
    )
    published(session, ids, the_terms)
    managed: dict[str, Any] = {"upline": party("boss", contract="c1"), "seller": party("ann")}
    for n in range(12):
        key, sold = f"s{n}", line(base=1000 + 777 * n, quantity=2, **managed)
        credited(session, ids, sale(sold, line("2", 333, seller=BOB), key=key))
        if n % 3:
            handed = [fulfilled(f"a{n}", units=1, sale_key=key)]
            handed.append(fulfilled(f"b{n}", units=1, by_point=BOB, sale_key=key))
            arrival = delivered(f"a{n}", f"b{n}", sale_key=key, days=2 + n)
            record_facts(session, [*handed, arrival], by=BY, ids=ids)
        if n % 4 == 0:
            record_refund(session, refunded(500, sale_key=key), by=BY, ids=ids)
    session.commit()
    return the_terms


def test_the_plan_of_the_books_comes_to_what_the_books_say(
    session: Session, ids: Ids, year: Terms
) -> None:
    assert costs_what_it_cost(session, ids, year)


def test_another_plan_is_set_beside_the_books(session: Session, ids: Ids, year: Terms) -> None:
    del year
    trial = tried(session, ids, terms(percent(1000)))
    by_role, by_point = totals(session, trial, "role"), totals(session, trial, "point")
    per_line = select(func.sum(TrialLine.now_amount), func.sum(TrialLine.then_amount))

    now, then = session.execute(per_line.where(TrialLine.role == Role.SELLER)).one()
    entries = select(func.sum(Entry.amount)).where(Entry.line_id.is_not(None))
    booked = session.scalar(entries.where(Entry.role == Role.SELLER))
    difference = session.scalar(
        select(func.sum(Entry.amount)).where(Entry.award_id.is_not(None), Entry.role == Role.SELLER)
    )
    assert (trial.status, trial.done_sales, trial.line_count) == ("done", 12, 24)
    assert trial.checked_sales == 12
    assert (now, now + (difference or 0)) == (booked, by_role["seller"][0])
    assert then == by_role["seller"][1]
    assert by_role["fulfiller"][0] > 0 == by_role["fulfiller"][1]
    assert sum(now for now, _ in by_point.values()) == session.scalar(
        select(func.sum(Entry.amount))
    )


def test_only_sales_of_the_stretch_count(session: Session, ids: Ids, year: Terms) -> None:
    for day in (500, 600):
        late = sale(key=f"late{day}", placed_at=moment(day), paid_at=moment(day))
        credited(session, ids, late)
    session.commit()

    first = tried(session, ids, year)
    assert (first.done_sales, first.total_sales) == (12, 12)


def test_a_killed_worker_costs_one_piece(session: Session, ids: Ids, year: Terms) -> None:
    engine, small = session.get_bind().engine, {"lines_per_piece": 4, "sales_per_block": 2}
    whole = tried(session, ids, year)
    trial_id = asked(session, ids, year)

    broken_off = pieces(engine, trial_id, ids, **small)
    assert next(broken_off) == (2, 12)
    broken_off.close()
    rest = list(pieces(engine, trial_id, ids, **small))

    again = session.get_one(Trial, trial_id, populate_existing=True)
    assert rest[0] == (4, 12)
    assert rest[-1] == (12, 12)
    assert again.status == "done"
    for dimension in ("role", "point", "payee", "product", "month"):
        assert totals(session, again, dimension) == totals(session, whole, dimension)
    assert lines_of_trial(session, again) == lines_of_trial(session, whole)


def test_two_workers_write_nothing_twice(session: Session, ids: Ids, year: Terms) -> None:
    engine, small = session.get_bind().engine, {"lines_per_piece": 4, "sales_per_block": 2}
    trial_id = asked(session, ids, year)

    one, other = (pieces(engine, trial_id, ids, **small) for _ in range(2))
    assert next(one) == (2, 12)
    assert next(other) == (4, 12)
    assert list(one) == []
    assert list(other)[-1] == (12, 12)


def test_a_late_refund_is_seen_by_the_next_run(session: Session, ids: Ids, year: Terms) -> None:
    before = tried(session, ids, year)
    kept = session.scalar(select(func.count()).select_from(TrialBlock))
    record_refund(session, refunded(1000, "late", sale_key="s1", days=90), by=BY, ids=ids)
    session.commit()

    after = tried(session, ids, year)

    assert totals(session, after, "role") != totals(session, before, "role")
    assert costs_what_it_cost(session, ids, year)
    assert session.scalar(select(func.count()).select_from(TrialBlock)) == kept == 1


def test_a_result_that_differs_from_the_calculator_is_not_shown(
    session: Session, ids: Ids, year: Terms
) -> None:
    tried(session, ids, year)
    block = session.scalars(select(TrialBlock)).one()
    deck = unpacked(block.names, block.columns)
    deck.base = shrunk([base + 100 for base in deck.base])
    names, columns = packed(deck)
    session.execute(update(TrialBlock).values(names=names, columns=columns))
    session.commit()

    trial = tried(session, ids, year)

    assert trial.status == "failed"
    assert "differs from the calculator" in trial.problem
    assert lines_of_trial(session, trial) == []


def test_without_sales_there_is_nothing_to_try(session: Session, ids: Ids) -> None:
    with pytest.raises(NothingToTry):
        asked(session, ids, terms())


def lines_of_trial(session: Session, trial: Trial) -> list[tuple[object, ...]]:
    table = table_of(TrialLine)
    columns = [column for column in table.c if column.name != "trial_id"]
    rows = session.execute(select(*columns).where(table.c.trial_id == trial.id))
    return sorted(tuple(row) for row in rows)
