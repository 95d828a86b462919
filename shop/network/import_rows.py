"""A spreadsheet of points as rows: which column means what, and what is wrong with a cell.

Knows neither tree nor database; where a row belongs is decided in `import_plan`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shop.accounts.contacts import normal_email, normal_phone
from shop.kernel import csv_files
from shop.kernel.csv_files import BadFile, Layout, RawRow
from shop.kernel.words import Words, _l
from shop.network.models import PointKind

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "external_key": ("external key", "number", "id", "编号", "网点编号", "外部编号"),
    "parent_key": ("parent external key", "parent", "manager", "上级编号", "上级"),
    "kind": ("type", "类型", "网点类型"),
    "name": ("名称", "网点名称"),
    "phone": ("mobile", "电话", "手机", "联系电话"),
    "email": ("e-mail", "mail", "邮箱", "电子邮箱"),
    "province": ("state", "省", "省份"),
    "city": ("市", "城市"),
    "district": ("区", "区县"),
    "address": ("street", "地址", "详细地址"),
    "group": ("group key", "plan group", "分组", "方案组"),
    "grade": ("level", "等级"),
    "territory": ("division code", "区域代码", "负责区域"),
    "contract": ("合同", "合同编号"),
    "slug": ("shop address", "网店地址"),
    "owner": ("owner contact", "店主联系方式", "店主"),
}
"""Field: other names of its column; the field itself, with `_` or space, is always one."""

KINDS: Mapping[str, PointKind] = {
    **{kind.value: kind for kind in PointKind},
    "经销商": PointKind.DEALER,
    "门店": PointKind.STORE,
    "店铺": PointKind.STORE,
    "员工": PointKind.EMPLOYEE,
    "合伙人": PointKind.PARTNER,
    "伙伴": PointKind.PARTNER,
    "顾客": PointKind.CUSTOMER,
    "客户": PointKind.CUSTOMER,
}
LONGEST = {
    "external_key": 80, "parent_key": 80, "name": 200, "province": 40, "city": 40, "district": 40,
    "address": 300, "group": 40, "grade": 40, "territory": 20, "contract": 120, "email": 254,
}  # fmt: skip
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])")
ROOT = "-"
"""In the column of the parent: this point stands at the root of the tree."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a row."""

    line: int
    column: str
    """Header as the file spells it; empty if no single column is to blame."""
    code: str
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def as_json(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "column": self.column,
            "code": self.code,
            "values": dict(self.values),
        }


SENTENCES: Mapping[str, Words] = {
    "key_missing": _l("The row has no number of its own."),
    "key_twice": _l("The number “%(key)s” stands on line %(other)s too."),
    "name_missing": _l("A new point needs a name."),
    "kind_missing": _l("A new point needs a kind."),
    "kind_unknown": _l("“%(text)s” is no kind; use dealer, store, employee, partner or customer."),
    "too_long": _l("This is longer than %(limit)s characters."),
    "bad_phone": _l("“%(text)s” does not look like a phone number."),
    "bad_email": _l("“%(text)s” does not look like an e-mail address."),
    "bad_owner": _l("“%(text)s” is neither a phone number nor an e-mail address."),
    "bad_slug": _l("“%(text)s” is no address; use 3 to 40 small letters, digits and hyphens."),
    "bad_text": _l("The cell holds a character that is no text."),
    "too_many_cells": _l(
        "The row has more cells than there are columns; a text with the separator in it must stand "
        "in quotation marks."
    ),
    "parent_unknown": _l("There is no point with the number “%(key)s”."),
    "parent_failed": _l("The row of its manager “%(key)s” could not be taken."),
    "cycle": _l("This point would be managed by itself: %(way)s."),
    "too_deep": _l("The tree may be %(most)s levels deep."),
    "closed": _l("This point is closed; it is not changed any more."),
    "conflict": _l("Somebody else changed the tree at the same moment. Try this row again."),
}


def sentence(problem: Mapping[str, Any]) -> Words:
    """The words for a problem of a report."""
    words = SENTENCES.get(problem["code"])
    if words is None:
        return _l("This row cannot be taken (%(code)s).", code=problem["code"])
    return Words(words.msgid, problem.get("values") or {})


