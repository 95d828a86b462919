"""A plan goes from draft to published by two people, checked, and then never changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import plans
from commissions.canonical import Unreadable, plain, read
from commissions.errors import NotFound, StaleState
from commissions.models import Draft, DraftStatus, PlanVersion, RuleRow
from commissions.plan_checks import Market, check
from commissions.plans import NotPublishable, Retroactive, SamePerson, TermsChanged
from commissions.terms import Basis, Period, Role, Rule, Terms, Tier, TierMode, When
from commissions.versions import version_at, version_by_id
from tests.commissions.conftest import Ids
from tests.commissions.factories import (
    bonus,
    fixed,
    market,
    moment,
    percent,
    published,
    terms,
    tiered,
)


def codes(the_terms: Terms, on: Market | None = None, *, errors: bool = True) -> list[str]:
    return [p.code for p in check(the_terms, on or market()) if p.is_error is errors]


def draft(session: Session, ids: Ids, the_terms: Terms | None = None) -> Draft:
    plans.create_plan(session, "default", name="D", by="maker", at=moment(), ids=ids)
    found = plans.start_draft(
        session, "default", the_terms or terms(), by="maker", at=moment(), ids=ids
    )
    plans.submit_draft(session, found.id, by="maker", at=moment(), ids=ids)
    return found


def publish(session: Session, ids: Ids, of: Draft, **change: Any) -> PlanVersion:
    values = {
        "effective_from": moment(1),
        "expected_hash": of.content_hash,
        "market": market(),
        "by": "checker",
        "at": moment(),
    }
    return plans.publish_draft(session, of.id, ids=ids, **{**values, **change})


class TestPublish:
    def test_a_second_person_makes_it_a_version(self, session: Session, ids: Ids) -> None:
        version = publish(session, ids, draft(session, ids))

        assert (version.number, version.author, version.approver) == (1, "maker", "checker")
        rules = session.scalars(select(RuleRow)).all()
        assert {(rule.role, rule.bps) for rule in rules} == {("seller", 1200), ("fulfiller", 400)}
        assert version.evidence["currencies"] == ["CNY"]

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"by": "maker"}, SamePerson),
            ({"expected_hash": "seen before"}, TermsChanged),
            ({"effective_from": moment(-1)}, Retroactive),
        ],
    )
    def test_not_alone_not_unseen_not_backwards(
        self, session: Session, ids: Ids, change: dict[str, Any], error: type[Exception]
    ) -> None:
        found = draft(session, ids)

        with pytest.raises(error):
            publish(session, ids, found, **change)

    def test_errors_refuse_and_say_what_to_do(self, session: Session, ids: Ids) -> None:
        found = draft(session, ids, terms(percent(4000)))

        with pytest.raises(NotPublishable, match=r"Lower a rate or raise the ceiling"):
            publish(session, ids, found)

    def test_a_draft_changes_until_it_is_submitted(self, session: Session, ids: Ids) -> None:
        found = draft(session, ids)
        with pytest.raises(StaleState):
            plans.change_draft(session, found.id, terms(), by="maker", at=moment(), ids=ids)
        plans.return_draft(session, found.id, by="checker", at=moment(), ids=ids, note="lower")
        lower = terms(percent(100))

        plans.change_draft(session, found.id, lower, by="other", at=moment(), ids=ids)

        session.refresh(found)
        assert plans.terms_of_draft(found) == lower
        assert (found.author, found.status) == ("other", DraftStatus.DRAFT)
        with pytest.raises(StaleState):
            publish(session, ids, found)

    def test_a_discarded_draft_stays_discarded(self, session: Session, ids: Ids) -> None:
        found = draft(session, ids)
        plans.discard_draft(session, found.id, by="maker", at=moment(), ids=ids)

        with pytest.raises(StaleState):
            publish(session, ids, found)

    def test_unknown_plans_and_drafts_are_said_so(self, session: Session, ids: Ids) -> None:
        with pytest.raises(NotFound):
            plans.start_draft(session, "none", terms(), by="m", at=moment(), ids=ids)
        with pytest.raises(NotFound):
            plans.publish_draft(
                session,
                7,
                effective_from=moment(),
                expected_hash="",
                market=market(),
                by="c",
                at=moment(),
                ids=ids,
            )


class TestInForce:
    def test_the_version_is_chosen_by_the_moment(self, session: Session, ids: Ids) -> None:
        first = published(session, ids, terms(percent(100)), at=moment(0))
        second = published(session, ids, terms(percent(200)), at=moment(10))

        found = [version_at(session, "default", moment(day)) for day in (-1, 0, 9.9, 10, 99)]

        assert [f.version_id if f else None for f in found] == [None, first, first, second, second]
        assert version_by_id(session, second).terms == terms(percent(200))

    def test_after_a_campaign_the_one_before_goes_on(self, session: Session, ids: Ids) -> None:
        first = published(session, ids, terms(percent(100)))
        campaign = plans.start_draft(
            session, "default", terms(percent(900)), by="maker", at=moment(1), ids=ids
        )
        plans.submit_draft(session, campaign.id, by="maker", at=moment(1), ids=ids)
        second = publish(
            session,
            ids,
            campaign,
            at=moment(1),
            effective_from=moment(2),
            effective_to=moment(5),
        ).id

        found = [version_at(session, "default", moment(day)) for day in (1, 2, 5)]

        assert [f.version_id if f else None for f in found] == [first, second, first]

    def test_unknown_versions_are_said_so(self, session: Session) -> None:
        with pytest.raises(NotFound):
            version_by_id(session, 0)


class TestChecks:
    def test_a_plain_plan_is_clean(self) -> None:
        assert check(terms(), market()) == []

    @pytest.mark.parametrize(
        ("rules", "code"),
        [
            ((percent(1), percent(2, position=2, when=When(products=("a",)))), "unreachable"),
            (
                (
                    percent(1, when=When(products=("a", "b"))),
                    percent(2, position=2, when=When(products=("a",), channels=("x",))),
                ),
                "unreachable",
            ),
            (
                (
                    percent(1, when=When(below_amount={"CNY": 100})),
                    percent(
                        2,
                        position=2,
                        when=When(below_amount={"CNY": 50}, currencies=("CNY",)),
                    ),
                ),
                "unreachable",
            ),
            ((percent(1), percent(1)), "position_twice"),
            ((percent(1, enabled=False),), "no_rules"),
            ((percent(20_000),), "rate_above_whole"),
            ((percent(-1),), "negative"),
            ((percent(1, floor={"CNY": -1}),), "negative"),
            ((fixed({}),), "no_fixed_amount"),
            ((fixed({"CNY": 1, "XXX": 1}),), "unknown_currency"),
            ((percent(1, floor={"CNY": 9}, cap={"CNY": 1}),), "bounds_crossed"),
            ((percent(1, floor={"EUR": 9}),), "bound_missing"),
            ((percent(1, when=When(customers=("old",))),), "unknown_value"),
            ((percent(1, when=When(currencies=("EUR",))),), "dead_reference"),
            (
                (percent(1, when=When(from_amount={"CNY": 9}, below_amount={"CNY": 9})),),
                "empty_range",
            ),
            ((percent(1), percent(1, Role.FULFILLER, service=" ")), "service_missing"),
            ((percent(2000), percent(1500, Role.FULFILLER)), "ceiling_breach"),
            (
                (
                    percent(3100, when=When(products=("a",))),
                    percent(1, Role.FULFILLER, when=When(products=("b",))),
                ),
                "ceiling_breach",
            ),
            ((percent(1, order_cap={"EUR": 9}),), "bound_missing"),
            ((percent(1, order_cap={"CNY": -1}),), "negative"),
            ((percent(1, floor={"CNY": 9}, order_cap={"CNY": 1}),), "bounds_crossed"),
            ((tiered((0, 100), (500, 200), period=None),), "period_needed"),
            ((percent(1, period_cap={"CNY": 9}),), "period_needed"),
            ((percent(1, period=Period.MONTH),), "period_without_use"),
            ((percent(1, period=Period.MONTH, period_cap={"EUR": 9}),), "bound_missing"),
            ((tiered((0, 100), (500, 200), (500, 300)),), "tiers_not_rising"),
            ((tiered((0, 100), (0, 200)),), "tiers_not_rising"),
            ((tiered((0, 100), (500, 100)),), "tier_unreachable"),
            ((tiered((0, 100), (500, 20_000)),), "rate_above_whole"),
            ((tiered((0, 100), (500, -1)),), "negative"),
            (
                (tiered((0, 200), (500, 100), tier_mode=TierMode.RETROACTIVE),),
                "tier_falls",
            ),
            (
                (percent(1, period=Period.MONTH, tiers=(Tier(from_amount={"EUR": 5}, bps=2),)),),
                "bound_missing",
            ),
            ((tiered((0, 100), (500, 200), basis=Basis.PROFIT),), "tiers_need_percent"),
            ((tiered((0, 100), (500, 200), cap={"CNY": 9}),), "bounds_with_tiers"),
            ((tiered((0, 100), (500, 200), order_cap={"CNY": 9}),), "bounds_with_tiers"),
            ((tiered((0, 100), (500, 3100)),), "ceiling_breach"),
            ((bonus(0),), "target_missing"),
            ((bonus(500, period=None),), "bonus_needs_period"),
            ((bonus(500, bps=100, basis=Basis.PROFIT),), "bonus_of_paid"),
            ((bonus(500, cap={"CNY": 5}),), "bounds_of_bonus"),
            ((bonus(500, service=""),), "service_missing"),
            ((bonus(100_000, fixed={"CNY": 30_001}),), "ceiling_breach"),
            ((percent(2000), bonus(100_000, fixed={"CNY": 10_001})), "ceiling_breach"),
            ((bonus(500), bonus(900, 2)), "unreachable"),
            ((bonus(500, period=Period.CAMPAIGN),), "campaign_needs_dates"),
            ((bonus(500, campaign_from=moment()),), "campaign_without_use"),
            (
                (
                    bonus(
                        500,
                        period=Period.CAMPAIGN,
                        campaign_from=moment(2),
                        campaign_until=moment(2),
                    ),
                ),
                "campaign_ends_first",
            ),
            ((bonus(500, campaign_from=None, when=When(products=("gone",))),), "dead_reference"),
            (
                (percent(3000), percent(101, Role.UPLINE, basis=Basis.SELLER)),
                "ceiling_breach",
            ),
        ],
    )
    def test_what_cannot_work_is_refused(self, rules: tuple[Rule, ...], code: str) -> None:
        found = check(terms(*rules), replace(market(), known={"products": {"a", "b"}}))

        assert code in [problem.code for problem in found if problem.is_error]
        assert all(problem.sentence.endswith(".") for problem in found)

    @pytest.mark.parametrize(
        "rules",
        [
            (percent(1, when=When(products=("a",))), percent(2, position=2)),
            (fixed({"CNY": 1}), percent(2, position=2)),
            (percent(1, basis=Basis.PROFIT), percent(2, position=2)),
            (
                percent(1, when=When(from_amount={"CNY": 100})),
                percent(2, position=2, when=When(below_amount={"CNY": 100})),
            ),
            (
                percent(2000, when=When(products=("a",))),
                percent(1500, Role.FULFILLER, when=When(products=("b",))),
            ),
            (percent(1, floor={"CNY": 1}, cap={"CNY": 9}, order_cap={"CNY": 20}),),
            (percent(1, period=Period.QUARTER, period_cap={"CNY": 9}),),
            (tiered((0, 100), (500, 200), (900, 300), period_cap={"CNY": 90}),),
            (tiered((0, 300), (500, 200)),),
            (percent(2000), bonus(100_000, fixed={"CNY": 10_000})),
            (
                bonus(
                    500,
                    bps=100,
                    period=Period.CAMPAIGN,
                    campaign_from=moment(2),
                    campaign_until=moment(9),
                ),
                bonus(900, 2, bps=100),
            ),
            (percent(2500), percent(2000, Role.UPLINE, basis=Basis.SELLER)),
        ],
    )
    def test_what_can_work_is_not(self, rules: tuple[Rule, ...]) -> None:
        assert codes(terms(*rules)) == []

    def test_dead_references_block(self) -> None:
        rule = percent(1, when=When(products=("gone",)))
        on = replace(market(), known={"products": {"tea"}})

        assert codes(terms(rule), on) == ["dead_reference"]

    def test_warnings_do_not_block(self) -> None:
        on = market("CNY", "EUR", warning_bps=1000)

        assert codes(terms(fixed({"CNY": 1}), percent(2000, position=2)), on) == []
        found = codes(terms(fixed({"CNY": 1}), percent(2000, position=2)), on, errors=False)
        assert found == ["fixed_missing", "high_share", "may_be_scaled"]

    def test_the_zone_is_one_and_the_brands(self) -> None:
        counting = (tiered((0, 100), (500, 200)),)
        at_home = replace(market(), zone="Asia/Shanghai")

        assert codes(terms(*counting, zone="Mars/Olympus")) == ["zone_unknown"]
        assert codes(terms(*counting), at_home) == ["zone_differs"]
        assert codes(terms(*counting, zone="Asia/Shanghai"), at_home) == []
        assert codes(terms(), at_home) == []  # nothing is counted, so no zone matters

    def test_a_target_missing_for_a_currency_is_a_warning(self) -> None:
        on = market("CNY", "EUR")

        found = codes(terms(bonus(500, bps=1)), on, errors=False)

        assert "target_currency_missing" in found


class TestWords:
    @pytest.mark.parametrize(
        ("older", "hash_then"),
        [
            (terms(), "80a87480835d290e1c41c3d13a875c70905314e2550ecfb18d8b211b0989e8fc"),
            (
                terms(
                    percent(1200, when=When(products=("b", "a"), from_amount={"CNY": 5})),
                    fixed({"CNY": 9}, position=2),
                ),
                "51eb62593d26673727ad8a318e463cb98a834ebe9c3b29c51dfc91834f30b913",
            ),
        ],
    )
    def test_terms_from_before_a_word_keep_their_hash(self, older: Terms, hash_then: str) -> None:
        assert older.content_hash == hash_then
        assert replace(older, zone="Asia/Shanghai").content_hash != hash_then

    def test_terms_from_before_a_word_stay_readable(self) -> None:
        stored = plain(terms())
        del stored["zone"]
        for rule in stored["rules"]:
            for word in ("order_cap", "period", "tiers", "tier_mode", "period_cap", "target"):
                del rule[word]

        assert read(Terms, stored) == terms()

    def test_a_published_rule_reads_back_word_for_word(self, session: Session, ids: Ids) -> None:
        dates: dict[str, Any] = {"campaign_from": moment(3), "campaign_until": moment(5)}
        original = terms(
            tiered((0, 100), (500, 200), tier_mode=TierMode.RETROACTIVE, period_cap={"CNY": 5}),
            percent(1, Role.UPLINE, order_cap={"CNY": 7}, basis=Basis.SELLER),
            bonus(900, bps=100, period=Period.CAMPAIGN, **dates),
            zone="Asia/Shanghai",
        )

        version_id = published(session, ids, original)

        found = version_by_id(session, version_id).terms
        assert sorted(found.rules, key=lambda rule: rule.name) == sorted(
            original.rules, key=lambda rule: rule.name
        )
        assert found.zone == "Asia/Shanghai"

    def test_terms_survive_storage(self) -> None:
        original = terms(
            percent(1200, when=When(products=("b", "a"), from_amount={"CNY": 5})),
            fixed({"CNY": 9}, position=2),
        )

        assert read(Terms, plain(original)) == original

    @pytest.mark.parametrize(
        "change",
        [
            {"head_count": 3},
            {"rules": [{"role": "upline2"}]},
            {"ceiling_bps": 12.5},
            {"ceiling_bps": "3000"},
            {"rules": {}},
            {"rules": [{"when": {"recruits": ["x"]}}]},
            {"rules": [{"fixed": []}]},
            {"rules": [{"position": 1}]},
            {"rules": [None]},
        ],
    )
    def test_unknown_words_are_refused_never_dropped(self, change: dict[str, Any]) -> None:
        with pytest.raises(Unreadable):
            read(Terms, {**plain(terms()), **change})

    def test_floats_have_no_canonical_form(self) -> None:
        with pytest.raises(TypeError):
            plain({"amount": 1.5})
