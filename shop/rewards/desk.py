"""What a point would earn on each product, for its desk."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import calculator, versions
from commissions.facts import Party, Sale, SaleLine
from commissions.terms import Role
from shop.catalog.categories import CategoryTree, categories
from shop.catalog.models import Product, TaxRate
from shop.catalog.pricing import line_price
from shop.catalog.queries import Card
from shop.kernel import brand as brands
from shop.kernel.brand import Brand
from shop.rewards import parties

PLAN = "default"


def earnings_on(
    session: Session, point_id: int, products: Sequence[Card], *, at: datetime
) -> dict[int, int]:
    """What this point would earn on one unit of each product at today's price, tax and plan.

    By product id, in minor units; products that pay nothing are absent. Five statements.
    """
    in_force = versions.version_at(session, PLAN, at)
    standing = parties.of_points(session, [point_id]).get(point_id)
    if in_force is None or standing is None:
        return {}
    brand, tree = brands.current(session), categories(session)
    facts = _facts(session, [product.id for product in products])
    found: dict[int, int] = {}
    for product in products:
        if not product.amount:
            continue
        line = _line(product, facts.get(product.id, (None, 0, True)), standing.party, brand, tree)
        sale = Sale(
            key="prospect", currency=brand.currency, placed_at=at, paid_at=at, lines=(line,)
        )
        earned = sum(
            decision.amount
            for decision in calculator.reckon(sale, in_force.terms).decisions
            if decision.role is Role.SELLER
        )
        if earned:
            found[product.id] = earned
    return found


def _facts(session: Session, product_ids: Sequence[int]) -> dict[int, tuple[int | None, int, bool]]:
    """Category, default tax rate in basis points, and whether commissions are paid at all."""
    rows = session.execute(
        select(Product.id, Product.category_id, TaxRate.rate_bps, Product.commissionable)
        .outerjoin(TaxRate, (TaxRate.tax_class == Product.tax_class) & (TaxRate.region == ""))
        .where(Product.id.in_(sorted(product_ids)))
    )
    return {row[0]: (row[1], row[2] or 0, row[3]) for row in rows}


def _line(
    product: Card,
    facts: tuple[int | None, int, bool],
    party: Party,
    brand: Brand,
    tree: CategoryTree,
) -> SaleLine:
    category_id, rate, commissionable = facts
    price = line_price(product.amount or 0, 1, rate_bps=rate, tax_included=brand.tax_included)
    path = reversed(tree.path_to(category_id)) if category_id else ()
    return SaleLine(
        key=f"product:{product.id}",
        quantity=1,
        list_amount=price.base_amount,
        base_amount=price.base_amount,
        tax_amount=price.tax_amount,
        product_key=f"product:{product.id}",
        category_keys=tuple(f"category:{one.id}" for one in path),
        commissionable=commissionable,
        seller=party,
        source="storefront",
    )
