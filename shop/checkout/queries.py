"""Reading a cart: its row, and its lines with what the catalog says of their variants now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, false, func, null, select
from sqlalchemy.orm import Session, aliased

from shop.catalog import queries as catalog
from shop.catalog import statements
from shop.catalog.queries import CartVariant
from shop.checkout.models import Cart, CartLine
from shop.checkout.opening import opened_by
from shop.network.models import OrganizationEdge, Point
from shop.network.queries import Buyer, works_at
from shop.orders.models import Order
from shop.storefront import queries as storefronts
from shop.storefront.models import Storefront
from shop.storefront.queries import Shopfront


@dataclass(frozen=True)
class StoredLine:
    """A line as stored, with the storefront it was added from."""

    id: int
    variant_id: int
    point_id: int | None
    quantity: int
    unit_price_amount: int
    pickup_location_id: int | None
    touch_id: int | None
    point_status: str | None
    store_name: str | None
    store_slug: str | None
    owner_name: str | None
    is_buyers_own: bool = False
    """Whether the buyer works at that point; this and what follows only if the reader said who buys."""
    manager_id: int | None = None
    """The point that manages that point."""
    contract: str | None = None
    """Under which contract it does."""


Line = tuple[StoredLine, CartVariant | None]
"""A variant that is gone is None."""


def by_token(session: Session, token: str, *, account_id: int | None) -> Cart | None:
    """The cart a cookie opens, in whatever state."""
    if not token:
        return None
    return session.scalars(
        select(Cart).where(opened_by(token, account_id=account_id))
    ).one_or_none()


@dataclass(frozen=True)
class Opened:
    """A cart as its pages need it."""

    cart: Cart
    front: Shopfront | None
    """The open storefront that was visited last."""
    lines: Sequence[Line]
    at_counters: Mapping[int, Mapping[int, int]]
    """By line id: units that a counter can hand out, by its location; those that have some."""


def opened(
    session: Session, token: str, *, account_id: int | None, currency: str, at: datetime
) -> Opened | None:
    """The cart a cookie opens, with its lines and today's facts of their variants; one statement.

    Tax is that of the address in the cart.
    """
    if not token:
        return None
    query = _opened().where(opened_by(token, account_id=account_id))
    rows = session.execute(query, {"currency": currency, "at": at}).all()
    if not rows:
        return None
    front = Shopfront(*rows[0][-_FRONT:]) if rows[0][-_FRONT] is not None else None
    lines: list[Line] = []
    at_counters: dict[int, dict[int, int]] = {}
    for row in rows:
        *facts, told, _cart = row[:-_FRONT]
        line_id = facts[-_STORED]
        if line_id is not None:  # a cart without lines is one row
            lines.append(_line(tuple(facts)))
            at_counters[line_id] = _units(told)
    return Opened(rows[0].Cart, front if front and front.is_open else None, lines, at_counters)


def _units(told: str) -> dict[int, int]:
    """From the words of `statements.at_counters`; a place with goods of two owners has the most."""
    found: dict[int, int] = {}
    for word in told.split(",") if told else ():
        place, units = word.split(":")
        found[int(place)] = max(found.get(int(place), 0), int(units))
    return found


def lines(
    session: Session,
    cart_id: int,
    *,
    currency: str,
    at: datetime,
    region: str = "",
    buyer: Buyer | None = None,
) -> list[Line]:
    """All lines in the order they were added, with today's facts of their variants; one statement.

    `region` is the division code of the ship-to address.
    """
    values = {"cart_id": cart_id, "currency": currency, "region": region, "at": at}
    rows = session.execute(
        _lines(knows_buyer=buyer is not None), {**values, **(buyer.values() if buyer else {})}
    )
    return [_line(tuple(row)) for row in rows]


_STORED = len(StoredLine.__dataclass_fields__)
_FRONT = len(storefronts.COLUMNS)


def _line(row: tuple[Any, ...]) -> Line:
    variant = catalog.cart_variant(row[:-_STORED]) if row[0] is not None else None
    return StoredLine(*row[-_STORED:]), variant


@cache
def _lines(*, knows_buyer: bool) -> Select[Any]:
    line = cast(Table, CartLine.__table__)
    query = statements.cart_variants_beside(line, line.c.variant_id)
    return _with_lines(query, knows_buyer=knows_buyer).where(
        CartLine.cart_id == bindparam("cart_id", type_=CartLine.cart_id.type)
    )


@cache
def _opened() -> Select[Any]:
    cart, line = cast(Table, Cart.__table__), cast(Table, CartLine.__table__)
    front, its_point = aliased(Storefront), aliased(Point)
    query = statements.cart_variants_beside(
        cart.outerjoin(line, line.c.cart_id == cart.c.id),
        line.c.variant_id,
        func.coalesce(Cart.contact["division_code"].as_string(), ""),
    )
    return (
        _with_lines(query, knows_buyer=False)
        .add_columns(
            statements.at_counters(line.c.variant_id),
            Cart,
            *storefronts.columns(front, its_point),
        )
        .outerjoin(front, front.point_id == Cart.point_id)
        .outerjoin(its_point, its_point.id == front.point_id)
    )


def _with_lines(query: Select[Any], *, knows_buyer: bool) -> Select[Any]:
    if knows_buyer:
        managed = (OrganizationEdge.point_id == CartLine.point_id) & OrganizationEdge.is_current()
        query = query.outerjoin(OrganizationEdge, managed)
    return (
        query.add_columns(
            CartLine.id,
            CartLine.variant_id,
            CartLine.point_id,
            CartLine.quantity,
            CartLine.unit_price_amount,
            CartLine.pickup_location_id,
            CartLine.touch_id,
            Point.status,
            Storefront.name,
            Storefront.slug,
            Storefront.owner_name,
            works_at(Point.id) if knows_buyer else false(),
            OrganizationEdge.manager_id if knows_buyer else null(),
            OrganizationEdge.contract if knows_buyer else null(),
        )
        .outerjoin(Point, Point.id == CartLine.point_id)
        .outerjoin(Storefront, Storefront.point_id == CartLine.point_id)
        .order_by(CartLine.id)
    )


def units_in(session: Session, token: str, *, account_id: int | None) -> int:
    """How many units an open cart holds, for the badge."""
    if not token:
        return 0
    return session.execute(
        select(func.coalesce(func.sum(CartLine.quantity), 0))
        .join(Cart, Cart.id == CartLine.cart_id)
        .where(opened_by(token, account_id=account_id), Cart.status.in_(("active", "completing")))
    ).scalar_one()


def order_token(session: Session, cart_id: int) -> str | None:
    """The page of the order that was made from a cart."""
    return session.scalar(select(Order.token).where(Order.cart_id == cart_id))


def order_id_of(session: Session, token: str) -> int | None:
    """The order behind its page's token."""
    return session.scalar(select(Order.id).where(Order.token == token))
