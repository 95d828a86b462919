"""Guest orders become an account's, by the contact that the account has confirmed.

A guest order never edits an account (test E4); this goes the other way, and only on request.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from shop.accounts.models import Account
from shop.kernel import audit
from shop.orders.models import Order, OrderContact


def claimable(session: Session, account_id: int) -> list[str]:
    """Numbers of guest orders with the account's own phone or e-mail."""
    return list(
        session.scalars(
            select(Order.number)
            .join(OrderContact, OrderContact.order_id == Order.id)
            .where(_mine(session, account_id), Order.placed_at.is_not(None))
            .order_by(Order.id.desc())
            .limit(50)
        )
    )


def claim_all(session: Session, account_id: int, *, at: datetime) -> int:
    """Take them over; the condition on the empty owner decides between two accounts."""
    ids = session.scalars(
        select(Order.id)
        .join(OrderContact, OrderContact.order_id == Order.id)
        .where(_mine(session, account_id))
        .order_by(Order.id)
    ).all()
    taken = 0
    for order_id in ids:
        won = session.execute(
            update(Order)
            .where(Order.id == order_id, Order.account_id.is_(None))
            .values(account_id=account_id)
            .returning(Order.id)
        ).one_or_none()
        if won is not None:
            taken += 1
            by = f"account:{account_id}"
            audit.record(session, "order.claimed", "order", order_id, by=by, at=at)
    return taken


def _mine(session: Session, account_id: int) -> ColumnElement[bool]:
    phone, email = session.execute(
        select(Account.phone, Account.email).where(Account.id == account_id)
    ).one()
    same = [OrderContact.phone == phone] if phone else []
    same += [OrderContact.email == email] if email else []
    return Order.account_id.is_(None) & or_(*same)
