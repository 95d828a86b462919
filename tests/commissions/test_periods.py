"""Whole periods: bands, caps and bonus follow what arrived, by one difference for each change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commissions import queries
from commissions.audit import prove
from commissions.explain import explain_entry
from commissions.facts import RefundFailed
from commissions.life import record_dispute, record_facts, record_refund, record_refund_failed
from commissions.models import Award, Balance, Counted, Entry, EntryKind, PeriodRow, Release
from commissions.periods import Sums, award_of, period_key
from commissions.statuses import EntryStatus
from commissions.terms import Period, Role, Rule, Terms, TierMode, When
from tests.commissions.conftest import Ids
from tests.commissions.factories import (
    BY,
    arrived,
    bonus,
    credited,
    delivered,
    disputed,
    fulfilled,
    line,
    lines_of,
    moment,
    party,
    percent,
    prepared,
    published,
    refunded,
    sale,
    terms,
    tiered,
)

BANDS = ((0, 200), (20_000, 300), (50_000, 400), (100_000, 550))


def differences(session: Session) -> list[int]:
    rows = select(Entry.amount).where(Entry.kind == EntryKind.DIFFERENCE).order_by(Entry.id)
    return list(session.scalars(rows))


def net(session: Session, payee_key: str = "ann") -> int:
    return int(
        session.scalar(
            select(func.coalesce(func.sum(Entry.amount), 0)).where(Entry.payee_key == payee_key)
        )
        or 0
    )


def sold(session: Session, ids: Ids, key: str, base: int, days: float = 2, **fields: Any) -> None:
    """A sale of one line that arrived on its day."""
    arrived(session, ids, sale(line(base=base, **fields), key=key), days=days)


def proven(session: Session) -> bool:
    session.flush()
    return prove(session).findings == []


class TestWhatAPeriodComesTo:
    @pytest.mark.parametrize(
        ("sales", "progressive", "retroactive"),
        [
            (0, 0, 0),
            (19_999, 400, 400),
            (20_000, 400, 600),
            (50_000, 400 + 900, 2000),
            (120_000, 400 + 900 + 2000 + 1100, 6600),
        ],
    )
    def test_bands_have_their_own_or_one_percentage(
        self, sales: int, progressive: int, retroactive: int
    ) -> None:
        sums = Sums(base=sales, room=10**9)

        assert award_of(tiered(*BANDS), "CNY", sums)[0] == progressive
        rule = tiered(*BANDS, tier_mode=TierMode.RETROACTIVE)
        assert award_of(rule, "CNY", sums)[0] == retroactive

    def test_all_bands_are_rounded_together_once(self) -> None:
        rule = tiered((0, 50), (100, 150))

        assert award_of(rule, "CNY", Sums(base=134, room=99))[0] == 1  # 0.50 + 0.51

    def test_a_band_without_this_currency_is_never_reached(self) -> None:
        assert award_of(tiered(*BANDS), "EUR", Sums(base=10**6, room=10**9))[0] == 20_000

    def test_a_cap_takes_what_is_above_it(self) -> None:
        rule = percent(300, period=Period.MONTH, period_cap={"CNY": 100})

        assert award_of(rule, "CNY", Sums(base=9000, line=270))[0] == -170
        assert award_of(rule, "CNY", Sums(base=3000, line=90))[0] == 0
        assert award_of(rule, "EUR", Sums(base=9000, line=270))[0] == 0

    def test_a_bonus_is_all_or_nothing(self) -> None:
        for rule, reached in ((bonus(5000), 1000), (bonus(5000, bps=1000), 500)):
            assert award_of(rule, "CNY", Sums(base=4999, room=9999))[0] == 0
            assert award_of(rule, "CNY", Sums(base=5000, room=9999))[0] == reached

    def test_the_ceiling_ends_it(self) -> None:
        total, working = award_of(bonus(5000), "CNY", Sums(base=5000, room=300))

        assert (total, working["award_ceiling"]) == (300, {"asked": 1000, "allowed": 300})

    @pytest.mark.parametrize(
        ("period", "key"),
        [(Period.MONTH, "2026-04"), (Period.QUARTER, "2026-Q2"), (Period.YEAR, "2026")],
    )
    def test_a_period_begins_where_the_brand_lives(self, period: Period, key: str) -> None:
        midnight_in_china = datetime(2026, 3, 31, 16, tzinfo=UTC)
        rule = percent(1, period=period)

        assert period_key(rule, midnight_in_china, "Asia/Shanghai") == key
        assert period_key(rule, midnight_in_china, "UTC") != key or period is Period.YEAR

    def test_a_campaign_has_its_own_days(self) -> None:
        rule = bonus(1, period=Period.CAMPAIGN, campaign_from=moment(2), campaign_until=moment(4))

        found = [period_key(rule, moment(day), "UTC") for day in (1.9, 2, 3.9, 4)]
        assert found == [None, "campaign", "campaign", None]


class TestBands:
    def test_lines_pay_the_first_band_and_the_period_the_rest(
        self, session: Session, ids: Ids
    ) -> None:
        published(session, ids, terms(tiered((0, 1000), (10_000, 2000))))
        sold(session, ids, "a", 8000)
        assert differences(session) == []

        sold(session, ids, "b", 8000)

        assert differences(session) == [600]
        assert net(session) == 1000 + 2 * 600
        (award,) = session.scalars(select(Award))
        assert (award.base_amount, award.line_amount, award.total_amount) == (16_000, 1600, 600)
        assert proven(session)

    def test_what_did_not_arrive_does_not_count(self, session: Session, ids: Ids) -> None:
        published(session, ids, terms(tiered((0, 1000), (10_000, 2000))))
        credited(session, ids, sale(line(base=50_000)))

        assert differences(session) == []
        assert session.scalar(select(func.count()).select_from(PeriodRow)) == 0

    def test_a_refund_gives_the_difference_back(self, session: Session, ids: Ids) -> None:
        retroactive = tiered((0, 1000), (10_000, 2000), tier_mode=TierMode.RETROACTIVE)
        published(session, ids, terms(retroactive))
        sold(session, ids, "a", 8000)
        sold(session, ids, "b", 4000)
        assert differences(session) == [1200]

        record_refund(session, refunded(3000, sale_key="a"), by=BY, ids=ids)

        assert differences(session) == [1200, -1200]
        assert net(session) == 900
        failed = RefundFailed(key="f", sale_key="a", at=moment(4), refund_key="r1")
        record_refund_failed(session, failed, by=BY, ids=ids)
        assert differences(session) == [1200, -1200, 1200]
        assert proven(session)

    def test_a_lost_dispute_does_too_and_an_open_one_does_not(
        self, session: Session, ids: Ids
    ) -> None:
        published(session, ids, terms(tiered((0, 1000), (10_000, 2000))))
        sold(session, ids, "a", 15_000)

        record_dispute(session, disputed("opened", sale_key="a"), by=BY, ids=ids)
        assert differences(session) == [500]
        record_dispute(session, disputed("lost", days=6, sale_key="a"), by=BY, ids=ids)

        assert differences(session) == [500, -500]
        assert net(session) == 0
        assert proven(session)

    def test_months_points_and_payees_count_apart(self, session: Session, ids: Ids) -> None:
        published(session, ids, terms(tiered((0, 1000), (10_000, 2000))))
        sold(session, ids, "jan", 9000, days=3)
        sold(session, ids, "feb", 9000, days=33)
        sold(session, ids, "bob", 9000, seller=party("bob"))
        sold(session, ids, "heir", 9000, seller=party("ann", payee_key="heir"))

        assert differences(session) == []
        assert session.scalar(select(func.count()).select_from(PeriodRow)) == 4
        assert proven(session)

    def test_a_delivery_told_on_another_day_moves_its_line(
        self, session: Session, ids: Ids
    ) -> None:
        published(session, ids, terms(tiered((0, 1000), (10_000, 2000))))
        sold(session, ids, "jan", 9000, days=3)
        credited(session, ids, sale(line(base=9000), key="late"))
        hand_over = fulfilled(sale_key="late", by_point=None)
        record_facts(session, [hand_over], by=BY, ids=ids)
        late = delivered("h1", key="d2", days=33, sale_key="late")
        record_facts(session, [late], by=BY, ids=ids)
        assert differences(session) == []

        record_facts(session, [delivered("h1", days=5, sale_key="late")], by=BY, ids=ids)

        assert differences(session) == [800]
        assert proven(session)

    @pytest.mark.parametrize("together", [True, False])
    def test_what_was_released_stays_counted_while_it_waits_again(
        self, session: Session, ids: Ids, together: bool
    ) -> None:
        published(session, ids, terms(percent(1000, period=Period.MONTH, period_cap={"CNY": 500})))
        credited(session, ids, sale(line(base=8000, quantity=2)))
        record_facts(session, [fulfilled(by_point=None)], by=BY, ids=ids)
        record_refund(session, refunded(4000, units=1), by=BY, ids=ids)  # the other one
        failed = RefundFailed(key="f", sale_key="s1", at=moment(4), refund_key="r1")
        if together:
            record_facts(session, [delivered("h1"), failed], by=BY, ids=ids)
        else:
            record_facts(session, [delivered("h1")], by=BY, ids=ids)
            assert differences(session) == []
            record_refund_failed(session, failed, by=BY, ids=ids)

        assert differences(session) == [-300]
        assert net(session) == 500
        assert proven(session)


class TestCaps:
    RULE = percent(1000, period=Period.MONTH, period_cap={"CNY": 1000})

    def test_nothing_above_it_is_ever_payable(self, session: Session, ids: Ids) -> None:
        published(session, ids, terms(self.RULE))
        for n, days in enumerate((2, 9, 5)):
            sold(session, ids, f"s{n}", 8000, days=days)
        assert differences(session) == [-600, -800]

        for days in (16, 19, 23, 30):
            (view,) = queries.balances(session, "ann", at=moment(days))
            assert view.available_amount <= 1000
        assert view.available_amount == 1000
        (payout,) = prepared(session, ids)
        assert payout.amount == 1000
        assert proven(session)

    def test_room_made_by_a_refund_waits_for_the_last_line(
        self, session: Session, ids: Ids
    ) -> None:
        published(session, ids, terms(self.RULE))
        sold(session, ids, "a", 8000, days=2)
        sold(session, ids, "b", 8000, days=9)

        record_refund(session, refunded(8000, sale_key="a", days=10), by=BY, ids=ids)

        assert differences(session) == [-600, 600]
        (view,) = queries.balances(session, "ann", at=moment(17))
        assert (view.available_amount, view.pending_amount) == (0, 800)
        assert proven(session)

    def test_expected_may_be_above_it_and_says_so(self, session: Session, ids: Ids) -> None:
        published(session, ids, terms(self.RULE))
        credited(session, ids, sale(line(base=20_000)))

        (view,) = queries.balances(session, "ann", at=moment(2))
        assert view.expected_amount == 2000
        entry_id = session.scalars(select(Entry.id)).one()
        steps = explain_entry(session, entry_id, at=moment(2)).why_this_amount
        assert {"period": "month", "tiers": 0, "cap": 1000} in [step.params for step in steps]

    def test_who_hands_over_has_one_as_well(self, session: Session, ids: Ids) -> None:
        capped = percent(1000, Role.FULFILLER, period=Period.MONTH, period_cap={"CNY": 300})
        published(session, ids, terms(percent(100), capped))
        credited(session, ids, sale(line(base=9000, quantity=3)))
        facts = [fulfilled(f"h{n}") for n in range(3)]
        record_facts(session, [*facts, delivered("h0", "h1")], by=BY, ids=ids)
        assert differences(session) == [-300]

        record_facts(session, [delivered("h2")], by=BY, ids=ids)

        assert differences(session) == [-300, -300]
        assert net(session, "store") == 300
        assert proven(session)

    def test_a_line_that_moves_on_takes_its_cap_along_at_once(
        self, session: Session, ids: Ids
    ) -> None:
        # Sent back, it counts in January and is released; that it arrived after all is told in
        # February. What it earned stays payable, so the cap must not wait for February's days.
        store = percent(1000, Role.FULFILLER, period=Period.MONTH, period_cap={"CNY": 100})
        published(session, ids, terms(store))
        credited(session, ids, sale(line(base=4000, quantity=2)))
        told = [fulfilled(days=1), refunded(1000, units=2, days=2)]
        record_facts(session, told, by=BY, ids=ids)
        record_facts(session, [delivered("h1", days=35)], by=BY, ids=ids)

        assert [payout.amount for payout in prepared(session, ids, days=36)] == [100]
        assert proven(session)


class TestBonus:
    def test_only_own_sales_that_meet_it_count(self, session: Session, ids: Ids) -> None:
        tea = bonus(10_000, fixed={"CNY": 500}, when=When(products=("tea",)))
        published(session, ids, terms(percent(500), tea))
        boss = party("boss", contract="c1")
        sold(session, ids, "a", 6000, product_key="tea", upline=boss)
        sold(session, ids, "b", 6000, product_key="rice", upline=boss)
        sold(session, ids, "c", 6000, product_key="tea", seller=party("bob"), upline=boss)
        assert differences(session) == []

        sold(session, ids, "d", 6000, product_key="tea")

        (entry,) = session.scalars(select(Entry).where(Entry.role == Role.BONUS))
        assert (entry.amount, entry.point_key, entry.line_id) == (500, "ann", None)
        counted = queries.counted_lines(session, entry.id)
        assert [(one.sale_key, one.base_amount) for one in counted] == [("a", 6000), ("d", 6000)]
        assert net(session, "boss") == 0
        assert proven(session)

    def test_the_first_that_fits_counts_the_line(self, session: Session, ids: Ids) -> None:
        rules = (
            bonus(5000, bps=200, when=When(products=("tea",))),
            bonus(5000, 2, bps=100),
        )
        published(session, ids, terms(percent(500), *rules))

        sold(session, ids, "a", 6000, product_key="tea")
        sold(session, ids, "b", 6000, product_key="rice")

        assert differences(session) == [120, 60]

    def test_a_campaign_counts_what_arrived_in_its_days(self, session: Session, ids: Ids) -> None:
        rule = bonus(
            5000,
            fixed={"CNY": 300},
            period=Period.CAMPAIGN,
            campaign_from=moment(4),
            campaign_until=moment(6),
        )
        published(session, ids, terms(percent(500), rule))

        for n, days in enumerate((3, 5, 6)):
            sold(session, ids, f"s{n}", 9000, days=days)

        assert differences(session) == [300]
        assert proven(session)

    def test_a_currency_without_target_has_none(self, session: Session, ids: Ids) -> None:
        published(session, ids, terms(percent(500), bonus(5000, bps=100)))

        arrived(session, ids, sale(line(base=9000), currency="EUR"))

        assert differences(session) == []
        assert proven(session)

    @pytest.mark.parametrize("others", [(percent(500),), ()])
    def test_who_may_not_earn_has_no_bonus(
        self, session: Session, ids: Ids, others: tuple[Rule, ...]
    ) -> None:
        published(session, ids, terms(*others, bonus(5000, fixed={"CNY": 100})))

        sold(session, ids, "a", 9000, seller=party(refusal="point_suspended"))

        assert differences(session) == []

    def test_a_line_nobody_has_a_rule_for_counts_all_the_same(
        self, session: Session, ids: Ids
    ) -> None:
        published(session, ids, terms(bonus(5000, fixed={"CNY": 100})))

        sold(session, ids, "a", 9000)

        assert differences(session) == [100]

    def test_bands_and_bonus_share_the_ceiling(self, session: Session, ids: Ids) -> None:
        # A fixed amount for handing over is not known to the checks of the plan.
        rules = (
            tiered((0, 1000), (5000, 2000), tier_mode=TierMode.RETROACTIVE),
            bonus(5000, bps=800),
            percent(0, Role.FULFILLER, floor={"CNY": 150}),
        )
        published(session, ids, terms(*rules, ceiling_bps=3000))
        credited(session, ids, sale(line(base=6000)))
        record_facts(session, [fulfilled(), delivered("h1")], by=BY, ids=ids)

        # 1200 with bands, 150 for handing over, and of the bonus of 480 what is left, less the
        # unit of rounding that who hands over may need.
        assert differences(session) == [600, 449]
        assert [net(session), net(session, "store")] == [1649, 150]
        assert proven(session)


class TestOnce:
    def test_told_again_nothing_changes(self, session: Session, ids: Ids) -> None:
        published(session, ids, terms(tiered((0, 1000), (10_000, 2000))))
        for _ in range(3):
            sold(session, ids, "a", 15_000)

        assert differences(session) == [500]
        assert session.scalar(select(func.count()).select_from(Counted)) == 1

    def test_after_a_full_refund_everybody_has_nothing(self, session: Session, ids: Ids) -> None:
        rules = (tiered((0, 1000), (9000, 1500)), bonus(9000, fixed={"CNY": 90}))
        published(session, ids, terms(*rules))
        arrived(session, ids, sale(*lines_of([5000, 5000, 3333]), key="a"))

        for n, amount in enumerate((5000, 5000, 3333)):
            fact = refunded(amount, f"r{n}", str(n + 1), sale_key="a")
            record_refund(session, fact, by=BY, ids=ids)

        assert net(session) == 0
        (period, other) = session.scalars(select(PeriodRow))
        assert (period.award_amount, other.award_amount) == (0, 0)
        balance = session.get_one(Balance, ("ann", "CNY"))
        assert (balance.earned_amount, balance.expected_amount) == (0, 0)
        assert proven(session)

    def test_each_version_counts_for_itself(self, session: Session, ids: Ids) -> None:
        rules: Terms = terms(tiered((0, 1000), (10_000, 2000)))
        published(session, ids, rules)
        sold(session, ids, "a", 8000)
        published(session, ids, rules, at=moment(4))
        arrived(
            session,
            ids,
            sale(line(base=8000), key="b", placed_at=moment(5), paid_at=moment(5)),
            days=6,
        )

        assert differences(session) == []
        assert proven(session)


class TestRelease:
    @pytest.mark.parametrize("rule", [tiered((0, 1000), (5000, 2000)), TestCaps.RULE])
    def test_a_difference_waits_as_long_as_its_line(
        self, session: Session, ids: Ids, rule: Rule
    ) -> None:
        published(session, ids, terms(rule))

        sold(session, ids, "a", 15_000, days=3)

        assert set(session.scalars(select(Release.available_at))) == {moment(17)}
        assert len(session.scalars(select(Release)).all()) == 2

    def test_what_bands_take_back_is_not_payable_until_then(
        self, session: Session, ids: Ids
    ) -> None:
        retroactive = tiered((0, 1000), (10_000, 2000), tier_mode=TierMode.RETROACTIVE)
        published(session, ids, terms(retroactive))
        for key, base, days in (("a", 8000, 2), ("b", 4000, 2), ("late", 3000, 9)):
            sold(session, ids, key, base, days=days)
        record_refund(session, refunded(3000, sale_key="b", days=10), by=BY, ids=ids)

        record_refund(session, refunded(3000, sale_key="late", days=10), by=BY, ids=ids)

        assert net(session) == 900  # the band is lost, though the late line alone is pending
        for day in (17, 25):
            (view,) = queries.balances(session, "ann", at=moment(day))
            assert (view.available_amount <= 900, view.pending_amount >= 0) == (True, True)
        (payout,) = prepared(session, ids, days=25)
        assert payout.amount == 900
        assert proven(session)

    def test_it_is_paid_with_the_lines(self, session: Session, ids: Ids) -> None:
        published(session, ids, terms(tiered((0, 1000), (5000, 2000))))
        sold(session, ids, "a", 15_000)

        (payout,) = prepared(session, ids)

        items = queries.payout_items(session, payout.id)
        assert [(one.kind, one.amount, one.sale_key, one.period_key) for one in items] == [
            ("earn", 1500, "a", ""),
            ("difference", 1000, "", "2026-01"),
        ]
        assert proven(session)


class TestReading:
    def test_why_this_difference(self, session: Session, ids: Ids) -> None:
        published(session, ids, terms(tiered((0, 1000), (10_000, 2000))))
        sold(session, ids, "a", 15_000)

        line_earning, difference = reversed(queries.earnings_of_point(session, "ann", at=moment(3)))

        assert (line_earning.period_key, difference.period_key) == ("", "2026-01")
        assert (difference.sale_key, difference.earned_amount) == ("", 500)
        found = explain_entry(session, difference.id, at=moment(3))
        by_code = {step.code: step.params for step in found.why_this_amount}
        assert by_code["award"] == {"period": "month", "key": "2026-01", "role": "seller"}
        assert by_code["counted"] == {"sales": 15_000, "lines": 1500}
        parts = [step.params for step in found.why_this_amount if step.code == "band_part"]
        assert parts == [
            {"from": 0, "bps": 1000, "sales": 10_000},
            {"from": 10_000, "bps": 2000, "sales": 5000},
        ]
        assert by_code["period_total"] == {"total": 500, "before": 0}
        assert [step.code for step in found.when_payable] == ["waits_until", "hold_days"]

    def test_lists_of_a_status_have_differences(self, session: Session, ids: Ids) -> None:
        published(session, ids, terms(tiered((0, 1000), (10_000, 2000))))
        sold(session, ids, "a", 15_000)

        for day, status in ((3, EntryStatus.PENDING), (20, EntryStatus.AVAILABLE)):
            wanted = queries.Wanted(status=status)
            found = queries.latest_earnings(session, at=moment(day), wanted=wanted)
            assert [one.net_amount for one in found] == [500, 1500]

    def test_how_far_a_point_is(self, session: Session, ids: Ids) -> None:
        published(session, ids, terms(tiered((0, 1000), (10_000, 2000))))
        sold(session, ids, "a", 15_000)

        (view,) = queries.periods_of_point(session, "ann")

        assert (view.role, view.period, view.period_key) == (Role.SELLER, "month", "2026-01")
        assert (view.base_amount, view.line_amount, view.award_amount) == (15_000, 1500, 500)
        assert queries.periods_of_point(session, "ann", before=view.id) == []
        assert queries.counted_lines(session, 1) == []
