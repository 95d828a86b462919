"""Products: the list with its filters, its file, and what is done to one product as a whole."""

from collections.abc import Mapping
from typing import Any

from flask import Response, abort, request, stream_with_context
from sqlalchemy.orm import Session

from shop import search
from shop.catalog import edit, exporter, listing
from shop.catalog.categories import CategoryTree, categories
from shop.catalog.listing import ProductFilter
from shop.catalog.models import ProductStatus
from shop.kernel import audit, clock, db
from shop.kernel.errors import ShopError
from shop.kernel.i18n import _l
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint

STATUSES = {
    ProductStatus.ACTIVE.value: _l("On sale"),
    ProductStatus.DRAFT.value: _l("Draft"),
    ProductStatus.ARCHIVED.value: _l("Put away"),
}
_FOUND = 500
"""So many results of a search are looked at."""


@blueprint.get("/products")
@access.catalog_staff
def products() -> Response:
    """The list; everything that narrows it stands in the address."""
    with db.reading() as session:
        tree = categories(session)
        wanted = _wanted(session, tree, request.args)
        page = listing.products(session, wanted, after=request.args.get("after", ""))
        counts = listing.count_by_status(session)
        low = listing.low_stock_count(session)
    return render.page(
        "admin/catalog/products.html",
        page=page,
        tree=tree,
        counts=counts,
        low=low,
        statuses=STATUSES,
        is_filtered=any(request.args.get(name) for name in request.args if name != "after"),
    )


@blueprint.get("/products/export")
@access.catalog_staff
def export_products() -> Response:
    """The same list as a Shopify file; who took it, and with which filter, is kept."""
    actor, at = current_actor(), clock.now()
    asked = {name: value[:80] for name, value in request.args.items() if value}
    with db.unit_of_work() as session:
        audit.record(
            session, "catalog.exported", "product", "list", by=actor.key, at=at, after=asked
        )
    arguments, origin = request.args.to_dict(), request.host_url.rstrip("/")
    currency = render.current_brand().currency

    def lines() -> Any:
        with db.reading() as session:
            wanted = _wanted(session, categories(session), arguments)
            yield from exporter.export(
                session, wanted, currency=currency, file_url=lambda key: f"{origin}/media/{key}"
            )

    answer = Response(stream_with_context(lines()), mimetype="text/csv")
    name = f"products-{render.stamp(at)}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.post("/products/<int:product_id>/status")
@access.catalog_staff
def change_product_status(product_id: int) -> Any:
    """Put on sale, take off, put away."""
    verb = _VERBS.get(request.form.get("to", ""))
    if verb is None:
        abort(400)
    try:
        with db.unit_of_work() as session:
            verb(
                session,
                product_id,
                currency=render.current_brand().currency,
                by=current_actor().key,
                at=clock.now(),
            )
    except ShopError as error:
        if error.status == 404:
            raise
        return render.back_to(
            "admin.product", product_id=product_id, say_so=error.message, tone="bad"
        )
    return render.back_to("admin.product", product_id=product_id, say_so=_SAID[request.form["to"]])


_VERBS = {
    ProductStatus.ACTIVE.value: edit.publish,
    ProductStatus.DRAFT.value: edit.unpublish,
    ProductStatus.ARCHIVED.value: edit.archive,
}
_SAID = {
    ProductStatus.ACTIVE.value: _l("The product is on sale now."),
    ProductStatus.DRAFT.value: _l("The product is off the pages. You can put it back any time."),
    ProductStatus.ARCHIVED.value: _l("The product is put away. Orders keep their copies."),
}


def _wanted(session: Session, tree: CategoryTree, arguments: Mapping[str, str]) -> ProductFilter:
    """The filter; words that mean nothing here are ignored, so that old bookmarks still open."""
    status = arguments.get("status", "")
    category = tree.by_slug(arguments.get("category", ""))
    text = arguments.get("text", "").strip()[:120]
    found = search.find(session, text, at=None, limit=_FOUND).items if text else None
    return ProductFilter(
        status=status if status in STATUSES else "",
        category_ids=tree.ids_under(category.id) if category else (),
        vendor=arguments.get("vendor", "").strip()[:200],
        text=text,
        found_ids=found,
        sold_out=bool(arguments.get("sold_out")),
    )
