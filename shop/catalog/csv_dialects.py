"""The columns of Shopify's product CSV, in both dialects, and our own beside them.

Separate from reading and writing because both sides need the same names: `Handle` and `URL handle`
are one field. Headers are matched without regard to case and spaces.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shop.kernel.i18n import LOCALES

OPTIONS = (1, 2, 3)
TRACKER = "gridshop"
"""What the export names as inventory tracker of counted variants, unless a file named another."""

EXPORTED: tuple[tuple[str, str], ...] = (
    ("title", "Title"),
    ("handle", "URL handle"),
    ("body", "Description"),
    ("vendor", "Vendor"),
    ("category", "Product category"),
    ("type", "Type"),
    ("tags", "Tags"),
    ("published", "Published on online store"),
    ("status", "Status"),
    ("sku", "SKU"),
    ("barcode", "Barcode"),
    *(
        pair
        for n in OPTIONS
        for pair in (
            (f"option{n}.name", f"Option{n} name"),
            (f"option{n}.value", f"Option{n} value"),
            (f"option{n}.linked_to", f"Option{n} Linked To"),
        )
    ),
    ("price", "Price"),
    ("compare_at", "Compare-at price"),
    ("cost", "Cost per item"),
    ("taxable", "Charge tax"),
    ("tax_code", "Tax code"),
    ("unit_price.total", "Unit price total measure"),
    ("unit_price.total_unit", "Unit price total measure unit"),
    ("unit_price.base", "Unit price base measure"),
    ("unit_price.base_unit", "Unit price base measure unit"),
    ("tracker", "Inventory tracker"),
    ("quantity", "Inventory quantity"),
    ("continue", "Continue selling when out of stock"),
    ("grams", "Weight value (grams)"),
    ("weight_unit", "Weight unit for display"),
    ("requires_shipping", "Requires shipping"),
    ("fulfillment_service", "Fulfillment service"),
    ("image", "Product image URL"),
    ("image_position", "Image position"),
    ("image_alt", "Image alt text"),
    ("variant_image", "Variant image URL"),
    ("gift_card", "Gift card"),
    ("seo.title", "SEO title"),
    ("seo.description", "SEO description"),
    ("shopify.color-pattern", "Color (product.metafields.shopify.color-pattern)"),
    ("feed.google_product_category", "Google Shopping / Google product category"),
    ("feed.gender", "Google Shopping / Gender"),
    ("feed.age_group", "Google Shopping / Age group"),
    ("feed.mpn", "Google Shopping / Manufacturer part number (MPN)"),
    ("feed.ad_group", "Google Shopping / Ad group name"),
    ("feed.ads_labels", "Google Shopping / Ads labels"),
    ("feed.condition", "Google Shopping / Condition"),
    ("feed.identifier_exists", "Google Shopping / Custom product"),
    *((f"feed.custom_label.{n}", f"Google Shopping / Custom label {n}") for n in range(5)),
)
"""Dialect B in its order: field and header. The export writes it."""

OURS: tuple[tuple[str, str], ...] = (
    ("summary", "Summary"),
    ("commissionable", "Commissionable"),
    ("position", "Position"),
    ("problem", "Problem"),
)
"""Columns that Shopify does not have; `Title (en)` and the like stand beside them.

`Problem` comes back in files of failed rows and is ignored."""

TRANSLATED = (
    "title",
    "summary",
    "body",
    "category",
    "seo.title",
    "seo.description",
    "image_alt",
    *(f"option{n}.{part}" for n in OPTIONS for part in ("name", "value")),
)
"""Fields that may have a column for each language, such as `Title (en)`."""

_CLASSIC: tuple[tuple[str, str], ...] = (
    ("handle", "Handle"),
    ("body", "Body (HTML)"),
    ("body", "Body"),
    ("category", "Product Category"),
    ("published", "Published"),
    ("sku", "Variant SKU"),
    ("grams", "Variant Grams"),
    ("tracker", "Variant Inventory Tracker"),
    ("quantity", "Variant Inventory Qty"),
    ("continue", "Variant Inventory Policy"),
    ("fulfillment_service", "Variant Fulfillment Service"),
    ("price", "Variant Price"),
    ("compare_at", "Variant Compare At Price"),
    ("requires_shipping", "Variant Requires Shipping"),
    ("taxable", "Variant Taxable"),
    ("barcode", "Variant Barcode"),
    ("image", "Image Src"),
    ("image_alt", "Image Alt Text"),
    ("feed.mpn", "Google Shopping / MPN"),
    ("feed.ad_group", "Google Shopping / AdWords Grouping"),
    ("feed.ads_labels", "Google Shopping / AdWords Labels"),
    ("variant_image", "Variant Image"),
    ("weight_unit", "Variant Weight Unit"),
    ("tax_code", "Variant Tax Code"),
)
"""Headers of dialect A that differ from dialect B's."""

_ONLY_CLASSIC = frozenset({"handle", "body(html)", "variantsku", "variantprice", "imagesrc"})
_METAFIELD = re.compile(r".*\(product\.metafields\.([^.()]+)\.([^()]+)\)", re.DOTALL)
_MARKET = re.compile(r"(included|price|compare[ -]?at price)\s*/\s*.+", re.IGNORECASE | re.DOTALL)
_LANGUAGE = re.compile(rf"(.+)\(\s*({'|'.join(LOCALES)})\s*\)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Column:
    """One column of a file."""

    index: int
    header: str
    field: str
    """Ours; of an unknown column its header, behind `column.`."""
    language: str
    """Empty for the language that the file is written in."""

    @property
    def is_known(self) -> bool:
        return not self.field.startswith(("column.", "market."))


def folded(header: str) -> str:
    """A header without case and spaces."""
    return re.sub(r"\s+", "", header.casefold())


_ALIASES = {folded(header): field for field, header in (*_CLASSIC, *OURS, *EXPORTED)}


def columns_of(headers: Sequence[str]) -> list[Column]:
    """What each column holds; of two columns with one meaning the first counts."""
    columns: list[Column] = []
    seen: set[tuple[str, str]] = set()
    for index, header in enumerate(headers):
        name = header.strip()
        if not name:
            continue
        field, language = _meaning(name)
        if (field, language) not in seen:
            seen.add((field, language))
            columns.append(Column(index, name, field, language))
    return columns


def dialect_of(headers: Sequence[str]) -> str:
    """`A` for the classic export, `B` for the current one."""
    return "A" if _ONLY_CLASSIC & {folded(header) for header in headers} else "B"


def known_count(headers: Sequence[str]) -> int:
    """How many of these headers we know: the right delimiter finds most."""
    return sum(1 for column in columns_of(headers) if column.is_known)


def header_of_extra(key: str) -> str:
    """The export's header for something kept in `extra`."""
    if key.startswith(("column.", "market.")):
        return key.partition(".")[2]
    namespace, _, name = key.partition(".")
    return f"{name} (product.metafields.{namespace}.{name})"


def _meaning(header: str) -> tuple[str, str]:
    metafield = _METAFIELD.fullmatch(header)
    if metafield:
        return f"{metafield[1]}.{metafield[2]}", ""
    if folded(header) in _ALIASES:
        return _ALIASES[folded(header)], ""
    language = _LANGUAGE.fullmatch(header)
    if language:
        field = _ALIASES.get(folded(language[1]), "")
        if field in TRANSLATED:
            return field, language[2].lower()
    if _MARKET.fullmatch(header):
        return f"market.{header}", ""
    return f"column.{header}", ""
