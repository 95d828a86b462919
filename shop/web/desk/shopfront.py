"""The point's shop window: name, words, color, picture, pinned and hidden products."""

from typing import Any

from flask import Response, abort, request
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from shop.catalog import pictures
from shop.catalog import queries as catalog
from shop.kernel import clock, db
from shop.kernel.errors import Invalid, ShopError
from shop.kernel.i18n import _l
from shop.rewards import desk as rewards
from shop.storefront import edit
from shop.storefront import queries as storefronts
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.desk.routes import blueprint
from shop.web.forms import Form, choices, label


class ShopfrontForm(Form):
    name = StringField(label("Name of your shop"), [InputRequired(), Length(max=120)])
    owner_name = StringField(label("Your name, as buyers see it"), [Length(max=60)])
    slug = StringField(label("Address of your shop"), [InputRequired(), Length(max=40)])
    greeting = TextAreaField(label("A few words to your visitors"), [Length(max=600)])
    contact = StringField(label("How buyers can ask you (shown to everybody)"), [Length(max=120)])
    accent = SelectField(
        label("Color"), choices=choices({one: one or "brand" for one in edit.ACCENTS})
    )


@blueprint.route("/shopfront", methods=["GET", "POST"])
@access.desk_owner
def shopfront() -> Any:
    """Name, words and color."""
    actor = current_actor()
    with db.reading() as session:
        front = storefronts.of_point(session, actor.point_id or 0)
    if front is None:
        abort(404)
    form = ShopfrontForm(obj=front)
    if form.validate_on_submit():
        try:
            values = form.values
            upload = request.files.get("picture")
            if upload and upload.filename:
                values["picture_key"] = pictures.encode(upload.read()).sizes["240"]
            with db.unit_of_work() as session:
                edit.change(session, actor.point_id or 0, values, by=actor.key, at=clock.now())
            return render.back_to("desk.shopfront", say_so=_l("Saved."))
        except ShopError as error:
            form.blame(Invalid(error.message, field=error.field))
    return render.page(
        "desk/shopfront.html", status=422 if form.errors else 200, form=form, front=front
    )


@blueprint.get("/products")
@access.desk_owner
def products() -> Response:
    """The whole catalog, with what this point earns on each product."""
    point_id = current_actor().point_id or 0
    with db.reading() as session:
        own = storefronts.of_point(session, point_id)
        front = storefronts.by_slug(session, own.slug) if own else None
        page = catalog.cards(session, at=clock.now(), after=request.args.get("after", ""))
        earnings = rewards.earnings_on(session, point_id, page.items, at=clock.now())
    return render.page("desk/products.html", page=page, front=front, earnings=earnings)


@blueprint.post("/products/<int:product_id>")
@access.desk_owner
def arrange(product_id: int) -> Any:
    """Pin, hide, or say something about a product."""
    actor = current_actor()
    with db.unit_of_work() as session:
        edit.arrange(
            session,
            actor.point_id or 0,
            product_id,
            pinned="pinned" in request.form,
            hidden="hidden" in request.form,
            words=request.form.get("words", ""),
            by=actor.key,
            at=clock.now(),
        )
    return render.back_to("desk.products", say_so=_l("Saved."))
