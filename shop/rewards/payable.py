"""Who could be paid now, and who has been waiting for too long."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from commissions.payouts.claims import payees_with_money, waiting_since
from shop.network import destinations
from shop.rewards import keys, payout_terms
from shop.rewards.payouts import names_of

OVERDUE = timedelta(days=35)
"""A month and some days: whoever waits longer was forgotten by the runs."""


@dataclass(frozen=True)
class Payable:
    """A payee with money, before a run."""

    payee_id: int
    name: str
    currency: str
    available_amount: int
    label: str
    """The masked destination; empty if none is set."""


@dataclass(frozen=True)
class Sum:
    """What could be paid now in one currency."""

    currency: str
    payees: int
    amount: int


def payable(session: Session, *, at: datetime, limit: int = 50) -> tuple[list[Payable], list[Sum]]:
    """The largest amounts that could be paid now, and the sums of all of them; three statements."""
    found = payees_with_money(session, at)
    sums: dict[str, Sum] = {}
    for _payee, currency, amount in found:
        if amount > 0:
            before = sums.get(currency, Sum(currency, 0, 0))
            sums[currency] = Sum(currency, before.payees + 1, before.amount + amount)
    largest = sorted(found, key=lambda row: (-row[2], row[0]))[:limit]
    return _named(session, largest), sorted(sums.values(), key=lambda one: one.currency)


def overdue(session: Session, *, at: datetime) -> list[Payable]:
    """Payees of whom something has been payable for long and who are in no payout (four statements).

    Less than the least amount of their way may wait, as long as it stays below it.
    """
    found = waiting_since(session, at - OVERDUE, at)
    payee_ids = [keys.number(payee) for payee, _currency, _amount in found]
    places, terms = destinations.current(session, payee_ids), payout_terms.current(session)

    def least(payee_key: str, currency: str) -> int:
        place = places.get(keys.number(payee_key))
        known = terms.get((place.rail, currency)) if place else None
        return (known or payout_terms.standard(currency)).minimum

    late = [row for row in found if row[2] >= least(row[0], row[1])]
    return _named(session, late)


def _named(session: Session, found: list[tuple[str, str, int]]) -> list[Payable]:
    payee_ids = [keys.number(payee) for payee, _currency, _amount in found]
    names = names_of(session, payee_ids)
    places = destinations.current(session, payee_ids)
    return [
        Payable(
            keys.number(payee),
            names.get(keys.number(payee), "?"),
            currency,
            amount,
            places[keys.number(payee)].label if keys.number(payee) in places else "",
        )
        for payee, currency, amount in found
    ]
