"""Spree's product CSV → Shopify's current dialect.

Changes:
- A Spree product begins with a master row (price 0, no options), its variants follow. Shopify has
  no master: its words go onto the first variant's row, its picture onto a row of its own.
- Prices of further currencies stand on rows of their own: those of `currency` are kept.
- `compare_at_price` 0 means none. Pounds become grams. `A -> B` becomes `A > B`.
- `custom_field.<namespace>.<key>` becomes a metafield column; other columns have no counterpart.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

Row = dict[str, str]
_GRAMS = {"lb": Decimal("453.59237"), "g": Decimal(1), "kg": Decimal(1000)}


def convert(path: Path, *, currency: str) -> str:
    """The file at `path` as Shopify CSV text, with the prices of one currency."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["currency"] == currency]
    products: dict[str, list[Row]] = {}
    for row in rows:
        products.setdefault(row["slug"], []).append(row)
    return _written([line for some in products.values() for line in _product(some)])


def _product(rows: list[Row]) -> Iterator[Row]:
    master, *variants = rows
    for number, row in enumerate(variants):
        words = _words(master, row) if number == 0 else {}
        yield {"URL handle": master["slug"], **words, **_variant(row)}
    yield {"URL handle": master["slug"], "Product image URL": master["image1_src"]}


def _words(master: Row, first: Row) -> Row:
    metafields = {
        f"{name.rsplit('.', 1)[1]} (product.metafields.{name.removeprefix('custom_field.')})": text
        for name, text in master.items()
        if name.startswith("custom_field.")
    }
    return {
        "Title": master["name"],
        "Description": f"<p>{master['description']}</p>",
        "Product category": master["category1"].replace(" -> ", " > "),
        "Type": master["product_type"],
        "Tags": master["tags"],
        "Status": master["status"],
        "SEO title": master["meta_title"],
        "SEO description": master["meta_description"],
        "Option1 name": first["option1_name"],
        "Option2 name": first["option2_name"],
        **metafields,
    }


def _variant(row: Row) -> Row:
    was = row["compare_at_price"]
    return {
        "SKU": row["sku"],
        "Option1 value": row["option1_value"],
        "Option2 value": row["option2_value"],
        "Price": row["price"],
        "Compare-at price": was if Decimal(was or 0) else "",
        "Inventory tracker": "spree" if row["track_inventory"] == "TRUE" else "",
        "Inventory quantity": row["inventory_count"],
        "Continue selling when out of stock": row["inventory_backorderable"],
        "Weight value (grams)": _grams(row["weight"], row["weight_unit"]),
        "Product image URL": row["image1_src"],
        "Variant image URL": row["image1_src"],
    }


def _grams(weight: str, unit: str) -> str:
    if not weight:
        return ""
    return str((Decimal(weight) * _GRAMS[unit]).quantize(Decimal(1), ROUND_HALF_UP))


def _written(rows: Iterable[Row]) -> str:
    lines = list(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(key for row in lines for key in row)))
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()
