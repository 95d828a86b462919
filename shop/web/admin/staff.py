"""Members of the brand's staff: who they are, which roles they hold, whether they may come in."""

from typing import Any

from flask import Response, abort, request
from sqlalchemy.orm import Session
from wtforms import SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from shop.accounts import queries, register, staffing
from shop.accounts.contacts import normal_email
from shop.accounts.models import StaffRole
from shop.accounts.queries import Person
from shop.kernel import clock, db
from shop.kernel.errors import Conflict, Invalid, ShopError
from shop.kernel.i18n import _l, locale
from shop.kernel.words import Words, say
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint
from shop.web.forms import Form, choices, label

ROLES: dict[StaffRole, tuple[Words, Words]] = {
    StaffRole.ADMIN: (_l("Administrator"), _l("staff, roles, brand settings, audit log")),
    StaffRole.CATALOG: (_l("Catalog"), _l("products, stock, shipping rates")),
    StaffRole.ORDERS: (_l("Orders"), _l("ship, refund, cancel")),
    StaffRole.NETWORK: (_l("Network"), _l("points, applications, imports")),
    StaffRole.FINANCE_MAKER: (_l("Finance: prepares"), _l("prepares payouts and drafts plans")),
    StaffRole.FINANCE_CHECKER: (
        _l("Finance: approves"),
        _l("approves what another person prepared"),
    ),
}
_DONE = {
    "disable": _l("This person is kept out from now on."),
    "enable": _l("This person may come in again."),
    "sign-out": _l("Signed out everywhere."),
    "second-factor": _l("The second factor will be set up anew at the next sign-in."),
}


class StaffForm(Form):
    email = StringField(label("E-mail"), [InputRequired(), Length(max=254)])
    name = StringField(label("Name"), [Length(max=120)])
    roles = SelectMultipleField(label("Roles"), choices=choices({role: role for role in StaffRole}))


@blueprint.route("/staff", methods=["GET", "POST"])
@access.admin
def staff() -> Any:
    """Everybody with a role, and the form for one more."""
    form = StaffForm()
    if form.validate_on_submit():
        try:
            with db.unit_of_work() as session:
                person = staffing.invite(
                    session,
                    normal_email(form.email.data or "") or "",
                    name=" ".join((form.name.data or "").split()),
                    roles=[StaffRole(role) for role in form.roles.data or ()],
                    locale=locale(),
                    by=current_actor().key,
                    at=clock.now(),
                )
            return render.back_to(
                "admin.staff",
                say_so=_l("%(contact)s has a message with the way in.", contact=person.email),
            )
        except Invalid as error:
            form.blame(error)
        except Conflict as error:
            form.blame(Invalid(error.message, field="roles"))
    with db.reading() as session:
        people = queries.staff(session)
    status = 422 if form.errors or form.form_errors else 200
    return render.page(
        "admin/staff/list.html", status=status, form=form, people=people, roles=ROLES
    )


@blueprint.get("/staff/<int:account_id>")
@access.admin
def staff_member(account_id: int) -> Response:
    """One person."""
    return _page(account_id)


@blueprint.post("/staff/<int:account_id>/roles")
@access.admin
def change_roles(account_id: int) -> Any:
    """Grant what is ticked, revoke what is not; both or neither."""
    wanted = {StaffRole(role) for role in request.form.getlist("roles") if role in set(StaffRole)}
    at, by = clock.now(), current_actor().key

    def work(session: Session) -> None:
        held = {StaffRole(role) for role in _person(session, account_id).staff_roles}
        # Revoked first, so that somebody may change from one side of four eyes to the other.
        for role in sorted(held - wanted):
            register.revoke(session, account_id, role, by=by, at=at)
        for role in sorted(wanted - held):
            register.grant(session, account_id, role, by=by, at=at)

    said = _l("Saved. Whoever lost a role is signed out.")
    return _do(account_id, work, said, gone=not wanted)


@blueprint.post("/staff/<int:account_id>/<act>")
@access.admin
def act_on_staff(account_id: int, act: str) -> Any:
    """Keep out, let in, sign out everywhere, forget the second factor."""
    verbs = {
        "disable": staffing.disable,
        "enable": staffing.enable,
        "sign-out": staffing.sign_out,
        "second-factor": staffing.forget_second_factor,
    }
    if act not in verbs:
        abort(404)

    def work(session: Session) -> None:
        verbs[act](session, account_id, by=current_actor().key, at=clock.now())

    return _do(account_id, work, _DONE[act])


def _do(account_id: int, work: Any, said: Words, *, gone: bool = False) -> Any:
    try:
        with db.unit_of_work() as session:
            _person(session, account_id)
            work(session)
    except ShopError as error:
        if error.status >= 500:
            raise
        return _page(account_id, message=say(error.message), status=error.status)
    if gone:
        return render.back_to("admin.staff", say_so=said)
    return render.back_to("admin.staff_member", account_id=account_id, say_so=said)


def _page(account_id: int, *, message: str = "", status: int = 200) -> Response:
    with db.reading() as session:
        person = _person(session, account_id)
    ticked = request.form.getlist("roles") if "roles" in request.form else person.staff_roles
    return render.page(
        "admin/staff/member.html",
        status=status,
        person=person,
        roles=ROLES,
        ticked=set(ticked),
        message=message,
        is_self=current_actor().account_id == account_id,
    )


def _person(session: Session, account_id: int) -> Person:
    found = queries.person(session, account_id)
    if found is None:
        abort(404)
    return found
