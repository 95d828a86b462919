"""Personal signals: what a buyer, a point and its people have in common, as keyed hashes only."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.accounts.models import Account
from shop.kernel import signing
from shop.network.models import Point, PointMembership
from shop.orders.models import Order, OrderContact, OrderStatus
from shop.rewards.abuse.models import AbuseSignal, AccountDevice

Own = Mapping[str, frozenset[str]]
Signal = tuple[int, str, str]
"""Point, kind and hash."""
Earlier = Mapping[Signal, frozenset[tuple[int, datetime]]]
"""The orders that have it, and when they were made."""
OF_HOUSEHOLD = ("address", "card")


def hashed(kind: str, text: str | None) -> str:
    """A keyed hash of a personal signal; empty for nothing."""
    cleaned = (text or "").strip().lower()
    if kind == "email":
        cleaned = _plain_mail(cleaned)
    return signing.fingerprint(cleaned, purpose=f"abuse.{kind}") if cleaned else ""


def domain(mail: str | None) -> str:
    """What stands behind the @, in small letters."""
    return (mail or "").strip().lower().rpartition("@")[2]


def buyer(order: Order, contact: OrderContact | None) -> dict[str, str]:
    """Kind → hash of everything that is known of who ordered."""
    found = {"card": order.payer_hash, "device": order.device_hash}
    if order.account_id:
        found["account"] = hashed("account", str(order.account_id))
    if contact is not None and contact.erased_at is None:
        found |= {
            "email": hashed("email", contact.email),
            "phone": hashed("phone", contact.phone),
            "address": _place(contact),
        }
    return {kind: value for kind, value in found.items() if value}


def own(session: Session, point_ids: Collection[int]) -> dict[int, Own]:
    """The same of these points, of everybody who works there and of what they ordered themselves.

    Two statements.
    """
    sets: defaultdict[int, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    rows = session.execute(
        select(Point, Account, AccountDevice.hash)
        .outerjoin(PointMembership, PointMembership.point_id == Point.id)
        .outerjoin(Account, Account.id == PointMembership.account_id)
        .outerjoin(AccountDevice, AccountDevice.account_id == Account.id)
        .where(Point.id.in_(sorted(point_ids)))
    ).all()
    at_work: defaultdict[int, set[int]] = defaultdict(set)
    for point, account, device in rows:
        of_point = sets[point.id]
        of_point["address"].add(_place(point))
        if account is not None:
            at_work[account.id].add(point.id)
            of_point["account"].add(hashed("account", str(account.id)))
            of_point["email"].add(hashed("email", account.email))
            of_point["phone"].add(hashed("phone", account.phone))
            of_point["device"].add(device or "")
    ordered = session.execute(
        select(Order.account_id, Order.payer_hash, OrderContact)
        .outerjoin(OrderContact, OrderContact.order_id == Order.id)
        .where(Order.account_id.in_(sorted(at_work)), Order.status == OrderStatus.PLACED)
    )
    for account_id, card, contact in ordered:
        for point_id in at_work[account_id or 0]:
            sets[point_id]["card"].add(card)
            sets[point_id]["address"].add(_place(contact) if contact else "")
    return {
        point_id: {kind: frozenset(values) for kind, values in kinds.items()}
        for point_id, kinds in sets.items()
    }


def earlier(session: Session, hashes: Collection[str], since: datetime) -> Earlier:
    """Orders of all points with one of these addresses or cards; one statement."""
    rows = session.scalars(
        select(AbuseSignal).where(
            AbuseSignal.hash.in_(sorted(hashes)),
            AbuseSignal.kind.in_(OF_HOUSEHOLD),
            AbuseSignal.at > since,
        )
    )
    return by_signal(((one.point_id, one.kind, one.hash), one.order_id, one.at) for one in rows)


def by_signal(rows: Iterable[tuple[Signal, int, datetime]]) -> Earlier:
    """Orders put together by what they have in common."""
    found: defaultdict[Signal, set[tuple[int, datetime]]] = defaultdict(set)
    for key, order_id, at in rows:
        found[key].add((order_id, at))
    return {key: frozenset(orders) for key, orders in found.items()}


def of_household(
    before: Earlier, point_id: int, signals: Mapping[str, str], *, order_id: int, at: datetime
) -> dict[str, tuple[int, ...]]:
    """Kind → how many days before this order, made `at`, each earlier one with the same hash was."""
    ages = {
        kind: tuple(
            (at - moment).days
            for other_id, moment in before.get((point_id, kind, value), ())
            if other_id < order_id
        )
        for kind, value in signals.items()
        if kind in OF_HOUSEHOLD
    }
    return {kind: days for kind, days in ages.items() if days}


def household_hashes(signals: Mapping[str, str]) -> set[str]:
    """Those of an address and of a card."""
    return {signals[kind] for kind in OF_HOUSEHOLD if kind in signals}


def _place(of: OrderContact | Point) -> str:
    """An address as people write it down; a point that has only a city has none."""
    if not of.address.strip():
        return ""
    words = (of.province, of.city, of.district, of.address)
    return hashed("address", "|".join("".join(word.split()) for word in words))


def _plain_mail(text: str) -> str:
    """`a.b+tag@gmail.com` and `ab@gmail.com` are one mailbox."""
    name, at, host = text.partition("@")
    name = name.partition("+")[0]
    if host in ("gmail.com", "googlemail.com"):
        name = name.replace(".", "")
    return f"{name}{at}{host}"
