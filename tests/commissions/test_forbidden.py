"""What the law and the design forbid has no words here: not in the plan, not in the books.

Three of the published examples ask for it: an override on what a whole team sells, commission on
shipping, and a draw against future pay. They cannot be written down.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from commissions import is_ours
from commissions.calculator import reckon
from commissions.canonical import Unreadable, plain, read
from commissions.facts import FACTS, Loser, Party, Refunded, RefundedLine, Sale, SaleLine
from commissions.law import LegalProfile, Requirement
from commissions.models import EntryKind
from commissions.periods import countings
from commissions.schema import metadata
from commissions.targets import targets
from commissions.terms import (
    Basis,
    Period,
    Promises,
    Rate,
    Role,
    Rule,
    SamePoint,
    Terms,
    Tier,
    When,
)
from tests.commissions.factories import (
    bonus,
    delivered,
    fulfilled,
    line,
    party,
    percent,
    sale,
    terms,
    tiered,
)

WORDS_OF_PLANS = (Terms, Rule, When, Tier, Promises, LegalProfile)
WORDS_OF_FACTS = (Sale, SaleLine, Party, Loser, *FACTS.values(), RefundedLine)
FORBIDDEN = re.compile(
    r"team|group_sales|downline|descend|child|head_?count|recruit|invit|sponsor|level|depth"
    r"|join|entry_fee|deposit|draw|advance|guarantee|shipping|minimum_stock|required_order"
)


def names_of(shapes: tuple[Any, ...]) -> set[str]:
    return {one.name for shape in shapes for one in fields(shape)}


class TestNoWord:
    def test_in_the_language_of_plans(self) -> None:
        assert [name for name in names_of(WORDS_OF_PLANS) if FORBIDDEN.search(name)] == []
        choices = {
            word.value
            for enum in (Role, Rate, Basis, Period, SamePoint, Requirement)
            for word in enum
        }
        assert [word for word in choices if FORBIDDEN.search(word)] == []

    def test_in_the_facts_but_for_shipping_that_is_given_back(self) -> None:
        found = {name for name in names_of(WORDS_OF_FACTS) if FORBIDDEN.search(name)}

        assert found == {"shipping_amount"}
        assert "shipping_amount" in names_of((Refunded,))

    def test_in_any_column_of_the_books(self) -> None:
        columns = {
            f"{table.name}.{column.name}"
            for table in metadata.tables.values()
            if is_ours(table.name)
            for column in table.columns
        }

        assert [name for name in columns if FORBIDDEN.search(name)] == []

    def test_each_role_is_named_and_one_is_above_the_seller(self) -> None:
        assert set(Role) == {"seller", "fulfiller", "upline", "bonus", "manual"}
        parties = [one.name for one in fields(SaleLine) if "Party" in str(one.type)]
        assert parties == ["seller", "upline"]


class TestOverrideOnTeamSales:
    """prowi-override-threshold: 3 % of what the team sells above 225,000."""

    @pytest.mark.parametrize("role", [Role.UPLINE, Role.FULFILLER])
    def test_bands_and_targets_are_of_own_sales(self, role: Role) -> None:
        tier = Tier(from_amount={"CNY": 22_500_000}, bps=300)
        with pytest.raises(ValueError, match="own sales"):
            percent(0, role, period=Period.MONTH, tiers=(tier,))
        with pytest.raises(ValueError, match="own sales"):
            percent(300, role, period=Period.MONTH, target={"CNY": 22_500_000})

    def test_stored_terms_that_say_so_are_unreadable(self) -> None:
        smuggled = plain(terms(percent(1000), percent(0, Role.UPLINE)))
        smuggled["rules"][1]["tiers"] = [{"from_amount": {"CNY": 22_500_000}, "bps": 300}]

        with pytest.raises(Unreadable, match="own sales"):
            read(Terms, smuggled)

    @pytest.mark.parametrize("word", ["team_sales", "counts_team", "downline_target"])
    def test_there_is_no_word_to_add(self, word: str) -> None:
        smuggled = plain(terms(percent(1000)))
        smuggled["rules"][0][word] = 1

        with pytest.raises(Unreadable, match="unknown field"):
            read(Terms, smuggled)

    def test_a_seller_counts_for_nobody_but_itself(self) -> None:
        rules = terms(tiered((0, 500), (100, 900)), percent(100, Role.UPLINE), bonus(100, bps=1))
        the_sale = sale(line(upline=party("boss", contract="c1")))
        reckoning = reckon(the_sale, rules)
        found = targets(reckoning, [fulfilled(), delivered("h1")])

        counted = countings(reckoning, found, {}).values()

        assert {one.party.point_key for one in counted} == {"ann"}
        assert {one.rule.role for one in counted} == {Role.SELLER, Role.BONUS}


class TestCommissionOnShipping:
    """mercur-item+shipping: 10 % of an item of 100 and of its shipping of 50."""

    def test_a_sale_has_no_shipping_to_take_a_part_of(self) -> None:
        with pytest.raises(Unreadable, match="unknown field"):
            read(Sale, {**plain(sale()), "shipping_amount": 5000})
        with pytest.raises(Unreadable, match="unknown field"):
            read(SaleLine, {**plain(line()), "shipping_amount": 5000})
        with pytest.raises(Unreadable, match="include_shipping"):
            read(Terms, {**plain(terms()), "include_shipping": True})

    def test_no_basis_reaches_beyond_the_line(self) -> None:
        assert set(Basis) == {"paid", "profit", "seller"}


class TestDrawAgainstFuturePay:
    """oracle-draw: 2,000 are paid in a month that earned 1,500, and owed afterwards."""

    def test_no_entry_begins_without_a_sale_or_two_people(self) -> None:
        by_people = {"manual", "write_off", "repaid", "returned"}
        of_sales = {"earn", "adjust", "reverse", "reserve", "difference"}
        assert set(EntryKind) == of_sales | by_people
        entry = metadata.tables["commission_entry"]
        checks = {str(one.name) for one in entry.constraints if one.name}
        assert {"ck_commission_entry_source", "ck_commission_entry_earn_is_positive"} <= checks

    def test_no_rule_pays_for_a_period_without_sales(self) -> None:
        with pytest.raises(Unreadable, match="unknown field"):
            read(Rule, {**plain(percent(1000)), "period_floor": {"CNY": 200_000}})
        nothing_sold = reckon(sale(line(base=0)), terms(bonus(1), percent(1000)))

        assert sum(decision.amount for decision in nothing_sold.decisions) == 0

    def test_only_an_upline_is_paid_a_part_of_anothers_earning(self) -> None:
        for role in (Role.SELLER, Role.FULFILLER):
            with pytest.raises(ValueError, match="upline"):
                replace(percent(100, role), basis=Basis.SELLER)


def test_every_word_looked_at_is_a_value() -> None:
    assert all(is_dataclass(shape) for shape in (*WORDS_OF_PLANS, *WORDS_OF_FACTS))
