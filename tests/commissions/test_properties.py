"""What holds for every sale, plan and history: sums, ceilings, order, duplicates, full refunds."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from commissions.arithmetic import cumulative, half_up, split
from commissions.calculator import reckon
from commissions.facts import Fact, Refunded, RefundedLine, RefundFailed, Sale
from commissions.targets import targets
from commissions.terms import Role, Terms
from tests.commissions.factories import moment
from tests.commissions.strategies import facts_of, plans, sales

many = settings(max_examples=100, deadline=None)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Sale, Terms, list[Fact]]:
    the_sale = draw(sales())
    return the_sale, draw(plans()), draw(facts_of(the_sale))


@many
@given(histories(), st.randoms(use_true_random=False))
def test_shuffled_and_repeated_facts_end_the_same(
    history: tuple[Sale, Terms, list[Fact]], random: Random
) -> None:
    the_sale, terms, facts = history
    reckoning = reckon(the_sale, terms)
    shuffled = [*facts, *facts[:3]]
    random.shuffle(shuffled)

    assert targets(reckoning, shuffled) == targets(reckoning, facts)


@many
@given(histories())
def test_reversals_never_exceed_what_was_earned(
    history: tuple[Sale, Terms, list[Fact]],
) -> None:
    the_sale, terms, facts = history

    for target in targets(reckon(the_sale, terms), facts):
        assert target.reversed_amount >= 0
        assert target.at_risk_amount >= 0
        assert target.reversed_amount + target.at_risk_amount <= target.decision.amount


@many
@given(histories())
def test_a_fully_refunded_sale_nets_to_zero_for_everybody(
    history: tuple[Sale, Terms, list[Fact]],
) -> None:
    the_sale, terms, facts = history
    everything = tuple(
        RefundedLine(line_key=line.key, amount=line.base_amount) for line in the_sale.lines
    )
    last = Refunded(key="all", sale_key=the_sale.key, at=moment(30), lines=everything)

    assert all(target.left == 0 for target in targets(reckon(the_sale, terms), [*facts, last]))


@many
@given(histories())
def test_all_roles_together_stay_below_the_ceiling(
    history: tuple[Sale, Terms, list[Fact]],
) -> None:
    the_sale, terms, facts = history
    found = targets(reckon(the_sale, terms), facts)

    by_line = {line.key: 0 for line in the_sale.lines}
    for target in found:
        by_line[target.decision.line_key] += target.decision.amount
    base = sum(line.base_amount for line in the_sale.lines)
    assert sum(by_line.values()) * 10_000 <= base * terms.ceiling_bps
    for line in the_sale.lines:
        assert by_line[line.key] <= Fraction(line.base_amount * terms.ceiling_bps, 10_000) + 1


@many
@given(histories())
def test_every_line_has_a_decision_and_the_refused_earn_nothing(
    history: tuple[Sale, Terms, list[Fact]],
) -> None:
    the_sale, terms, _ = history
    decisions = reckon(the_sale, terms).decisions

    sellers = [d.line_key for d in decisions if d.role is Role.SELLER]
    assert sellers == [line.key for line in the_sale.lines]
    assert all((d.amount > 0) == (d.outcome == "paid") for d in decisions)
    assert all(d.amount == 0 for d in decisions if d.party and d.party.refusal)


@many
@given(histories(), st.data())
def test_a_failed_refund_leaves_no_trace(
    history: tuple[Sale, Terms, list[Fact]], data: st.DataObject
) -> None:
    the_sale, terms, facts = history
    extra = Refunded(
        key="x",
        sale_key=the_sale.key,
        at=moment(data.draw(st.integers(0, 20))),
        lines=(RefundedLine(line_key="1", amount=the_sale.lines[0].base_amount),),
    )
    failed = RefundFailed(key="fx", sale_key=the_sale.key, at=moment(25), refund_key="x")
    reckoning = reckon(the_sale, terms)

    assert targets(reckoning, [*facts, extra, failed]) == targets(reckoning, facts)


weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)


@settings(max_examples=300, deadline=None)
@given(st.integers(-(10**15), 10**15), weights)
def test_splits_are_exact_fair_and_symmetric(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)

    assert sum(parts) == amount
    assert parts == [-part for part in split(-amount, weights)]
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1
        assert weight or part == 0


@settings(max_examples=200, deadline=None)
@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_cumulative_parts_end_exactly_at_the_whole(total: int, steps: list[int]) -> None:
    whole, done, taken = sum(steps), 0, 0
    for step in steps:
        before, done = done, done + step
        piece = cumulative(total, done, whole) - cumulative(total, before, whole)
        assert piece * total >= 0
        taken += piece

    assert taken == (total if whole else 0)


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_half_up_is_the_nearest_and_rounds_halves_away(numerator: int, denominator: int) -> None:
    found = half_up(numerator, denominator)

    exact = Fraction(numerator, denominator)
    assert abs(found - exact) <= Fraction(1, 2)
    if abs(found - exact) == Fraction(1, 2):
        assert abs(found) > abs(exact)
