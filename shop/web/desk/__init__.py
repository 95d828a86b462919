"""The point's desk: today, sharing, orders, earnings, handing over, the shop window."""

from shop.web.desk import (
    earnings,
    hand_over,
    objections,
    orders,
    payee,
    places,
    rates,
    reviews,
    share,
    shopfront,
    statements,
    tax_data,
    team,
    today,
)
from shop.web.desk.routes import blueprint

__all__ = [
    "blueprint",
    "earnings",
    "hand_over",
    "objections",
    "orders",
    "payee",
    "places",
    "rates",
    "reviews",
    "share",
    "shopfront",
    "statements",
    "tax_data",
    "team",
    "today",
]
