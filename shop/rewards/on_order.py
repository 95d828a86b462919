"""What the engine hears of orders: each piece of the shop's news becomes a fact with its key.

The sale is always recorded. If the calculator fails, it stays without decisions, and a job repeats
it. No commission error stops an order.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commissions import crediting, life
from commissions.facts import (
    CalledOff,
    DisputePhase,
    Fulfilled,
    Loser,
    Party,
    Refunded,
    RefundedLine,
    Sale,
    SaleLine,
)
from commissions.facts import (
    Delivered as DeliveredFact,
)
from commissions.facts import (
    Disputed as DisputedFact,
)
from commissions.facts import (
    RefundFailed as RefundFailedFact,
)
from shop.kernel import audit, clock, ids, jobs
from shop.network.models import Point
from shop.orders.events import (
    Delivered,
    Disputed,
    HandedOver,
    OrderCalledOff,
    OrderPlaced,
    RefundFailed,
    RefundReserved,
)
from shop.orders.models import Order, OrderLine
from shop.rewards import keys, parties
from shop.rewards.abuse import rejecting
from shop.rewards.parties import Standing
from shop.sharing.models import LineAttribution, Touch

BY = "rewards"
CREDIT = "rewards.credit"


def on_placed(session: Session, event: OrderPlaced) -> None:
    """Record the sale and credit it."""
    sale = _sale(session, event)
    if not crediting.take_sale(session, sale, by=BY, at=event.at, ids=ids.new):
        payload = {"order_id": str(event.order_id)}
        jobs.enqueue(session, CREDIT, payload, at=event.at, due_at=event.at)


def credit(session: Session, payload: Mapping[str, Any]) -> None:
    """Job: credit a sale whose first try failed."""
    sale_key = keys.sale(int(payload["order_id"]))
    crediting.credit_sale(session, sale_key, by=BY, at=clock.now(), ids=ids.new)


def credit_left_overs(session: Session, _payload: Mapping[str, Any]) -> None:
    """Job: whatever was recorded and never credited, for whatever reason."""
    for sale_key in crediting.uncredited_sales(session, limit=100):
        crediting.credit_sale(session, sale_key, by=BY, at=clock.now(), ids=ids.new)


def uncredited(session: Session, *, limit: int = 100) -> list[int]:
    """Orders whose sale was recorded and not credited yet, oldest first."""
    return [keys.number(one) for one in crediting.uncredited_sales(session, limit=limit)]


def credit_now(session: Session, order_id: int, *, by: str, at: datetime) -> None:
    """Somebody asks for another try of one sale, which the job makes."""
    jobs.enqueue(session, CREDIT, {"order_id": str(order_id)}, at=at, key=f"{CREDIT}:{order_id}")
    audit.record(session, "sale.credit_asked", "order", order_id, by=by, at=at)


def on_handed_over(session: Session, event: HandedOver) -> None:
    """One fact for each line of a hand-over; the brand's own warehouse earns nothing."""
    party: Party | None = None
    if event.point_id is not None:
        standing = parties.of_points(session, [event.point_id]).get(event.point_id)
        party = standing.party if standing else None
    for line in event.lines:
        life.record_fulfilled(
            session,
            Fulfilled(
                key=_hand_over_key(event.key, line.order_line_id),
                sale_key=keys.sale(event.order_id),
                at=event.at,
                line_key=keys.line(line.order_line_id),
                units=line.units,
                by_point=party,
            ),
            by=BY,
            ids=ids.new,
        )


def on_delivered(session: Session, event: Delivered) -> None:
    """`event.key` names the hand-over whose goods arrived."""
    life.record_delivered(
        session,
        DeliveredFact(
            key=f"delivered:{event.key}",
            sale_key=keys.sale(event.order_id),
            at=event.at,
            fulfilled_keys=tuple(
                _hand_over_key(event.key, line.order_line_id) for line in event.lines
            ),
        ),
        by=BY,
        ids=ids.new,
    )


def on_refund_reserved(session: Session, event: RefundReserved) -> None:
    """All roles of the refunded lines take their part back, in this transaction."""
    life.record_refund(
        session,
        Refunded(
            key=_refund_key(event.refund_id),
            sale_key=keys.sale(event.order_id),
            at=event.at,
            lines=tuple(
                RefundedLine(
                    line_key=keys.line(line.order_line_id),
                    amount=line.base_amount,
                    units=line.units or None,
                )
                for line in event.lines
            ),
        ),
        by=BY,
        ids=ids.new,
    )


