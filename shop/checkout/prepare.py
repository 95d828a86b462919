"""PREPARE: one transaction that turns a cart into a pending order with its stock held.

Reference shop §3.3, steps P1 to P7. No network call happens here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.orm import Session

from shop.catalog import stock
from shop.catalog.models import BRAND
from shop.catalog.stock import Allocation, Demand
from shop.checkout import contact as contacts
from shop.checkout import view as views
from shop.checkout.errors import (
    AmountTooSmall,
    CartChanged,
    CartEmpty,
    CartProblems,
    NoSuchCart,
    OrderDiffers,
)
from shop.checkout.models import Cart
from shop.checkout.opening import opened_by
from shop.checkout.view import CartView, ViewLine
from shop.fulfillment.rates import NotDelivered
from shop.kernel import ids
from shop.kernel.brand import Brand
from shop.kernel.money import format_money
from shop.network.models import OrganizationEdge, Point
from shop.network.queries import Buyer, works_at
from shop.orders import make as orders
from shop.orders.make import Made, NewLine, NewOrder
from shop.orders.models import Order, OrderContact
from shop.payments import attempts
from shop.payments.attempts import Attempt
from shop.sharing import attribution, browsers, lost
from shop.sharing.attribution import Candidate, Credit, Standing
from shop.sharing.models import LineAttribution, Touch


@dataclass(frozen=True)
class Prepared:
    """The one order of a cart, new or found again."""

    order_id: int
    token: str
    total_amount: int
    visitor: str
    """Name of the browser that filled the cart; empty if the order was found again."""
    attempt: Attempt | None
    """How it is to be paid; None if it was found again and may have been tried since."""


def prepare(
    session: Session,
    cart_token: str,
    typed: Mapping[str, Any],
    *,
    expected_total: int,
    brand: Brand,
    account_id: int | None,
    locale: str,
    at: datetime,
) -> Prepared:
    """Make the order, or find the one that was made from this cart before.

    `typed` is the contact form; `expected_total` is what the buyer saw, in minor units. A lower
    total passes silently, a higher one must be confirmed.
    Raises NoSuchCart, OrderDiffers, CartEmpty, Invalid (contact), CartProblems, CartChanged,
    NotDelivered, AmountTooSmall; the unit of work must then be rolled back.
    """
    mine = opened_by(cart_token, account_id=account_id)
    cart = _claim(session, mine, at)
    if cart is None:
        return _replay(session, mine, typed, brand)
    buyer = Buyer(account_id, *contacts.reach(typed, country=brand.country))
    seen = views.of(
        session,
        cart.id,
        brand=brand,
        at=at,
        division_code=str(typed.get("division_code") or ""),
        buyer=buyer,
    )
    _check(seen, expected_total, brand)
    contact = contacts.check(
        typed,
        country=brand.country,
        needs_address=seen.ships,
        consent_version=brand.consent_version,
    )
    order_id = ids.new()
    expires_at = at + timedelta(minutes=brand.hold_minutes)
    allocations = _reserve(session, order_id, seen, expires_at=expires_at, at=at)
    made = orders.make(
        session,
        NewOrder(
            id=order_id,
            cart_id=cart.id,
            account_id=account_id,
            currency=brand.currency,
            tax_included=brand.tax_included,
            totals=seen.totals,
            locale=locale,
            lines=[_frozen(line, allocations) for line in seen.lines],
            contact=contact,
            territory=str(contact["division_code"]),
            note=str(typed.get("note") or "")[:500],
            expires_at=expires_at,
            device_hash=browsers.hashed(cart.visitor),
        ),
        at=at,
    )
    _attribute(session, made, seen.lines, cart.visitor, buyer, at=at)
    attempt = attempts.intend(
        session,
        made.order_id,
        number=made.number,
        locale=locale,
        email=contact["email"],
        amount=seen.totals.total_amount,
        currency=brand.currency,
        expires_at=expires_at,
        at=at,
    )
    return Prepared(made.order_id, made.token, seen.totals.total_amount, cart.visitor, attempt)


@dataclass(frozen=True)
class _Claimed:
    id: int
    visitor: str


def _claim(session: Session, mine: ColumnElement[bool], at: datetime) -> _Claimed | None:
    # The conditional update is the lock: of two submits one waits here and then finds the order.
    row = session.execute(
        update(Cart)
        .where(mine, Cart.status == "active")
        .values(status="completing", completing_at=at, updated_at=at)
        .returning(Cart.id, Cart.visitor)
    ).one_or_none()
    return _Claimed(*row) if row else None


def _replay(
    session: Session, mine: ColumnElement[bool], typed: Mapping[str, Any], brand: Brand
) -> Prepared:
    row = session.execute(
        select(Order.id, Order.token, Order.total_amount, OrderContact)
        .join(Cart, Cart.id == Order.cart_id)
        .join(OrderContact, OrderContact.order_id == Order.id)
        .where(mine)
    ).one_or_none()
    if row is None:
        raise NoSuchCart
    contact = contacts.check(
        typed, country=brand.country, needs_address=False, consent_version=brand.consent_version
    )
    if any(contact[name] != getattr(row.OrderContact, name) for name in _WHOM_AND_WHERE):
        # To pay on as if nothing were different would send the goods to the first address.
        raise OrderDiffers
    return Prepared(*row[:3], visitor="", attempt=None)


_WHOM_AND_WHERE = ("name", "phone", "email", "province", "city", "district", "address")


def _check(seen: CartView, expected_total: int, brand: Brand) -> None:
    if not seen.lines:
        raise CartEmpty
    unsold = [line.stored.id for line in seen.lines if line.problem == "not_sold"]
    if unsold:
        raise CartProblems(unsold)
    if not seen.delivered:
        raise NotDelivered
    total = seen.totals.total_amount
    if total > expected_total:
        raise CartChanged(total)
    minimum = attempts.minimum_amount(brand.currency)
    if 0 < total < minimum:
        raise AmountTooSmall(format_money(minimum, brand.currency))


def _reserve(
    session: Session, order_id: int, seen: CartView, *, expires_at: datetime, at: datetime
) -> dict[tuple[int, int | None], Allocation]:
    demands = [
        Demand(line.stored.variant_id, line.stored.quantity, line.stored.pickup_location_id)
        for line in seen.lines
        if line.delivery != "digital"
    ]
    try:
        return stock.reserve(
            session, order_id, demands, expires_at=expires_at, at=at, by="checkout"
        )
    except stock.OutOfStock as error:
        short = {shortage.variant_id for shortage in error.shortages}
        raise CartProblems(
            [line.stored.id for line in seen.lines if line.stored.variant_id in short]
        ) from error


def _frozen(line: ViewLine, allocations: Mapping[tuple[int, int | None], Allocation]) -> NewLine:
    variant, stored = line.variant, line.stored
    if variant is None:  # unsold lines were refused before anything was reserved
        raise CartProblems([stored.id])
    allocation = allocations.get(
        (stored.variant_id, stored.pickup_location_id), Allocation(None, None, BRAND)
    )
    cost = variant.cost_amount
    return NewLine(
        product_id=variant.product_id,
        variant_id=stored.variant_id,
        category_ids=[str(category_id) for category_id in variant.category_ids],
        title=variant.title,
        options=variant.option_values,
        sku=variant.sku or "",
        image_key=variant.image_key,
        commissionable=variant.commissionable,
        quantity=stored.quantity,
        price=line.price,
        tax_rate_bps=variant.rate_bps,
        cost_amount=None if cost is None else cost * stored.quantity,
        point_id=stored.point_id,
        delivery=line.delivery,
        location_id=allocation.location_id,
        stock_level_id=allocation.stock_level_id,
        goods_owner=allocation.goods_owner,
        seller_of_record=allocation.goods_owner,
    )


def _attribute(
    session: Session,
    made: Made,
    lines: Sequence[ViewLine],
    visitor: str,
    buyer: Buyer,
    *,
    at: datetime,
) -> None:
    standings = {
        line.stored.point_id: Standing(
            line.stored.point_status,
            line.stored.is_buyers_own,
            line.stored.manager_id,
            line.stored.contract or "",
        )
        for line in lines
        if line.stored.point_id is not None and line.stored.point_status is not None
    }
    touch = None
    kept = [line.stored.touch_id for line in lines if line.stored.touch_id is not None]
    if kept:
        touch = _last_touch(session, visitor, kept, buyer, standings, at)
    credits = [
        attribution.decide(
            Candidate(line.stored.point_id, "storefront") if line.stored.point_id else None,
            touch,
            standings,
            at=at,
        )
        for line in lines
    ]
    session.execute(
        insert(LineAttribution),
        [
            _attribution_row(credit, standings, line_id, made.order_id, at)
            for credit, line_id in zip(credits, made.line_ids, strict=True)
        ],
    )
    losers = {
        line_id: credit.losers for credit, line_id in zip(credits, made.line_ids, strict=True)
    }
    lost.note(session, made.order_id, losers)


def _attribution_row(
    credit: Credit, standings: Mapping[int, Standing], line_id: int, order_id: int, at: datetime
) -> dict[str, Any]:
    winner = standings.get(credit.point_id) if credit.point_id else None
    return {
        "upline_point_id": winner.manager_id if winner else None,
        "upline_contract": winner.contract if winner else "",
        "order_line_id": line_id,
        "order_id": order_id,
        "point_id": credit.point_id,
        "kind": credit.kind,
        "touch_id": credit.touch_id,
        "losers": list(credit.losers),
        "at": at,
    }


def _last_touch(
    session: Session,
    visitor: str,
    kept: Sequence[int],
    buyer: Buyer,
    standings: dict[int, Standing],
    at: datetime,
) -> Candidate | None:
    """The buyer's latest link or scan; how its point stands is added to `standings`.

    The lines know their touches too: carts of two browsers may have been put together, and each
    browser has a name of its own.
    """
    row = session.execute(
        select(
            Touch.point_id,
            Touch.at,
            Touch.id,
            Point.status,
            works_at(Point.id),
            OrganizationEdge.manager_id,
            OrganizationEdge.contract,
        )
        .join(Point, Point.id == Touch.point_id)
        .outerjoin(
            OrganizationEdge,
            (OrganizationEdge.point_id == Point.id) & OrganizationEdge.is_current(),
        )
        .where(or_(Touch.visitor == visitor, Touch.id.in_(kept)), Touch.at <= at)
        .order_by(Touch.at.desc(), Touch.id.desc())
        .limit(1),
        buyer.values(),
    ).one_or_none()
    if row is None:
        return None
    standings[row.point_id] = Standing(row.status, bool(row[4]), row.manager_id, row.contract or "")
    return Candidate(row.point_id, "touch", row.at, row.id)
