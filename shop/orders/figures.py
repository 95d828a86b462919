"""What a point has sold: sums over order lines by who brought them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.orders.models import Order, OrderLine
from shop.sharing.models import LineAttribution


@dataclass(frozen=True)
class Sold:
    """What a point brought since a moment; the amount as buyers saw it."""

    orders: int
    amount: int


NOTHING = Sold(0, 0)


def sold(session: Session, point_id: int, *, since: datetime) -> Sold:
    """Placed orders with lines that this point brought; one statement."""
    return sold_by(session, [point_id], since=since).get(point_id, NOTHING)


def sold_by(session: Session, point_ids: Collection[int], *, since: datetime) -> Mapping[int, Sold]:
    """The same for several points, without those that sold nothing; one statement."""
    rows = session.execute(
        select(
            LineAttribution.point_id,
            func.count(func.distinct(OrderLine.order_id)),
            func.coalesce(func.sum(OrderLine.line_amount), 0),
        )
        .join(OrderLine, OrderLine.id == LineAttribution.order_line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(LineAttribution.point_id.in_(sorted(point_ids)), Order.placed_at >= since)
        .group_by(LineAttribution.point_id)
    )
    return {int(row[0] or 0): Sold(int(row[1]), int(row[2])) for row in rows}
