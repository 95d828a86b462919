"""The product editor's form: a draft as flat text fields, and back with every problem named.

Separate from the views because what was typed must come back as it was typed, whatever was wrong
with it. Rows of variants are numbered: `variants.2.sku` is the third one's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shop.catalog import edit
from shop.catalog.drafts import (
    MAX_OPTIONS,
    MAX_VARIANTS,
    ProductDraft,
    VariantDraft,
    is_same_value,
    texts,
)
from shop.kernel.errors import Invalid
from shop.kernel.i18n import LOCALES
from shop.kernel.money import parse_money, to_decimal
from shop.kernel.words import Words, _l, say

TEXTS = ("title", "summary", "body")
_AMOUNTS = ("amount", "compare_at_amount", "cost_amount")
_FLAGS = (
    "taxable",
    "track_inventory",
    "backorderable",
    "requires_shipping",
    "active",
)
_SPLIT = "|"
"""Between the languages of one option value: `小瓶 | Small`."""


@dataclass
class Typed:
    """What stands in the form, and what is wrong with it."""

    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    message: str = ""
    """What concerns no single field."""

    def get(self, name: str) -> str:
        return self.values.get(name, "")

    def error(self, name: str) -> str:
        return self.errors.get(name, "")

    def blame(self, error: Invalid) -> None:
        """Show a verb's refusal at the fields it names."""
        for name, sentence in error.fields.items():
            self.errors.setdefault(_field_of(name), say(sentence))
        self.message = self.message or say(error.message)


def typed_of(draft: ProductDraft, *, currency: str) -> Typed:
    """The form for a product as it is."""
    values: dict[str, str] = {
        "slug": draft.slug,
        "vendor": draft.vendor,
        "product_type": draft.product_type,
        "category_id": str(draft.category_id or ""),
        "tax_class": draft.tax_class,
        "tags": ", ".join(draft.tags),
        "position": str(draft.position),
        "commissionable": _checked(draft.commissionable),
        "seen_at": draft.updated_at.isoformat() if draft.updated_at else "",
    }
    for name in TEXTS:
        values |= _by_language(name, getattr(draft, name))
    for part in ("title", "description"):
        values |= _by_language(f"seo_{part}", draft.seo.get(part) or {})
    for number, name_texts in enumerate(draft.option_names):
        values |= _by_language(f"option_{number}", name_texts)
        values[f"option_{number}_values"] = "\n".join(
            _line_of(value) for value in _distinct(draft.variants, number)
        )
    for number, row in enumerate(draft.variants):
        values |= _variant_values(number, row, currency)
    return Typed(values)


def read(typed: Typed, before: ProductDraft | None, *, currency: str) -> ProductDraft:
    """The draft that was typed, over the product that is there; problems go into `typed`."""
    draft = replace(before) if before else ProductDraft(extra={})
    for name in TEXTS:
        setattr(draft, name, {**getattr(draft, name), **_texts_of(typed, name)})
    draft.slug = typed.get("slug").strip()
    draft.vendor = typed.get("vendor")
    draft.product_type = typed.get("product_type")
    draft.category_id = _id(typed.get("category_id"))
    draft.tax_class = typed.get("tax_class") or draft.tax_class
    draft.tags = typed.get("tags").replace("，", ",").split(",")
    draft.position = _whole(typed, "position")
    draft.commissionable = bool(typed.get("commissionable"))
    draft.seo = {part: value for part, value in {**draft.seo, **_seo(typed)}.items() if value}
    draft.option_names = [
        names for n in range(MAX_OPTIONS) if (names := texts(_texts_of(typed, f"option_{n}")))
    ]
    rows = draft.variants or [VariantDraft()]
    draft.variants = [
        _variant(typed, number, row, currency) for number, row in enumerate(rows[:MAX_VARIANTS])
    ]
    return draft


