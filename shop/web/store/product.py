"""One product, in the brand's shop or in a point's."""

from dataclasses import dataclass
from typing import Any

from flask import Response, abort, request, url_for
from sqlalchemy.orm import Session

from shop.catalog import categories
from shop.catalog import queries as catalog
from shop.catalog.queries import Counter, ProductPage, VariantRow
from shop.catalog.stock import Demand
from shop.kernel import clock, db
from shop.storefront.queries import Shopfront
from shop.web import access, render
from shop.web.store.front import Closed, open_front, to_the_brand
from shop.web.store.routes import blueprint


@dataclass(frozen=True)
class Choice:
    """What the address chose: one variant, and the options around it."""

    variant: VariantRow
    options: list[dict[str, Any]]
    """Each {"name", "values": [{"value", "variant_id", "chosen", "can_buy"}]}."""


@blueprint.get("/p/<handle>")
@access.public
def brand_product(handle: str) -> Response:
    with db.reading() as session:
        return _page(session, handle, None)


@blueprint.get("/s/<slug>/p/<handle>")
@access.public
def product(slug: str, handle: str) -> Response:
    try:
        front = open_front(slug)
    except Closed:
        return to_the_brand("store.brand_product", handle=handle)  # type: ignore[return-value]
    with db.reading() as session:
        return _page(session, handle, front)


def _page(session: Session, handle: str, front: Shopfront | None) -> Response:
    brand = render.current_brand()
    found = catalog.product_page(session, slug=handle, currency=brand.currency, at=clock.now())
    if found is None or (front and found.id in front.hidden):
        abort(404)
    choice = _choose(found, request.args.get("variant", ""))
    return render.page(
        "store/product.html",
        product=found,
        choice=choice,
        counters=_counters(session, choice.variant),
        category=categories.kept.get().get(found.category_id),
        canonical=url_for("store.brand_product", handle=handle, _external=True),
        shopfront=front,
    )


def _counters(session: Session, chosen: VariantRow) -> list[Counter]:
    """Where it could be collected; nothing to ask if no counter has any."""
    if chosen.track_inventory and not chosen.backorderable and chosen.at_counters <= 0:
        return []
    found = catalog.counters(session, [Demand(chosen.id, 1)], limit=5)
    return [counter for counter in found if counter.covers]


def _choose(found: ProductPage, wanted: str) -> Choice:
    named = next((one for one in found.variants if str(one.id) == wanted), None)
    buyable = next((one for one in found.variants if not one.is_sold_out), None)
    variant = named or buyable or found.variants[0]
    return Choice(variant, [_option(found, variant, at) for at in range(len(found.option_names))])


def _option(found: ProductPage, chosen: VariantRow, position: int) -> dict[str, Any]:
    values: list[dict[str, Any]] = []
    seen: list[dict[str, str]] = []
    for variant in found.variants:
        value = variant.option_values[position]
        if value in seen:
            continue
        seen.append(value)
        target = _nearest(found, chosen, position, value)
        values.append(
            {
                "value": value,
                "variant_id": target.id,
                "chosen": value == chosen.option_values[position],
                "can_buy": not target.is_sold_out,
            }
        )
    return {"name": found.option_names[position], "values": values}


def _nearest(
    found: ProductPage, chosen: VariantRow, position: int, value: dict[str, str]
) -> VariantRow:
    """The variant with this value that shares most other options with the chosen one."""

    def shared(variant: VariantRow) -> int:
        return sum(
            one == other
            for one, other in zip(variant.option_values, chosen.option_values, strict=True)
        )

    fitting = [one for one in found.variants if one.option_values[position] == value]
    return max(fitting, key=lambda one: (not one.is_sold_out, shared(one)))
