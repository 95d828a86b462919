"""Correct who gets an order and where it goes, as long as nothing was shipped.

Prices, tax, attribution and territory are frozen and stay as they are (test D8).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from shop.kernel import audit
from shop.orders import timeline
from shop.orders.errors import ContactFixed, NoSuchOrder
from shop.orders.models import Order, OrderContact, OrderLine, OrderStatus

FIELDS = (
    "name",
    "phone",
    "email",
    "country",
    "province",
    "city",
    "district",
    "division_code",
    "address",
    "postal_code",
)


def contact(
    session: Session, order_id: int, values: Mapping[str, Any], *, by: str, at: datetime
) -> tuple[str, ...]:
    """Change columns of the contact; returns the names of those that changed.

    The audit row and the timeline name the fields, never their content.
    Raises ContactFixed once a parcel left or the order has ended, NoSuchOrder.
    """
    before = session.execute(
        select(OrderContact).where(OrderContact.order_id == order_id)
    ).scalar_one_or_none()
    if before is None:
        raise NoSuchOrder
    changed = {
        name: values[name]
        for name in FIELDS
        if name in values and values[name] != getattr(before, name)
    }
    if not changed:
        return ()
    on_its_way = exists().where(
        OrderLine.order_id == order_id,
        OrderLine.delivery == "shipping",
        OrderLine.fulfilled_count > 0,
    )
    goes_on = exists().where(
        Order.id == order_id, Order.status.in_((OrderStatus.PENDING, OrderStatus.PLACED))
    )
    won = session.execute(
        update(OrderContact)
        .where(
            OrderContact.order_id == order_id,
            OrderContact.erased_at.is_(None),
            ~on_its_way,
            goes_on,
        )
        .values(**changed)
        .returning(OrderContact.order_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if won is None:
        raise ContactFixed
    fields = tuple(sorted(changed))
    timeline.note(session, order_id, "contact_changed", by=by, at=at, fields=list(fields))
    audit.record(
        session,
        "order.contact_changed",
        "order",
        order_id,
        by=by,
        at=at,
        after={"fields": list(fields)},
    )
    return fields
