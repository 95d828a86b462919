"""Lines that come to an order later: reckoned by themselves, under the terms of the order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import queries
from commissions.adding import add_lines
from commissions.audit import prove
from commissions.crediting import credit_sale, uncredited_sales
from commissions.errors import KeyReused, NotFound, UnknownLine
from commissions.explain import explain_line
from commissions.facts import Fact, LinesAdded, Refunded, RefundedLine, Sale, SaleLine
from commissions.intake import record_part, record_sale
from commissions.life import record_dispute, record_facts, record_refund
from commissions.models import Entry, Hold, SaleRow
from commissions.plan_checks import check
from commissions.terms import Terms
from tests.commissions import strategies
from tests.commissions.conftest import Ids
from tests.commissions.factories import (
    BY,
    credited,
    delivered,
    disputed,
    fulfilled,
    line,
    market,
    moment,
    percent,
    prepared,
    published,
    refunded,
    sale,
    terms,
)
from tests.commissions.house.ground import Ground


def added(*lines: SaleLine, key: str = "edit", **fields: Any) -> LinesAdded:
    defaults: dict[str, Any] = {"sale_key": "s1", "at": moment(5)}
    return LinesAdded(**{**defaults, **fields, "key": key, "lines": lines or (line("9", 2000),)})


def add(session: Session, ids: Ids, *lines: SaleLine, **fields: Any) -> bool:
    return add_lines(session, added(*lines, **fields), by=BY, ids=ids)


def entries(session: Session) -> list[tuple[str, int]]:
    """Amounts by cause, in the order of writing."""
    rows = session.execute(select(Entry.cause, Entry.amount).order_by(Entry.id))
    return [(row.cause, row.amount) for row in rows]


def proven(session: Session) -> bool:
    return prove(session).findings == []


class TestTermsOfTheOrder:
    """T10: an edit recomputed with today's rates elsewhere."""

    def test_new_lines_and_refunds_use_the_version_frozen_on_the_order(
        self, session: Session, ids: Ids
    ) -> None:
        published(session, ids, terms(percent(1000)))
        credited(session, ids)
        published(session, ids, terms(percent(2000)), at=moment(1))

        add(session, ids)
        record_refund(session, refunded(1000), by=BY, ids=ids)
        record_refund(session, refunded(500, line_key="9", sale_key="s1+edit"), by=BY, ids=ids)

        assert entries(session) == [
            ("sale", 400),
            ("sale", 200),
            ("refund", -100),
            ("refund", -50),
        ]
        assert proven(session)

    def test_what_was_there_keeps_its_cents(self, session: Session, ids: Ids) -> None:
        published(session, ids, terms(percent(1000)))
        credited(session, ids, sale(line("1", 105), line("2", 105)))

        add(session, ids, line("3", 105))

        assert [amount for _, amount in entries(session)] == [11, 10, 11]
        assert proven(session)

    def test_an_exchange_is_a_refund_and_an_addition(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        credited(session, ids)
        record_refund(session, refunded(4000, units=1, days=5), by=BY, ids=ids)
        add(session, ids, line("1b", 5000), replaces="1")
        told: list[Fact] = [
            fulfilled(line_key="1b", sale_key="s1+edit", by_point=None, days=6),
            delivered(sale_key="s1+edit", days=7),
        ]
        record_facts(session, told, by=BY, ids=ids)

        assert session.scalar(select(SaleRow.replaces_line_key).where(SaleRow.key == "s1+edit"))
        assert prepared(session, ids, days=20) == []
        assert [payout.amount for payout in prepared(session, ids, days=21)] == [600]
        assert proven(session)

    def test_a_dispute_holds_what_was_paid_with_it(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        credited(session, ids)
        add(session, ids)

        record_dispute(session, disputed("opened"), by=BY, ids=ids)
        record_dispute(session, disputed("lost", days=6), by=BY, ids=ids)

        assert [amount for _, amount in entries(session)] == [480, 240, -480]
        assert len(session.scalars(select(Hold)).all()) == 1


class TestTelling:
    def test_it_is_told_once(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        credited(session, ids)

        assert [add(session, ids), add(session, ids)] == [True, False]
        with pytest.raises(KeyReused):
            add(session, ids, line("9", 2001))
        assert len(entries(session)) == 2

    def test_its_order_and_the_line_it_replaces_must_be_known(
        self, session: Session, ids: Ids
    ) -> None:
        published(session, ids)
        credited(session, ids)
        add(session, ids)
        with pytest.raises(NotFound):
            add(session, ids, sale_key="s2")
        with pytest.raises(NotFound):
            add(session, ids, sale_key="s1+edit")  # a second edit is of the order as well
        with pytest.raises(UnknownLine):
            add(session, ids, key="other", replaces="7")

    def test_it_waits_until_its_order_is_credited(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        record_sale(session, sale(), by=BY, at=moment(), ids=ids)
        add(session, ids)
        assert entries(session) == []

        for key in uncredited_sales(session):
            credit_sale(session, key, by=BY, at=moment(6), ids=ids)

        assert [amount for _, amount in entries(session)] == [480, 240]
        assert proven(session)

    def test_lists_and_explanations_name_the_order(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        credited(session, ids)
        add(session, ids)

        found = queries.earnings_of_sale(session, "s1", at=moment(6))

        assert [(one.sale_key, one.line_key) for one in found] == [("s1", "9"), ("s1", "1")]
        assert explain_line(session, "s1", "9")[0].outcome == "paid"
        assert len(queries.decisions_of_sale(session, "s1")) == 2

    def test_the_proof_finds_one_that_is_not_of_its_order(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        first = record_sale(session, sale(), by=BY, at=moment(), ids=ids)
        credit_sale(session, first, by=BY, at=moment(), ids=ids)
        other = sale(line("9"), key="s1+x", customer_key="somebody else")
        more = {"part_of_id": first.id, "replaces": "", "by": BY, "at": moment(), "ids": ids}
        part = record_part(session, other, **more)  # type: ignore[arg-type]
        credit_sale(session, part, by=BY, at=moment(), ids=ids)

        assert [found.code for found in prove(session).findings] == ["addition_differs"]


@st.composite
def edited(draw: st.DrawFn) -> tuple[Sale, list[Fact], LinesAdded, Terms]:
    """A sale with its facts, lines that were added to it, and a plan."""
    first = draw(strategies.sales())
    more = tuple(replace(one, key=f"x{one.key}") for one in draw(strategies.sales()).lines)
    plan = draw(
        strategies.plans().filter(
            lambda plan: not any(problem.is_error for problem in check(plan, market()))
        )
    )
    return first, draw(strategies.facts_of(first)), added(*more), plan


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(edited(), st.integers(0, 10))
def test_nothing_that_was_there_ever_moves(
    edit: tuple[Sale, list[Fact], LinesAdded, Terms], place: int
) -> None:
    """Wherever among the facts the edit comes; all back leaves nobody anything; no ceiling passes."""
    first, facts, more, plan = edit
    alone = _lived(first, facts, plan, None, 0)
    with_edit = _lived(first, facts, plan, more, place)

    assert with_edit["first"] == alone["first"]
    base = sum(one.base_amount for one in more.lines)
    assert sum(with_edit["added"]) * 10_000 <= base * plan.ceiling_bps
    assert with_edit["left"] == []


_GROUND: list[Ground] = []


def _lived(
    first: Sale, facts: list[Fact], plan: Terms, more: LinesAdded | None, place: int
) -> dict[str, list[int]]:
    """Amounts of both, and what is left when everything went back."""
    ground = _GROUND[0] if _GROUND else Ground()
    _GROUND[:] = [ground]
    with ground.history() as sessions, sessions.begin() as session:
        ids = ground.ids
        published(session, ids, plan)
        credited(session, ids, first)
        for n, fact in enumerate(facts):
            if more and n == min(place, len(facts) - 1):
                add_lines(session, more, by=BY, ids=ids)
            record_facts(session, [fact], by=BY, ids=ids)
        if more and not facts:
            add_lines(session, more, by=BY, ids=ids)
        found = {"first": _amounts(session, first.key)}
        if more:
            found["added"] = _amounts(session, more.own_key)
            for key, lines in ((first.key, first.lines), (more.own_key, more.lines)):
                back = tuple(RefundedLine(line_key=o.key, amount=o.base_amount) for o in lines)
                all_back = Refunded(key="all", sale_key=key, at=moment(60), lines=back)
                record_facts(session, [all_back], by=BY, ids=ids)
            sums: dict[str, int] = {}
            for payee_key, amount in session.execute(select(Entry.payee_key, Entry.amount)):
                sums[payee_key] = sums.get(payee_key, 0) + amount
            found["left"] = [amount for amount in sums.values() if amount]
        assert proven(session)
    return found


def _amounts(session: Session, sale_key: str) -> list[int]:
    query = select(Entry.amount).join(SaleRow, SaleRow.id == Entry.sale_id)
    return list(session.scalars(query.where(SaleRow.key == sale_key).order_by(Entry.id)))
