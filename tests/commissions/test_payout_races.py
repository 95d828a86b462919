"""Races for one payout that the single-person tests cannot show."""

from __future__ import annotations

from functools import partial

from sqlalchemy import func, select

from commissions.models import Approval, Payout, PayoutStatus
from commissions.payouts.approving import approve
from commissions.payouts.conditions import Conditions
from commissions.payouts.preparing import prepare_run
from tests.commissions.conftest import Ids, Sessions
from tests.commissions.factories import arrived, moment, policy, published
from tests.races import together

PEOPLE = 8


def test_two_of_many_who_agree_at_once_are_enough(sessions: Sessions, ids: Ids) -> None:
    """T43. Without the payout's row lock in `approve`, on PostgreSQL all of them find a draft that needs
    them (seen: eight approvals), and two who come alone each count only themselves."""
    with sessions.begin() as session:
        published(session, ids)
        arrived(session, ids)
        limited = policy(conditions_of=lambda _rail, _currency: Conditions(second_from_amount=1))
        prepare_run(session, limited, by="maker", at=moment(30), ids=ids)
        payout_id, seen = session.execute(select(Payout.id, Payout.terms_hash)).one()

    def agree(by: str) -> bool:
        with sessions.begin() as session:
            return approve(
                session,
                payout_id,
                expected_hash=seen,
                by=by,
                at=moment(31),
                ids=ids,
            )

    told = together([partial(agree, f"checker {n}") for n in range(PEOPLE)])

    assert [one for one in told if isinstance(one, Exception)] == []
    assert told.count(True) == 1
    with sessions() as session:
        assert session.get_one(Payout, payout_id).status is PayoutStatus.APPROVED
        assert session.scalar(select(func.count()).select_from(Approval)) == 2
