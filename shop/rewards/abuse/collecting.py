"""Signals by the set: what is known of orders that nobody has looked at, and of all points.

Contacts and addresses leave here as keyed hashes only.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from commissions.abuse.judging import OrderSignals, PointSignals
from commissions.models import Entry, EntryKind, Release, SaleRow
from shop.accounts.models import Account
from shop.kernel import signing
from shop.network.models import Payee, PayeeDestination, Point, PointMembership
from shop.orders.models import DisputeStatus, Order, OrderContact, OrderLine, OrderStatus
from shop.rewards import keys, parties
from shop.rewards.abuse.models import AbuseSignal
from shop.rewards.abuse.rejecting import signals_of
from shop.sharing.models import LineAttribution, Touch

LOOK_BACK = timedelta(days=7)
"""How late a worker may come to an order."""
WINDOW = timedelta(days=28)
_TOUCH, _UPLINE, _VISITORS = "touch_id", "upline_point_id", "visitors"
_DISPUTED = (DisputeStatus.NEEDS_RESPONSE, DisputeStatus.UNDER_REVIEW, DisputeStatus.LOST)


@dataclass(frozen=True)
class Seen:
    """One order for one point, with all signals that a rule may ask for."""

    order_id: int
    point_id: int
    signals: OrderSignals


def unseen_orders(session: Session, *, at: datetime, earlier_days: int, limit: int) -> list[Seen]:
    """Orders placed lately that nobody has looked at; four statements."""
    rows = _orders(session, at, limit)
    points = {row.Point.id for row in rows}
    own = _own(session, points)
    found = [_seen(row, own.get(row.Point.id, {})) for row in rows]
    earlier = _earlier(session, found, at - timedelta(days=earlier_days))
    return [
        replace(
            one,
            signals=replace(
                one.signals,
                earlier={
                    kind: earlier[one.point_id, kind, value]
                    for kind, value in one.signals.buyer.items()
                    if kind in ("address", "card") and earlier[one.point_id, kind, value]
                },
            ),
        )
        for one in found
    ]


def points(session: Session, *, at: datetime, late_days: int) -> dict[int, PointSignals]:
    """What is known of every point that sold something in the last weeks; one statement a rule."""
    found: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for point_id, count in _sharing(session):
        found[point_id]["shares_destination_with"] = count
    for point_id, last, hours in _velocity(session, at):
        found[point_id] |= {"last_hour": last, "hours": hours}
    for point_id, values in _refunds(session, at):
        found[point_id] |= values
    for point_id, count in _code_visitors(session, at):
        found[point_id]["code_visitors"] = count
    for point_id, values in _late_returns(session, at, late_days):
        found[point_id] |= values
    return {point_id: PointSignals(**values) for point_id, values in found.items()}


def hashed(kind: str, text: str | None) -> str:
    """A keyed hash of a personal signal; empty for nothing."""
    cleaned = (text or "").strip().lower()
    if kind == "email":
        cleaned = _plain_mail(cleaned)
    return signing.fingerprint(cleaned, purpose=f"abuse.{kind}") if cleaned else ""


def _plain_mail(text: str) -> str:
    """`a.b+tag@gmail.com` and `ab@gmail.com` are one mailbox."""
    name, at, domain = text.partition("@")
    name = name.partition("+")[0]
    if domain in ("gmail.com", "googlemail.com"):
        name = name.replace(".", "")
    return f"{name}{at}{domain}"


def _orders(session: Session, at: datetime, limit: int) -> Sequence[Any]:
    looked = exists().where(AbuseSignal.order_id == Order.id, AbuseSignal.point_id == Point.id)
    credited = (
        select(
            LineAttribution.order_id,
            LineAttribution.point_id,
            func.min(LineAttribution.touch_id).label(_TOUCH),
            func.min(LineAttribution.upline_point_id).label(_UPLINE),
        )
        .where(LineAttribution.at > at - LOOK_BACK, LineAttribution.point_id.is_not(None))
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
        .where(Order.status == OrderStatus.PLACED, Order.placed_at > at - LOOK_BACK, ~looked)
        .order_by(Order.id, Point.id)
        .limit(limit)
    )
    return session.execute(statement).all()


def _seen(row: Any, own: Mapping[str, frozenset[str]]) -> Seen:
    order, contact = row.Order, row.OrderContact
    buyer = {"card": order.payer_hash}
    domain = ""
    if order.account_id:
        buyer["account"] = hashed("account", str(order.account_id))
    if contact is not None and contact.erased_at is None:
        domain = (contact.email or "").lower().rpartition("@")[2]
        buyer |= {"email": hashed("email", contact.email), "phone": hashed("phone", contact.phone)}
        if contact.address:
            place = (contact.country, contact.division_code, contact.city, contact.address)
            buyer["address"] = hashed("address", "|".join(map(str, place)))
    standing = parties.standing(row.Point, row.manager, "")
    signals = signals_of(standing, row.Touch, placed_at=order.submitted_at)
    known = {kind: value for kind, value in buyer.items() if value}
    return Seen(order.id, row.Point.id, replace(signals, buyer=known, own=own, mail_domain=domain))


def _own(session: Session, point_ids: Collection[int]) -> dict[int, dict[str, frozenset[str]]]:
    """Contacts of everybody who works at these points, and cards that they paid with themselves."""
    sets: defaultdict[int, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    members = session.execute(
        select(PointMembership.point_id, Account.id, Account.email, Account.phone)
        .join(Account, Account.id == PointMembership.account_id)
        .where(PointMembership.point_id.in_(sorted(point_ids)))
    ).all()
    of_account: defaultdict[int, set[int]] = defaultdict(set)
    for point_id, account_id, email, phone in members:
        of_account[account_id].add(point_id)
        sets[point_id]["account"].add(hashed("account", str(account_id)))
        sets[point_id]["email"].add(hashed("email", email))
        sets[point_id]["phone"].add(hashed("phone", phone))
    paid = session.execute(
        select(Order.account_id, Order.payer_hash)
        .where(Order.account_id.in_(sorted(of_account)), Order.payer_hash != "")
        .distinct()
    )
    for payer_id, card in paid:
        for point_id in of_account[payer_id or 0]:
            sets[point_id]["card"].add(card)
    return {
        point_id: {kind: frozenset(values) for kind, values in kinds.items()}
        for point_id, kinds in sets.items()
    }


def _earlier(
    session: Session, found: Sequence[Seen], since: datetime
) -> Counter[tuple[int, str, str]]:
    hashes = {
        value
        for one in found
        for kind, value in one.signals.buyer.items()
        if kind in ("address", "card")
    }
    earlier = session.execute(
        select(AbuseSignal.point_id, AbuseSignal.kind, AbuseSignal.hash, func.count())
        .where(AbuseSignal.hash.in_(sorted(hashes)), AbuseSignal.at > since)
        .group_by(AbuseSignal.point_id, AbuseSignal.kind, AbuseSignal.hash)
    )
    return Counter({(point, kind, value): count for point, kind, value, count in earlier})


def _sharing(session: Session) -> Sequence[Any]:
    """Payees whose destination another payee has as well; points of one payee share by right."""
    place, other = PayeeDestination, PayeeDestination.__table__.alias("other")
    return session.execute(
        select(Point.id, func.count(func.distinct(other.c.payee_id)))
        .join(Payee, Payee.id == Point.payee_id)
        .join(place, and_(place.payee_id == Payee.id, place.replaced_at.is_(None)))
        .join(
            other,
            and_(
                other.c.hash == place.hash,
                other.c.payee_id != place.payee_id,
                other.c.replaced_at.is_(None),
            ),
        )
        .group_by(Point.id)
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
    back = exists().where(
        OrderLine.order_id == of_point.c.order_id,
        OrderLine.refunded_count > 0,
        OrderLine.delivered_count > 0,
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


def _code_visitors(session: Session, at: datetime) -> Sequence[Any]:
    """Visitors of the last day by code whom the house had never seen before."""
    known = Touch.__table__.alias("known")
    before = exists().where(known.c.visitor == Touch.visitor, known.c.at < Touch.at)
    by_code = (
        select(Touch.point_id, func.count(func.distinct(Touch.visitor)).label(_VISITORS))
        .where(Touch.at > at - timedelta(days=1), Touch.source != "", ~before)
        .group_by(Touch.point_id, Touch.source)
        .subquery()
    )
    return session.execute(
        select(by_code.c.point_id, func.max(by_code.c.visitors)).group_by(by_code.c.point_id)
    ).all()


def _late_returns(session: Session, at: datetime, days: int) -> list[tuple[int, dict[str, int]]]:
    """Orders whose earnings became payable, and those of which something came back just after."""
    earned, back = Entry.__table__.alias("earned"), Entry.__table__.alias("back")
    rows = session.execute(
        select(earned.c.point_key, earned.c.sale_id, Release.available_at, func.min(back.c.at))
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
        .group_by(earned.c.point_key, earned.c.sale_id, Release.available_at)
    )
    sales: defaultdict[str, dict[int, bool]] = defaultdict(dict)
    for point_key, sale_id, available_at, came_back in rows:
        late = came_back is not None and came_back <= available_at + timedelta(days=days)
        sales[point_key][sale_id] = sales[point_key].get(sale_id, False) or late
    return [
        (keys.number(point_key), {"released": len(of), "returned_late": sum(of.values())})
        for point_key, of in sales.items()
    ]
