"""A sample of every run, reckoned once more from the rows by the calculator, line by line.

A wrong what-if is worse than none: it leads to a plan. So no result is kept that was not compared.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from commissions.archive import StoredSale, stored_facts, stored_sales
from commissions.calculator import reckon
from commissions.facts import Fact
from commissions.targets import targets
from commissions.terms import Role, Terms
from commissions.trials.deck import Deck
from commissions.trials.one_by_one import cut_of
from commissions.trials.reckoner import Outcome

SAMPLE = 3
"""Sales of each deck that are compared, evenly apart."""
FIRST_SAMPLE = 25
"""Sales of a run's first deck: small shops have no other."""


def differing_sales(
    session: Session, deck: Deck, found: Outcome, terms: Terms, sample: int
) -> tuple[int, list[str]]:
    """How many sales were compared, and the keys of those that differ."""
    step = max(1, deck.sale_count // sample)
    chosen = range(0, deck.sale_count, step)
    sales = stored_sales(session, [deck.sale_ids[at] for at in chosen])
    facts = stored_facts(session, [stored.sale.key for stored in sales.values()])
    differing = []
    for at in chosen:
        stored = sales[deck.sale_ids[at]]
        expected = _expected(stored, facts.get(stored.sale.key, []), terms)
        if _found(deck, at, found) != expected:
            differing.append(stored.sale.key)
    return len(chosen), differing


Amounts = dict[tuple[int, Role, int], tuple[int, int]]
"""Line id, role and first unit handed over → net amount, and what the ceiling took."""


def _found(deck: Deck, at: int, found: Outcome) -> Amounts:
    first, end = deck.first_lines[at], deck.first_lines[at + 1]
    amounts: Amounts = {}
    for i in range(first, end):
        seller = (found.seller[i], found.cuts.seller.get(i, 0))
        upline = (found.upline[i], found.cuts.upline.get(i, 0))
        amounts[deck.line_ids[i], Role.SELLER, 0] = seller
        amounts[deck.line_ids[i], Role.UPLINE, 0] = upline
    for j in deck.parcels_of(at):
        line_id = deck.line_ids[deck.parcel_line[j]]
        amount = (found.parcels[j], found.cuts.parcels.get(j, 0))
        amounts[line_id, Role.FULFILLER, deck.parcel_first[j]] = amount
    return {key: amount for key, amount in amounts.items() if any(amount)}


def _expected(stored: StoredSale, facts: list[Fact], terms: Terms) -> Amounts:
    amounts: Amounts = {}
    for target in targets(reckon(stored.sale, terms), facts):
        decision = target.decision
        handed = decision.trace.get("handed_over", {"first": 0})
        key = (stored.line_ids[decision.line_key], decision.role, handed["first"])
        amounts[key] = (target.left, cut_of(decision))
    return {key: amount for key, amount in amounts.items() if any(amount)}
