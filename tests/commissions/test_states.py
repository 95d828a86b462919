"""A status changes through its table only, once, and leaves an audit row."""

from __future__ import annotations

from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import plans
from commissions.audit_trail import AuditEntry
from commissions.errors import NotFound, StaleState
from commissions.models import Draft, DraftStatus, Payout, PayoutStatus, payout_steps
from commissions.models.plans import drafts
from tests.commissions.conftest import Ids
from tests.commissions.factories import arrived, moment, prepared, published, terms


@pytest.fixture
def draft(session: Session, ids: Ids) -> Draft:
    plans.create_plan(session, "default", name="D", by="m", at=moment(), ids=ids)
    return plans.start_draft(session, "default", terms(), by="m", at=moment(), ids=ids)


class TestMove:
    def test_it_moves_once_and_writes_who_did_it(
        self, session: Session, ids: Ids, draft: Draft
    ) -> None:
        moves = [
            drafts.move(
                session, Draft, draft.id, to=DraftStatus.SUBMITTED, by="ann", at=moment(), ids=ids
            )
            for _ in range(2)
        ]

        assert moves == [True, False]
        assert draft.status is DraftStatus.SUBMITTED
        rows = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "commission_plan_draft.submitted")
        ).all()
        assert [(row.by, row.before, row.after) for row in rows] == [
            ("ann", {"status": "draft"}, {"status": "submitted"})
        ]

    def test_a_step_that_is_none_is_refused(self, session: Session, ids: Ids, draft: Draft) -> None:
        def move(to: DraftStatus, expected: DraftStatus | None = None) -> bool:
            return drafts.move(
                session,
                Draft,
                draft.id,
                to=to,
                by="a",
                at=moment(),
                ids=ids,
                expected=expected,
            )

        with pytest.raises(StaleState):
            move(DraftStatus.PUBLISHED)
        with pytest.raises(StaleState):
            move(DraftStatus.DISCARDED, expected=DraftStatus.SUBMITTED)
        with pytest.raises(StaleState):
            move(DraftStatus.PUBLISHED, expected=DraftStatus.DRAFT)
        assert move(DraftStatus.DISCARDED)

    def test_nothing_there_is_said_so(self, session: Session, ids: Ids) -> None:
        with pytest.raises(NotFound):
            drafts.move(session, Draft, 5, to=DraftStatus.DISCARDED, by="a", at=moment(), ids=ids)


@pytest.mark.parametrize(("start", "to"), list(product(PayoutStatus, PayoutStatus)))
def test_every_pair_of_payout_states_obeys_the_table(start: PayoutStatus, to: PayoutStatus) -> None:
    facts = {
        PayoutStatus.SENT,
        PayoutStatus.SETTLED,
        PayoutStatus.FAILED,
        PayoutStatus.REVERSED,
        PayoutStatus.VOID,
    }
    allowed = payout_steps.allows(start, to)

    if start in facts:
        assert not allowed or to in facts | {PayoutStatus.QUARANTINED}
    if to is PayoutStatus.SENT:
        # From quarantine only what was sent before comes back here, by two people.
        assert allowed == (start in (PayoutStatus.SENDING, PayoutStatus.QUARANTINED))
    if to is PayoutStatus.APPROVED:
        assert allowed == (start is PayoutStatus.DRAFT)


def test_a_payout_that_moved_elsewhere_is_stale(session: Session, ids: Ids) -> None:
    published(session, ids)
    arrived(session, ids)
    (payout,) = prepared(session, ids)

    with pytest.raises(StaleState):
        payout_steps.move(
            session, Payout, payout.id, to=PayoutStatus.SENT, by="a", at=moment(), ids=ids
        )
