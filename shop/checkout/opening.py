"""Whose cart a cookie opens: a guest's is the browser's own, an account's is its owner's only.

Separate because every look-up by token must ask it: on a shared phone the next person holds the
cookie of the one before, and would read their name, phone and address (test E1).
"""

from sqlalchemy import ColumnElement, or_

from shop.checkout.models import Cart


def opened_by(token: str, *, account_id: int | None) -> ColumnElement[bool]:
    """The cart behind this token, for whoever is signed in; None is nobody."""
    nobodys = Cart.account_id.is_(None)
    may = nobodys if account_id is None else or_(nobodys, Cart.account_id == account_id)
    return (Cart.token == token) & may
