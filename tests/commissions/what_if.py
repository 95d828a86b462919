"""One plan over the same sales by both ways: packed into columns, and by the calculator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from commissions.archive import StoredSale
from commissions.calculator import reckon
from commissions.facts import Fact, Sale
from commissions.models import Trial, TrialSum
from commissions.periods import Counting, countings
from commissions.rows import table_of
from commissions.targets import targets
from commissions.terms import Role, Terms
from commissions.trials.deck import Packer, packed, unpacked
from commissions.trials.one_by_one import cut_of
from commissions.trials.reckoner import Reckoner
from commissions.trials.running import run_to_the_end, start_trial
from tests.commissions.conftest import Ids
from tests.commissions.factories import moment

Told = tuple[Sale, list[Fact]]
Earned = tuple[dict[Any, int], dict[Any, int], Counter[Any]]


def by_deck(told: Sequence[Told], terms: Terms) -> Earned:
    """Net amounts by line, role and hand-over; what the ceiling took; what counts in periods."""
    packer, keys, handed = Packer(), [], []
    for number, (the_sale, facts) in enumerate(told):
        ids = {sold.key: 1000 * number + at for at, sold in enumerate(the_sale.lines)}
        packer.add(StoredSale(number, the_sale, ids, ""), facts, {})
        keys += [sold.key for sold in the_sale.lines]
    names, content = packed(packer.deck())
    deck = unpacked(names, content)
    found = Reckoner(terms).reckon(deck)
    handed = [
        f"{keys[i]}@{first}" for i, first in zip(deck.parcel_line, deck.parcel_first, strict=True)
    ]
    cuts = found.cuts
    columns = (
        ("seller", keys, found.seller, cuts.seller),
        ("upline", keys, found.upline, cuts.upline),
        ("fulfiller", handed, found.parcels, cuts.parcels),
    )
    amounts, cut = {}, {}
    for role, names_, column, taken in columns:
        for place, (key, amount) in enumerate(zip(names_, column, strict=True)):
            amounts[key, role] = amount
            cut[key, role] = taken.get(place, 0)
    return without_zeros(amounts), without_zeros(cut), counted([one for _, one in found.counted])


def by_calculator(told: Sequence[Told], terms: Terms) -> Earned:
    amounts: Counter[Any] = Counter()
    cut: Counter[Any] = Counter()
    counts: list[Counting] = []
    for the_sale, facts in told:
        reckoning = reckon(the_sale, terms)
        found = targets(reckoning, facts)
        counts += countings(reckoning, found, {}).values()
        for target in found:
            decision = target.decision
            key = decision.line_key
            part = decision.trace.get("handed_over")
            if decision.role is Role.FULFILLER and part is not None:
                key = f"{key}@{part['first']}"
            amounts[key, decision.role.value] += target.left
            cut[key, decision.role.value] += cut_of(decision)
    return without_zeros(amounts), without_zeros(cut), counted(counts)


def counted(found: list[Counting]) -> Counter[Any]:
    return Counter(
        (one.rule.role, one.rule.position, one.party, one.place.period_key, one.sums)
        for one in found
    )


def without_zeros(amounts: dict[Any, int]) -> dict[Any, int]:
    return {key: amount for key, amount in amounts.items() if amount}


def asked(session: Session, ids: Ids, terms: Terms, days: float = 400) -> int:
    """A trial of all sales that were placed within so many days; committed."""
    trial_id = start_trial(
        session,
        terms,
        plan_key="default",
        name="trial",
        placed_from=moment(),
        placed_until=moment(days),
        by="maker",
        at=moment(days),
        ids=ids,
    )
    session.commit()
    return trial_id


def pieces(engine: Engine, trial_id: int, ids: Ids, **sizes: int) -> Generator[tuple[int, int]]:
    """Work a trial off; after each piece the sales done of all."""

    @contextmanager
    def unit_of_work() -> Iterator[Session]:
        with Session(engine) as session:
            yield session
            session.commit()

    yield from run_to_the_end(
        engine, trial_id, unit_of_work, by="job", now=lambda: moment(400), ids=ids, **sizes
    )


def tried(session: Session, ids: Ids, terms: Terms, **sizes: int) -> Trial:
    """A trial over all that is in the books, worked off to its end."""
    trial_id, engine = asked(session, ids, terms), session.get_bind().engine
    for _ in pieces(engine, trial_id, ids, **sizes):
        pass
    return session.get_one(Trial, trial_id, populate_existing=True)


def totals(session: Session, trial: Trial, dimension: str) -> dict[str, tuple[int, int]]:
    """Key → what was earned by the books, and what would have been."""
    table = table_of(TrialSum)
    rows = session.execute(
        select(table).where(table.c.trial_id == trial.id, table.c.dimension == dimension)
    )
    return {row.key: (row.now_amount, row.then_amount) for row in rows}


def costs_what_it_cost(session: Session, ids: Ids, terms: Terms) -> bool:
    """Whether the plan of the books, tried over the same sales, comes to what the books say."""
    trial = tried(session, ids, terms)
    return trial.status == "done" and all(
        now == then
        for dimension in ("role", "point", "payee", "product", "month")
        for now, then in totals(session, trial, dimension).values()
    )
