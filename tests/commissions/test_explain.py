"""Why this amount, why not me, when is it payable: answered from what was frozen."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import queries
from commissions.errors import NotFound
from commissions.explain import explain_entry, explain_line
from commissions.facts import Loser
from commissions.holds import On, extend_hold, open_hold
from commissions.life import record_dispute, record_fulfilled, record_refund
from commissions.models import Entry, Payout, PayoutStatus
from commissions.payouts.by_hand import register_by_hand
from commissions.statuses import EntryStatus
from commissions.terms import Role, SamePoint
from tests.commissions.conftest import Ids
from tests.commissions.factories import (
    BY,
    approved,
    arrived,
    credited,
    disputed,
    fixed,
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
)
from tests.counting import counted


def first_entry(session: Session) -> int:
    return session.scalars(select(Entry.id).order_by(Entry.id)).first() or 0


def codes(session: Session, days: float) -> list[str]:
    found = explain_entry(session, first_entry(session), at=moment(days))
    return [step.code for step in found.when_payable]


class TestWhyThisAmount:
    def test_from_the_plan_to_the_amount(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        credited(session, ids, sale(line(base=4000, list_amount=10000, discount_amount=6000)))
        record_refund(session, refunded(1000), by=BY, ids=ids)

        steps = explain_entry(session, first_entry(session), at=moment(9)).why_this_amount

        assert [step.code for step in steps] == [
            "role",
            "plan_version",
            "rule",
            "base",
            "percent",
            "amount",
            "reverse",
            "net",
        ]
        by_code = {step.code: step.params for step in steps}
        assert by_code["base"]["list"] == 10000
        assert by_code["percent"]["bps"] == 1200
        assert by_code["reverse"]["refunded_base"] == 1000
        assert by_code["net"] == {"amount": 360}

    def test_rounding_together_and_scaling_are_told(self, session: Session, ids: Ids) -> None:
        published(session, ids, terms(fixed({"CNY": 50}), percent(1000, position=2)))
        credited(session, ids, sale(line(base=100)))

        steps = explain_entry(session, first_entry(session), at=moment()).why_this_amount

        by_code = {step.code: step.params for step in steps}
        assert by_code["fixed"] == {"each": 50, "quantity": 1}
        assert by_code["ceiling"] == {"bps": 3000, "asked": 50, "allowed": 30}

    def test_a_hand_over_tells_its_part(self, session: Session, ids: Ids) -> None:
        rules = terms(percent(100), percent(900, Role.FULFILLER), same_point=SamePoint.HIGHER)
        published(session, ids, rules)
        credited(session, ids, sale(line(base=10000, quantity=2)))
        record_fulfilled(session, fulfilled(by_point=party()), by=BY, ids=ids)

        entry_id = session.scalars(select(Entry.id).where(Entry.role == Role.FULFILLER)).one()
        steps = explain_entry(session, entry_id, at=moment()).why_this_amount

        by_code = {step.code: step.params for step in steps}
        assert by_code["higher_of"] == {"seller": 100, "fulfiller": 900}
        assert by_code["handed_over"] == {"first": 0, "units": 1, "of": 2, "total": 800}

    def test_an_unknown_entry_is_said_so(self, session: Session) -> None:
        with pytest.raises(NotFound):
            explain_entry(session, 9, at=moment())


class TestWhenPayable:
    def test_each_state_has_its_answer(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        credited(session, ids)
        assert codes(session, 1) == ["waits_for_delivery", "hold_days"]

        arrived(session, ids)
        assert codes(session, 3) == ["waits_until", "hold_days"]
        assert codes(session, 16) == ["payable_since"]

        (payout,) = prepared(session, ids, "hand")
        assert codes(session, 31) == ["in_payout"]
        approved(session, ids, payout)
        register_by_hand(session, payout.id, reference="1", by=BY, at=moment(31), ids=ids)
        assert codes(session, 31) == ["paid"]

    def test_held_says_why_and_until_when(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)
        on = On(point_key="ann")
        open_hold(
            session,
            on,
            key="k",
            reason="review",
            owner="staff",
            until=moment(20),
            by=BY,
            at=moment(3),
            ids=ids,
        )
        extend_hold(session, "k", until=moment(25), by=BY, at=moment(19), ids=ids, note="more")

        (held, waits) = explain_entry(session, first_entry(session), at=moment(4)).when_payable

        assert held.params == {"reason": "review", "until": moment(25)}
        assert waits.code == "waits_until"
        assert codes(session, 24) == ["held"]
        assert codes(session, 25) == ["payable_since"]

    def test_taken_back_says_so(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        credited(session, ids)
        record_refund(session, refunded(4000), by=BY, ids=ids)

        assert codes(session, 4) == ["reversed"]


class TestWhyNotMe:
    def test_the_loser_sees_his_reason_and_not_the_winner(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        losers = (Loser(point_key="bob", reason="outside_window"),)
        credited(session, ids, sale(line(losers=losers)))

        (mine,) = explain_line(session, "s1", "1", for_point="bob")
        (foreign,) = explain_line(session, "s1", "1", for_point="zoe")
        (whole,) = explain_line(session, "s1", "1")

        assert [step.code for step in mine.steps] == ["lost", "outcome"]
        assert mine.steps[0].params == {"point": "bob", "reason": "outside_window"}
        assert mine.point_key == ""
        assert foreign.steps[0].code == "no_candidate_of_yours"
        assert [step.code for step in whole.steps][:3] == ["won", "lost", "outcome"]

    def test_the_suspended_sees_what_was_forgone(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        credited(session, ids, sale(line(seller=party(refusal="point_suspended"))))

        (found,) = explain_line(session, "s1", "1", for_point="ann")

        by_code = {step.code: step.params for step in found.steps}
        assert by_code["refusal"] == {"reason": "point_suspended"}
        assert by_code["forgone"] == {"amount": 480}

    def test_an_unknown_line_is_said_so(self, session: Session) -> None:
        with pytest.raises(NotFound):
            explain_line(session, "s1", "1")


class TestQueries:
    def test_balances_by_state(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        for n, days in enumerate((2, 20, 28)):
            arrived(session, ids, sale(line(base=1000 * (n + 1)), key=f"s{n}"), days=days)
        credited(session, ids, sale(line(base=10000), key="new"))
        hold_on = On(sale_id=queries.sale_id_of(session, "s1"))
        open_hold(
            session,
            hold_on,
            key="k",
            reason="review",
            owner="staff",
            until=None,
            by=BY,
            at=moment(21),
            ids=ids,
        )

        (view,) = queries.balances(session, "ann", at=moment(35))
        assert (view.expected_amount, view.pending_amount) == (1200, 360)
        assert (view.held_amount, view.available_amount) == (240, 120)

        (payout,) = prepared(session, ids, "hand", 35)
        (view,) = queries.balances(session, "ann", at=moment(35))
        assert (view.in_payout_amount, view.available_amount) == (120, 0)
        approved(session, ids, payout, 35)
        register_by_hand(session, payout.id, reference="1", by=BY, at=moment(35), ids=ids)
        record_dispute(session, disputed("opened", days=36, sale_key="s0"), by=BY, ids=ids)
        (view,) = queries.balances(session, "ann", at=moment(36))
        assert (view.paid_amount, view.reserve_amount, view.debt_amount) == (120, 120, 120)

    def test_pages_go_back_in_time(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        credited(session, ids, sale(*lines_of(range(1000, 1007))))

        first = queries.earnings_of_point(session, "ann", at=moment(), limit=4)
        rest = queries.earnings_of_payee(session, "ann", at=moment(), before=first[-1].id, limit=4)

        assert [earning.line_key for earning in [*first, *rest]] == list("7654321")
        assert {earning.status for earning in first} == {EntryStatus.EXPECTED}
        latest = queries.latest_earnings(session, at=moment(), limit=1)
        assert [earning.id for earning in latest] == [first[0].id]

    def test_decisions_and_review_lists(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        lines = (line("1"), line("2", seller=party("bob", refusal="point_suspended")))
        credited(session, ids, sale(*lines))

        decisions = queries.decisions_of_sale(session, "s1")
        (refused,) = queries.refused_decisions(session)

        assert [decision.outcome for decision in decisions] == ["paid", "ineligible"]
        assert decisions[0].version_number == 1
        assert (refused.point_key, refused.sale_key, refused.line_key) == ("bob", "s1", "2")
        assert queries.refused_decisions(session, before=refused.id) == []
        assert len(queries.earnings_of_sale(session, "s1", at=moment())) == 1

    def test_payouts_and_their_items(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)
        record_refund(session, refunded(1000, days=5), by=BY, ids=ids)
        (payout,) = prepared(session, ids)

        items = queries.payout_items(session, payout.id)

        assert [(item.kind, item.amount) for item in items] == [("earn", 480), ("reverse", -120)]
        assert queries.payout_items(session, payout.id, after=items[0].id) == items[1:]
        assert queries.payouts(session, payee_key="ann", statuses=[PayoutStatus.DRAFT]) == [payout]
        assert queries.payouts(session, run_id=payout.run_id, before=payout.id) == []
        assert queries.skipped(session, payout.run_id) == []
        assert queries.open_holds(session, at=moment()) == []

    def test_the_number_of_statements_does_not_grow(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        counts = []
        for n in range(3):
            for k in range(1 + 9 * n):
                credited(session, ids, sale(*lines_of([100, 200]), key=f"s{n}-{k}"))
            with counted(session.get_bind().engine) as sent:
                queries.earnings_of_point(session, "ann", at=moment())
            counts.append(len(sent))

        assert counts == [4, 4, 4]


def test_payout_statuses_are_words_of_the_design() -> None:
    assert Payout.__tablename__ == "commission_payout"
    assert {"draft", "approved", "queued", "sending", "sent", "settled"} < set(PayoutStatus)
