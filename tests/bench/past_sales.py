"""Many past sales, written straight into the engine's tables: a year of a network in a minute."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from commissions.canonical import plain
from commissions.facts import Party
from commissions.models import FactRow, SaleHead, SaleLineRow, SaleRow
from commissions.rows import table_of
from commissions.terms import Rate, Role, Rule, Terms, When

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
POINTS, STORES, PRODUCTS, CATEGORIES = 1000, 60, 200, 12
SALES_AT_ONCE = 2000
_SIZES, _WEIGHTS = (1, 2, 3, 4, 5, 6), (35, 28, 16, 11, 6, 4)


def plan() -> Terms:
    """A plan as brands have it: some goods and some points at rates of their own."""
    promoted = tuple(f"product:{n}" for n in range(0, PRODUCTS, 25))
    return Terms(
        rules=(
            _percent(Role.SELLER, 1, 1500, When(products=promoted)),
            _percent(Role.SELLER, 2, 800, When(categories=("category:1", "category:2"))),
            _percent(Role.SELLER, 3, 1250, When(point_groups=("gold",))),
            _percent(Role.SELLER, 4, 1000, When()),
            _percent(Role.FULFILLER, 1, 375, When()),
        )
    )


def write_sales(engine: Engine, lines: int) -> int:
    """At least so many lines in sales of one to six, handed over, some of them refunded."""
    chance, written, number = random.Random(7), 0, 0
    with Session(engine) as session:
        while written < lines:
            rows: dict[type, list[dict[str, Any]]] = {
                SaleRow: [],
                SaleLineRow: [],
                SaleHead: [],
                FactRow: [],
            }
            for _ in range(SALES_AT_ONCE):
                if written >= lines:
                    break
                number += 1
                written += _add_sale(chance, number, rows)
            for model, some in rows.items():
                session.execute(insert(table_of(model)), some)
            session.commit()
    return number


def _percent(role: Role, position: int, bps: int, when: When) -> Rule:
    return Rule(
        position=position,
        role=role,
        name=f"{role} {position}",
        rate=Rate.PERCENT,
        bps=bps,
        when=when,
        service="hand-over",
    )


def _add_sale(chance: random.Random, number: int, rows: dict[type, list[dict[str, Any]]]) -> int:
    key, placed_at = f"s{number}", BEGIN + timedelta(seconds=75 * number)
    sale_id, size = 100 * number, chance.choices(_SIZES, _WEIGHTS)[0]
    seller = plain(_seller(chance)) if chance.random() < 0.97 else None
    store = plain(_store(chance.randrange(STORES)))
    rows[SaleRow].append(
        {
            "id": sale_id,
            "key": key,
            "request_hash": "",
            "plan_key": "default",
            "currency": "CNY",
            "channel": "web",
            "customer_key": "",
            "new_customer": chance.random() < 0.3,
            "placed_at": placed_at,
            "paid_at": placed_at,
            "at": placed_at,
            "by": "bench",
        }
    )
    facts = list(_facts(chance, key, placed_at, size, store))
    rows[SaleHead].append(
        {
            "sale_key": key,
            "sale_id": sale_id,
            "fact_count": len(facts),
            "version_id": None,
            "credited_at": placed_at,
        }
    )
    refund = chance.random() < 0.04
    for place in range(size):
        rows[SaleLineRow].append(_line(chance, sale_id, place, seller))
    if refund:
        facts.append(_refund(key, placed_at, rows[SaleLineRow][-1]["base_amount"]))
    rows[FactRow] += [
        {**fact, "id": sale_id + 50 + seq, "seq": seq, "by": "bench", "request_hash": ""}
        for seq, fact in enumerate(facts, start=1)
    ]
    return size


def _line(
    chance: random.Random, sale_id: int, place: int, seller: dict[str, Any] | None
) -> dict[str, Any]:
    product, quantity = chance.randrange(PRODUCTS), chance.choices((1, 2, 3), (70, 22, 8))[0]
    base = (990 + 137 * product) * quantity - chance.choice((0, 0, 0, 311, 500))
    return {
        "id": sale_id + 1 + place,
        "sale_id": sale_id,
        "position": place + 1,
        "key": str(place),
        "quantity": quantity,
        "list_amount": base + 500,
        "discount_amount": 0,
        "base_amount": base,
        "tax_amount": 0,
        "cost_amount": base // 2,
        "product_key": f"product:{product}",
        "variant_key": f"variant:{product}",
        "category_keys": [f"category:{product % CATEGORIES}"],
        "collection_keys": [],
        "commissionable": True,
        "source": "storefront",
        "seller_point_key": seller["point_key"] if seller else "",
        "seller": seller,
        "upline": None,
        "losers": [],
    }


def _seller(chance: random.Random) -> Party:
    number = chance.randrange(POINTS)
    group = "gold" if number % 10 == 0 else ""
    key = f"point:{number}"
    return Party(point_key=key, payee_key=f"payee:{number}", kind="partner", group=group)


def _store(number: int) -> Party:
    return Party(point_key=f"store:{number}", payee_key=f"payee:s{number}", kind="store")


def _facts(
    chance: random.Random, key: str, at: datetime, size: int, store: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    by_store = chance.random() < 0.8
    handed = [f"h{place}" for place in range(size)]
    for place, name in enumerate(handed):
        body: dict[str, Any] = {"key": name, "sale_key": key, "at": _text(at + timedelta(days=1))}
        body |= {"line_key": str(place), "units": 3, "by_point": store if by_store else None}
        yield _fact("fulfilled", key, name, at + timedelta(days=1), body)
    arrived = at + timedelta(days=2)
    body = {"key": "d", "sale_key": key, "at": _text(arrived), "fulfilled_keys": handed}
    yield _fact("delivered", key, "d", arrived, body)


def _refund(key: str, at: datetime, base: int) -> dict[str, Any]:
    at += timedelta(days=5)
    line = {"line_key": "0", "amount": base // 2, "units": None}
    body = {"key": "r", "sale_key": key, "at": _text(at), "lines": [line]}
    return _fact("refunded", key, "r", at, body)


def _fact(kind: str, sale_key: str, key: str, at: datetime, body: dict[str, Any]) -> dict[str, Any]:
    return {"sale_key": sale_key, "kind": kind, "key": key, "at": at, "body": body}


def _text(at: datetime) -> str:
    return at.isoformat()
