"""A product as it should be: what the editor and the importer fill in and the writer saves.

Plain values without SQLAlchemy, so that two states can be compared, and so that both ways in tidy
and check alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shop.catalog import markup
from shop.catalog.models import ProductStatus
from shop.kernel.i18n import LOCALES, text_of
from shop.kernel.words import Words, _l

MAX_OPTIONS = 3
MAX_VARIANTS = 250
MAX_CATEGORY_DEPTH = 6
"""Levels of the tree; `queries.variants_for_cart` reads as many ancestors in its one statement."""
KEY_SEPARATOR = "\x1f"

TextsDict = dict[str, str]


@dataclass(kw_only=True)
class VariantDraft:
    """One variant; amounts in minor units of the brand's currency."""

    id: int | None = None
    option_values: list[TextsDict] = field(default_factory=list)
    sku: str | None = None
    barcode: str = ""
    amount: int | None = None
    compare_at_amount: int | None = None
    cost_amount: int | None = None
    taxable: bool = True
    track_inventory: bool = True
    backorderable: bool = False
    weight_grams: int = 0
    requires_shipping: bool = True
    active: bool = True
    media_id: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def option_key(self) -> str:
        return KEY_SEPARATOR.join(text_of(value, LOCALES[0]) for value in self.option_values)


@dataclass(kw_only=True)
class ProductDraft:
    """One product with its variants in order."""

    id: int | None = None
    slug: str = ""
    title: TextsDict = field(default_factory=dict)
    summary: TextsDict = field(default_factory=dict)
    body: TextsDict = field(default_factory=dict)
    vendor: str = ""
    product_type: str = ""
    category_id: int | None = None
    tax_class: str = "standard"
    status: str = ProductStatus.DRAFT.value
    published_at: datetime | None = None
    option_names: list[TextsDict] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    seo: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    commissionable: bool = True
    position: int = 0
    variants: list[VariantDraft] = field(default_factory=list)
    updated_at: datetime | None = None
    """When the state that the draft was made of was saved; saving checks that it still stands.

    Not the version, which sales raise too. Null for a new product."""


@dataclass(frozen=True)
class Problem:
    """A field that cannot stay as it is."""

    field: str
    """Name of the draft's field; `variants.2.sku` for the third variant's."""
    code: str
    words: Words


def tidy(draft: ProductDraft) -> ProductDraft:
    """The draft trimmed, without empty texts and repeated tags, its HTML cleaned."""
    return replace(
        draft,
        slug=draft.slug.strip(),
        title=texts(draft.title),
        summary=texts(draft.summary),
        body=texts({tag: markup.clean(html) for tag, html in draft.body.items()}),
        vendor=draft.vendor.strip(),
        product_type=draft.product_type.strip(),
        option_names=[texts(name) for name in draft.option_names],
        tags=_distinct(draft.tags),
        variants=[_tidy_variant(variant) for variant in draft.variants],
    )


def problems(draft: ProductDraft) -> list[Problem]:
    """What is wrong with a tidy draft, as far as it can be seen without the database."""
    return [*_product_problems(draft), *_variant_problems(draft)]


def texts(value: Mapping[str, str]) -> TextsDict:
    """A text by language, trimmed, without languages that have none."""
    return {tag: text.strip() for tag, text in value.items() if text and text.strip()}


def priced(variants: Iterable[VariantDraft]) -> VariantDraft | None:
    """The active variant with the lowest price, which lists show."""
    offers = [variant for variant in variants if variant.active and variant.amount is not None]
    return min(offers, key=lambda variant: variant.amount or 0, default=None)


def is_same_value(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two option values say the same in a language that both have."""
    return any(one[tag].casefold() == other[tag].casefold() for tag in one.keys() & other.keys())


def is_same_combination(
    one: Sequence[Mapping[str, str]], other: Sequence[Mapping[str, str]]
) -> bool:
    """Whether two lists of option values name the same variant of a product."""
    return len(one) == len(other) and all(map(is_same_value, one, other))


def _tidy_variant(variant: VariantDraft) -> VariantDraft:
    return replace(
        variant,
        sku=(variant.sku or "").strip() or None,
        barcode=variant.barcode.strip(),
        option_values=[texts(value) for value in variant.option_values],
    )


def _distinct(tags: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))


def _product_problems(draft: ProductDraft) -> Iterable[Problem]:
    if not draft.title:
        yield Problem("title", "title_missing", _l("A product needs a title."))
    if not draft.slug:
        yield Problem("slug", "handle_missing", _l("A product needs an address."))
    for name, text, limit in (
        ("slug", draft.slug, 200),
        ("vendor", draft.vendor, 200),
        ("product_type", draft.product_type, 200),
        *(("title", text, 300) for text in draft.title.values()),
        *(("tags", tag, 100) for tag in draft.tags),
    ):
        if len(text) > limit:
            yield Problem(name, "too_long", _too_long(limit))
    if draft.status not in set(ProductStatus):
        yield Problem("status", "status_unknown", _l("This status is not known."))
    if len(draft.option_names) > MAX_OPTIONS:
        yield Problem(
            "option_names",
            "too_many_options",
            _l("A product has %(count)s options at most.", count=MAX_OPTIONS),
        )
    if any(not name for name in draft.option_names):
        yield Problem("option_names", "option_name_missing", _l("Every option needs a name."))


def _variant_problems(draft: ProductDraft) -> Iterable[Problem]:
    if not draft.variants:
        yield Problem("variants", "variant_missing", _l("A product needs at least one variant."))
    if len(draft.variants) > MAX_VARIANTS:
        yield Problem(
            "variants",
            "too_many_variants",
            _l("A product has %(count)s variants at most.", count=MAX_VARIANTS),
        )
    keys: set[str] = set()
    skus: set[str] = set()
    for number, variant in enumerate(draft.variants):
        place = f"variants.{number}"
        if len(variant.option_values) != len(draft.option_names) or not all(variant.option_values):
            yield Problem(
                f"{place}.option_values",
                "option_value_missing",
                _l("Every variant needs a value for each option."),
            )
        elif variant.option_key in keys:
            yield Problem(
                f"{place}.option_values",
                "variant_twice",
                _l("Two variants have the same options."),
            )
        keys.add(variant.option_key)
        if variant.sku and variant.sku in skus:
            yield Problem(f"{place}.sku", "sku_twice", _l("Two variants have the same SKU."))
        skus.add(variant.sku or "")
        yield from _figure_problems(place, variant)


def _figure_problems(place: str, variant: VariantDraft) -> Iterable[Problem]:
    for name in ("amount", "compare_at_amount", "cost_amount", "weight_grams"):
        if (getattr(variant, name) or 0) < 0:
            yield Problem(f"{place}.{name}", "negative", _l("This must not be below zero."))
    if variant.weight_grams >= 2**31:
        yield Problem(f"{place}.weight_grams", "too_large", _l("This number is too large."))
    for name, text, limit in (
        ("sku", variant.sku or "", 120),
        ("barcode", variant.barcode, 60),
        *(
            ("option_values", text, 120)
            for value in variant.option_values
            for text in value.values()
        ),
    ):
        if len(text) > limit:
            yield Problem(f"{place}.{name}", "too_long", _too_long(limit))


def _too_long(limit: int) -> Words:
    return _l("This is longer than %(count)s characters.", count=limit)
