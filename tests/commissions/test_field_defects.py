"""Defects that other systems had, and that nothing else in these tests names (reference §2)."""

from __future__ import annotations

from itertools import permutations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.audit import prove
from commissions.calculator import hand_over, reckon
from commissions.holds import On, open_hold
from commissions.life import record_facts, record_refund
from commissions.models import Entry, EntryKind, Posting, Release
from commissions.plan_checks import check
from commissions.queries import balances, earnings_of_payee, open_holds, periods_of_point
from commissions.statuses import EntryStatus
from commissions.targets import targets
from commissions.terms import Role, Rule, SamePoint
from tests.commissions.conftest import Ids
from tests.commissions.factories import (
    BY,
    arrived,
    bonus,
    credited,
    delivered,
    disputed,
    fixed,
    fulfilled,
    line,
    lines_of,
    market,
    moment,
    party,
    percent,
    published,
    refunded,
    sale,
    terms,
)


def test_a_refund_after_a_new_version_takes_back_by_the_old_one(session: Session, ids: Ids) -> None:
    """T10."""
    first = published(session, ids, terms(percent(1000)))
    credited(session, ids)
    published(session, ids, terms(percent(3000)), at=moment(1))

    record_refund(session, refunded(2000, days=3), by=BY, ids=ids)

    rows = session.execute(select(Entry.amount, Entry.version_id).order_by(Entry.id)).all()
    assert [tuple(row) for row in rows] == [(400, first), (-200, first)]


def test_a_partial_refund_leaves_the_days_of_the_other_lines(session: Session, ids: Ids) -> None:
    """T25."""
    published(session, ids)
    arrived(session, ids, sale(*lines_of([4000, 6000])))
    days = select(Release.entry_id, Release.available_at).order_by(Release.entry_id)
    before = session.execute(days).all()

    record_refund(session, refunded(1000, line_key="1", days=3), by=BY, ids=ids)

    assert session.execute(days).all() == before


def test_every_unpaid_earning_waits_for_something_that_ends(session: Session, ids: Ids) -> None:
    """T27: delivery, a day, a hold with deadline, or an open dispute; never for nothing."""
    published(session, ids)
    for number in range(5):
        credited(session, ids, sale(line(), key=f"s{number}"))
    for number in range(1, 5):
        key = f"s{number}"
        facts = [fulfilled(f"h{number}", sale_key=key, by_point=None)]
        facts_after = [delivered(f"h{number}", sale_key=key)]
        record_facts(session, [*facts, *facts_after], by=BY, ids=ids)
    record_facts(session, [disputed("opened", sale_key="s3")], by=BY, ids=ids)
    held = session.scalars(
        select(Entry.id).where(Entry.kind == EntryKind.EARN).order_by(Entry.id.desc()).limit(1)
    ).one()
    open_hold(
        session, On(entry_id=held), key="look", reason="review", owner="ann", until=moment(30),
        by=BY, at=moment(4), ids=ids,
    )  # fmt: skip
    at = moment(10)

    found = earnings_of_payee(session, "ann", at=at, limit=50)

    assert {one.status for one in found} == {
        EntryStatus.EXPECTED,
        EntryStatus.PENDING,
        EntryStatus.HELD,
    }
    for one in found:
        if one.status is EntryStatus.PENDING:
            assert one.available_at is not None
        if one.status is EntryStatus.HELD:
            assert one.hold_until is not None or one.hold_reason == "dispute"
    endless = [one.reason for one in open_holds(session, at=at) if one.expires_at is None]
    assert endless == ["dispute"]
    assert prove(session).is_clean


