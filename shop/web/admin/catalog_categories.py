"""Categories: the tree as an outline; each can be renamed, moved and, when empty, removed."""

from typing import Any

from flask import Response, request

from shop.catalog import categories
from shop.kernel import clock, db
from shop.kernel.errors import Conflict, Invalid
from shop.kernel.i18n import LOCALES, _l
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.catalog_form import SAVED, Typed
from shop.web.admin.routes import blueprint


@blueprint.get("/categories", endpoint="categories")
@access.catalog_staff
def category_list() -> Response:
    """The outline, with a form for each."""
    return _page(Typed({}), "new")


@blueprint.post("/categories")
@access.catalog_staff
def make_category() -> Any:
    """A new category."""
    typed = Typed(request.form)
    try:
        with db.unit_of_work() as session:
            categories.make_category(
                session,
                _names(typed),
                parent_id=_parent(typed),
                position=_position(typed),
                by=current_actor().key,
                at=clock.now(),
            )
    except Invalid as error:
        typed.blame(error)
        return _page(typed, "new", status=422)
    return render.back_to("admin.categories", say_so=_l("The category is made."))


@blueprint.post("/categories/<int:category_id>")
@access.catalog_staff
def change_category(category_id: int) -> Any:
    """Rename, move or remove a category."""
    typed = Typed(request.form)
    actor, at = current_actor().key, clock.now()
    try:
        with db.unit_of_work() as session:
            if "remove" in request.form:
                categories.remove_category(session, category_id, by=actor, at=at)
            else:
                categories.change_category(
                    session,
                    category_id,
                    name=_names(typed),
                    parent_id=_parent(typed),
                    position=_position(typed),
                    by=actor,
                    at=at,
                )
    except Invalid as error:
        typed.blame(error)
        return _page(typed, str(category_id), status=422)
    except Conflict as error:
        typed.message = str(error)
        return _page(typed, str(category_id), status=409)
    return render.back_to("admin.categories", say_so=SAVED)


def _page(typed: Typed, refused: str, *, status: int = 200) -> Response:
    with db.reading() as session:
        tree = categories.categories(session)
    return render.page(
        "admin/catalog/categories.html", status=status, tree=tree, typed=typed, refused=refused
    )


def _names(typed: Typed) -> dict[str, str]:
    return {tag: typed.get(f"name_{tag}")[:120] for tag in LOCALES}


def _parent(typed: Typed) -> int | None:
    text = typed.get("parent_id")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _position(typed: Typed) -> int:
    text = typed.get("position").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