@dataclass(frozen=True)
class Row:
    """A row that can be read; an empty text means: not told."""

    line: int
    key: str
    parent_key: str
    name: str
    kind: str
    fields: Mapping[str, str]
    """Columns of `Point` that the file tells, by their name there."""
    contract: str = ""
    slug: str = ""
    owner: str = ""


@dataclass(frozen=True)
class Sheet:
    """A file of points."""

    path: Path
    layout: Layout
    columns: Mapping[str, int]
    """Field: number of its column."""

    def rows(self) -> Iterator[RawRow]:
        """All rows below the header that hold anything, streamed."""
        return csv_files.rows_below(self.path, self.layout)

    def header_of(self, name: str) -> str:
        """How the file calls a field."""
        return self.layout.headers[self.columns[name]] if name in self.columns else name


def open_sheet(path: Path) -> Sheet:
    """Find out how a file is written and what its columns mean.

    Raises BadFile, also when no column holds the points' numbers.
    """
    layout = csv_files.layout(path, known=lambda headers: len(_columns(headers)))
    columns = _columns(layout.headers)
    if "external_key" not in columns:
        raise BadFile(
            _l(
                "No column with the points' numbers was found. The first line must hold the names "
                "of the columns: external_key, parent_key, kind, name …"
            ),
            line=1 + layout.skipped,
        )
    return Sheet(path, layout, columns)


def parse(sheet: Sheet, raw: RawRow, *, country: str) -> tuple[Row | None, list[Problem]]:
    """One row, or everything that is wrong with it."""
    cells = {
        name: csv_files.without_formula_guard(raw.cells[at].strip()).strip()
        for name, at in sheet.columns.items()
        if at < len(raw.cells)
    }
    wrong: list[Problem] = []

    def blame(code: str, name: str = "", **values: Any) -> None:
        column = sheet.header_of(name) if name else ""
        wrong.append(Problem(raw.line, column, code, values))

    if any(cell.strip() for cell in raw.cells[len(sheet.layout.headers) :]):
        blame("too_many_cells")
    for name, text in cells.items():
        if "\x00" in text:
            blame("bad_text", name)
        elif len(text) > LONGEST.get(name, 300):
            blame("too_long", name, limit=LONGEST.get(name, 300))
    key = cells.get("external_key", "")
    if not key:
        blame("key_missing", "external_key")
    kind_text = cells.get("kind", "").lower()
    if kind_text and kind_text not in KINDS:
        blame("kind_unknown", "kind", text=kind_text[:40])
    slug = cells.get("slug", "").lower()
    if slug and not _SLUG.fullmatch(slug):
        blame("bad_slug", "slug", text=slug[:60])
    fields, owner = _fields(cells, country, blame)
    if wrong:
        return None, wrong
    kind = KINDS[kind_text].value if kind_text else ""
    row = Row(
        line=raw.line,
        key=key,
        parent_key=cells.get("parent_key", ""),
        name=cells.get("name", ""),
        kind=kind,
        fields=fields,
        contract=cells.get("contract", ""),
        slug=slug,
        owner=owner,
    )
    return row, []


def _fields(cells: Mapping[str, str], country: str, blame: Any) -> tuple[dict[str, str], str]:
    named = {
        "province": "province", "city": "city", "district": "district", "address": "address",
        "group": "group_key", "grade": "grade", "territory": "territory",
    }  # fmt: skip
    fields = {column: cells[name] for name, column in named.items() if cells.get(name)}
    wrong: dict[str, Words | str] = {}
    phone = normal_phone(cells.get("phone", ""), country, wrong)
    email = normal_email(cells.get("email", ""), wrong)
    for name in wrong:
        blame(f"bad_{name}", name, text=cells[name][:60])
    fields |= {"contact_phone": phone} if phone else {}
    fields |= {"contact_email": email} if email else {}
    typed, bad = cells.get("owner", ""), dict[str, Words | str]()
    owner = normal_email(typed, bad) if "@" in typed else normal_phone(typed, country, bad)
    if bad:
        blame("bad_owner", "owner", text=typed[:60])
    return fields, owner or ""


def _columns(headers: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, header in enumerate(headers):
        name = _FIELD_OF.get(" ".join(header.lower().replace("_", " ").split()))
        if name is not None:
            found.setdefault(name, at)
    return found


_FIELD_OF = {
    alias: name for name, aliases in COLUMNS.items() for alias in (name.replace("_", " "), *aliases)
}
