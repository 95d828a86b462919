"""Sales that a rule refused: their decisions, so that a wrong one can be put right by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from commissions.decisions import Outcome
from commissions.models import Case, CaseKind, Ruling, SaleRow
from commissions.terms import Role
from shop.rewards import earnings, keys
from shop.rewards.abuse.models import AbuseCase

MOST = 100


@dataclass(frozen=True)
class Refused:
    """One decision that paid nothing because of a rule."""

    decision_id: int
    order_number: str
    forgone_amount: int
    """What it would have paid, in minor units."""
    currency: str
    at: datetime
    is_put_right: bool


def sales(session: Session, case: AbuseCase) -> list[Refused]:
    """What was refused because of this case, the newest first; at most three statements."""
    wanted = (
        select(Ruling, SaleRow.key)
        .join(SaleRow, SaleRow.id == Ruling.sale_id)
        .where(
            Ruling.point_key == keys.point(case.point_id),
            Ruling.role == Role.SELLER,
            Ruling.outcome == Outcome.INELIGIBLE,
        )
        .order_by(Ruling.id.desc())
        .limit(MOST)
    )
    if case.order_id is not None:
        wanted = wanted.where(SaleRow.key == keys.sale(case.order_id))
    else:
        wanted = wanted.where(Ruling.at >= case.opened_at)
    rows = [
        (ruling, sale_key)
        for ruling, sale_key in session.execute(wanted)
        if ruling.trace and ruling.trace.get("refusal") == case.rule
    ]
    numbers = earnings.order_numbers(session, [sale_key for _ruling, sale_key in rows])
    put_right = _put_right(session, [ruling.id for ruling, _key in rows])
    return [
        Refused(
            ruling.id,
            numbers.get(sale_key, "?"),
            ruling.forgone_amount,
            ruling.currency,
            ruling.at,
            ruling.id in put_right,
        )
        for ruling, sale_key in rows
    ]


def _put_right(session: Session, decision_ids: Sequence[int]) -> set[int | None]:
    undone = aliased(Case)
    return set(
        session.scalars(
            select(Case.decision_id).where(
                Case.decision_id.in_(decision_ids),
                Case.kind == CaseKind.CORRECTION,
                ~exists().where(undone.reverses_id == Case.id),
            )
        )
    )
