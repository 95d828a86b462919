"""The brand's terms of paying out: minimum, fee, and from which amount two people must approve.

Whoever could change a limit alone could approve anything alone, so a change waits for a second
person; a payout keeps what held when it was prepared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from commissions.arithmetic import exponent
from commissions.payouts.conditions import Conditions
from shop.kernel import audit, ids
from shop.kernel.errors import Conflict, Invalid, NotFound
from shop.kernel.words import Words, _l
from shop.network.models import Rail
from shop.rewards import proposals
from shop.rewards.models import Act
from shop.rewards.payout_models import PayoutTerms

LEAST = {"HKD": 5000}
"""Least payout where nobody set another; ten units of the currency where it is not named."""
HIGHEST_FEE_BPS = 3000


@dataclass(frozen=True)
class Terms:
    """Terms of one rail, as they hold now and as somebody wants them."""

    rail: Rail
    currency: str
    conditions: Conditions
    proposal: PayoutTerms | None = None
    """A change that waits for a second person."""


def standard(currency: str) -> Conditions:
    """Terms where nobody set any."""
    return Conditions(minimum=LEAST.get(currency, 10 * 10 ** exponent(currency)))


def current(session: Session) -> dict[tuple[str, str], Conditions]:
    """Terms in force by rail and currency; one statement. What is absent is `standard`."""
    rows = session.scalars(
        select(PayoutTerms).where(
            PayoutTerms.agreed_at.is_not(None), PayoutTerms.replaced_at.is_(None)
        )
    )
    return {(row.rail, row.currency): conditions_of(row) for row in rows}


def conditions_of(row: PayoutTerms) -> Conditions:
    """A row in the engine's words."""
    return Conditions(
        minimum=row.minimum_amount,
        fee_amount=row.fee_amount,
        fee_bps=row.fee_bps,
        second_from_amount=row.second_from_amount,
    )


def of_currency(session: Session, currency: str) -> list[Terms]:
    """All ways with their terms and open proposals, for the page; two statements."""
    in_force, waiting = current(session), _proposals(session)
    return [
        Terms(
            rail,
            currency,
            in_force.get((rail, currency), standard(currency)),
            waiting.get((rail, currency)),
        )
        for rail in Rail
    ]


def propose(
    session: Session, rail: Rail, currency: str, wanted: Conditions, *, by: str, at: datetime
) -> int:
    """Write down other terms; they hold once a second person agreed. Returns the proposal.

    Raises Invalid with every bad field named, Conflict if another change waits or nothing changes.
    """
    _check(wanted)
    if (rail, currency) in _proposals(session):
        raise Conflict(_l("Another change of these terms waits for a second person."))
    if current(session).get((rail, currency), standard(currency)) == wanted:
        raise Conflict(_l("These terms hold already."))
    terms_id = ids.new()
    session.execute(
        insert(PayoutTerms).values(
            id=terms_id,
            rail=rail,
            currency=currency,
            minimum_amount=wanted.minimum,
            fee_amount=wanted.fee_amount,
            fee_bps=wanted.fee_bps,
            second_from_amount=wanted.second_from_amount,
            proposed_by=by,
            proposed_at=at,
        )
    )
    return terms_id


def put_in_force(session: Session, terms_id: int, *, by: str, at: datetime) -> None:
    """A second person agreed: from now on runs prepare by these terms."""
    row = session.get(PayoutTerms, terms_id)
    if row is None or row.agreed_at is not None:
        raise NotFound(_l("There are no such terms."))
    before = current(session).get((row.rail, row.currency), standard(row.currency))
    session.execute(
        update(PayoutTerms)
        .where(
            PayoutTerms.rail == row.rail,
            PayoutTerms.currency == row.currency,
            PayoutTerms.agreed_at.is_not(None),
            PayoutTerms.replaced_at.is_(None),
        )
        .values(replaced_at=at)
    )
    row.agreed_by, row.agreed_at = by, at
    session.flush()
    audit.record(
        session, "payout_terms.changed", "payout_terms", terms_id, by=by, at=at,
        before=_plain(before), after={"rail": row.rail, **_plain(conditions_of(row))},
    )  # fmt: skip


def _plain(conditions: Conditions) -> dict[str, int | None]:
    return {
        "minimum": conditions.minimum,
        "fee_amount": conditions.fee_amount,
        "fee_bps": conditions.fee_bps,
        "second_from_amount": conditions.second_from_amount,
    }


def _proposals(session: Session) -> Mapping[tuple[str, str], PayoutTerms]:
    rows = proposals.waiting(session, Act.TERMS, PayoutTerms)
    return {(row.rail, row.currency): row for row in rows}


def _check(wanted: Conditions) -> None:
    wrong: dict[str, Words | str] = {}
    if wanted.minimum < 1:
        wrong["minimum"] = _l("The least amount is more than nothing.")
    if wanted.fee_amount < 0 or wanted.fee_amount >= max(wanted.minimum, 1):
        wrong["fee_amount"] = _l("The fee must be smaller than the least amount.")
    if not 0 <= wanted.fee_bps <= HIGHEST_FEE_BPS:
        wrong["fee_bps"] = _l("A fee has 0 to 30 percent.")
    if wanted.second_from_amount is not None and wanted.second_from_amount < 1:
        wrong["second_from_amount"] = _l("Leave this empty if one person is always enough.")
    if wrong:
        raise Invalid(_l("Please check the marked fields."), fields=wrong)
