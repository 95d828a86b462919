"""What staff do to a product: make, change, publish, take off sale."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from itertools import product as combinations
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.catalog import categories, stored, writer
from shop.catalog.categories import free_slug, slug_of
from shop.catalog.drafts import (
    MAX_VARIANTS,
    ProductDraft,
    VariantDraft,
    is_same_combination,
    problems,
    tidy,
)
from shop.catalog.models import ProductStatus
from shop.catalog.tables import product, tax_class
from shop.catalog.writer import Save
from shop.kernel import audit
from shop.kernel.errors import Invalid
from shop.kernel.i18n import LOCALES, text_of
from shop.kernel.words import Words, _l


def create(session: Session, draft: ProductDraft, *, currency: str, by: str, at: datetime) -> int:
    """A new product, with an address made from its title unless it has one; returns its id.

    Raises Invalid with every field that cannot stay.
    """
    draft = tidy(draft)
    if not draft.slug and draft.title:
        wanted = slug_of(text_of(draft.title, LOCALES[-1]))
        draft.slug = free_slug(wanted, _slugs_like(session, wanted))
    _check(session, draft)
    (product_id,) = writer.save(session, [Save(None, draft)], currency=currency, by=by, at=at)
    audit.record(session, "product.made", "product", product_id, by=by, at=at)
    return product_id


def change(
    session: Session,
    draft: ProductDraft,
    *,
    currency: str,
    by: str,
    at: datetime,
    seen_at: datetime | None = None,
) -> bool:
    """Save a changed draft of `stored.draft_of`; False if nothing differs.

    `seen_at` is the `updated_at` of the state that the editor showed. Raises Invalid with every
    field that cannot stay, Conflict if somebody else saved meanwhile.
    """
    before = stored.draft_of(session, draft.id or 0, currency=currency)
    after = tidy(draft)
    after.updated_at = before.updated_at
    if seen_at is not None:
        before = replace(before, updated_at=seen_at)
        after.updated_at = seen_at
    _check(session, after)
    if not writer.save(session, [Save(before, after)], currency=currency, by=by, at=at):
        return False
    changed = _differences(before, after)
    audit.record(
        session, "product.changed", "product", after.id or 0, by=by, at=at,
        before={name: values[0] for name, values in changed.items()},
        after={name: values[1] for name, values in changed.items()},
    )  # fmt: skip
    return True


def publish(
    session: Session,
    product_id: int,
    *,
    currency: str,
    by: str,
    at: datetime,
    on: datetime | None = None,
) -> bool:
    """Put a product on sale, now or from a later moment."""
    draft = stored.draft_of(session, product_id, currency=currency)
    wanted = on or (draft.published_at if _is_shown(draft, at) else at)
    active = replace(draft, status=ProductStatus.ACTIVE.value, published_at=wanted)
    return change(session, active, currency=currency, by=by, at=at)


def unpublish(session: Session, product_id: int, *, currency: str, by: str, at: datetime) -> bool:
    """Take a product off the pages; it can be put back."""
    draft = stored.draft_of(session, product_id, currency=currency)
    hidden = replace(draft, status=ProductStatus.DRAFT.value, published_at=None)
    return change(session, hidden, currency=currency, by=by, at=at)


def archive(session: Session, product_id: int, *, currency: str, by: str, at: datetime) -> bool:
    """Put a product away for good; orders keep their copies."""
    draft = stored.draft_of(session, product_id, currency=currency)
    away = replace(draft, status=ProductStatus.ARCHIVED.value)
    return change(session, away, currency=currency, by=by, at=at)


def matrix(
    options: Sequence[Sequence[Mapping[str, str]]], present: Sequence[VariantDraft]
) -> list[VariantDraft]:
    """One variant for each combination of option values, keeping those that are there.

    New ones take price and flags of the first. Raises Invalid if there would be too many.
    """
    wanted = [list(values) for values in combinations(*options)]
    if len(wanted) > MAX_VARIANTS:
        raise Invalid(
            _l("A product has %(count)s variants at most.", count=MAX_VARIANTS), field="options"
        )
    like = present[0] if present else VariantDraft()
    return [_variant_for([dict(value) for value in values], present, like) for values in wanted]


def _variant_for(
    values: list[dict[str, str]], present: Sequence[VariantDraft], like: VariantDraft
) -> VariantDraft:
    kept = next((row for row in present if is_same_combination(row.option_values, values)), None)
    if kept is not None:
        return replace(kept, option_values=values, active=True)
    return replace(
        like, id=None, option_values=values, sku=None, barcode="", media_id=None, extra={}
    )


def _check(session: Session, draft: ProductDraft) -> None:
    found: dict[str, Words | str] = {
        problem.field: problem.words for problem in reversed(problems(draft))
    }
    if draft.slug and _slug_owner(session, draft.slug) not in (None, draft.id):
        found["slug"] = _l("Another product has this address already.")
    if draft.category_id is not None and not categories.categories(session).get(draft.category_id):
        found["category_id"] = _l("There is no such category.")
    if not session.scalar(select(tax_class.c.code).where(tax_class.c.code == draft.tax_class)):
        found["tax_class"] = _l("There is no such tax class.")
    owners = stored.owners_of_skus(session, {row.sku for row in draft.variants if row.sku})
    for number, row in enumerate(draft.variants):
        if row.sku and owners.get(row.sku, row.id) != row.id:
            found[f"variants.{number}.sku"] = _l("Another product has this SKU already.")
    if found:
        raise Invalid(next(iter(found.values())), fields=found)


def _slug_owner(session: Session, slug: str) -> int | None:
    return session.scalar(select(product.c.id).where(product.c.slug == slug))


def _slugs_like(session: Session, wanted: str) -> set[str]:
    return set(
        session.scalars(
            select(product.c.slug).where(product.c.slug.startswith(wanted, autoescape=True))
        )
    )


def _is_shown(draft: ProductDraft, at: datetime) -> bool:
    return draft.published_at is not None and draft.published_at <= at


def _differences(before: ProductDraft, after: ProductDraft) -> dict[str, tuple[Any, Any]]:
    """Changed fields with both values, as audit keeps them; long texts by name only."""
    found: dict[str, tuple[Any, Any]] = {}
    for field in fields(ProductDraft):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old == new or field.name == "updated_at":
            continue
        if field.name in {"body", "summary", "extra"}:
            found[field.name] = ("…", "…")
        elif field.name == "variants":
            found[field.name] = (_figures(old), _figures(new))
        else:
            found[field.name] = (_plain(old), _plain(new))
    return found


def _figures(variants: Sequence[VariantDraft]) -> list[dict[str, Any]]:
    names = ("id", "sku", "amount", "compare_at_amount", "cost_amount", "active")
    return [{name: getattr(row, name) for name in names} for row in variants]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
