"""What a point has sold: sums over order lines by who brought them."""

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


def sold(session: Session, point_id: int, *, since: datetime) -> Sold:
    """Placed orders with lines that this point brought; one statement."""
    orders, amount = session.execute(
        select(
            func.count(func.distinct(OrderLine.order_id)),
            func.coalesce(func.sum(OrderLine.line_amount), 0),
        )
        .join(LineAttribution, LineAttribution.order_line_id == OrderLine.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(LineAttribution.point_id == point_id, Order.placed_at >= since)
    ).one()
    return Sold(int(orders), int(amount))
