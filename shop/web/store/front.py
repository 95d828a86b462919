"""Which storefront a page stands in, and where a closed one sends its visitors."""

from typing import Any

from flask import abort, redirect, url_for
from werkzeug.wrappers import Response

from shop.storefront import queries
from shop.storefront.queries import Shopfront


class Closed(Exception):
    """The point is suspended or closed: its links lead to the brand's own shop."""


def open_front(slug: str) -> Shopfront:
    """The open storefront of this name.

    Answers 404 if there never was one; raises Closed if its point does not sell now.
    """
    front = queries.kept.get(slug)
    if front is None:
        abort(404)
    if not front.is_open:
        raise Closed
    return front


def to_the_brand(endpoint: str = "store.brand_home", **values: Any) -> Response:
    """Send on to the brand's own page; the cart is brand-wide and stays as it is."""
    return redirect(url_for(endpoint, closed=1, **values), code=302)
