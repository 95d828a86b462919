"""What terms would have made of an order that really was placed: the editor's live example.

Pure reckoning over the stored sale and all its facts; nothing is written.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.archive import stored_facts, stored_sale
from commissions.calculator import reckon
from commissions.decisions import Outcome
from commissions.facts import Fact, Sale
from commissions.models import SaleRow
from commissions.targets import Target, targets
from commissions.terms import Terms
from shop.orders.models import Order, OrderLine
from shop.rewards import earnings, keys


@dataclass(frozen=True)
class ExampleRow:
    """One share of one line: what these terms give, and what the others do."""

    title: dict[str, str]
    quantity: int
    point_name: str
    role: str
    rule: str
    """Name of the rule that fits; empty if none does."""
    outcome: str
    amount: int
    """In minor units, after what was given back since."""
    other_amount: int


@dataclass(frozen=True)
class Example:
    order_number: str
    currency: str
    base_amount: int
    rows: tuple[ExampleRow, ...]

    @property
    def amount(self) -> int:
        return sum(row.amount for row in self.rows)

    @property
    def other_amount(self) -> int:
        return sum(row.other_amount for row in self.rows)


def of_order(session: Session, number: str, terms: Terms, other: Terms | None) -> Example | None:
    """The order of this number, or the latest sale; None if there is none.

    `other` are the terms to compare with, as a rule those in force. What is counted over a whole
    period is not in it.
    """
    query = select(SaleRow.id, SaleRow.key).order_by(SaleRow.id.desc()).limit(1)
    if number:
        order_id = session.scalar(select(Order.id).where(Order.number == number.strip().upper()))
        query = query.where(SaleRow.key == keys.sale(order_id or 0))
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    sale = stored_sale(session, row.id).sale
    facts = stored_facts(session, [row.key]).get(row.key, [])
    return _example(session, sale, facts, terms, other)


def _example(
    session: Session, sale: Sale, facts: list[Fact], terms: Terms, other: Terms | None
) -> Example:
    found = {one.origin: one for one in targets(reckon(sale, terms), facts)}
    others = {one.origin: one for one in targets(reckon(sale, other), facts)} if other else {}
    seen = {**others, **found}
    parties = [one.decision.party.point_key for one in seen.values() if one.decision.party]
    names = earnings.point_names(session, parties)
    lines = {
        keys.line(one.id): one
        for one in session.scalars(
            select(OrderLine).where(OrderLine.id.in_([keys.number(one.key) for one in sale.lines]))
        )
    }
    number = session.scalar(select(Order.number).where(Order.id == keys.number(sale.key)))
    rows = [
        _row(found.get(origin), others.get(origin), lines[one.decision.line_key], names)
        for origin, one in sorted(seen.items(), key=lambda item: item[0][:2])
        if one.decision.party is not None and one.decision.line_key in lines
    ]
    base = sum(line.base_amount for line in sale.lines)
    return Example(number or "", sale.currency, base, tuple(rows))


def _row(
    mine: Target | None, other: Target | None, line: OrderLine, names: dict[str, str]
) -> ExampleRow:
    one = mine or other
    if one is None or one.decision.party is None:
        raise AssertionError("a row has a share of at least one of the two")
    return ExampleRow(
        title=line.title,
        quantity=line.quantity,
        point_name=names.get(one.decision.party.point_key, ""),
        role=one.decision.role.value,
        rule=mine.decision.rule.name if mine and mine.decision.rule else "",
        outcome=(mine.decision.outcome if mine else Outcome.NO_RULE).value,
        amount=mine.left if mine else 0,
        other_amount=other.left if other else 0,
    )
