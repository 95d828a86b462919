"""Two people decide about a part of a payout that came back: it is owed again, or it stands as it is.

The payout stays as it was sent, and its entries stay paid by it. What came back is given to the
points anew, each its share of what the payout paid them, so that the next payout can claim it and
everybody can read why.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from commissions.arithmetic import split
from commissions.cases import Returned, give_returned
from commissions.errors import CommissionError, StaleState
from commissions.models import Case, Claim, Entry, Payout, PayoutStatus
from commissions.payouts.approving import clear_quarantine, locked_payout
from commissions.payouts.following import back_amount
from commissions.payouts.returning import take_back
from commissions.plans import SamePerson
from commissions.rows import table_of

Ids = Callable[[], int]


class MoreCameBack(CommissionError):
    """The provider shows another amount than the one that was agreed on."""

    code = "more_came_back"


def undecided_amount(session: Session, payout: Payout) -> int:
    """What came back of a payout and nobody has decided about, in minor units."""
    if payout.transfer_ref is None or payout.status is not PayoutStatus.QUARANTINED:
        return 0
    return max(0, back_amount(session, payout) - payout.known_back_amount)


def book_part(
    session: Session,
    payout_id: int,
    *,
    amount: int,
    by: str,
    second: str,
    at: datetime,
    ids: Ids,
    reason: str,
) -> None:
    """What came back, exactly `amount`, is owed again; once all of it did, the payout is reversed.

    Tax and fee stay with the payout until the whole came back. Raises SamePerson, StaleState, and
    MoreCameBack if the amount is another one meanwhile.
    """
    payout = _decided(session, payout_id, amount, by, second)
    if payout.returned_amount + amount == payout.net_amount:
        _whole(session, payout, by=by, second=second, at=at, ids=ids, reason=reason)
        return
    parts = _parts(session, payout, amount)
    _give(session, payout, parts, by=by, second=second, at=at, ids=ids, reason=reason)
    _set(session, payout, returned_amount=payout.returned_amount + amount)
    clear_quarantine(session, payout_id, by=by, second=second, at=at, ids=ids, reason=reason)


def accept_part(
    session: Session,
    payout_id: int,
    *,
    amount: int,
    by: str,
    second: str,
    at: datetime,
    ids: Ids,
    reason: str,
) -> None:
    """Nothing is owed for what came back, exactly `amount`: the payee has it in another way.

    Moves nothing; the payout stands as sent. Raises as `book_part`.
    """
    payout = _decided(session, payout_id, amount, by, second)
    _set(session, payout, accepted_amount=payout.accepted_amount + amount)
    clear_quarantine(session, payout_id, by=by, second=second, at=at, ids=ids, reason=reason)


def _decided(session: Session, payout_id: int, amount: int, by: str, second: str) -> Payout:
    if by == second:
        raise SamePerson(payout=payout_id, by=by)
    # Of two pairs who decide at once, the second finds nothing left to decide.
    payout = locked_payout(session, payout_id)
    undecided = undecided_amount(session, payout)
    if not undecided:
        raise StaleState("nothing came back", thing=Payout.__tablename__, id=payout_id)
    if amount != undecided:
        raise MoreCameBack(payout=payout_id, agreed=amount, found=undecided)
    return payout


def _whole(
    session: Session, payout: Payout, *, by: str, second: str, at: datetime, ids: Ids, reason: str
) -> None:
    """The rest came back as well: the payout gives everything back, the parts before it end."""
    given = _given(session, payout)
    _give(
        session,
        payout,
        {point_key: -amount for point_key, amount in given.items()},
        by=by,
        second=second,
        at=at,
        ids=ids,
        reason=reason,
    )
    _set(session, payout, returned_amount=0)
    event_key = payout.transfer_ref or ""
    take_back(session, payout.id, event_key=event_key, by=second, at=at, ids=ids)


def _give(
    session: Session,
    payout: Payout,
    parts: dict[str, int],
    *,
    by: str,
    second: str,
    at: datetime,
    ids: Ids,
    reason: str,
) -> None:
    told = back_amount(session, payout)
    for point_key, amount in sorted(parts.items()):
        part = Returned(
            key=f"returned:{payout.id}:{told}:{point_key}",
            payout_id=payout.id,
            point_key=point_key,
            payee_key=payout.payee_key,
            currency=payout.currency,
            amount=amount,
            note=reason,
        )
        give_returned(session, part, by=by, second=second, at=at, ids=ids)


def _parts(session: Session, payout: Payout, amount: int) -> dict[str, int]:
    """The amount by points, in proportion to what the payout paid through each of them."""
    claim, entry = table_of(Claim), table_of(Entry)
    rows = session.execute(
        select(entry.c.point_key, func.sum(claim.c.amount))
        .join(entry, entry.c.id == claim.c.entry_id)
        .where(claim.c.payout_id == payout.id)
        .group_by(entry.c.point_key)
        .order_by(entry.c.point_key)
    ).all()
    gained = {point_key: int(total) for point_key, total in rows if total > 0}
    shares = split(amount, gained.values())
    return {point: share for point, share in zip(gained, shares, strict=True) if share}


def _given(session: Session, payout: Payout) -> dict[str, int]:
    case = table_of(Case)
    rows = session.execute(
        select(case.c.point_key, func.sum(case.c.amount))
        .where(case.c.payout_id == payout.id)
        .group_by(case.c.point_key)
    )
    return {point_key: int(total) for point_key, total in rows if total}


def _set(session: Session, payout: Payout, **amounts: int) -> None:
    session.execute(
        update(Payout)
        .where(Payout.id == payout.id)
        .values(amounts)
        .execution_options(synchronize_session=False)
    )
    session.refresh(payout)
