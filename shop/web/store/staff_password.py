"""Staff choose their password: the first after signing in by a one-time code, later ones here too.

Separate from `sign_in` because it asks for more than a sign-in: whoever has a password already must
have passed the second factor before it can be changed.
"""

from typing import Any

from flask import abort, redirect, session, url_for
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from shop.accounts import passwords, queries
from shop.kernel import audit, clock, db
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _l
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.actor import sign_in as begin_session
from shop.web.forms import Form, label
from shop.web.store.routes import blueprint

LONGEST = 200
"""argon2 would hash a megabyte as well, for as long as that takes."""


class NewPasswordForm(Form):
    password = PasswordField(label("New password"), [InputRequired(), Length(max=LONGEST)])
    again = PasswordField(label("Once more"), [InputRequired(), Length(max=LONGEST)])


@blueprint.route("/sign-in/password", methods=["GET", "POST"])
@access.signed_in
def staff_password() -> Any:
    """Choose a password; all other sessions of this person end."""
    actor = current_actor()
    account_id = actor.account_id or 0
    with db.reading() as reader:
        person = queries.person(reader, account_id)
    if person is None or not person.staff_roles:
        return redirect(url_for("store.account"))  # only staff have passwords
    if (person.has_password or person.has_totp) and not actor.has_second_factor:
        return redirect(url_for("store.second_factor"))
    form = NewPasswordForm()
    if form.validate_on_submit():
        try:
            if form.password.data != form.again.data:
                raise Invalid(_l("The two are not the same."), field="again")
            with db.unit_of_work() as writer:
                passwords.set_password(writer, account_id, form.password.data or "")
                audit.record(
                    writer, "account.password_set", "account", account_id, by=actor.key,
                    at=clock.now(),
                )  # fmt: skip
                person = queries.person(writer, account_id)
            return _go_on(person, second_factor=actor.has_second_factor)
        except Invalid as error:
            form.blame(error)
    return render.page(
        "store/staff_password.html",
        status=422 if form.errors else 200,
        form=form,
        shortest=passwords.SHORTEST,
        shopfront=None,
    )


def _go_on(person: queries.Person | None, *, second_factor: bool) -> Any:
    """This session goes on under the new version; a first password leads to the second factor."""
    if person is None:
        abort(404)
    target = session.get("after_sign_in", "")
    begin_session(person, second_factor=second_factor)
    session["after_sign_in"] = target
    if second_factor:
        return render.back_to("admin.tasks", say_so=_l("Your password is changed."))
    return redirect(url_for("store.second_factor"), code=303)
