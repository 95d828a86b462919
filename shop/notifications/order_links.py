"""A fresh link to an order, sent to the contact that is on it and nowhere else.

Number and e-mail are no secrets, so they open nothing; the answer is the same for unknown ones.
"""

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shop.accounts import limits
from shop.kernel import jobs
from shop.orders.models import Order, OrderContact

JOB = "notifications.order_link"


def request(
    session: Session, *, number: str, contact: str, locale: str, remote: str, at: datetime
) -> None:
    """Have the link sent if number and contact belong together; raises TooManyTries."""
    limits.count(session, f"order-link:{contact}", most=5, window=timedelta(hours=1))
    limits.count(session, f"order-link-from:{remote}", most=20, window=timedelta(hours=1))
    order_id = session.scalar(
        select(Order.id)
        .join(OrderContact, OrderContact.order_id == Order.id)
        .where(
            Order.number == number.strip().upper(),
            or_(OrderContact.email == contact, OrderContact.phone == contact),
        )
    )
    if order_id is not None:
        jobs.enqueue(session, JOB, {"order_id": str(order_id), "locale": locale}, at=at)
