"""Filling and changing a cart; each change first wins the cart's row, so that parallel ones queue.

Once an order was made from it a cart is locked: paying and editing must not cross (test B7).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from shop.catalog import queries as catalog
from shop.checkout.errors import CartLocked, NoSuchCart, NotSold
from shop.checkout.models import Cart, CartLine
from shop.checkout.opening import opened_by
from shop.kernel import ids
from shop.kernel.db import upsert
from shop.kernel.errors import Invalid
from shop.kernel.words import _l

MAX_QUANTITY = 9_999


def open_cart(
    session: Session,
    *,
    visitor: str,
    account_id: int | None,
    at: datetime,
    point_id: int | None = None,
    contact: Mapping[str, Any] | None = None,
) -> tuple[int, str]:
    """A fresh empty cart: its id and the token for the visitor's cookie."""
    cart_id, token = ids.new(), ids.public_token()
    session.execute(
        insert(Cart).values(
            id=cart_id,
            token=token,
            account_id=account_id,
            status="active",
            visitor=visitor,
            point_id=point_id,
            contact=dict(contact or {}),
            warnings=[],
            version=1,
            created_at=at,
            updated_at=at,
        )
    )
    return cart_id, token


def add(
    session: Session,
    cart_id: int,
    variant_id: int,
    *,
    quantity: int,
    point_id: int | None,
    currency: str,
    at: datetime,
    touch_id: int | None = None,
) -> int:
    """Put units of a variant into a cart whose row is won, from a point's shop or the brand's.

    Returns the line's id; there is one for each variant and shop.

    Raises NotSold, and Invalid for a quantity that is no quantity.
    """
    check_quantity(quantity)
    facts = {
        CartLine.id: ids.new(),
        CartLine.cart_id: cart_id,
        CartLine.variant_id: variant_id,
        CartLine.point_id: point_id,
        CartLine.quantity: quantity,
        CartLine.touch_id: touch_id,
        CartLine.added_at: at,
    }
    # Price and permission are read by the statement that writes: no edit can come in between.
    price = catalog.on_sale(variant_id, currency=currency, at=at)
    line = upsert(session, CartLine).from_select(
        [CartLine.unit_price_amount, *facts],
        price.add_columns(*(literal(fact, column.type) for column, fact in facts.items())),
    )
    same = ["cart_id", "variant_id"] if point_id is None else ["cart_id", "variant_id", "point_id"]
    written = session.execute(
        line.on_conflict_do_update(
            index_elements=same,
            index_where=(
                CartLine.point_id.is_(None) if point_id is None else CartLine.point_id.is_not(None)
            ),
            set_={
                "quantity": CartLine.quantity + line.excluded.quantity,
                "unit_price_amount": line.excluded.unit_price_amount,
                "touch_id": func.coalesce(line.excluded.touch_id, CartLine.touch_id),
            },
        ).returning(CartLine.id, CartLine.quantity)
    ).one_or_none()
    if written is None:
        raise NotSold
    check_quantity(written.quantity)
    return int(written.id)


def change_quantity(
    session: Session, cart_id: int, line_id: int, *, quantity: int, at: datetime
) -> None:
    """Set a line's quantity; 0 removes it."""
    touch(session, cart_id, at=at)
    line = (CartLine.id == line_id) & (CartLine.cart_id == cart_id)
    if quantity == 0:
        session.execute(delete(CartLine).where(line))
        return
    check_quantity(quantity)
    session.execute(update(CartLine).where(line).values(quantity=quantity))


def choose_pickup(
    session: Session, cart_id: int, line_id: int, *, location_id: int | None, at: datetime
) -> None:
    """Let a line be collected at a counter, or shipped if `location_id` is None.

    Raises Invalid if that counter does not hand goods out.
    """
    touch(session, cart_id, at=at)
    if location_id is not None and not catalog.counters(session, [], ids=[location_id]):
        raise Invalid(_l("This place offers no pick-up."), field="location")
    session.execute(
        update(CartLine)
        .where(CartLine.id == line_id, CartLine.cart_id == cart_id)
        .values(pickup_location_id=location_id)
    )


def keep_contact(session: Session, cart_id: int, contact: dict[str, Any], *, at: datetime) -> None:
    """Keep what the buyer typed, valid or not; fields that are not named stay (test B10)."""
    touch(session, cart_id, at=at)
    stored = session.execute(select(Cart.contact).where(Cart.id == cart_id)).scalar_one()
    session.execute(update(Cart).where(Cart.id == cart_id).values(contact={**stored, **contact}))


def forget_warnings(session: Session, cart_id: int) -> None:
    """They were shown, and are shown once."""
    session.execute(update(Cart).where(Cart.id == cart_id).values(warnings=[]))


def touch(session: Session, cart_id: int, *, at: datetime) -> None:
    """Win the cart's row for this transaction.

    Raises CartLocked if an order was made from it, NoSuchCart if it is gone.
    """
    if _win(session, Cart.id == cart_id, at, None) is None:
        known = session.scalar(select(Cart.status).where(Cart.id == cart_id))
        raise CartLocked if known == "completing" else NoSuchCart


def take(
    session: Session, token: str, *, account_id: int | None, at: datetime, point_id: int | None
) -> int | None:
    """Win the open cart behind a cookie and remember which shop was visited last.

    None if there is no cart that can be filled. Raises CartLocked if an order was made from it.
    """
    if not token:
        return None
    mine = opened_by(token, account_id=account_id)
    won = _win(session, mine, at, point_id)
    if won is None:
        known = session.scalar(select(Cart.status).where(mine))
        if known == "completing":
            raise CartLocked
    return won


def _win(
    session: Session, which: ColumnElement[bool], at: datetime, point_id: int | None
) -> int | None:
    values: dict[str, Any] = {"version": Cart.version + 1, "updated_at": at}
    if point_id is not None:
        values["point_id"] = point_id
    return session.execute(
        update(Cart).where(which, Cart.status == "active").values(**values).returning(Cart.id)
    ).scalar_one_or_none()


def copy(session: Session, cart_id: int, *, at: datetime) -> tuple[int, str]:
    """A fresh active cart with the same lines and contact; the old one stays with its order."""
    old = session.execute(select(Cart).where(Cart.id == cart_id)).scalar_one()
    new_id, token = open_cart(
        session,
        visitor=old.visitor,
        account_id=old.account_id,
        at=at,
        point_id=old.point_id,
        contact=old.contact,
    )
    lines = session.scalars(
        select(CartLine).where(CartLine.cart_id == cart_id).order_by(CartLine.id)
    ).all()
    rows = [
        {
            "id": line_id,
            "cart_id": new_id,
            "variant_id": line.variant_id,
            "point_id": line.point_id,
            "quantity": line.quantity,
            "unit_price_amount": line.unit_price_amount,
            "pickup_location_id": line.pickup_location_id,
            "touch_id": line.touch_id,
            "added_at": at,
        }
        for line, line_id in zip(lines, ids.block(len(lines)), strict=True)
    ]
    if rows:
        session.execute(insert(CartLine), rows)
    return new_id, token


def check_quantity(quantity: int) -> None:
    """Raise Invalid unless 1 to MAX_QUANTITY."""
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Invalid(
            _l("Please choose a quantity from 1 to %(most)s.", most=MAX_QUANTITY), field="quantity"
        )
