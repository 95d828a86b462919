"""A payee's own tax data: what the brand knows, masked, and what the owner wants to change."""

from typing import Any

from flask import Response

from shop.kernel import clock, db
from shop.kernel.errors import Conflict, Invalid
from shop.kernel.i18n import _l
from shop.kernel.words import say
from shop.rewards import tax_changes, taxes
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.desk.payee import own_payee
from shop.web.desk.routes import blueprint
from shop.web.payee_form import OwnTaxForm


@blueprint.get("/payee/tax")
@access.desk_owner
def tax_data() -> Response:
    """What we know, what waits, and the form."""
    with db.reading() as session:
        own = own_payee(session)
        data = taxes.data_of(session, [own.id]).get(own.id)
    form = OwnTaxForm(
        formdata=None,
        legal_name=data.legal_name if data else own.name,
        address=data.address if data else "",
        self_billing=data.self_billing if data else False,
    )
    return _page(form)


@blueprint.post("/payee/tax")
@access.desk_owner
def change_tax_data() -> Any:
    """Enter it; it rests for three days and then finance looks at it."""
    form = OwnTaxForm()
    try:
        with db.unit_of_work() as session:
            tax_changes.propose(
                session,
                own_payee(session).id,
                form.wanted,
                by=current_actor().key,
                at=clock.now(),
            )
    except Invalid as error:
        form.blame(error)
        return _page(form, status=422)
    except Conflict as error:
        return _page(form, message=say(error.message), status=409)
    said = _l("Saved. It rests for three days; then the brand looks at it.")
    return render.back_to("desk.tax_data", say_so=said)


@blueprint.post("/payee/tax/withdraw")
@access.desk_owner
def withdraw_tax_data() -> Any:
    """Take back what waits."""
    with db.unit_of_work() as session:
        by, at = current_actor().key, clock.now()
        tax_changes.withdraw(session, own_payee(session).id, by=by, at=at)
    return render.back_to("desk.tax_data", say_so=_l("Withdrawn."))


def _page(form: OwnTaxForm, *, message: str = "", status: int = 200) -> Response:
    with db.reading() as session:
        own = own_payee(session)
        return render.page(
            "desk/tax_data.html",
            status=status,
            form=form,
            payee=own,
            data=taxes.data_of(session, [own.id]).get(own.id),
            waiting=tax_changes.open_of(session, [own.id]).get(own.id),
            refused=tax_changes.latest_refused(session, own.id),
            codes=taxes.VAT_CODES,
            message=message,
            at=clock.now(),
        )
