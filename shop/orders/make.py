"""Write a pending order with its frozen copies: the last step of PREPARE."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from shop.catalog.pricing import LinePrice, Totals
from shop.kernel import ids
from shop.orders.models import (
    DisputeStatus,
    FulfillmentStatus,
    Order,
    OrderContact,
    OrderLine,
    OrderStatus,
    PaymentStatus,
)

NUMBER_LENGTH = 8
"""Letters and digits of an order number; 32^8 numbers, random, so that nobody can count sales."""


@dataclass(frozen=True, kw_only=True)
class NewLine:
    """One line as it will be frozen."""

    product_id: int
    variant_id: int
    category_ids: Sequence[str]
    title: Mapping[str, str]
    options: Sequence[Mapping[str, str]]
    sku: str
    image_key: str
    commissionable: bool
    quantity: int
    price: LinePrice
    tax_rate_bps: int
    cost_amount: int | None
    point_id: int | None
    delivery: str
    location_id: int | None
    stock_level_id: int | None
    goods_owner: str
    seller_of_record: str


@dataclass(frozen=True, kw_only=True)
class NewOrder:
    """An order as it will be frozen; `contact` has the columns of OrderContact."""

    id: int
    cart_id: int | None
    account_id: int | None
    currency: str
    tax_included: bool
    totals: Totals
    locale: str
    lines: Sequence[NewLine]
    contact: Mapping[str, Any]
    territory: str
    note: str
    expires_at: datetime
    device_hash: str = ""
    """Keyed hash of the browser that orders."""


@dataclass(frozen=True)
class Made:
    """What came of it."""

    order_id: int
    number: str
    token: str
    line_ids: tuple[int, ...]


def make(session: Session, order: NewOrder, *, at: datetime) -> Made:
    """Insert the order in three statements.

    Raises IntegrityError if an order of the same cart exists: the loser of a race starts over and
    finds it.
    """
    number, token = ids.short_code(NUMBER_LENGTH), ids.public_token()
    line_ids = tuple(ids.block(len(order.lines)))
    session.execute(insert(Order).values(**_order_row(order, number, token, at)))
    session.execute(
        insert(OrderLine),
        [
            _line_row(line, line_id, order.id, position)
            for position, (line, line_id) in enumerate(zip(order.lines, line_ids, strict=True), 1)
        ],
    )
    session.execute(insert(OrderContact).values(order_id=order.id, **order.contact))
    return Made(order.id, number, token, line_ids)


def _order_row(order: NewOrder, number: str, token: str, at: datetime) -> dict[str, Any]:
    return {
        "id": order.id,
        "number": number,
        "token": token,
        "cart_id": order.cart_id,
        "account_id": order.account_id,
        "status": OrderStatus.PENDING,
        "payment_status": PaymentStatus.PENDING,
        "fulfillment_status": FulfillmentStatus.UNFULFILLED,
        "dispute_status": DisputeStatus.NONE,
        "currency": order.currency,
        "tax_included": order.tax_included,
        "lines_amount": order.totals.subtotal_amount,
        "shipping_amount": order.totals.shipping_amount,
        "shipping_tax_amount": order.totals.shipping_tax_amount,
        "tax_amount": order.totals.tax_amount,
        "total_amount": order.totals.total_amount,
        "captured_amount": 0,
        "refunded_amount": 0,
        "granted_amount": 0,
        "territory": order.territory,
        "device_hash": order.device_hash,
        "locale": order.locale,
        "picks_up": any(line.delivery == "pickup" for line in order.lines),
        "note": order.note,
        "end_reason": "",
        "task": "",
        "submitted_at": at,
        "expires_at": order.expires_at,
    }


def _line_row(line: NewLine, line_id: int, order_id: int, position: int) -> dict[str, Any]:
    frozen = {
        name: value for name, value in line.__dict__.items() if name not in ("price", "options")
    }
    return {
        **frozen,
        "id": line_id,
        "order_id": order_id,
        "position": position,
        "category_ids": list(line.category_ids),
        "title": dict(line.title),
        "options": [dict(option) for option in line.options],
        "unit_price_amount": line.price.unit_amount,
        "discount_amount": line.price.discount_amount,
        "line_amount": line.price.line_amount,
        "tax_amount": line.price.tax_amount,
        "base_amount": line.price.base_amount,
        "fulfilled_count": 0,
        "delivered_count": 0,
        "canceled_count": 0,
        "refunded_count": 0,
        "refunded_amount": 0,
        "refunded_base_amount": 0,
    }
