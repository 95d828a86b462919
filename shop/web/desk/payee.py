"""Where the money of a point goes: its owner sees it masked, and changes it for the own payee only."""

from typing import Any

from flask import Response, abort, redirect, request, url_for
from sqlalchemy.orm import Session

from shop.kernel import clock, db
from shop.kernel.errors import Conflict, Invalid, ShopError
from shop.kernel.i18n import _l, country_name
from shop.kernel.words import say
from shop.network import destinations, queries
from shop.network.destinations import Destination
from shop.network.models import Payee, Rail
from shop.rewards import connect_accounts, payout_terms
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.desk.routes import blueprint
from shop.web.payee_form import OWN_RAILS, OwnDestinationForm


@blueprint.get("/payee")
@access.desk_owner
def payee() -> Response:
    """Who is paid, and where the money goes."""
    return _page(OwnDestinationForm(formdata=None))


@blueprint.post("/payee")
@access.desk_owner
def change_payee() -> Any:
    """Another bank account; it rests for three days, and every owner of the payee's points sees it."""
    form, actor = OwnDestinationForm(), current_actor()
    if form.validate():
        try:
            with db.unit_of_work() as session:
                own = own_payee(session)
                _check_may_change(destinations.current(session, [own.id]).get(own.id))
                destinations.set_destination(
                    session,
                    own.id,
                    rail=Rail(form.rail.data),
                    details=form.details,
                    by=actor.key,
                    at=clock.now(),
                )
            said = _l("Saved. Money goes there after three days.")
            return render.back_to("desk.payee", say_so=said)
        except Invalid as error:
            form.blame(error)
    return _page(form, status=422)


@blueprint.post("/payee/connect")
@access.desk_owner
def connect_payee() -> Any:
    """Open an account at Stripe, or go on with it there."""
    return _to_stripe(request.form.get("country", ""))


@blueprint.get("/payee/connect/again")
@access.desk_owner
def connect_again() -> Any:
    """The link ran out: Stripe sends the owner here for a new one."""
    return _to_stripe("")


@blueprint.get("/payee/connect/return")
@access.desk_owner
def connect_return() -> Any:
    """The owner is back; how far the account is, Stripe says."""
    with db.reading() as session:
        payee_id = own_payee(session).id
    try:
        done = connect_accounts.come_back(payee_id, by=current_actor().key)
    except ShopError as error:
        return _page(OwnDestinationForm(formdata=None), message=say(error.message), status=503)
    said = (
        _l("Your account is set up. Money goes there after three days.")
        if done
        else _l("Stripe still needs something from you. You can go on at any time.")
    )
    return render.back_to("desk.payee", say_so=said)


def _to_stripe(country: str) -> Any:
    with db.reading() as session:
        own = own_payee(session)
        _check_may_change(destinations.current(session, [own.id]).get(own.id))
    try:
        base = url_for("desk.connect_payee", _external=True)
        address = connect_accounts.begin(own.id, country, base=base, by=current_actor().key)
    except ShopError as error:
        form = OwnDestinationForm(formdata=None)
        return _page(form, message=say(error.message), status=error.status)
    return redirect(address, code=303)


def _page(form: OwnDestinationForm, *, message: str = "", status: int = 200) -> Response:
    with db.reading() as session:
        own = own_payee(session)
        current = destinations.current(session, [own.id]).get(own.id)
        points = queries.points_of_payee(session, own.id)
        account = connect_accounts.of_payee(session, own.id)
        terms = payout_terms.current(session)
    currency = render.current_brand().currency
    rail = current.rail if current else Rail.BANK_FILE
    return render.page(
        "desk/payee.html",
        status=status,
        form=form,
        payee=own,
        destination=current,
        may_change=_may_change(current),
        points=points,
        account=account,
        countries={code: country_name(code) for code in connect_accounts.COUNTRIES},
        terms=terms.get((rail, currency), payout_terms.standard(currency)),
        message=message,
        at=clock.now(),
    )


def _may_change(current: Destination | None) -> bool:
    return current is None or current.rail in OWN_RAILS


def _check_may_change(current: Destination | None) -> None:
    """Raises Conflict where the brand pays in a way of its own."""
    if not _may_change(current):
        raise Conflict(_l("The brand chose how you are paid. Please ask it for a change."))


def own_payee(session: Session) -> Payee:
    """The payee of the chosen point, if this person owns every point that it is paid for.

    A dealer with five stores has one payee; whoever owns one of the stores must not redirect the
    money of all.
    """
    found, is_whole, _owned = share_of_payee(session)
    if found is None:
        abort(404)
    if not is_whole:
        abort(403)
    return found


def share_of_payee(session: Session) -> tuple[Payee | None, bool, list[int]]:
    """The payee of the chosen point, whether all of it is this person's, and which points are."""
    actor = current_actor()
    found = queries.payee_of(session, actor.point_id or 0)
    if found is None:
        return None, False, []
    owned = {place.point_id for place in actor.places if place.role == "owner"}
    points = [one.id for one in queries.points_of_payee(session, found.id)]
    is_whole = owned.issuperset(points) or found.account_id == actor.account_id
    return found, is_whole, [one for one in points if one in owned]
