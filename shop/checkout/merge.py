"""A guest's cart becomes the account's when its owner signs in.

Quantities of the same variant and storefront are added up and capped at what a line may hold; a
cart of another account is never touched, so that a second person on the same phone never gets the
first one's cart (test E1).
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shop.checkout.cart import MAX_QUANTITY
from shop.checkout.models import Cart, CartLine


def take_over(session: Session, token: str, account_id: int, *, at: datetime) -> None:
    """Fold the account's earlier active cart into the one of this browser."""
    mine = session.execute(
        update(Cart)
        .where(
            Cart.token == token,
            Cart.status == "active",
            (Cart.account_id.is_(None)) | (Cart.account_id == account_id),
        )
        .values(account_id=account_id, updated_at=at)
        .returning(Cart.id)
    ).scalar_one_or_none()
    if mine is None:
        return
    others = session.scalars(
        select(Cart.id)
        .where(Cart.account_id == account_id, Cart.status == "active", Cart.id != mine)
        .order_by(Cart.id)
    ).all()
    for other in others:
        won = session.execute(
            update(Cart)
            .where(Cart.id == other, Cart.status == "active")
            .values(status="merged", updated_at=at)
            .returning(Cart.id)
        ).one_or_none()
        if won is not None:
            _fold(session, other, mine)


def _fold(session: Session, source: int, target: int) -> None:
    here = {
        (line.variant_id, line.point_id): line
        for line in session.scalars(select(CartLine).where(CartLine.cart_id == target))
    }
    for line in session.scalars(select(CartLine).where(CartLine.cart_id == source)).all():
        same = here.get((line.variant_id, line.point_id))
        if same is None:
            line.cart_id = target
        else:
            same.quantity = min(MAX_QUANTITY, same.quantity + line.quantity)
    session.flush()
