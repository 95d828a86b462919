"""What is known of all points: their last weeks by the set, one statement or two for each rule."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from commissions.abuse.judging import CodeSignals, PointSignals
from commissions.models import Entry, EntryKind, Release, SaleRow
from shop.network.models import Payee, PayeeDestination, Point, PointMembership, PointRole
from shop.orders.models import (
    DisputeStatus,
    Order,
    OrderContact,
    OrderEvent,
    OrderLine,
    OrderStatus,
)
from shop.rewards import keys
from shop.rewards.abuse.models import AccountDevice, AllowedPair
from shop.sharing.models import LineAttribution, Touch

WINDOW = timedelta(days=28)
OURS = ("canceled_by_brand", "goodwill", "late", "out_of_stock")
"""Reasons of refunds that are the brand's own doing: they speak against no point (FP-5)."""
_VISITORS = "visitors"
_DISPUTED = (DisputeStatus.NEEDS_RESPONSE, DisputeStatus.UNDER_REVIEW, DisputeStatus.LOST)


def points(session: Session, *, at: datetime) -> dict[int, PointSignals]:
    """What is known of every point that sold something in the last weeks, or is like another."""
    found: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for point_id, alike in _alike(session, at):
        found[point_id]["alike"] = alike
    for point_id, last, hours in _velocity(session, at):
        found[point_id] |= {"last_hour": last, "hours": hours}
    for point_id, values in _refunds(session, at):
        found[point_id] |= values
    for point_id, codes in _codes(session, at):
        found[point_id]["codes"] = codes
    for point_id, values in _late_returns(session, at):
        found[point_id] |= values
    return {point_id: PointSignals(**values) for point_id, values in found.items()}


