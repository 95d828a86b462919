"""Products as they are in the database, read as drafts: three statements for any number of them."""

from collections.abc import Collection

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from shop.catalog.drafts import ProductDraft, VariantDraft
from shop.catalog.tables import price, product, variant
from shop.kernel.errors import NotFound
from shop.kernel.words import _l


def draft_of(session: Session, product_id: int, *, currency: str) -> ProductDraft:
    """One product; raises NotFound."""
    found = drafts_of(session, [product_id], currency=currency)
    if not found:
        raise NotFound(_l("There is no such product."))
    return found[product_id]


def drafts_of(
    session: Session, product_ids: Collection[int], *, currency: str
) -> dict[int, ProductDraft]:
    """Products with their variants and prices in a currency, by id."""
    columns = (
        product.c.id,
        product.c.slug,
        product.c.title,
        product.c.summary,
        product.c.body,
        product.c.vendor,
        product.c.product_type,
        product.c.category_id,
        product.c.tax_class,
        product.c.status,
        product.c.published_at,
        product.c.option_names,
        product.c.tags,
        product.c.seo,
        product.c.extra,
        product.c.commissionable,
        product.c.position,
        product.c.updated_at,
    )
    wanted = sorted(product_ids)
    rows = session.execute(select(*columns).where(product.c.id.in_(wanted))).mappings()
    drafts = {row["id"]: ProductDraft(**row) for row in rows}
    for product_id, one in _variants_of(session, wanted, currency):
        drafts[product_id].variants.append(one)
    return drafts


def ids_by_slug(session: Session, slugs: Collection[str]) -> dict[str, int]:
    """Which products have these handles."""
    rows = session.execute(
        select(product.c.slug, product.c.id).where(product.c.slug.in_(sorted(slugs)))
    )
    return {row[0]: row[1] for row in rows}


def owners_of_skus(session: Session, skus: Collection[str]) -> dict[str, int]:
    """Which variants have these SKUs."""
    rows = session.execute(
        select(variant.c.sku, variant.c.id).where(variant.c.sku.in_(sorted(skus)))
    )
    return {row[0]: row[1] for row in rows}


def _variants_of(
    session: Session, product_ids: Collection[int], currency: str
) -> list[tuple[int, VariantDraft]]:
    rows = session.execute(
        select(
            variant.c.product_id,
            variant.c.id,
            variant.c.option_values,
            variant.c.sku,
            variant.c.barcode,
            price.c.amount,
            price.c.compare_at_amount,
            variant.c.cost_amount,
            variant.c.taxable,
            variant.c.track_inventory,
            variant.c.backorderable,
            variant.c.weight_grams,
            variant.c.requires_shipping,
            variant.c.active,
            variant.c.media_id,
            variant.c.extra,
        )
        .select_from(
            variant.outerjoin(
                price, and_(price.c.variant_id == variant.c.id, price.c.currency == currency)
            )
        )
        .where(variant.c.product_id.in_(product_ids))
        .order_by(variant.c.product_id, variant.c.position, variant.c.id)
    ).mappings()
    found = []
    for row in rows:
        values = dict(row)
        found.append((values.pop("product_id"), VariantDraft(**values)))
    return found