def on_called_off(session: Session, event: OrderCalledOff) -> None:
    """Nothing of the order will arrive: nobody earns on it, whoever bore what went back."""
    life.record_called_off(
        session,
        CalledOff(
            key=f"called_off:{event.order_id}", sale_key=keys.sale(event.order_id), at=event.at
        ),
        by=BY,
        ids=ids.new,
    )


def on_refund_failed(session: Session, event: RefundFailed) -> None:
    """The money did not go back after all: the reversal is undone by opposite entries."""
    life.record_refund_failed(
        session,
        RefundFailedFact(
            key=f"{_refund_key(event.refund_id)}:failed",
            sale_key=keys.sale(event.order_id),
            at=event.at,
            refund_key=_refund_key(event.refund_id),
        ),
        by=BY,
        ids=ids.new,
    )


def on_disputed(session: Session, event: Disputed) -> None:
    """Hold and reserve, release, or take back."""
    life.record_dispute(
        session,
        DisputedFact(
            key=f"{event.dispute_key}:{event.state}",
            sale_key=keys.sale(event.order_id),
            at=event.at,
            dispute_key=event.dispute_key,
            phase=DisputePhase(event.state),
            amount=event.base_amount,
        ),
        by=BY,
        ids=ids.new,
    )


def _sale(session: Session, event: OrderPlaced) -> Sale:
    # The manager is the one of the moment when the order was made: no later move takes it along.
    rows = session.execute(
        select(OrderLine, LineAttribution, Order, Touch, Point, parties.MANAGER)
        .join(Order, Order.id == OrderLine.order_id)
        .outerjoin(LineAttribution, LineAttribution.order_line_id == OrderLine.id)
        .outerjoin(Touch, Touch.id == LineAttribution.touch_id)
        .outerjoin(Point, Point.id == LineAttribution.point_id)
        .outerjoin(parties.MANAGER, parties.MANAGER.id == LineAttribution.upline_point_id)
        .where(OrderLine.order_id == event.order_id)
        .order_by(OrderLine.position)
    ).all()
    order = rows[0].Order
    points = {row.Point.id for row in rows if row.Point is not None}
    known = rejecting.known(session, order, points, at=event.at)
    return Sale(
        key=keys.sale(event.order_id),
        currency=order.currency,
        placed_at=event.at,
        paid_at=event.at,
        lines=tuple(
            _line(
                row.OrderLine,
                row.LineAttribution,
                rejecting.judged(_standing(row), row.Touch, known),
            )
            for row in rows
        ),
        channel="web",
        customer_key=f"account:{order.account_id}" if order.account_id else "",
        new_customer=_is_new(session, order),
    )


def _standing(row: Any) -> Standing | None:
    if row.Point is None:
        return None
    return parties.standing(row.Point, row.manager, row.LineAttribution.upline_contract)


def _line(line: OrderLine, credit: LineAttribution | None, standing: Standing | None) -> SaleLine:
    losers = credit.losers if credit else []
    return SaleLine(
        key=keys.line(line.id),
        quantity=line.quantity,
        list_amount=line.base_amount + line.discount_amount,
        discount_amount=line.discount_amount,
        base_amount=line.base_amount,
        tax_amount=line.tax_amount,
        cost_amount=line.cost_amount,
        product_key=f"product:{line.product_id}",
        variant_key=f"variant:{line.variant_id}",
        category_keys=tuple(f"category:{category_id}" for category_id in line.category_ids),
        commissionable=line.commissionable,
        seller=standing.party if standing else None,
        source=credit.kind if credit else "none",
        losers=tuple(
            Loser(point_key=keys.point(int(one["point"])), reason=one["reason"], source=one["kind"])
            for one in losers
        ),
        upline=standing.upline if standing else None,
    )


def _is_new(session: Session, order: Order) -> bool:
    """Whether the account had no placed order before; guests are never counted as new."""
    if order.account_id is None:
        return False
    earlier = session.execute(
        select(func.count()).where(
            Order.account_id == order.account_id,
            Order.placed_at.is_not(None),
            Order.id != order.id,
        )
    ).scalar_one()
    return int(earlier) == 0


def _hand_over_key(key: str, order_line_id: int) -> str:
    return f"{key}:line:{order_line_id}"


def _refund_key(refund_id: int) -> str:
    return f"refund:{refund_id}"
