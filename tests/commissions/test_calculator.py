"""A sale and a plan give decisions: first match wins, half up once, never above the ceiling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from commissions.calculator import Reckoning, hand_over, reckon
from commissions.ceiling import fit
from commissions.decisions import Outcome
from commissions.facts import BadFact, Loser, Party, Sale
from commissions.terms import Basis, Period, Role, Rule, SamePoint, Terms, When
from tests.commissions.factories import (
    fixed,
    fulfilled,
    line,
    lines_of,
    moment,
    party,
    percent,
    sale,
    terms,
)


def amounts(reckoning: Reckoning) -> list[int]:
    return [decision.amount for decision in reckoning.decisions]


def only(the_sale: Sale, the_terms: Terms) -> Any:
    (decision,) = reckon(the_sale, the_terms).decisions
    return decision


class TestBase:
    def test_coupons_lower_the_base(self) -> None:
        paid = sale(line(base=4000, list_amount=10000, discount_amount=6000))

        assert amounts(reckon(paid, terms(percent(3000)))) == [1200]

    def test_tax_and_shipping_are_not_in_it(self) -> None:
        assert amounts(reckon(sale(line(base=8000, tax_amount=2000)), terms(percent(1000)))) == [
            800
        ]

    def test_profit_is_paid_less_cost_and_never_negative(self) -> None:
        rule = percent(1000, basis=Basis.PROFIT)

        assert amounts(reckon(sale(line(base=1000, cost_amount=400)), terms(rule))) == [60]
        loss = only(sale(line(base=1000, cost_amount=4000)), terms(rule))
        assert (loss.amount, loss.outcome) == (0, Outcome.ZERO_BASE)

    def test_unknown_cost_is_no_match(self) -> None:
        rules = terms(percent(1000, basis=Basis.PROFIT), percent(500, position=2))

        decision = only(sale(line(base=1000)), rules)

        assert decision.amount == 50
        assert decision.trace["passed_over"] == [{"position": 1, "failed": "cost_unknown"}]

    def test_fixed_amounts_count_each_unit(self) -> None:
        assert amounts(reckon(sale(line(quantity=3)), terms(fixed({"CNY": 200})))) == [600]

    def test_nothing_paid_means_nothing_earned(self) -> None:
        decision = only(sale(line(base=0)), terms(fixed({"CNY": 200})))

        assert decision.outcome is Outcome.ZERO_BASE


class TestPooling:
    def test_seven_lines_are_rounded_together(self) -> None:
        found = reckon(sale(*lines_of([105] * 7)), terms(percent(1000)))

        assert amounts(found) == [11, 11, 11, 11, 10, 10, 10]
        assert found.decisions[0].trace["pool"]["total"] == 74

    def test_only_lines_of_one_rule_and_one_point_are_pooled(self) -> None:
        lines = [line("1", 105), line("2", 105, seller=party("bob")), line("3", 105)]

        assert amounts(reckon(sale(*lines), terms(percent(1000)))) == [11, 11, 10]


class TestMatching:
    CASES: tuple[tuple[When, dict[str, Any], dict[str, Any]], ...] = (
        (When(products=("tea",)), {"product_key": "tea"}, {}),
        (When(variants=("v1",)), {"variant_key": "v1"}, {}),
        (When(categories=("drinks", "food")), {"category_keys": ("x", "food")}, {}),
        (When(collections=("new",)), {"collection_keys": ("new",)}, {}),
        (When(points=("ann",)), {"seller": party("ann")}, {}),
        (When(point_kinds=("dealer",)), {"seller": party(kind="dealer")}, {}),
        (When(point_groups=("gold",)), {"seller": party(group="gold")}, {}),
        (When(grades=("A",)), {"seller": party(grade="A")}, {}),
        (When(channels=("wechat",)), {}, {"channel": "wechat"}),
        (When(customers=("new",)), {}, {"new_customer": True}),
        (When(currencies=("EUR",)), {}, {"currency": "EUR"}),
        (When(from_amount={"CNY": 4000}), {"base": 4000}, {}),
        (When(below_amount={"CNY": 4000}), {"base": 3999}, {}),
    )

    @pytest.mark.parametrize(("when", "of_line", "of_sale"), CASES)
    def test_each_dimension_matches_and_fails(
        self, when: When, of_line: dict[str, Any], of_sale: dict[str, Any]
    ) -> None:
        rules = terms(percent(1000, when=when), percent(100, position=2))
        other = line(base=5000 if when.below_amount else 100, seller=party("bob"))

        met = only(sale(line(**of_line), **of_sale), rules)
        missed = only(sale(other), rules)

        assert met.rule.position == 1
        assert missed.rule.position == 2
        assert len(missed.trace["passed_over"]) == 1

    def test_no_amount_for_the_currency_is_no_match_and_no_conversion(self) -> None:
        rules = terms(fixed({"USD": 500, "EUR": 450}))

        assert amounts(reckon(sale(currency="USD"), rules)) == [500]
        assert amounts(reckon(sale(currency="EUR"), rules)) == [450]
        assert only(sale(currency="GBP"), rules).outcome is Outcome.NO_RULE

    def test_the_rate_comes_from_the_beneficiarys_own_grade(self) -> None:
        rules = terms(
            percent(400, when=When(grades=("D",))),
            percent(300, position=2, when=When(grades=("C",))),
        )
        lines = [line("1", 10000, seller=party("d", grade="D"))]
        lines.append(line("2", 10000, seller=party("c", grade="C")))

        assert amounts(reckon(sale(*lines), rules)) == [400, 300]

    def test_switched_off_rules_do_not_count(self) -> None:
        rules = terms(percent(1000, enabled=False), percent(100, position=2))

        assert amounts(reckon(sale(), rules)) == [40]


class TestBounds:
    @pytest.mark.parametrize(
        ("rule", "amount"),
        [
            (percent(100, floor={"CNY": 500}), 500),
            (percent(1000, cap={"CNY": 10}), 10),
            (percent(1000, floor={"CNY": 1}, cap={"CNY": 9999}), 1000),
        ],
    )
    def test_floor_and_cap_hold_per_line(self, rule: Rule, amount: int) -> None:
        assert amounts(reckon(sale(line(base=10000)), terms(rule))) == [amount]

    def test_a_cap_per_order_holds_for_all_lines_of_one_point(self) -> None:
        rules = terms(percent(1000, order_cap={"CNY": 100}))
        lines = [line("1", 3000), line("2", 1000), line("3", 4000, seller=party("bob"))]

        found = reckon(sale(*lines), rules)

        assert amounts(found) == [75, 25, 100]
        assert found.decisions[0].trace["order_cap"] == {"cap": 100, "asked": 400}
        assert "order_cap" not in reckon(sale(line(base=900)), rules).decisions[0].trace

    def test_a_cap_of_the_line_comes_before_that_of_the_order(self) -> None:
        rule = percent(1000, cap={"CNY": 90}, order_cap={"CNY": 100})

        found = reckon(sale(*lines_of([3000, 3000])), terms(rule))

        assert amounts(found) == [50, 50]
        assert found.decisions[0].trace["bound"] == {"cap": 90}

    def test_who_hands_over_one_line_has_its_part_of_the_cap(self) -> None:
        rules = terms(percent(0), percent(1000, Role.FULFILLER, order_cap={"CNY": 100}))
        the_sale = sale(*lines_of([1000, 3000]))

        late = hand_over(reckon(the_sale, rules), the_sale.lines[1], fulfilled(), first=0, units=1)

        assert late.amount == 75

    def test_room_is_kept_for_who_shares_the_cap_with_fewer_lines(self) -> None:
        of_store = When(points=("store",), products=("a",))
        rules = terms(
            percent(0),
            percent(1000, Role.FULFILLER, when=of_store),
            percent(2000, Role.FULFILLER, 2, order_cap={"CNY": 100}),
        )
        the_sale = sale(line("1", 3000, product_key="a"), line("2", 1000, product_key="b"))

        late = hand_over(
            reckon(the_sale, rules), the_sale.lines[1], fulfilled(line_key="2"), first=0, units=1
        )

        assert late.amount == 100


class TestCeiling:
    def test_what_is_left_for_periods_is_left_of_the_order_too(self) -> None:
        counting: dict[str, Any] = {"period": Period.MONTH, "period_cap": {"CNY": 10**6}}
        rules = terms(
            percent(100, when=When(points=("bob",)), **counting),
            percent(1000, position=2),
            ceiling_bps=1000,
        )
        lines = lines_of([109] * 4)
        others = line("5", 1000, seller=party("bob"))

        found = reckon(sale(*lines, others), rules)

        # Each of four lines stands a unit above its own ceiling, the order does not.
        assert amounts(found) == [11, 11, 11, 11, 10]
        assert sum(found.headroom.values()) == 143 - 54 - 1  # one unit for who hands over
        assert reckon(sale(*lines), terms(percent(1000))).headroom == {}

    def test_a_line_that_is_full_lends_nothing_to_a_period(self) -> None:
        rules = terms(percent(1000, period=Period.MONTH, period_cap={"CNY": 10**6}))
        full, free = line("1", 1000), line("2", 1000, seller=None)

        found = reckon(sale(full, free), replace(rules, ceiling_bps=1000))

        # Each line keeps one unit of rounding for who hands over.
        assert found.headroom == {"1": 0, "2": 98}

    def test_three_roles_are_scaled_together(self) -> None:
        assert fit([[480, 120, 160]], [4000], 1750) == [[442, 111, 147]]

    def test_room_for_the_fulfiller_is_kept_at_the_sale(self) -> None:
        rules = terms(
            percent(1200),
            percent(300, Role.UPLINE),
            percent(400, Role.FULFILLER),
            ceiling_bps=1750,
        )
        the_sale = sale(line(upline=party("dealer", contract="c1")))

        found = reckon(the_sale, rules)
        late = hand_over(found, the_sale.lines[0], fulfilled(), first=0, units=1)

        assert [*amounts(found), late.amount] == [442, 111, 147]
        assert late.trace["ceiling"] == {"bps": 1750, "asked": 160, "allowed": 147}

    def test_a_low_price_scales_a_fixed_amount_down(self) -> None:
        decision = only(sale(line(base=100)), terms(fixed({"CNY": 500})))

        assert decision.amount == 30
        assert decision.trace["ceiling"]["asked"] == 500


class TestRoles:
    def test_an_ineligible_point_is_skipped_and_the_others_are_paid(self) -> None:
        rules = terms(percent(1000), percent(300, Role.UPLINE))
        gone = party(refusal="point_suspended")

        seller, upline = reckon(
            sale(line(seller=gone, upline=party("dealer", contract="c1"))), rules
        ).decisions

        assert (seller.outcome, seller.amount, seller.forgone_amount) == ("ineligible", 0, 400)
        assert upline.amount == 120

    def test_an_absent_role_moves_nothing_to_another(self) -> None:
        found = reckon(
            sale(line(seller=None, upline=party("dealer", contract="c1"))), terms(percent(1000))
        )

        assert [decision.outcome for decision in found.decisions] == [Outcome.NO_CANDIDATE]

    def test_nobody_is_his_own_upline(self) -> None:
        rules = terms(percent(1000), percent(300, Role.UPLINE))

        _, upline = reckon(sale(line(upline=party(contract="c1"))), rules).decisions

        assert (upline.outcome, upline.amount) == (Outcome.SAME_POINT, 0)

    def test_an_upline_without_contract_earns_nothing(self) -> None:
        rules = terms(percent(1000), percent(300, Role.UPLINE), ceiling_bps=1200)
        the_sale = sale(line(upline=party("boss")))

        seller, upline = reckon(the_sale, rules).decisions

        assert (upline.outcome, upline.amount) == (Outcome.NO_CONTRACT, 0)
        assert upline.forgone_amount == 120
        assert seller.amount == 400  # it takes no room under the ceiling either

    def test_an_upline_may_be_paid_a_part_of_the_sellers_earning(self) -> None:
        upline_rule = percent(2000, Role.UPLINE, basis=Basis.SELLER)
        rules = terms(percent(1000, cap={"CNY": 150}), upline_rule)
        boss = party("boss", contract="c1")

        seller, upline = reckon(sale(line(base=4000, upline=boss)), rules).decisions

        assert (seller.amount, upline.amount, upline.base_amount) == (150, 30, 150)
        gone = party(refusal="point_suspended")
        _, nothing = reckon(sale(line(seller=gone, upline=boss)), rules).decisions
        assert nothing.outcome is Outcome.ZERO_BASE

    def test_lines_without_the_flag_earn_nothing(self) -> None:
        the_sale = sale(line(commissionable=False))
        found = reckon(the_sale, terms())

        assert only(the_sale, terms()).outcome is Outcome.NOT_COMMISSIONABLE
        late = hand_over(found, the_sale.lines[0], fulfilled(), first=0, units=1)
        assert late.outcome is Outcome.NOT_COMMISSIONABLE

    @pytest.mark.parametrize(
        ("same_point", "bps", "amount", "outcome"),
        [
            (SamePoint.BOTH, 400, 160, "paid"),
            (SamePoint.HIGHER, 400, 0, "lower_than_seller"),
            (SamePoint.HIGHER, 1500, 120, "paid"),
        ],
    )
    def test_one_point_in_both_roles_gets_both_or_the_higher(
        self, same_point: SamePoint, bps: int, amount: int, outcome: str
    ) -> None:
        rules = terms(percent(1200), percent(bps, Role.FULFILLER), same_point=same_point)
        the_sale = sale()

        late = hand_over(
            reckon(the_sale, rules),
            the_sale.lines[0],
            fulfilled(by_point=party()),
            first=0,
            units=1,
        )

        assert (late.amount, late.outcome) == (amount, outcome)

    def test_losers_stand_in_the_trace(self) -> None:
        lost = Loser(point_key="bob", reason="lower_priority", source="touch")

        trace = only(sale(line(losers=(lost,))), terms(percent(1000))).trace

        assert trace["losers"] == [{"point": "bob", "reason": "lower_priority", "source": "touch"}]

    def test_a_rate_of_zero_still_writes_a_decision(self) -> None:
        assert only(sale(), terms(percent(0))).outcome is Outcome.ZERO_AMOUNT

    def test_a_hand_over_nobody_has_a_rule_for(self) -> None:
        the_sale = sale()
        found = reckon(the_sale, terms(percent(1000)))

        late = hand_over(found, the_sale.lines[0], fulfilled(), first=0, units=1)

        assert late.outcome is Outcome.NO_RULE


class TestFacts:
    @pytest.mark.parametrize(
        "make",
        [
            lambda: line(quantity=0),
            lambda: line(base=-1),
            lambda: sale(line("1"), line("1")),
            lambda: fulfilled(units=0),
            lambda: line(base=10**16),
        ],
    )
    def test_facts_that_contradict_themselves_are_refused(self, make: Any) -> None:
        with pytest.raises(BadFact):
            make()

    def test_floats_and_naive_times_are_refused(self) -> None:
        with pytest.raises(TypeError):
            line(base=1.5)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            sale(paid_at=moment().replace(tzinfo=None))

    def test_a_sale_needs_lines(self) -> None:
        with pytest.raises(BadFact):
            Sale(key="s", currency="CNY", placed_at=moment(), paid_at=moment(), lines=())


def test_a_party_is_a_value() -> None:
    assert Party(point_key="a", payee_key="b") == Party(point_key="a", payee_key="b")
