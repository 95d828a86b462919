"""What points have earned: balances and single earnings, in the shop's own ids."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import explain, queries
from commissions.explain import Explanation, LineExplanation
from commissions.queries import BalanceView, Earning
from shop.kernel import brand as brands
from shop.network.models import Point
from shop.orders.models import Order, OrderLine
from shop.rewards import keys


@dataclass(frozen=True)
class EarningRow:
    """One earning with the order line that it comes from."""

    earning: Earning
    order_number: str
    title: dict[str, str]
    quantity: int


def balance(session: Session, point_id: int, *, at: datetime) -> BalanceView:
    """The balance of the point's payee in the brand's currency; zeros if nothing was earned."""
    currency = brands.current(session).currency
    payee_id = session.scalar(select(Point.payee_id).where(Point.id == point_id))
    if payee_id is None:
        return BalanceView(currency=currency)
    found = queries.balances(session, keys.payee(payee_id), at=at)
    mine = [one for one in found if one.currency == currency]
    return mine[0] if mine else BalanceView(currency=currency)


def of_point(
    session: Session, point_id: int, *, at: datetime, before: int | None = None, limit: int = 30
) -> list[EarningRow]:
    """Earnings of a point, newest first."""
    found = queries.earnings_of_point(
        session, keys.point(point_id), at=at, before=before, limit=limit
    )
    return rows(session, found)


def rows(session: Session, found: list[Earning]) -> list[EarningRow]:
    """Put order number and product beside each earning; one statement."""
    line_ids = sorted({keys.number(one.line_key) for one in found})
    lines = {
        row.id: row
        for row in session.execute(
            select(OrderLine.id, Order.number, OrderLine.title, OrderLine.quantity)
            .join(Order, Order.id == OrderLine.order_id)
            .where(OrderLine.id.in_(line_ids))
        )
    }
    return [
        EarningRow(one, line.number, line.title, line.quantity)
        for one in found
        if (line := lines.get(keys.number(one.line_key))) is not None
    ]


def why(
    session: Session, point_id: int, entry_id: int, *, at: datetime
) -> tuple[EarningRow, Explanation] | None:
    """Why this amount, and when it is payable; None for another point's."""
    found = queries.earning(session, entry_id, at=at)
    if found is None or found.point_key != keys.point(point_id):
        return None
    described = rows(session, [found])
    if not described:
        return None
    return described[0], explain.explain_entry(session, entry_id, at=at)


def why_not(
    session: Session, point_id: int, order_id: int, order_line_id: int
) -> list[LineExplanation]:
    """What was decided about a line, as far as it concerns this point."""
    return explain.explain_line(
        session, keys.sale(order_id), keys.line(order_line_id), for_point=keys.point(point_id)
    )
