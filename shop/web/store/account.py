"""The buyer's account: orders, guest orders to claim, name and language, and a fresh start."""

from typing import Any

from flask import Response, request, session
from wtforms import StringField
from wtforms.validators import Length

from shop.accounts import profile
from shop.kernel import clock, db
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _l
from shop.orders import claim, queries
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.forms import Form, label
from shop.web.store.routes import blueprint


class ProfileForm(Form):
    name = StringField(label("Your name"), [Length(max=120)])


@blueprint.get("/me")
@access.signed_in
def account() -> Response:
    """Orders, and orders made as a guest with the same phone or e-mail."""
    actor = current_actor()
    with db.reading() as reader:
        orders = queries.of_account(reader, actor.account_id or 0)
        claimable = claim.claimable(reader, actor.account_id or 0)
    return render.page(
        "store/account.html",
        orders=orders,
        claimable=claimable,
        form=ProfileForm(name=actor.name),
        shopfront=None,
    )


@blueprint.post("/me/claim")
@access.signed_in
def claim_orders() -> Any:
    """Take over the guest orders of the confirmed contact."""
    actor = current_actor()
    with db.unit_of_work() as writer:
        claim.claim_all(writer, actor.account_id or 0, at=clock.now())
    return render.back_to("store.account", say_so=_l("These orders are in your account now."))


@blueprint.post("/me/profile")
@access.signed_in
def change_profile() -> Any:
    """Change the name."""
    actor = current_actor()
    form = ProfileForm()
    try:
        with db.unit_of_work() as writer:
            profile.rename(writer, actor.account_id or 0, form.name.data or "", at=clock.now())
    except Invalid as error:
        return render.back_to("store.account", say_so=error.message, tone="bad")
    session.pop("actor", None)
    return render.back_to("store.account", say_so=_l("Saved."))


@blueprint.post("/me/language")
@access.signed_in
def change_language() -> Any:
    """Keep the language of desk, admin and account pages with the account."""
    tag = request.form.get("tag", "")
    with db.unit_of_work() as writer:
        profile.speak(writer, current_actor().account_id or 0, tag)
    session["locale"] = tag
    return render.back_to("store.account")
