"""The AdventureWorks catalog → Shopify's current dialect with our second-language columns.

Changes:
- A product model is a product, its products are the variants. Color and Size become options where
  they differ within the model.
- Names exist in English only and go to `Title (en)`; descriptions exist in both tongues (`zh-cht`
  holds simplified Chinese, as the data's README says).
- List prices and costs have four decimals and are rounded half up to cents. Pounds become grams.
- A model whose products have all ended their sale becomes `archived`; a single ended variant has
  stock 0 instead of its safety stock.
Left out: products of price 0 and those without a model or subcategory, which are parts.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from pathlib import Path
from typing import NamedTuple

from shop.catalog.categories import slug_of

Row = dict[str, str]
_GRAMS = {"LB": Decimal("453.59237"), "G": Decimal(1)}


class Item(NamedTuple):
    """The columns of Product.csv that we use."""

    name: str
    number: str
    color: str
    safety_stock: str
    cost: str
    price: str
    size: str
    weight_unit: str
    weight: str
    subcategory: str
    model: str
    sale_end: str


_PLACES = (1, 2, 5, 6, 8, 9, 10, 12, 13, 18, 19, 21)


def convert(folder: Path) -> str:
    """The catalog in `folder` as CSV text."""
    items = [
        Item(*(row[place].strip() for place in _PLACES)) for row in _tabs(folder / "Product.csv")
    ]
    sold = [one for one in items if Decimal(one.price) and one.subcategory and one.model]
    models = _models(folder)
    words = _descriptions(folder)
    paths = _categories(folder)
    rows: list[Row] = []
    for model in sorted({one.model for one in sold}, key=int):
        some = [one for one in sold if one.model == model]
        rows += _product(models[model], some, words.get(model, {}), paths[some[0].subcategory])
    return _written(rows)


def _product(
    title: str, items: Sequence[Item], words: dict[str, str], category: str
) -> Iterator[Row]:
    handle = slug_of(title)
    options = [name for name in ("color", "size") if len({getattr(one, name) for one in items}) > 1]
    ended = all(one.sale_end for one in items)
    first = {
        "Title (en)": title,
        "Description": _paragraph(words.get("zh-cht", "")),
        "Description (en)": _paragraph(words.get("en", "")),
        "Product category (en)": category,
        "Vendor": "Adventure Works",
        "Status": "archived" if ended else "active",
        **{f"Option{n} name (en)": name.title() for n, name in enumerate(options, 1)},
    }
    for number, one in enumerate(items):
        yield {
            "URL handle": handle,
            **(first if number == 0 else {}),
            **{
                f"Option{n} value (en)": getattr(one, name) or "None"
                for n, name in enumerate(options, 1)
            },
            "SKU": one.number,
            "Price": _cents(one.price),
            "Cost per item": _cents(one.cost),
            "Inventory tracker": "adventureworks",
            "Inventory quantity": "0" if one.sale_end else one.safety_stock,
            "Weight value (grams)": _grams(one.weight, one.weight_unit),
        }


def _models(folder: Path) -> dict[str, str]:
    text = (folder / "ProductModel.csv").read_text(encoding="utf-8")
    rows = (row.strip().split("+|") for row in text.split("&|") if row.strip())
    return {row[0]: row[1] for row in rows}


def _descriptions(folder: Path) -> dict[str, dict[str, str]]:
    texts = {row[0]: row[1] for row in _tabs(folder / "ProductDescription.csv")}
    found: dict[str, dict[str, str]] = {}
    for model, text, culture, *_ in _tabs(folder / "ProductModelProductDescriptionCulture.csv"):
        found.setdefault(model, {})[culture.strip()] = texts[text]
    return found


def _categories(folder: Path) -> dict[str, str]:
    roots = {row[0]: row[1] for row in _tabs(folder / "ProductCategory.csv")}
    return {
        row[0]: f"{roots[row[1]]} > {row[2]}" for row in _tabs(folder / "ProductSubcategory.csv")
    }


def _tabs(path: Path) -> Iterator[list[str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield line.split("\t")


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>" if text else ""


def _cents(amount: str) -> str:
    return str(Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_UP))


def _grams(weight: str, unit: str) -> str:
    if not weight:
        return ""
    return str((Decimal(weight) * _GRAMS[unit.strip()]).quantize(Decimal(1), ROUND_HALF_UP))


def _written(rows: Sequence[Row]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(key for row in rows for key in row)))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