def test_commission_has_accounts_of_its_own(session: Session, ids: Ids) -> None:
    """T29: nothing else can spend it, and no conversion is booked as revenue."""
    published(session, ids)
    arrived(session, ids)

    accounts = {
        account for row in session.execute(select(Posting.debit, Posting.credit)) for account in row
    }

    assert all(one.split(":")[0] in ("brand", "payee") for one in accounts)
    assert {one for one in accounts if one.startswith("brand:")} == {"brand:commission_expense"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_is_taken_back_has_the_opposite_sign(order: tuple[int, ...]) -> None:
    """T32: in any order of refunds no target ever grows, nor falls below nothing."""
    sold = sale(line(base=999, quantity=3))
    parts = [refunded(333, f"r{number}", days=3 + number) for number in range(3)]
    told, left = [], None
    for number in order:
        told.append(parts[number])
        (target,) = targets(reckon(sold, terms(percent(1250))), told)
        assert target.reversed_amount >= 0
        assert left is None or target.left <= left
        left = target.left
    assert left == 0


def test_a_refund_of_what_is_available_counts_at_once(session: Session, ids: Ids) -> None:
    """T37."""
    published(session, ids)
    arrived(session, ids, days=2)
    at = moment(30)
    (before,) = balances(session, "ann", at=at)

    record_refund(session, refunded(1000, days=30), by=BY, ids=ids)
    (after,) = balances(session, "ann", at=at)

    assert (before.available_amount, after.available_amount) == (480, 360)


def test_a_refund_of_what_waits_eats_nothing_that_is_available(session: Session, ids: Ids) -> None:
    """T37."""
    published(session, ids)
    arrived(session, ids)
    arrived(session, ids, sale(line(base=1000), key="s2"), days=12)

    record_refund(session, refunded(500, sale_key="s2", days=13), by=BY, ids=ids)

    (view,) = balances(session, "ann", at=moment(17))
    assert (view.available_amount, view.pending_amount) == (480, 60)


@pytest.mark.parametrize(
    ("seller", "store"),
    [
        (percent(5000), fixed({"CNY": 500}, role=Role.FULFILLER, service="x")),
        (fixed({"CNY": 500}), percent(5000, Role.FULFILLER)),
    ],
)
def test_the_higher_share_is_the_one_that_yields_more_money(seller: Rule, store: Rule) -> None:
    """T03: 5.00 and 50 % of 100.00 make 50.00 together, whichever role has which."""
    plan = terms(seller, store, same_point=SamePoint.HIGHER, ceiling_bps=10_000)
    reckoning = reckon(sale(line(base=10_000)), plan)
    handed = hand_over(
        reckoning, reckoning.sale.lines[0], fulfilled(by_point=party("ann")), first=0, units=1
    )

    assert reckoning.decisions[0].amount + handed.amount == 5000


def test_a_chain_of_roles_never_overspends() -> None:
    """T04: 8 + 5 + 10 % under a ceiling of 20 % is not published, and would be scaled."""
    plan = terms(
        percent(800), percent(500, Role.UPLINE), percent(1000, Role.FULFILLER), ceiling_bps=2000
    )
    one = sale(line(base=10_000, upline=party("dealer", contract="c1")))
    reckoning = reckon(one, plan)
    handed = hand_over(reckoning, one.lines[0], fulfilled(), first=0, units=1)

    assert "ceiling_breach" in {problem.code for problem in check(plan, market())}
    assert sum(decision.amount for decision in reckoning.decisions) + handed.amount <= 2000


def test_a_hold_that_nothing_ends_is_found(session: Session, ids: Ids) -> None:
    """T27: the proof names it; it halts nothing, since it only keeps back."""
    published(session, ids)
    arrived(session, ids)
    for key, until in (("endless", None), ("with an end", moment(9))):
        open_hold(
            session, On(point_key="ann"), key=key, reason="review", owner="ann", until=until,
            by=BY, at=moment(3), ids=ids,
        )  # fmt: skip

    (found,) = prove(session).findings

    assert (found.code, found.thing, found.halts) == ("entry_stuck", "endless", False)


def test_what_was_refunded_earns_no_bonus_and_is_in_no_report(session: Session, ids: Ids) -> None:
    """T41."""
    published(session, ids, terms(percent(1000), bonus(8000)))
    arrived(session, ids, sale(line(base=5000)))
    arrived(session, ids, sale(line(base=5000), key="s2"))
    (before,) = balances(session, "ann", at=moment(40))

    record_refund(session, refunded(5000, sale_key="s2", days=20), by=BY, ids=ids)

    (after,) = balances(session, "ann", at=moment(40))
    assert (before.available_amount, after.available_amount) == (2000, 500)
    (period,) = periods_of_point(session, "ann")
    assert period.base_amount == 5000
    assert prove(session).is_clean
