"""Rows of one handle become one product draft, laid over the product that is there.

Pure: no database. What a cell cannot mean becomes a problem with its line and column, and all of
them are found in one go.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from shop.catalog import drafts
from shop.catalog.csv_dialects import OPTIONS, TRACKER, TRANSLATED, Column
from shop.catalog.csv_problems import RowProblem
from shop.catalog.csv_read import RawRow, without_formula_guard
from shop.catalog.drafts import ProductDraft, VariantDraft, is_same_combination
from shop.catalog.models import ProductStatus
from shop.kernel.errors import Invalid
from shop.kernel.money import half_up, parse_money

T = TypeVar("T")

_YES = {"true", "yes", "1", "y", "是"}
_NO = {"false", "no", "0", "n", "否"}
_ENDLESS = {"continue": True, "deny": False}
_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"[0-9]+,[0-9]{1,3}")
_ON_VARIANTS = (
    "sku", "barcode", "price", "compare_at", "cost", "taxable", "quantity", "continue", "grams",
    "requires_shipping", "tracker", "variant_image",
)  # fmt: skip
_WITH_ROOM = frozenset(TRANSLATED)
_EXTRA_OF_VARIANTS = ("weight_unit", "fulfillment_service")
_OPTION_VALUES = tuple(f"option{n}.value" for n in OPTIONS)
_DEFAULT = ("title", "default title")
"""Name and value of the only option of a product without options, in lower case."""


@dataclass(frozen=True)
class Rules:
    """How a file is to be understood."""

    language: str
    """Of the columns without a language of their own."""
    currency: str
    at: datetime
    columns: Sequence[Column]
    delimiter: str = ","
    blank_clears: bool = False
    tax_classes: Collection[str] = ()

    def header(self, field: str, language: str = "") -> str:
        return next(
            (
                column.header
                for column in self.columns
                if column.field == field and column.language in ("", language)
            ),
            "",
        )


@dataclass(frozen=True)
class Row:
    """The cells of one row by field and language; blank cells are empty."""

    line: int
    cells: Mapping[tuple[str, str], str]
    has_too_many: bool = False

    def text(self, field: str, language: str = "") -> str:
        return self.cells.get((field, language), "")

    def has(self, field: str) -> bool:
        """Whether the file has a column for it."""
        return any(key[0] == field for key in self.cells)

    def texts(self, field: str, language: str) -> dict[str, str]:
        """The texts of a field by language, blank ones included."""
        found: dict[str, str] = {}
        for (name, own), text in self.cells.items():
            if name == field and not found.get(own or language):
                found[own or language] = text
        return found

    def says(self, *fields: str) -> bool:
        """Whether any of these fields holds something, in any language."""
        return any(text for (name, _language), text in self.cells.items() if name in fields)


@dataclass
class Wish:
    """A picture that a file asks for."""

    url: str
    alt: dict[str, str]
    position: int | None


@dataclass
class Assembled:
    """What a file says about one product."""

    draft: ProductDraft
    problems: list[RowProblem]
    category_path: list[dict[str, str]] | None
    """Names from the root down; None keeps the category, an empty list takes it away."""
    wishes: list[Wish]
    quantities: dict[int, tuple[int, Row]] = field(default_factory=dict)
    """Counted units by the variant's place in the draft."""
    variant_pictures: dict[int, str] = field(default_factory=dict)
    """Picture address by the variant's place in the draft."""
    rows: dict[int, Row] = field(default_factory=dict)
    """The row by the variant's place in the draft."""


def row_of(raw: RawRow, columns: Iterable[Column], width: int) -> Row:
    """A raw row's cells under their columns' meanings."""
    cells = {
        (column.field, column.language): without_formula_guard(raw.cells[column.index]).strip()
        if column.index < len(raw.cells)
        else ""
        for column in columns
    }
    surplus = [cell for cell in raw.cells[width:] if cell.strip()]
    return Row(raw.line, cells, bool(surplus))


def assemble(
    handle: str, rows: Sequence[Row], before: ProductDraft | None, rules: Rules
) -> Assembled:
    """The product that `rows` describe, over `before` (None: it is new)."""
    reader = _Reader(rules)
    first = next((row for row in rows if row.says("title")), rows[0])
    ordered = [first, *(row for row in rows if row is not first)]
    for row in ordered:
        reader.check_cells(row)
    draft = deepcopy(before) if before else ProductDraft(slug=handle)
    reader.fill_product(draft, first, is_new=before is None)
    found = Assembled(draft, reader.problems, reader.category_path(first), _wishes(ordered, reader))
    reader.fill_variants(found, ordered)
    found.draft = drafts.tidy(draft)
    reader.check_draft(found, first)
    return found


