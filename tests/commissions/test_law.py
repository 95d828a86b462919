"""The law as data: what a profile refuses, what it lets through, and what stays as evidence."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from commissions import plans
from commissions.canonical import Unreadable, plain, read
from commissions.law import CHINA, HOUSE, LegalProfile, Requirement
from commissions.models import Draft, PlanVersion
from commissions.plan_checks import Market, check
from commissions.plans import NotPublishable
from commissions.terms import Promises, Role, Rule, Terms
from commissions.versions import version_by_id
from tests.commissions.conftest import Ids
from tests.commissions.factories import bonus, market, moment, percent, terms

PROMISES = Promises(
    complaints="0571-1234, Ms Li",
    refunds="The refunded part is taken back",
    cooling_off="14 days, in writing",
)
SERVED = (
    percent(1200),
    percent(400, Role.FULFILLER, service="hands over", contract="S-7"),
)


def whole(*rules: Rule, **fields: Any) -> Terms:
    """Terms that state everything that China asks for."""
    return Terms(**{"rules": rules or SERVED, "promises": PROMISES, **fields})


def found(the_terms: Terms, profile: LegalProfile = CHINA, *, errors: bool = True) -> list[str]:
    problems = check(the_terms, Market(currencies=("CNY",), profile=profile))
    return [one.code for one in problems if one.is_error is errors]


def submitted(session: Session, ids: Ids, the_terms: Terms) -> Draft:
    plans.create_plan(session, "default", name="Plan", by="maker", at=moment(), ids=ids)
    draft = plans.start_draft(session, "default", the_terms, by="maker", at=moment(), ids=ids)
    plans.submit_draft(session, draft.id, by="maker", at=moment(), ids=ids)
    return draft


def publish(session: Session, ids: Ids, draft: Draft, **change: Any) -> PlanVersion:
    values: dict[str, Any] = {
        "effective_from": moment(1),
        "expected_hash": draft.content_hash,
        "market": Market(currencies=("CNY",)),
        "approver_name": "Chen",
        "by": "checker",
        "at": moment(),
    }
    return plans.publish_draft(session, draft.id, ids=ids, **{**values, **change})


class TestChina:
    def test_is_what_a_plan_is_checked_against_unless_another_is_chosen(self) -> None:
        assert Market(currencies=("CNY",)).profile == CHINA
        assert (CHINA.ceiling_bps, CHINA.warning_bps) == (3000, 3000)
        assert not CHINA.upline_allowed
        assert set(CHINA.requires) == set(Requirement)

    def test_a_plan_that_states_everything_passes(self) -> None:
        assert found(whole()) == []

    @pytest.mark.parametrize(
        ("broken", "code"),
        [
            (whole(promises=replace(PROMISES, complaints=" ")), "complaints_missing"),
            (whole(promises=replace(PROMISES, refunds="")), "refunds_missing"),
            (whole(promises=replace(PROMISES, cooling_off="")), "cooling_off_missing"),
            (whole(SERVED[0], replace(SERVED[1], contract=" ")), "contract_missing"),
            (whole(SERVED[0], replace(SERVED[1], service="")), "service_missing"),
            (whole(SERVED[0], replace(bonus(100, bps=100), contract="")), "contract_missing"),
            (whole(ceiling_bps=3001), "ceiling_above_law"),
            (
                whole(SERVED[0], percent(100, Role.UPLINE, contract="C")),
                "upline_not_allowed",
            ),
        ],
    )
    def test_one_that_does_not_is_refused_and_told_what_to_do(
        self, broken: Terms, code: str
    ) -> None:
        assert found(broken) == [code]
        (problem,) = check(broken, Market(currencies=("CNY",)))
        assert problem.sentence.count(".") > 1 or code in ("contract_missing", "service_missing")

    def test_warns_from_thirty_percent_on(self) -> None:
        most = (percent(2500), percent(500, Role.FULFILLER, contract="S"))

        assert found(whole(*most), errors=False) == ["high_share"]
        assert found(whole(replace(most[0], bps=2499), most[1]), errors=False) == []

    def test_a_rule_that_is_switched_off_needs_no_contract(self) -> None:
        assert found(whole(SERVED[0], replace(SERVED[1], contract="", enabled=False))) == []


class TestAnotherLaw:
    UPLINE = whole(SERVED[0], percent(100, Role.UPLINE, service="trains", contract="C"))

    def test_may_allow_an_upline_for_a_reason_and_a_service(self) -> None:
        allowed: dict[str, Any] = {"key": "own", "name": "Own", "upline_allowed": True}
        both = LegalProfile(**allowed, upline_reason="advice of 3 May", upline_service="training")

        assert found(self.UPLINE, both) == []
        assert found(self.UPLINE, replace(both, upline_reason=" ")) == ["upline_without_reason"]
        assert found(self.UPLINE, replace(both, upline_service="")) == ["upline_without_service"]

    def test_may_be_stricter(self) -> None:
        strict = replace(CHINA, ceiling_bps=2000, warning_bps=1000)

        assert found(whole(), strict) == ["ceiling_above_law"]
        assert found(whole(ceiling_bps=2000), strict, errors=False) == ["high_share"]

    def test_may_ask_for_less(self) -> None:
        assert found(terms(), replace(CHINA, requires=())) == []

    def test_warns_before_its_ceiling_and_never_above_the_whole(self) -> None:
        with pytest.raises(ValueError, match="warning"):
            replace(CHINA, warning_bps=3001)
        with pytest.raises(ValueError, match="whole"):
            replace(CHINA, ceiling_bps=10_001)


class TestWhatNoLawCanOpen:
    def test_every_word_of_a_profile_is_known(self) -> None:
        """A word more is a decision that somebody sees here."""
        assert {one.name for one in fields(LegalProfile)} == {
            "key", "name", "number", "ceiling_bps", "warning_bps", "upline_allowed",
            "upline_reason", "upline_service", "requires", "source", "reference",
        }  # fmt: skip

    @pytest.mark.parametrize("word", ["levels", "join_fee", "recruiting_bps", "head_count"])
    def test_a_smuggled_one_is_unreadable(self, word: str) -> None:
        with pytest.raises(Unreadable, match="unknown field"):
            read(LegalProfile, {**plain(CHINA), word: 1})

    def test_nothing_the_house_ships_allows_an_upline_or_hides_its_source(self) -> None:
        for profile in HOUSE.values():
            assert not profile.upline_allowed
            assert profile.ceiling_bps <= 3000
            assert set(profile.requires) == set(Requirement)
            assert profile.source


class TestPublishing:
    def test_needs_somebody_with_a_name(self, session: Session, ids: Ids) -> None:
        draft = submitted(session, ids, whole())

        with pytest.raises(NotPublishable) as refused:
            publish(session, ids, draft, approver_name=" ")

        assert [one.code for one in refused.value.problems] == ["approver_missing"]
        assert publish(session, ids, draft).approver == "checker"

    def test_keeps_what_it_was_checked_against(self, session: Session, ids: Ids) -> None:
        warned = whole(replace(SERVED[0], bps=2600), SERVED[1])
        own = replace(CHINA, key="own", number=4, reference="77")

        version = publish(
            session, ids, submitted(session, ids, warned),
            market=Market(currencies=("CNY",), profile=own),
        )  # fmt: skip

        kept = version.evidence
        assert read(LegalProfile, kept["profile"]) == own
        assert kept["approver"] == {"key": "checker", "name": "Chen"}
        assert kept["ceiling_bps"] == 3000
        assert read(Promises, kept["promises"]) == PROMISES
        assert kept["services"] == [
            {
                "role": "fulfiller", "position": 1, "name": "fulfiller 1",
                "service": "hands over", "contract": "S-7",
            }
        ]  # fmt: skip
        assert kept["warnings"] == [
            {"code": "high_share", "role": "", "position": 0, "params": {"sum": "30.00 %"}}
        ]

    def test_the_terms_read_back_with_their_promises(self, session: Session, ids: Ids) -> None:
        version = publish(session, ids, submitted(session, ids, whole()))

        again = version_by_id(session, version.id).terms
        assert again.promises == PROMISES
        assert (
            again.content_hash
            == replace(
                whole(), rules=tuple(sorted(whole().rules, key=lambda rule: rule.role))
            ).content_hash
        )

    def test_what_asks_for_nothing_keeps_that_as_well(self, session: Session, ids: Ids) -> None:
        version = publish(session, ids, submitted(session, ids, terms()), market=market())

        assert version.evidence["profile"]["requires"] == []
