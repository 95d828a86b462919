"""Reading a cart: its row, and its lines with what the catalog says of their variants now."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, false, func, select
from sqlalchemy.orm import Session

from shop.catalog import queries as catalog
from shop.catalog import statements
from shop.catalog.queries import CartVariant
from shop.checkout.models import Cart, CartLine
from shop.checkout.opening import opened_by
from shop.network.models import Point
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
    """Whether the buyer works at that point; only if the reader said who buys."""


def by_token(session: Session, token: str, *, account_id: int | None) -> Cart | None:
    """The cart a cookie opens, in whatever state."""
    if not token:
        return None
    return session.scalars(
        select(Cart).where(opened_by(token, account_id=account_id))
    ).one_or_none()


def by_token_with_front(
    session: Session, token: str, *, account_id: int | None
) -> tuple[Cart | None, Shopfront | None]:
    """The same, with the open storefront that was visited last; one statement."""
    if not token:
        return None, None
    row = session.execute(
        select(Cart, *storefronts.COLUMNS)
        .outerjoin(Storefront, Storefront.point_id == Cart.point_id)
        .outerjoin(Point, Point.id == Storefront.point_id)
        .where(opened_by(token, account_id=account_id))
    ).one_or_none()
    if row is None:
        return None, None
    front = Shopfront(*row[1:]) if row.point_id is not None else None
    return row[0], front if front and front.is_open else None


def lines(
    session: Session,
    cart_id: int,
    *,
    currency: str,
    at: datetime,
    region: str = "",
    buyer: Buyer | None = None,
) -> list[tuple[StoredLine, CartVariant | None]]:
    """All lines in the order they were added, with today's facts of their variants; one statement.

    A variant that is gone is None. `region` is the division code of the ship-to address.
    """
    values = {"cart_id": cart_id, "currency": currency, "region": region, "at": at}
    rows = session.execute(
        _lines(knows_buyer=buyer is not None), {**values, **(buyer.values() if buyer else {})}
    )
    return [
        (
            StoredLine(*row[-_STORED:]),
            catalog.cart_variant(tuple(row[:-_STORED])) if row[0] is not None else None,
        )
        for row in rows
    ]


_STORED = len(StoredLine.__dataclass_fields__)


@cache
def _lines(*, knows_buyer: bool) -> Select[Any]:
    return (
        statements.cart_variants_beside(cast(Table, CartLine.__table__))
        .add_columns(
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
        )
        .outerjoin(Point, Point.id == CartLine.point_id)
        .outerjoin(Storefront, Storefront.point_id == CartLine.point_id)
        .where(CartLine.cart_id == bindparam("cart_id", type_=CartLine.cart_id.type))
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
