"""Orders that nobody has looked at, with all signals that a rule may ask for; by the set."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select, true
from sqlalchemy.orm import Session

from commissions.abuse.judging import OrderSignals
from shop.network.models import Point
from shop.orders.models import Order, OrderContact, OrderStatus
from shop.rewards import parties
from shop.rewards.abuse import identifying
from shop.rewards.abuse.models import AbuseSignal
from shop.rewards.abuse.rejecting import signals_of
from shop.sharing.models import LineAttribution, Touch

LOOK_BACK = timedelta(days=7)
"""How late a worker may come to an order."""
_TOUCH, _UPLINE = "touch_id", "upline_point_id"


@dataclass(frozen=True)
class Seen:
    """One order for one point."""

    order_id: int
    point_id: int
    group: str
    signals: OrderSignals


def unseen_orders(session: Session, *, at: datetime, earlier_days: int, limit: int) -> list[Seen]:
    """Orders placed lately that nobody has looked at; four statements."""
    looked = exists().where(AbuseSignal.order_id == Order.id, AbuseSignal.point_id == Point.id)
    rows = _orders(session, at - LOOK_BACK, ~looked, limit=limit, newest=False)
    return _with_signals(session, rows, at=at, earlier_days=earlier_days)


def orders_since(
    session: Session, since: datetime, *, at: datetime, earlier_days: int, limit: int
) -> list[Seen]:
    """Orders placed since then, whether anybody looked or not, the newest first."""
    rows = _orders(session, since, true(), limit=limit, newest=True)
    return _with_signals(session, rows, at=at, earlier_days=earlier_days)


def _with_signals(
    session: Session, rows: Sequence[Any], *, at: datetime, earlier_days: int
) -> list[Seen]:
    own = identifying.own(session, {row.Point.id for row in rows})
    found = [_seen(row, own.get(row.Point.id, {})) for row in rows]
    hashes = {one for seen in found for one in identifying.household_hashes(seen.signals.buyer)}
    before = identifying.earlier(session, hashes, at - timedelta(days=earlier_days + 1))
    together = identifying.by_signal(_each(before, found))
    return [
        replace(
            one,
            signals=replace(
                one.signals,
                earlier=identifying.of_household(
                    together,
                    one.point_id,
                    one.signals.buyer,
                    order_id=one.order_id,
                    at=one.signals.placed_at,
                ),
            ),
        )
        for one in found
    ]


def _each(
    before: identifying.Earlier, found: Sequence[Seen]
) -> Iterator[tuple[identifying.Signal, int, datetime]]:
    """What was known of earlier orders, and these orders themselves, which come together."""
    for key, orders in before.items():
        for order_id, at in orders:
            yield key, order_id, at
    for one in found:
        for kind, value in one.signals.buyer.items():
            yield (one.point_id, kind, value), one.order_id, one.signals.placed_at


def _orders(
    session: Session,
    since: datetime,
    which: ColumnElement[bool],
    *,
    limit: int,
    newest: bool,
) -> Sequence[Any]:
    credited = (
        select(
            LineAttribution.order_id,
            LineAttribution.point_id,
            func.min(LineAttribution.touch_id).label(_TOUCH),
            func.min(LineAttribution.upline_point_id).label(_UPLINE),
        )
        .where(LineAttribution.at > since, LineAttribution.point_id.is_not(None))
        .group_by(LineAttribution.order_id, LineAttribution.point_id)
        .subquery()
    )
    statement = (
        select(Order, OrderContact, Touch, Point, parties.MANAGER)
        .join(credited, credited.c.order_id == Order.id)
        .join(Point, Point.id == credited.c.point_id)
        .outerjoin(OrderContact, OrderContact.order_id == Order.id)
        .outerjoin(Touch, Touch.id == credited.c.touch_id)
        .outerjoin(parties.MANAGER, parties.MANAGER.id == credited.c.upline_point_id)
        .where(Order.status == OrderStatus.PLACED, Order.placed_at > since, which)
        .order_by(Order.id.desc() if newest else Order.id, Point.id)
        .limit(limit)
    )
    return session.execute(statement).all()


def _seen(row: Any, own: identifying.Own) -> Seen:
    order, contact, point = row.Order, row.OrderContact, row.Point
    standing = parties.standing(point, row.manager, "")
    signals = replace(
        signals_of(standing, row.Touch, placed_at=order.submitted_at),
        buyer=identifying.buyer(order, contact),
        own=own,
        mail_domain=identifying.domain(contact.email) if contact else "",
    )
    return Seen(order.id, point.id, point.group_key, signals)
