"""Lists of products: the brand's home, a point's home, categories, search."""

from dataclasses import dataclass

from flask import Response, abort, request
from sqlalchemy.orm import Session

from shop import search as searching
from shop.catalog import categories
from shop.catalog import queries as catalog
from shop.catalog.categories import CategoryTree
from shop.catalog.queries import Card
from shop.kernel import clock, db
from shop.kernel.pages import Page
from shop.storefront import queries as storefronts
from shop.storefront.queries import Shopfront
from shop.web import access, render
from shop.web.store.front import Closed, open_front, to_the_brand
from shop.web.store.routes import blueprint


@dataclass(frozen=True)
class Listing:
    """What a list page shows."""

    products: Page[Card]
    tree: CategoryTree


@blueprint.get("/")
@access.public
def brand_home() -> Response:
    """The brand's own shop, with a finder of points."""
    with db.reading() as session:
        listing = _listing(session, None)
        fronts = storefronts.open_ones(session)
    return render.page("store/home.html", listing=listing, fronts=fronts, shopfront=None)


@blueprint.get("/s/<slug>/")
@access.public
def home(slug: str) -> Response:
    """A point's storefront."""
    try:
        front = open_front(slug)
    except Closed:
        return to_the_brand()  # type: ignore[return-value]
    with db.reading() as session:
        listing = _listing(session, front)
    return render.page("store/home.html", listing=listing, shopfront=front)


@blueprint.get("/c/<category>")
@access.public
def brand_category(category: str) -> Response:
    with db.reading() as session:
        return _category_page(session, category, None)


@blueprint.get("/s/<slug>/c/<category>")
@access.public
def category(slug: str, category: str) -> Response:
    try:
        front = open_front(slug)
    except Closed:
        return to_the_brand("store.brand_category", category=category)  # type: ignore[return-value]
    with db.reading() as session:
        return _category_page(session, category, front)


@blueprint.get("/search")
@access.public
def search() -> Response:
    with db.reading() as session:
        return _search_page(session, None)


@blueprint.get("/s/<slug>/search")
@access.public
def point_search(slug: str) -> Response:
    try:
        front = open_front(slug)
    except Closed:
        return to_the_brand("store.search", q=request.args.get("q", ""))  # type: ignore[return-value]
    with db.reading() as session:
        return _search_page(session, front)


def _category_page(session: Session, slug: str, front: Shopfront | None) -> Response:
    tree = categories.kept.get()
    chosen = tree.by_slug(slug)
    if chosen is None:
        abort(404)
    products = catalog.cards(
        session,
        at=clock.now(),
        category_ids=tree.ids_under(chosen.id),
        hidden=front.hidden if front else (),
        after=request.args.get("after", ""),
    )
    return render.page(
        "store/category.html",
        listing=Listing(products, tree),
        chosen=chosen,
        path=tree.path_to(chosen.id),
        shopfront=front,
    )


def _search_page(session: Session, front: Shopfront | None) -> Response:
    query = request.args.get("q", "").strip()[:80]
    found = searching.find(
        session,
        query,
        at=clock.now(),
        limit=catalog.PAGE_SIZE,
        after=request.args.get("after", ""),
    )
    hidden = front.hidden if front else frozenset()
    ids = [product_id for product_id in found.items if product_id not in hidden]
    cards = catalog.cards(session, at=clock.now(), ids=ids).items if ids else ()
    return render.page(
        "store/search.html",
        query=query,
        products=Page(cards, found.next_key),
        tree=categories.kept.get(),
        shopfront=front,
    )


def _listing(session: Session, front: Shopfront | None) -> Listing:
    products = catalog.cards(
        session,
        at=clock.now(),
        hidden=front.hidden if front else (),
        pinned=front.pinned if front else (),
        after=request.args.get("after", ""),
    )
    return Listing(products, categories.kept.get())
