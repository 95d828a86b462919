"""Joining the network: apply for a shop of one's own, or accept an invitation."""

from typing import Any

from flask import Response, request
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from shop.kernel import clock, db
from shop.kernel.errors import Invalid, ShopError
from shop.kernel.i18n import _l
from shop.network import joining
from shop.network.models import PointKind
from shop.web import access, render
from shop.web.actor import choose_place, current_actor
from shop.web.forms import Form, choices, label
from shop.web.store.routes import blueprint

_KINDS = {
    PointKind.CUSTOMER: _l("Customer who recommends"),
    PointKind.PARTNER: _l("Partner"),
    PointKind.DEALER: _l("Dealer"),
    PointKind.STORE: _l("Store with a counter"),
}


class ApplyForm(Form):
    name = StringField(label("Name of your shop"), [InputRequired(), Length(max=80)])
    kind = SelectField(label("What are you?"))
    words = TextAreaField(label("A few words about you"), [Length(max=2000)])


@blueprint.get("/apply")
@access.public
def apply() -> Response:
    """What it means to open a shop, and the form for whoever is signed in."""
    return _page(_form())


@blueprint.post("/apply")
@access.signed_in
def send_application() -> Any:
    """Ask to become a point; free, and nothing must be bought."""
    form = _form()
    if form.validate_on_submit():
        try:
            with db.unit_of_work() as writer:
                joining.apply(
                    writer,
                    account_id=current_actor().account_id or 0,
                    kind=PointKind(form.kind.data),
                    name=form.name.data or "",
                    words=form.words.data or "",
                    at=clock.now(),
                )
            return render.back_to(
                "store.apply", say_so=_l("Thank you. We look at it and tell you soon.")
            )
        except ShopError as error:
            form.blame(error if isinstance(error, Invalid) else Invalid(error.message))
    return _page(form, status=422)


@blueprint.get("/invite/<token>")
@access.public
def invitation(token: str) -> Response:
    """What the invitation is for."""
    with db.reading() as reader:
        found = joining.open_invitation(reader, token, at=clock.now())
        point = joining.point_name(reader, found.point_id)
    return render.page(
        "store/invitation.html", invitation=found, point=point, token=token, shopfront=None
    )


@blueprint.post("/invite/<token>")
@access.signed_in
def accept_invitation(token: str) -> Any:
    """Take the role and go to the desk."""
    with db.unit_of_work() as writer:
        point_id = joining.accept(
            writer, token, account_id=current_actor().account_id or 0, at=clock.now()
        )
    choose_place(point_id)
    return render.back_to("desk.today", say_so=_l("Welcome. This is your desk."))


def _form() -> ApplyForm:
    form = ApplyForm(request.form if request.method == "POST" else None)
    form.kind.choices = choices({kind.value: words for kind, words in _KINDS.items()})
    return form


def _page(form: ApplyForm, status: int = 200) -> Response:
    return render.page("store/apply.html", status=status, form=form, shopfront=None)
