"""Defects of other systems that have no better place, by their number in the reference.

Most of the others are shown where their subject is tested.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import queries
from commissions.audit import prove
from commissions.calculator import hand_over, reckon
from commissions.facts import Sale
from commissions.holds import On, open_hold
from commissions.ledger import BAD_DEBT, CASH, CLEARING, EXPENSE, PAYOUT_FEE, WITHHELD
from commissions.life import record_dispute, record_facts, record_refund
from commissions.models import Posting, Release
from commissions.payouts.by_hand import register_by_hand
from commissions.plan_checks import check
from commissions.queries import BalanceView, balances
from commissions.terms import Role, Rule, SamePoint
from tests.commissions.conftest import Ids
from tests.commissions.factories import (
    BY,
    approved,
    arrived,
    bonus,
    corrected,
    credited,
    delivered,
    disputed,
    fixed,
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
    terms,
)


def balance(session: Session, day: float) -> BalanceView:
    (found,) = balances(session, "ann", at=moment(day))
    return found


def sold(base: int, **fields: Any) -> Sale:
    return sale(line(base=base), **fields)


@pytest.mark.parametrize(
    ("seller", "store"),
    [
        (percent(5000), fixed({"CNY": 500}, role=Role.FULFILLER, service="x")),
        (fixed({"CNY": 500}), percent(5000, Role.FULFILLER)),
    ],
)
def test_t03_shares_are_compared_by_the_money_they_yield(seller: Rule, store: Rule) -> None:
    plan = terms(seller, store, same_point=SamePoint.HIGHER, ceiling_bps=10_000)
    reckoning = reckon(sold(10_000), plan)
    (line_,) = reckoning.sale.lines
    handed = hand_over(reckoning, line_, fulfilled(by_point=party("ann")), first=0, units=1)

    assert reckoning.decisions[0].amount + handed.amount == 5000


def test_t04_a_chain_of_roles_never_overspends() -> None:
    plan = terms(
        percent(800), percent(500, Role.UPLINE), percent(1000, Role.FULFILLER), ceiling_bps=2000
    )

    assert "ceiling_breach" in {problem.code for problem in check(plan, market())}
    one = sale(line(base=10_000, upline=party("dealer", contract="c1")))
    reckoning = reckon(one, plan)
    handed = hand_over(reckoning, one.lines[0], fulfilled(), first=0, units=1)
    assert sum(decision.amount for decision in reckoning.decisions) + handed.amount <= 2000


def test_t25_a_partial_refund_leaves_the_days_of_the_other_entries(
    session: Session, ids: Ids
) -> None:
    published(session, ids)
    arrived(session, ids, sale(line("1"), line("2")))
    before = session.execute(select(Release.entry_id, Release.available_at)).all()

    record_refund(session, refunded(1000), by=BY, ids=ids)
    record_refund(session, refunded(4000, "r2"), by=BY, ids=ids)

    assert session.execute(select(Release.entry_id, Release.available_at)).all() == before
    assert len(before) == 2


class TestT27NothingIsStuckForEver:
    def test_a_hold_that_nothing_ends_is_found(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)
        for key, until in (("endless", None), ("with an end", moment(9))):
            open_hold(
                session,
                On(point_key="ann"),
                key=key,
                reason="review",
                owner="staff",
                until=until,
                by=BY,
                at=moment(3),
                ids=ids,
            )

        (found,) = prove(session).findings

        assert (found.code, found.thing, found.halts) == ("entry_stuck", "endless", False)

    def test_a_dispute_may_hold_as_long_as_it_is_open(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)
        record_dispute(session, disputed("opened"), by=BY, ids=ids)
        assert prove(session).findings == []
        record_dispute(session, disputed("won", days=6), by=BY, ids=ids)
        assert prove(session).findings == []


def test_t29_commission_lives_in_its_own_accounts(session: Session, ids: Ids) -> None:
    published(session, ids)
    arrived(session, ids)
    corrected(session, ids)
    (payout,) = prepared(session, ids, "hand")
    approved(session, ids, payout)
    register_by_hand(session, payout.id, reference="x", by=BY, at=moment(30), ids=ids)
    record_dispute(session, disputed("opened", days=31), by=BY, ids=ids)

    house: Counter[str] = Counter()
    for row in session.scalars(select(Posting)):
        house[row.credit] += row.amount
        house[row.debit] -= row.amount

    known = {EXPENSE, PAYOUT_FEE, CASH, WITHHELD, CLEARING, BAD_DEBT}
    others = set(house) - known
    assert all(name.startswith("payee:") for name in others)
    assert house[EXPENSE] == -(480 + 500)
    assert house[CASH] == 980


class TestT37ReversalsTakeEffectWithTheirEntry:
    def test_of_what_is_available_at_once(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)
        record_refund(session, refunded(1000, days=20), by=BY, ids=ids)

        assert balance(session, 20).available_amount == 360

    def test_of_what_waits_inside_what_waits(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)
        arrived(session, ids, sold(1000, key="s2"), days=12)
        record_refund(session, refunded(500, sale_key="s2", days=13), by=BY, ids=ids)

        view = balance(session, 17)
        assert (view.available_amount, view.pending_amount) == (480, 60)


def test_t41_what_was_refunded_earns_no_bonus_and_is_in_no_report(
    session: Session, ids: Ids
) -> None:
    published(session, ids, terms(percent(1000), bonus(8000)))
    arrived(session, ids, sold(5000))
    credited(session, ids, sold(5000, key="s2"))
    told = [fulfilled(sale_key="s2", by_point=None), delivered(sale_key="s2")]
    record_facts(session, told, by=BY, ids=ids)
    assert balance(session, 40).available_amount == 500 + 500 + 1000

    record_refund(session, refunded(5000, sale_key="s2", days=20), by=BY, ids=ids)

    assert balance(session, 40).available_amount == 500
    (period,) = queries.periods_of_point(session, "ann")
    assert period.base_amount == 5000
    assert prove(session).findings == []
