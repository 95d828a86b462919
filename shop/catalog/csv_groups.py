"""The rows of a file, gathered by product while they stream by.

Rows of one handle need not be adjacent, so a first pass notes where each product ends; the second
holds only those products in memory that are still open.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from shop.catalog.categories import slug_of
from shop.catalog.csv_products import Row, row_of
from shop.catalog.csv_read import RawRow, Sheet

_HANDLE = re.compile(r"[^\s/?#%\\\x00-\x1f]{1,200}")


@dataclass(frozen=True)
class Group:
    """One product's rows; without a handle, a row that belongs to none."""

    handle: str
    rows: list[Row]


@dataclass
class Scan:
    """What the first pass found."""

    total: int = 0
    """Products, and rows that belong to none."""
    last: dict[str, int] = field(default_factory=dict)
    """Number of a product's last row."""
    repeated_skus: dict[str, tuple[str, int]] = field(default_factory=dict)
    """SKUs that stand on several rows: handle and line of the first."""


def scan(sheet: Sheet) -> Scan:
    """Read the file once; raises BadFile if it is broken anywhere."""
    found = Scan()
    skus: dict[str, tuple[str, int]] = {}
    for number, row in enumerate(_rows(sheet)):
        handle = handle_of(row)
        if not handle or handle not in found.last:
            found.total += 1
        if handle:
            found.last[handle] = number
        sku = row.text("sku")
        if sku and sku in skus:
            found.repeated_skus[sku] = skus[sku]
        elif sku:
            skus[sku] = (handle, row.line)
    return found


def groups(sheet: Sheet, found: Scan) -> Iterator[Group]:
    """Each product's rows, in the order in which the products end; always the same order."""
    open_groups: dict[str, Group] = {}
    for number, row in enumerate(_rows(sheet)):
        handle = handle_of(row)
        if not handle:
            yield Group("", [row])
            continue
        open_groups.setdefault(handle, Group(handle, [])).rows.append(row)
        if found.last[handle] == number:
            yield open_groups.pop(handle)


def handle_of(row: Row) -> str:
    """The product a row belongs to: its handle, else one made from its title, else nothing."""
    handle = row.text("handle")
    if _HANDLE.fullmatch(handle):
        return handle
    title = next((text for text in row.texts("title", "").values() if text), "")
    return slug_of(handle or title) if handle or title else ""


def raw_rows(sheet: Sheet) -> Iterator[tuple[RawRow, Row]]:
    """Each row as it stands, and as it is understood."""
    width = len(sheet.headers)
    for raw in sheet.rows():
        yield raw, row_of(raw, sheet.columns, width)


def _rows(sheet: Sheet) -> Iterator[Row]:
    for _raw, row in raw_rows(sheet):
        yield row
