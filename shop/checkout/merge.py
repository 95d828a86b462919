"""Signing in: the browser's cart and the account's become one.

A guest's cart becomes the account's; a browser without a cart gets the one that the account left
elsewhere. Quantities of the same variant and shop are added up and capped at what can be had, with
a warning; a cart of another account is neither opened nor touched (test E1).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, or_, select, update
from sqlalchemy.orm import Session

from shop.catalog import queries as catalog
from shop.checkout.cart import MAX_QUANTITY
from shop.checkout.models import Cart, CartLine
from shop.checkout.opening import opened_by
from shop.checkout.view import is_limited
from shop.sharing.models import Touch


def take_over(session: Session, token: str, account_id: int, *, currency: str, at: datetime) -> str:
    """Fold the account's open carts into one and return its token; empty if there is none.

    The browser's own cart stays the browser's, else the newest of the account is taken; one that
    is being paid keeps to its order and is not filled.
    """
    found = _open_carts(session, token, account_id)
    kept = _kept(found, token)
    if kept is None:
        return ""
    session.execute(
        update(Cart)
        .where(Cart.id == kept.id, Cart.account_id.is_(None))
        .values(account_id=account_id, updated_at=at)
    )
    if kept.status == "active":
        others = [one.id for one in found if one.status == "active" and one.id != kept.id]
        warnings = _fold(session, others, kept.id, currency=currency, at=at)
        if warnings:
            session.execute(
                update(Cart)
                .where(Cart.id == kept.id)
                .values(warnings=[*kept.warnings, *warnings], updated_at=at)
            )
    return str(kept.token)


def _open_carts(session: Session, token: str, account_id: int) -> Sequence[Row[Any]]:
    # Two devices may sign in at once: in the order of their ids the rows cannot lock each other out.
    return session.execute(
        select(Cart.id, Cart.token, Cart.status, Cart.warnings)
        .where(
            or_(Cart.account_id == account_id, opened_by(token, account_id=account_id)),
            Cart.status.in_(("active", "completing")),
        )
        .order_by(Cart.id)
        .with_for_update()
    ).all()


def _kept(found: Sequence[Row[Any]], token: str) -> Row[Any] | None:
    return max(
        found,
        key=lambda one: (one.token == token, one.status == "active", one.id),
        default=None,
    )


def _fold(
    session: Session, sources: Sequence[int], target: int, *, currency: str, at: datetime
) -> list[dict[str, Any]]:
    """Put the lines of some carts into another; returns what could not be had in full."""
    won = session.scalars(
        update(Cart)
        .where(Cart.id.in_(sources), Cart.status == "active")
        .values(status="merged", updated_at=at)
        .returning(Cart.id)
    ).all()
    if not won:
        return []
    here = {(line.variant_id, line.point_id): line for line in _lines(session, [target])}
    added = set()
    for line in _lines(session, won):
        same = here.setdefault((line.variant_id, line.point_id), line)
        if same is line:
            line.cart_id = target
        else:
            same.quantity += line.quantity
            same.touch_id = _latest(session, same.touch_id, line.touch_id)
        added.add(line.variant_id)
    warnings = _cap(session, list(here.values()), added, currency=currency, at=at)
    session.flush()
    return warnings


def _lines(session: Session, cart_ids: Sequence[int]) -> Sequence[CartLine]:
    return session.scalars(
        select(CartLine).where(CartLine.cart_id.in_(cart_ids)).order_by(CartLine.id)
    ).all()


def _latest(session: Session, *touch_ids: int | None) -> int | None:
    """Of two touches the later one: it has the better claim to the sale."""
    known = [touch_id for touch_id in touch_ids if touch_id is not None]
    if len(known) < 2:
        return known[0] if known else None
    return session.scalar(
        select(Touch.id)
        .where(Touch.id.in_(known))
        .order_by(Touch.at.desc(), Touch.id.desc())
        .limit(1)
    )


def _cap(
    session: Session,
    lines: Sequence[CartLine],
    variant_ids: set[int],
    *,
    currency: str,
    at: datetime,
) -> list[dict[str, Any]]:
    """Cut these variants to what is there, over all their lines; earlier lines come first.

    What is sold out stays as it is: the cart page says so, and the buyer decides.
    """
    warnings = []
    for variant in catalog.variants_for_cart(
        session, variant_ids, currency=currency, at=at
    ).values():
        same = [line for line in lines if line.variant_id == variant.variant_id]
        wanted = sum(line.quantity for line in same)
        room = variant.available if is_limited(variant) else MAX_QUANTITY
        if not 0 < room < wanted:
            continue
        warnings.append(
            {
                "code": "quantity_cut",
                "title": dict(variant.title),
                "wanted": wanted,
                "quantity": room,
            }
        )
        for line in same:
            line.quantity = min(line.quantity, room)
            room -= line.quantity
            if line.quantity == 0:
                session.delete(line)
    return warnings