class _Reader:
    """Reads cells and collects what is wrong with them."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.problems: list[RowProblem] = []

    def complain(self, row: Row, field: str, code: str, **values: Any) -> None:
        problem = RowProblem(row.line, self.rules.header(field), code, values)
        if problem not in self.problems:
            self.problems.append(problem)

    def check_cells(self, row: Row) -> None:
        if row.has_too_many:
            self.complain(row, "", "too_many_cells")
        for (name, _language), text in row.cells.items():
            if "\0" in text:
                self.complain(row, name, "nul")

    def fill_product(self, draft: ProductDraft, row: Row, *, is_new: bool) -> None:
        for name in ("title", "summary", "body"):
            setattr(draft, name, self.texts(row, name, getattr(draft, name)))
        draft.vendor = self.text(row, "vendor", draft.vendor)
        draft.product_type = self.text(row, "type", draft.product_type)
        draft.tags = self.keep_or(row, "tags", draft.tags, lambda text: text.split(","), [])
        draft.position = self.number(row, "position", draft.position, 0)
        draft.commissionable = self.flag(row, "commissionable", draft.commissionable, True)
        draft.seo = self._seo(draft.seo, row)
        if self.flag(row, "gift_card", False, False):
            self.complain(row, "gift_card", "gift_card")
        self._fill_status(draft, row, is_new=is_new)
        self._fill_tax_class(draft, row)
        self._fill_options(draft, row)
        draft.extra = self._extra(draft.extra, row, _is_of_product)

    def fill_variants(self, found: Assembled, rows: Sequence[Row]) -> None:
        draft = found.draft
        seen: set[int] = set()
        for row in rows:
            if not self._is_variant(row, draft):
                continue
            place = self._place(draft, row, seen)
            if place in seen:
                self.complain(row, "option1.value", "variant_twice")
                continue
            seen.add(place)
            found.rows[place] = row
            self._fill_variant(draft.variants[place], row, is_first=row is rows[0])
            if row.text("quantity"):
                found.quantities[place] = (self.whole(row, "quantity"), row)
            if row.text("variant_image"):
                found.variant_pictures[place] = row.text("variant_image")
        if not draft.variants:
            draft.variants.append(VariantDraft())

    def check_draft(self, found: Assembled, first: Row) -> None:
        """Complain about what the editor would complain about, with line and column."""
        for problem in drafts.problems(found.draft):
            name, place = problem.field, None
            if name.startswith("variants."):
                _, number, name = name.split(".")
                place = int(number)
            row = found.rows.get(place, first) if place is not None else first
            values = {
                key: value
                for key, value in problem.words.values.items()
                if isinstance(value, int | str)
            }
            limit = {"limit": values["count"]} if "count" in values else {}
            self.complain(row, _FIELD_OF.get(name, name), problem.code, **limit)

    def category_path(self, row: Row) -> list[dict[str, str]] | None:
        paths = {
            language: [part.strip() for part in text.split(">") if part.strip()]
            for language, text in row.texts("category", self.rules.language).items()
        }
        longest = max(map(len, paths.values()), default=0)
        if not longest:
            return [] if self.rules.blank_clears and row.has("category") else None
        if longest > drafts.MAX_CATEGORY_DEPTH:
            self.complain(row, "category", "category_too_deep", limit=drafts.MAX_CATEGORY_DEPTH)
            return None
        return [
            {language: path[level] for language, path in paths.items() if level < len(path)}
            for level in range(longest)
        ]

    # Single cells: a blank one keeps what is there, or clears it if that was asked for.

    def keep_or(self, row: Row, name: str, current: T, parse: Any, empty: T) -> T:
        text = row.text(name)
        if text:
            parsed: T = parse(text)
            return parsed
        return empty if self.rules.blank_clears and row.has(name) else current

    def text(self, row: Row, name: str, current: str) -> str:
        return self.keep_or(row, name, current, str, "")

    def texts(self, row: Row, name: str, current: Mapping[str, str]) -> dict[str, str]:
        merged = dict(current)
        for language, text in row.texts(name, self.rules.language).items():
            if text:
                merged[language] = text
            elif self.rules.blank_clears:
                merged.pop(language, None)
        return merged

    def flag(self, row: Row, name: str, current: bool, empty: bool) -> bool:
        def parse(text: str) -> bool:
            if text.casefold() in _YES | _NO:
                return text.casefold() in _YES
            self.complain(row, name, "bad_boolean", text=text[:40])
            return current

        return self.keep_or(row, name, current, parse, empty)

    def number(self, row: Row, name: str, current: int, empty: int) -> int:
        return self.keep_or(row, name, current, lambda _text: self.whole(row, name), empty)

    def whole(self, row: Row, name: str) -> int:
        text = row.text(name)
        try:
            number = Decimal(text)
            if not number.is_finite():
                raise InvalidOperation
        except InvalidOperation:
            self.complain(row, name, "bad_number", text=text[:40])
            return 0
        if name != "grams" and number != number.to_integral_value():
            self.complain(row, name, "bad_number", text=text[:40])
            return 0
        if abs(number) >= 2**31:
            self.complain(row, name, "too_large")
            return 0
        numerator, denominator = number.as_integer_ratio()
        return half_up(numerator, denominator)

    def amount(self, row: Row, name: str, current: int | None) -> int | None:
        def parse(text: str) -> int | None:
            if "," in text and not _THOUSANDS.fullmatch(text):
                decimal = self.rules.delimiter == ";" and _DECIMAL_COMMA.fullmatch(text)
                text = text.replace(",", "." if decimal else "?")
            try:
                amount = parse_money(text, self.rules.currency)
            except Invalid:
                self.complain(
                    row, name, "bad_amount", text=row.text(name)[:40], currency=self.rules.currency
                )
                return current
            if amount < 0:
                self.complain(row, name, "negative")
            return amount

        return self.keep_or(row, name, current, parse, None)

    def _fill_status(self, draft: ProductDraft, row: Row, *, is_new: bool) -> None:
        status = row.text("status").casefold()
        shown = self.flag(row, "published", is_new or draft.published_at is not None, True)
        if status and status not in set(ProductStatus):
            self.complain(row, "status", "bad_status", text=status[:40])
        elif status:
            draft.status = status
        elif is_new:
            hidden = not row.has("status") and not shown
            draft.status = (ProductStatus.DRAFT if hidden else ProductStatus.ACTIVE).value
        if not shown:
            draft.published_at = None
        elif draft.published_at is None:
            draft.published_at = self.rules.at

    def _fill_tax_class(self, draft: ProductDraft, row: Row) -> None:
        code = row.text("tax_code")
        known = next((one for one in self.rules.tax_classes if one == code.casefold()), None)
        if known is not None:
            draft.tax_class = known
            draft.extra.pop("tax_code", None)
        elif code:
            draft.extra["tax_code"] = code

    def _fill_options(self, draft: ProductDraft, row: Row) -> None:
        named = [self.texts(row, f"option{n}.name", {}) for n in OPTIONS]
        value = row.texts("option1.value", "")
        if _is_default(named[0].values(), _DEFAULT[0]) and _is_default(value.values(), _DEFAULT[1]):
            return
        for number, names in enumerate(named):
            if not names:
                continue
            if number < len(draft.option_names):
                draft.option_names[number] = {**draft.option_names[number], **names}
            elif number == len(draft.option_names):
                draft.option_names.append(names)
            else:
                self.complain(row, f"option{number}.name", "option_name_missing")

    def _is_variant(self, row: Row, draft: ProductDraft) -> bool:
        if row.says(*_OPTION_VALUES) and not draft.option_names and not self._is_plain(row):
            self.complain(row, "option1.name", "option_name_missing")
        return row.says(*_ON_VARIANTS, *_OPTION_VALUES)

    def _place(self, draft: ProductDraft, row: Row, seen: Collection[int]) -> int:
        """Which variant the row means: by its options, else by its SKU, else a new one."""
        values = self._values(draft, row)
        sku = row.text("sku")
        by_sku = next(
            (n for n, one in enumerate(draft.variants) if sku and one.sku == sku and n not in seen),
            None,
        )
        if not any(values):
            values = draft.variants[by_sku].option_values if by_sku is not None else values
        place = next(
            (
                n
                for n, one in enumerate(draft.variants)
                if is_same_combination(one.option_values, values)
            ),
            by_sku,
        )
        if place is None:
            draft.variants.append(VariantDraft(option_values=values))
            return len(draft.variants) - 1
        merged = [
            {**old, **new}
            for old, new in zip(draft.variants[place].option_values, values, strict=False)
        ]
        draft.variants[place] = replace(
            draft.variants[place], option_values=merged or values, active=True
        )
        return place

    def _values(self, draft: ProductDraft, row: Row) -> list[dict[str, str]]:
        return [
            drafts.texts(row.texts(f"option{n}.value", self.rules.language))
            for n, _name in enumerate(draft.option_names, 1)
        ]

    def _is_plain(self, row: Row) -> bool:
        return _is_default(row.texts("option1.value", "").values(), _DEFAULT[1])

    def _fill_variant(self, one: VariantDraft, row: Row, *, is_first: bool) -> None:
        one.sku = self.text(row, "sku", one.sku or "") or None
        one.barcode = self.text(row, "barcode", one.barcode)
        one.amount = self.amount(row, "price", one.amount)
        one.compare_at_amount = self.amount(row, "compare_at", one.compare_at_amount)
        one.cost_amount = self.amount(row, "cost", one.cost_amount)
        one.taxable = self.flag(row, "taxable", one.taxable, True)
        one.requires_shipping = self.flag(row, "requires_shipping", one.requires_shipping, True)
        one.weight_grams = self.number(row, "grams", one.weight_grams, 0)
        one.backorderable = self._endless(row, one.backorderable)
        self._fill_tracker(one, row)
        one.extra = self._extra(one.extra, row, _is_of_variant if is_first else is_extra)

    def _endless(self, row: Row, current: bool) -> bool:
        text = row.text("continue").casefold()
        if text in _ENDLESS:
            return _ENDLESS[text]
        if text and text not in _YES | _NO:
            self.complain(row, "continue", "bad_policy", text=text[:40])
            return current
        return self.flag(row, "continue", current, False)

    def _fill_tracker(self, one: VariantDraft, row: Row) -> None:
        if not row.has("tracker"):
            return
        name = row.text("tracker")
        if name:
            one.track_inventory = True
            if name != TRACKER:
                one.extra = {**one.extra, "tracker": name}
        elif one.id is None or self.rules.blank_clears:
            one.track_inventory = False

    def _seo(self, current: Mapping[str, Any], row: Row) -> dict[str, Any]:
        seo = dict(current)
        for part in ("title", "description"):
            merged = self.texts(row, f"seo.{part}", seo.get(part) or {})
            if merged:
                seo[part] = merged
            else:
                seo.pop(part, None)
        return seo

    def _extra(
        self, current: Mapping[str, Any], row: Row, wanted: Callable[[str], bool]
    ) -> dict[str, Any]:
        extra = dict(current)
        for (name, _language), text in row.cells.items():
            if not wanted(name):
                continue
            if text:
                extra[name] = text
            elif self.rules.blank_clears:
                extra.pop(name, None)
        return extra


def is_extra(field: str) -> bool:
    """Whether a column has no room of its own and is kept in `extra`."""
    return (
        field.endswith(".linked_to")
        or field in _EXTRA_OF_VARIANTS
        or ("." in field and field not in _WITH_ROOM)
    )


def _is_of_variant(field: str) -> bool:
    return field in _EXTRA_OF_VARIANTS or field.startswith(("unit_price.", "market."))


def _is_of_product(field: str) -> bool:
    return is_extra(field) and not _is_of_variant(field)


def _is_default(texts: Iterable[str], default: str) -> bool:
    filled = [text.casefold() for text in texts if text]
    return not filled or all(text == default for text in filled)


def _wishes(rows: Sequence[Row], reader: _Reader) -> list[Wish]:
    wishes: dict[str, Wish] = {}
    for row in rows:
        url = row.text("image")
        if not url or url in wishes:
            continue
        if len(url) > 2000:
            reader.complain(row, "image", "too_long", limit=2000)
            continue
        position = reader.whole(row, "image_position") if row.text("image_position") else None
        wishes[url] = Wish(
            url, drafts.texts(row.texts("image_alt", reader.rules.language)), position
        )
    for row in rows:
        url = row.text("variant_image")
        if url and len(url) <= 2000:
            wishes.setdefault(url, Wish(url, {}, None))
    return list(wishes.values())


_FIELD_OF: Mapping[str, str] = {
    "slug": "handle",
    "product_type": "type",
    "option_names": "option1.name",
    "option_values": "option1.value",
    "amount": "price",
    "compare_at_amount": "compare_at",
    "cost_amount": "cost",
    "weight_grams": "grams",
    "variants": "option1.value",
}
"""Column of a draft's field."""
