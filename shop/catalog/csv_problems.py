"""What can be wrong with a row of a product file: codes in the report, sentences on the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shop.kernel.words import Words, _l


@dataclass(frozen=True)
class RowProblem:
    """One thing wrong with a product of a file."""

    line: int
    column: str
    """Header as the file spells it; empty if no single column is to blame."""
    code: str
    values: dict[str, Any] = field(default_factory=dict, hash=False)

    def as_json(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "column": self.column,
            "code": self.code,
            "values": self.values,
        }


_SENTENCES: Mapping[str, Words] = {
    "handle_missing": _l("The row has neither a handle nor a title."),
    "title_missing": _l("A new product needs a title."),
    "too_long": _l("This is longer than %(limit)s characters."),
    "too_many_cells": _l(
        "The row has more cells than there are columns; a text with the separator in it must stand "
        "in quotation marks."
    ),
    "nul": _l("The cell holds a character that is no text (NUL)."),
    "bad_amount": _l("“%(text)s” is no price in %(currency)s. Write it like 12.50."),
    "bad_number": _l("“%(text)s” is no whole number."),
    "bad_boolean": _l("“%(text)s” is neither TRUE nor FALSE."),
    "bad_status": _l("“%(text)s” is no status; use active, draft or archived."),
    "bad_policy": _l("“%(text)s” is neither deny nor continue."),
    "negative": _l("This must not be below zero."),
    "too_large": _l("This number is too large."),
    "gift_card": _l("Gift cards cannot be sold yet."),
    "option_name_missing": _l("Variants need an option name in the product's first row."),
    "option_value_missing": _l("The variant has no value for one of the product's options."),
    "variant_twice": _l("Two rows of this product have the same options."),
    "variant_missing": _l("The product has no variant."),
    "too_many_variants": _l("A product has %(limit)s variants at most."),
    "too_many_options": _l("A product has three options at most."),
    "sku_twice": _l("This SKU stands on line %(other)s too."),
    "sku_taken": _l("Another product of the shop has this SKU."),
    "category_too_deep": _l("Categories go %(limit)s levels deep at most."),
    "below_committed": _l(
        "Stock cannot become %(wanted)s: %(promised)s units are promised to orders or checkouts."
    ),
    "status_unknown": _l("This status is not known."),
    "conflict": _l("Somebody else changed this product at the same moment. Try this row again."),
}


def sentence(problem: Mapping[str, Any]) -> Words:
    """The sentence for a problem of `ImportRow.problems`."""
    words = _SENTENCES.get(problem["code"])
    if words is None:
        return _l("This row cannot be taken (%(code)s).", code=problem["code"])
    return Words(words.msgid, problem.get("values") or {})