def _alike(session: Session, at: datetime) -> Iterator[tuple[int, dict[str, frozenset[str]]]]:
    """Payees that have something in common with others, but for those that a person let pass.

    Points of one payee share by right. Points that stand together in the tree, such as the
    colleagues of one store, share the browser at the counter.
    """
    allowed = {
        pair
        for one in session.scalars(select(AllowedPair))
        for pair in ((one.payee_id, one.other_id), (one.other_id, one.payee_id))
    }
    found: defaultdict[int, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for kind, rows in (("destination", _sharing(session)), ("device", _one_browser(session, at))):
        for point_id, payee_id, other_id in rows:
            if (payee_id, other_id) not in allowed:
                found[point_id][kind].add(str(other_id))
    for point_id, kinds in found.items():
        yield point_id, {kind: frozenset(others) for kind, others in kinds.items()}


def _sharing(session: Session) -> Sequence[Any]:
    """Point, its payee, another payee with the same destination."""
    place, other = PayeeDestination, aliased(PayeeDestination)
    return session.execute(
        select(Point.id, Point.payee_id, other.payee_id)
        .join(Payee, Payee.id == Point.payee_id)
        .join(place, and_(place.payee_id == Payee.id, place.replaced_at.is_(None)))
        .join(
            other,
            and_(
                other.hash == place.hash,
                other.payee_id != place.payee_id,
                other.replaced_at.is_(None),
            ),
        )
        .distinct()
    ).all()


def _one_browser(session: Session, at: datetime) -> Sequence[Any]:
    """Point, its payee, payee of another point whose owner signed in with the same browser."""
    mine, theirs = AccountDevice, aliased(AccountDevice)
    at_mine, at_theirs, other = PointMembership, aliased(PointMembership), aliased(Point)
    boss, their_boss = func.coalesce(Point.manager_id, 0), func.coalesce(other.manager_id, -1)
    together = or_(boss == other.id, their_boss == Point.id, boss == their_boss)
    return session.execute(
        select(Point.id, Point.payee_id, other.payee_id)
        .join(at_mine, and_(at_mine.point_id == Point.id, at_mine.role == PointRole.OWNER))
        .join(mine, and_(mine.account_id == at_mine.account_id, mine.expires_at > at))
        .join(
            theirs,
            and_(
                theirs.hash == mine.hash,
                theirs.account_id != mine.account_id,
                theirs.expires_at > at,
            ),
        )
        .join(
            at_theirs,
            and_(at_theirs.account_id == theirs.account_id, at_theirs.role == PointRole.OWNER),
        )
        .join(other, and_(other.id == at_theirs.point_id, other.payee_id != Point.payee_id))
        .where(~together)
        .distinct()
    ).all()


def _placed(at: datetime) -> Any:
    """Orders of points in the window: (point, order, when)."""
    return (
        select(LineAttribution.point_id, LineAttribution.order_id, Order.placed_at)
        .join(Order, Order.id == LineAttribution.order_id)
        .where(
            LineAttribution.point_id.is_not(None),
            Order.status == OrderStatus.PLACED,
            Order.placed_at > at - WINDOW,
        )
        .distinct()
    )


def _velocity(session: Session, at: datetime) -> list[tuple[int, int, tuple[int, ...]]]:
    hours: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for point_id, _order_id, placed_at in session.execute(_placed(at)):
        hours[point_id][(at - placed_at) // timedelta(hours=1)] += 1
    return [
        (point_id, counts.pop(0, 0), tuple(counts.values())) for point_id, counts in hours.items()
    ]


def _refunds(session: Session, at: datetime) -> list[tuple[int, dict[str, int]]]:
    """Delivered and refunded orders, and different buyers who dispute."""
    of_point = _placed(at - WINDOW).subquery()
    came = exists().where(OrderLine.order_id == of_point.c.order_id, OrderLine.delivered_count > 0)
    back = and_(
        exists().where(
            OrderLine.order_id == of_point.c.order_id,
            OrderLine.refunded_count > 0,
            OrderLine.delivered_count > 0,
        ),
        _wanted_by_the_buyer(of_point.c.order_id),
    )
    buyer = func.coalesce(OrderContact.phone, OrderContact.email, Order.token)
    disputed = Order.dispute_status.in_(_DISPUTED)
    rows = session.execute(
        select(
            of_point.c.point_id,
            func.sum(case((came, 1), else_=0)),
            func.sum(case((back, 1), else_=0)),
            func.count(),
            func.count(func.distinct(case((disputed, buyer)))),
        )
        .join(Order, Order.id == of_point.c.order_id)
        .outerjoin(OrderContact, OrderContact.order_id == Order.id)
        .group_by(of_point.c.point_id)
    )
    names = ("delivered", "refunded", "settled", "disputing_buyers")
    return [
        (point_id, dict(zip(names, map(int, counts), strict=True))) for point_id, *counts in rows
    ]


def _wanted_by_the_buyer(order_id: Any) -> Any:
    """SQL: money went back for a reason that is not the brand's own."""
    reason = OrderEvent.values["reason"].as_string()
    return exists().where(
        OrderEvent.order_id == order_id,
        OrderEvent.kind == "refund_reserved",
        reason.not_in(OURS),
    )


def _codes(session: Session, at: datetime) -> Iterator[tuple[int, tuple[CodeSignals, ...]]]:
    """New visitors of the last day, by code and by the page that led there."""
    known = aliased(Touch)
    before = exists().where(known.visitor == Touch.visitor, known.at < Touch.at)
    rows = session.execute(
        select(
            Touch.point_id,
            Touch.source,
            Touch.referrer,
            func.count(func.distinct(Touch.visitor)).label(_VISITORS),
        )
        .where(Touch.at > at - timedelta(days=1), Touch.source != "", ~before)
        .group_by(Touch.point_id, Touch.source, Touch.referrer)
        .order_by(Touch.point_id, Touch.source)
    )
    pages: defaultdict[int, defaultdict[str, dict[str, int]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for point_id, code, page, visitors in rows:
        pages[point_id][code][page] = visitors
    for point_id, codes in pages.items():
        yield (
            point_id,
            tuple(
                CodeSignals(code=code, visitors=sum(of.values()), pages=of)
                for code, of in codes.items()
            ),
        )


def _late_returns(session: Session, at: datetime) -> list[tuple[int, dict[str, Any]]]:
    """Orders whose earnings became payable, and those of which something came back just after."""
    earned, back = Entry.__table__.alias("earned"), Entry.__table__.alias("back")
    rows = session.execute(
        select(earned.c.point_key, SaleRow.key, Release.available_at, func.min(back.c.at))
        .join(Release, Release.entry_id == earned.c.id)
        .join(SaleRow, SaleRow.id == earned.c.sale_id)
        .outerjoin(
            back,
            and_(
                back.c.origin_id == earned.c.id,
                back.c.kind == EntryKind.REVERSE,
                back.c.at >= Release.available_at,
            ),
        )
        .where(
            earned.c.kind == EntryKind.EARN,
            earned.c.role == "seller",
            Release.available_at <= at,
            Release.available_at > at - 2 * WINDOW,
            or_(back.c.id.is_(None), back.c.at <= at),
        )
        .group_by(earned.c.point_key, SaleRow.key, Release.available_at)
    )
    released: defaultdict[str, set[str]] = defaultdict(set)
    late: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for point_key, sale_key, available_at, came_back in rows:
        released[point_key].add(sale_key)
        if came_back is not None:
            days = -((available_at - came_back) // timedelta(days=1))
            late[point_key][sale_key] = min(days, late[point_key].get(sale_key, days))
    ours = _only_by_us(session, {key for sales in late.values() for key in sales})
    return [
        (
            keys.number(point_key),
            {
                "released": len(sales),
                "returned": tuple(days for key, days in late[point_key].items() if key not in ours),
            },
        )
        for point_key, sales in released.items()
    ]


def _only_by_us(session: Session, sale_keys: set[str]) -> set[str]:
    """Of these sales, those whose money went back for reasons of the brand alone."""
    order_ids = sorted({_order_of(key) for key in sale_keys})
    refunded = and_(OrderEvent.order_id == Order.id, OrderEvent.kind == "refund_reserved")
    found = session.scalars(
        select(Order.id).where(
            Order.id.in_(order_ids), exists().where(refunded), ~_wanted_by_the_buyer(Order.id)
        )
    )
    ours = set(found)
    return {key for key in sale_keys if _order_of(key) in ours}


def _order_of(sale_key: str) -> int:
    """Lines that were added later are a sale of their own, of the same order."""
    return keys.number(sale_key.partition("+")[0])
