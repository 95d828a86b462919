"""The AdventureWorks sales force as a file of points: employees below their managers, stores below
their sales person.

`Employee.OrganizationNode` is a path in bits, written in hexadecimal and filled with zeros: a
child's number is `01xx1` for 0-3, `100xx1` for 4-7, `101xxx1` for 8-15 and `110xx0x1xxx1` for
16-79; the parent is the path without its last step. Stores carry no address; the resellers of the
warehouse tables are the same 701, joined by name. Two names belong to two stores each, so those
four come without an address.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HEADER = (
    "external_key", "parent_key", "kind", "name", "phone", "province", "city", "address", "grade",
)  # fmt: skip
_STEPS = (
    (re.compile(r"01(..)1"), 0),
    (re.compile(r"100(..)1"), 4),
    (re.compile(r"101(...)1"), 8),
    (re.compile(r"110(..)0(.)1(...)1"), 16),
)


def to_csv(folder: Path) -> str:
    """The whole channel as the importer reads it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    writer.writerows(employees(folder))
    writer.writerows(stores(folder))
    return out.getvalue()


def employees(folder: Path) -> Iterator[tuple[str, ...]]:
    """290 people in five levels; the file holds no names, so the sign-in name stands for them."""
    rows = [line.split("\t") for line in _lines(folder / "Employee.csv")]
    number_of = {decode(row[3]): row[0] for row in rows}
    for row in rows:
        path = decode(row[3])
        manager = f"E-{number_of[path[:-1]]}" if path else ""
        name = row[2].rpartition("\\")[2].rstrip("0123456789").title()
        yield f"E-{row[0]}", manager, "employee", f"{name}, {row[5]}", "", "", "", "", row[4] or "0"


def stores(folder: Path) -> Iterator[tuple[str, ...]]:
    """701 stores below their sales person."""
    places = _resellers(folder)
    raw = _text(folder / "Store.csv")
    for record in re.split(r"&\|\r?\n", raw):
        if not record.strip():
            continue
        number, name, seller = record.split("+|")[:3]
        phone, province, city, address = places.get(name, ("", "", "", ""))
        yield f"S-{number}", f"E-{seller}", "store", name, phone, province, city, address, ""


def decode(node: str) -> tuple[int, ...]:
    """The numbers on an OrganizationNode's path; empty for the chief."""
    bits = "".join(f"{int(digit, 16):04b}" for digit in node)
    path: list[int] = []
    while "1" in bits:
        for pattern, first in _STEPS:
            found = pattern.match(bits)
            if found is not None:
                path.append(first + int("".join(found.groups()), 2))
                bits = bits[found.end() :]
                break
        else:
            raise ValueError(f"{node} is no path: {bits}")
    return tuple(path)


def _resellers(folder: Path) -> dict[str, tuple[str, str, str, str]]:
    """Phone, state, city and street by name; names of several resellers are left out."""
    geography = {row[0]: row for row in _piped(folder / "DimGeography.csv")}
    rows = list(_piped(folder / "DimReseller.csv"))
    count = Counter(row[5] for row in rows)
    found = {}
    for row in rows:
        if count[row[5]] > 1:
            continue
        place = geography[row[1]]
        phone = f"+1 {row[3]}" if place[4] in ("US", "CA") and row[3].count("-") == 2 else ""
        found[row[5]] = (phone, place[3], place[1], row[11])
    return found


def _piped(path: Path) -> Iterator[list[str]]:
    for line in _lines(path):
        yield line.split("|")


def _lines(path: Path) -> list[str]:
    return [line for line in _text(path).splitlines() if line.strip()]


def _text(path: Path) -> str:
    raw = path.read_bytes()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16")
    return raw.decode("utf-8-sig")