def build_variants(typed: Typed, draft: ProductDraft) -> None:
    """Make one variant for each combination of the option values that were typed."""
    options = []
    for number in range(MAX_OPTIONS):
        if not texts(_texts_of(typed, f"option_{number}")):
            continue
        lines = typed.get(f"option_{number}_values").splitlines()
        values = [value for line in lines if (value := _value_of(line))]
        if not values:
            typed.errors[f"option_{number}_values"] = say(
                _l("Please write at least one value, each on a line of its own.")
            )
        options.append(values)
    if typed.errors:
        return
    kept = edit.matrix(options, draft.variants)
    draft.variants = kept


def _variant(typed: Typed, number: int, row: VariantDraft, currency: str) -> VariantDraft:
    place = f"variants.{number}"
    changes: dict[str, Any] = {
        name: _amount(typed, f"{place}.{name}", currency) for name in _AMOUNTS
    }
    changes |= {name: bool(typed.get(f"{place}.{name}")) for name in _FLAGS}
    changes["sku"] = typed.get(f"{place}.sku") or None
    changes["barcode"] = typed.get(f"{place}.barcode")
    changes["weight_grams"] = _whole(typed, f"{place}.weight_grams")
    changes["media_id"] = _id(typed.get(f"{place}.media_id"))
    return replace(row, **changes)


def _variant_values(number: int, row: VariantDraft, currency: str) -> dict[str, str]:
    place = f"variants.{number}"
    amounts = {
        f"{place}.{name}": "" if amount is None else f"{to_decimal(amount, currency):f}"
        for name in _AMOUNTS
        for amount in (getattr(row, name),)
    }
    flags = {f"{place}.{name}": _checked(getattr(row, name)) for name in _FLAGS}
    return (
        amounts
        | flags
        | {
            f"{place}.sku": row.sku or "",
            f"{place}.barcode": row.barcode,
            f"{place}.weight_grams": str(row.weight_grams),
            f"{place}.media_id": str(row.media_id or ""),
        }
    )


def _by_language(name: str, value: Mapping[str, str]) -> dict[str, str]:
    return {f"{name}_{tag}": value.get(tag, "") for tag in LOCALES}


def _texts_of(typed: Typed, name: str) -> dict[str, str]:
    return {tag: typed.get(f"{name}_{tag}") for tag in LOCALES}


def _seo(typed: Typed) -> dict[str, dict[str, str]]:
    return {part: texts(_texts_of(typed, f"seo_{part}")) for part in ("title", "description")}


def _distinct(variants: Sequence[VariantDraft], number: int) -> Iterable[Mapping[str, str]]:
    found: list[Mapping[str, str]] = []
    for row in variants:
        value = row.option_values[number] if number < len(row.option_values) else {}
        if row.active and value and not any(is_same_value(value, one) for one in found):
            found.append(value)
    return found


def _line_of(value: Mapping[str, str]) -> str:
    return f" {_SPLIT} ".join(value.get(tag, "") for tag in LOCALES).strip(f" {_SPLIT}")


def _value_of(line: str) -> dict[str, str]:
    """`小瓶 | Small`; a line without a bar is the same in every language."""
    parts = [part.strip() for part in line.split(_SPLIT)]
    if len(parts) == 1:
        parts *= len(LOCALES)
    return texts(dict(zip(LOCALES, parts, strict=False)))


def _amount(typed: Typed, name: str, currency: str) -> int | None:
    text = typed.get(name).strip()
    if not text:
        return None
    try:
        return parse_money(text, currency, field=name)
    except Invalid as error:
        typed.errors[name] = say(error.message)
        return None


def _whole(typed: Typed, name: str) -> int:
    text = typed.get(name).strip() or "0"
    if not (text.isascii() and text.lstrip("-").isdigit()) or len(text) > 9:
        typed.errors[name] = say(_l("“%(text)s” is not a number.", text=text[:20]))
        return 0
    return int(text)


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _checked(value: bool) -> str:
    return "yes" if value else ""


def _field_of(name: str) -> str:
    """Texts by language are blamed at their first language."""
    if name in TEXTS:
        return f"{name}_{LOCALES[0]}"
    return name.replace(".option_values", ".sku") if name.startswith("variants.") else name


SAVED = _l("Saved.")
UNCHANGED: Words = _l("Nothing was changed.")
