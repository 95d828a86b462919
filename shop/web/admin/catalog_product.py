"""One product: the editor with its matrix of variants, its pictures, and goods that arrive."""

from datetime import datetime
from typing import Any

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.catalog import categories, edit, listing, locations, media, pictures, stock, stored, taxes
from shop.catalog.drafts import ProductDraft, VariantDraft
from shop.catalog.models import Media
from shop.catalog.pictures import BadPicture
from shop.kernel import clock, db, ids
from shop.kernel.errors import Conflict, Invalid, NotFound
from shop.kernel.i18n import LOCALES, _l
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import catalog_form
from shop.web.admin.catalog_form import Typed
from shop.web.admin.catalog_products import STATUSES
from shop.web.admin.routes import blueprint

_MATRIX = "matrix"
"""Name of the button that builds the variants."""


@blueprint.get("/products/new")
@access.catalog_staff
def new_product() -> Response:
    """An empty editor."""
    draft = ProductDraft(variants=[VariantDraft()])
    typed = catalog_form.typed_of(draft, currency=render.current_brand().currency)
    return _editor(None, draft, typed)


@blueprint.post("/products/new")
@access.catalog_staff
def make_product() -> Any:
    """Make the product; it starts as a draft that buyers do not see."""
    currency = render.current_brand().currency
    typed = Typed(request.form)
    draft = catalog_form.read(typed, None, currency=currency)
    try:
        catalog_form.build_variants(typed, draft)
        if typed.errors:
            return _editor(None, draft, typed, status=422)
        with db.unit_of_work() as session:
            product_id = edit.create(
                session, draft, currency=currency, by=current_actor().key, at=clock.now()
            )
    except Invalid as error:
        typed.blame(error)
        return _editor(None, draft, typed, status=422)
    return render.back_to(
        "admin.product", product_id=product_id, say_so=_l("The product is made. It is a draft.")
    )


@blueprint.get("/products/<int:product_id>")
@access.catalog_staff
def product(product_id: int) -> Response:
    """The editor."""
    currency = render.current_brand().currency
    with db.reading() as session:
        draft = stored.draft_of(session, product_id, currency=currency)
    return _editor(product_id, draft, catalog_form.typed_of(draft, currency=currency))


@blueprint.post("/products/<int:product_id>")
@access.catalog_staff
def change_product(product_id: int) -> Any:
    """Save, or build the variants from the options that were typed and save them."""
    currency = render.current_brand().currency
    typed = Typed(request.form)
    with db.reading() as session:
        before = stored.draft_of(session, product_id, currency=currency)
    draft = catalog_form.read(typed, before, currency=currency)
    try:
        if _MATRIX in request.form:
            catalog_form.build_variants(typed, draft)
        if typed.errors:
            return _editor(product_id, draft, typed, status=422)
        with db.unit_of_work() as session:
            changed = edit.change(
                session,
                draft,
                currency=currency,
                by=current_actor().key,
                at=clock.now(),
                seen_at=_moment(typed.get("seen_at")),
            )
    except Invalid as error:
        typed.blame(error)
        return _editor(product_id, draft, typed, status=422)
    except Conflict as error:
        typed.message = str(error)
        return _editor(product_id, draft, typed, status=409)
    said = catalog_form.SAVED if changed else catalog_form.UNCHANGED
    return render.back_to("admin.product", product_id=product_id, say_so=said)


@blueprint.post("/products/<int:product_id>/pictures")
@access.catalog_staff
def add_picture(product_id: int) -> Any:
    """Upload a picture."""
    file = request.files.get("picture")
    try:
        if file is None or not file.filename:
            raise BadPicture(_l("Please choose a picture."))
        encoded = pictures.encode(file.read(pictures.MAX_BYTES + 1))
        with db.unit_of_work() as session:
            stored.draft_of(session, product_id, currency=render.current_brand().currency)
            media.add(
                session, product_id, encoded, alt=_alt(), by=current_actor().key, at=clock.now()
            )
    except BadPicture as error:
        return render.back_to(
            "admin.product", product_id=product_id, say_so=error.message, tone="bad",
            _anchor="pictures",
        )  # fmt: skip
    return render.back_to(
        "admin.product", product_id=product_id, say_so=_l("The picture is added."),
        _anchor="pictures",
    )  # fmt: skip


