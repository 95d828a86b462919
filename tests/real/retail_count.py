"""What the retail files should pay, counted from the raw rows: integers, and nothing of the shop's.

Follows the rows as any accountant would: invoices in the order of time, what an invoice with a C gives
back is taken from the customer's latest purchases of the same goods at the same price.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

CARRIAGE = {"POST", "DOT", "C2"}
NO_GOODS = {"M", "D", "S", "B", "PADS", "CRUK", "BANK CHARGES", "AMAZONFEE"}
DEALERS = 12

Share = Callable[[list["Bought"]], list[int]]
"""What each line of an order earns, in pence."""


@dataclass
class Bought:
    """One kind of goods on one order."""

    units: int
    price: int
    back: int = 0
    """Units that were given back."""
    earned: int = 0

    @property
    def base(self) -> int:
        return self.units * self.price

    @property
    def net(self) -> int:
        """The part of its earning that is left: rounded half up on what went back, once."""
        gone = self.back * self.price
        return self.earned - (2 * self.earned * gone + self.base) // (2 * self.base)


@dataclass
class Counted:
    """What everybody should have, by version and dealer."""

    earned: Counter[tuple[int, int]] = field(default_factory=Counter)
    net: Counter[tuple[int, int]] = field(default_factory=Counter)


def half_up(amount: int, bps: int) -> int:
    return (2 * amount * bps + 10_000) // 20_000


def spread(amount: int, weights: list[int]) -> list[int]:
    """By largest remainder; of equal ones the earlier line gets the penny."""
    whole = sum(weights)
    parts = [amount * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda n: (-(amount * weights[n] % whole), n))
    for n in order[: amount - sum(parts)]:
        parts[n] += 1
    return parts


def percent(bps: int, most: int | None = None) -> Share:
    """A percentage of the order, at most an amount, spread over its lines."""

    def share(lines: list[Bought]) -> list[int]:
        parts = spread(half_up(sum(one.base for one in lines), bps), [one.base for one in lines])
        if most is not None and sum(parts) > most:
            return spread(most, parts)
        return parts

    return share


def by_size(below: int, small: int, large: int) -> Share:
    """One percentage of the lines below a value together, another of the others."""

    def share(lines: list[Bought]) -> list[int]:
        parts: dict[int, int] = {}
        for rate, of_rate in (
            (small, [one for one in lines if one.base < below]),
            (large, [one for one in lines if one.base >= below]),
        ):
            shares = percent(rate)(of_rate) if of_rate else []
            parts |= {id(one): part for one, part in zip(of_rate, shares, strict=True)}
        return [parts[id(one)] for one in lines]

    return share


def count(paths: Iterable[Path], versions: Sequence[tuple[datetime, Share]]) -> Counted:
    """The whole history under plan versions, each in force from its moment on."""
    sold: dict[tuple[str, str, int], list[tuple[Bought, tuple[int, int] | None]]] = defaultdict(
        list
    )
    for number, at, customer, rows in _invoices(paths):
        if number.startswith("C"):
            for code, quantity, price in rows:
                held = [one for one, _who in sold[customer, code, price]] if customer else []
                _give_back(held, -quantity)
            continue
        units: dict[tuple[str, int], int] = {}
        for code, quantity, price in rows:
            units[code, price] = units.get((code, price), 0) + quantity
        lines = [Bought(count, price) for (_code, price), count in units.items()]
        version = max(n for n, (since, _share) in enumerate(versions) if since <= at)
        if customer:
            for one, part in zip(lines, versions[version][1](lines), strict=True):
                one.earned = part
        who = (version, _dealer(customer)) if customer else None
        for (code, price), one in zip(units, lines, strict=True):
            sold[customer, code, price].append((one, who))
    counted = Counted()
    for ones in sold.values():
        for one, who in ones:
            if who is not None:
                counted.earned[who] += one.earned
                counted.net[who] += one.net
    return counted


def _give_back(held: list[Bought], units: int) -> None:
    if sum(one.units - one.back for one in held) < units:
        return
    for one in reversed(held):
        taken = min(units, one.units - one.back)
        one.back += taken
        units -= taken


def _invoices(
    paths: Iterable[Path],
) -> list[tuple[str, datetime, str, list[tuple[str, int, int]]]]:
    """Number, moment, customer and goods of every invoice, in the order of time."""
    found: dict[str, tuple[str, datetime, str, list[tuple[str, int, int]]]] = {}
    for path in paths:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                price, quantity = Decimal(row["UnitPrice"]) * 100, int(row["Quantity"])
                number, code = row["InvoiceNo"].strip(), row["StockCode"].strip()
                stock = quantity < 0 and not number.startswith("C")
                fee = code in NO_GOODS or code.startswith("gift_")
                if fee or stock or price <= 0 or price % 1 or not 0 < abs(quantity) <= 9999:
                    continue
                at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC)
                customer = row["CustomerID"].split(".")[0]
                invoice = found.setdefault(number, (number, at, customer, []))
                if code not in CARRIAGE:
                    invoice[3].append((code, quantity, int(price)))
    return sorted((one for one in found.values() if one[3]), key=lambda one: (one[1], one[0]))


def _dealer(customer: str) -> int:
    digest = hashlib.sha256(customer.encode()).digest()
    return int.from_bytes(digest[:4]) % DEALERS + 1