@blueprint.post("/products/<int:product_id>/pictures/<int:media_id>")
@access.catalog_staff
def change_picture(product_id: int, media_id: int) -> Any:
    """Describe a picture, move it, take it away."""
    actor, at = current_actor().key, clock.now()
    with db.unit_of_work() as session:
        _assert_picture(session, product_id, media_id)
        if "remove" in request.form:
            media.remove(session, media_id, by=actor, at=at)
        else:
            place = request.form.get("position", "")
            position = int(place) if place.isascii() and place.isdigit() and len(place) < 6 else 1
            media.describe(session, media_id, alt=_alt(), position=position, by=actor, at=at)
    return render.back_to(
        "admin.product", product_id=product_id, say_so=catalog_form.SAVED, _anchor="pictures"
    )


@blueprint.post("/products/<int:product_id>/pictures/fetch")
@access.catalog_staff
def fetch_pictures(product_id: int) -> Any:
    """Try once more to fetch pictures that did not answer."""
    with db.unit_of_work() as session:
        media.try_again(session, product_id, at=clock.now())
    return render.back_to(
        "admin.product", product_id=product_id, say_so=_l("The pictures are being fetched."),
        _anchor="pictures",
    )  # fmt: skip


@blueprint.post("/products/<int:product_id>/goods")
@access.catalog_staff
def receive_goods(product_id: int) -> Any:
    """Goods of a variant arrive at a place."""
    try:
        with db.unit_of_work() as session:
            draft = stored.draft_of(session, product_id, currency=render.current_brand().currency)
            variant_id = _one_of(
                request.form.get("variant", ""), [row.id for row in draft.variants], "variant"
            )
            place_id = _one_of(
                request.form.get("location", ""),
                [row[0] for row in locations.places(session)],
                "location",
            )
            stock.receive(
                session,
                variant_id,
                place_id,
                _units(),
                reason_id=request.form.get("once", "")[:40] or str(ids.new()),
                note=request.form.get("note", "").strip()[:300],
                by=current_actor().key,
                at=clock.now(),
            )
    except Invalid as error:
        return render.back_to(
            "admin.product", product_id=product_id, say_so=error.message, tone="bad",
            _anchor="stock",
        )  # fmt: skip
    return render.back_to(
        "admin.product", product_id=product_id, say_so=_l("The goods are booked in."),
        _anchor="stock",
    )  # fmt: skip


def _editor(
    product_id: int | None, draft: ProductDraft, typed: Typed, *, status: int = 200
) -> Response:
    with db.reading() as session:
        rows = _pictures(session, product_id)
        levels = listing.stock(session, product_id=product_id, limit=200) if product_id else None
        return render.page(
            "admin/catalog/product.html",
            status=status,
            product_id=product_id,
            draft=draft,
            typed=typed,
            tree=categories.categories(session),
            tax_classes=taxes.classes(session),
            pictures=rows,
            levels=levels,
            places=locations.places(session),
            statuses=STATUSES,
            once=ids.public_token(),
        )


def _pictures(session: Session, product_id: int | None) -> Any:
    return session.scalars(
        select(Media).where(Media.product_id == product_id).order_by(Media.position, Media.id)
    ).all()


def _assert_picture(session: Session, product_id: int, media_id: int) -> None:
    owner = session.scalar(select(Media.product_id).where(Media.id == media_id))
    if owner != product_id:
        raise NotFound(_l("There is no such picture."))


def _alt() -> dict[str, str]:
    return {tag: request.form.get(f"alt_{tag}", "").strip()[:300] for tag in LOCALES}


def _units() -> int:
    text = request.form.get("units", "").strip()
    if not (text.isascii() and text.isdigit()) or not 0 < int(text[:12]) < 10**7:
        raise Invalid(_l("Please say how many units, as a whole number above zero."), field="units")
    return int(text)


def _one_of(text: str, allowed: list[int | None] | list[int], name: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
    if number is None or number not in allowed:
        raise Invalid(_l("Please choose one of the list."), field=name)
    return number


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
