"""Signing in: a one-time code for everybody, a password and a second factor for staff."""

from typing import Any

import segno
from flask import Response, current_app, g, redirect, request, session, url_for
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from shop.accounts import codes, demo_people, passwords, queries, register
from shop.accounts.queries import Person
from shop.checkout import merge
from shop.kernel import clock, db, paths
from shop.kernel.errors import Invalid
from shop.kernel.i18n import LOCALES, locale
from shop.rewards.abuse import devices
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.actor import sign_in as begin_session
from shop.web.actor import sign_out as end_session
from shop.web.forms import Form, label
from shop.web.store import visitors
from shop.web.store.orders import normal_contact
from shop.web.store.routes import blueprint


class ContactForm(Form):
    contact = StringField(label("Phone number or e-mail"), [InputRequired()])


class CodeForm(Form):
    code = StringField(label("Code"), [InputRequired()])


class PasswordForm(Form):
    contact = StringField(label("Phone number or e-mail"), [InputRequired()])
    password = PasswordField(label("Password"), [InputRequired()])


@blueprint.route("/sign-in", methods=["GET", "POST"])
@access.public
def sign_in() -> Any:
    """Ask for a code."""
    form = ContactForm()
    if form.validate_on_submit():
        try:
            contact = normal_contact(form.contact.data or "", render.current_brand().country)
            with db.unit_of_work() as writer:
                codes.request(
                    writer,
                    contact,
                    purpose="sign_in",
                    locale=locale(),
                    remote=request.remote_addr or "",
                    at=clock.now(),
                )
            session["signing_in"] = contact
            return redirect(url_for("store.enter_code"), code=303)
        except Invalid as error:
            form.blame(error)
    with db.reading() as reader:
        people = demo_people.ready(reader) if _is_demo() else []
    return render.page(
        "store/sign_in.html",
        status=422 if form.errors else 200,
        form=form,
        people=people,
        shopfront=None,
    )


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@access.public
def enter_code() -> Any:
    """Take the code; a staff member then goes on to the second factor."""
    contact = session.get("signing_in", "")
    if not contact:
        return redirect(url_for("store.sign_in"))
    form = CodeForm()
    if form.validate_on_submit():
        try:
            return _arrive(_use_code(contact, form.code.data or ""), second_factor=False)
        except Invalid as error:
            form.blame(error)
    return render.page(
        "store/sign_in_code.html",
        status=422 if form.errors else 200,
        form=form,
        contact=contact,
        shopfront=None,
    )


@blueprint.route("/sign-in/staff", methods=["GET", "POST"])
@access.public
def staff_sign_in() -> Any:
    """Password for staff."""
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            contact = normal_contact(form.contact.data or "", render.current_brand().country)
            with db.unit_of_work() as writer:
                passwords.count_try(writer, contact, remote=request.remote_addr or "")
            with db.reading() as reader:
                account_id = passwords.check(reader, contact, form.password.data or "")
                person = queries.person(reader, account_id)
            if person is not None:
                return _arrive(person, second_factor=False)
        except Invalid as error:
            form.blame(error)
    return render.page(
        "store/sign_in_staff.html",
        status=422 if form.errors else 200,
        form=form,
        shopfront=None,
    )


@blueprint.route("/sign-in/second-factor", methods=["GET", "POST"])
@access.signed_in
def second_factor() -> Any:
    """The authenticator's code; the first time, a QR code sets the authenticator up."""
    actor = current_actor()
    account_id = actor.account_id or 0
    form = CodeForm()
    if form.validate_on_submit():
        try:
            with db.unit_of_work() as writer:
                passwords.count_try(writer, f"totp:{account_id}", remote=request.remote_addr or "")
            with db.unit_of_work() as writer:
                passwords.use_second_factor(writer, account_id, form.code.data or "")
            session["second_factor"] = True
            session.pop("totp_secret", None)
            return redirect(_next(staff=True), code=303)
        except Invalid as error:
            form.blame(error)
    return render.page(
        "store/second_factor.html",
        status=422 if form.errors else 200,
        form=form,
        qr=_set_up(account_id),
        shopfront=None,
    )


@blueprint.post("/sign-in/demo")
@access.public
def demo_sign_in() -> Any:
    """The demo's ready sign-ins, second factor included; exists in the demo only."""
    if not _is_demo():
        return Response(status=404)
    with db.reading() as reader:
        person = demo_people.one(reader, request.form.get("person", ""))
    if person is None:
        return Response(status=404)
    # Whoever tries the demo plays everybody's part in one browser; a network's people do not.
    return _arrive(person, second_factor=True, own_browser=False)


@blueprint.post("/sign-out")
@access.public
def sign_out() -> Any:
    """End the session; the next person on this device begins with an empty cart."""
    end_session()
    return visitors.forget_cart(render.back_to("store.brand_home"))


@blueprint.get("/speak/<tag>")
@access.public
def speak(tag: str) -> Any:
    """Choose the language of desk, admin and account pages."""
    if tag in LOCALES:
        session["locale"] = tag
    target = request.args.get("next", "/")
    return redirect(target if paths.is_inside(target) else "/")


def _use_code(contact: str, code: str) -> Person:
    with db.unit_of_work() as writer:  # counted even if the code turns out to be wrong
        codes.count_try(writer, contact, purpose="sign_in")
    with db.unit_of_work() as writer:
        codes.use(writer, contact, code, purpose="sign_in")
        return register.with_contact(writer, contact, name="", locale=locale(), at=clock.now())


def _arrive(person: Person, *, second_factor: bool, own_browser: bool = True) -> Any:
    target = _next(staff=bool(person.staff_roles))
    begin_session(person, second_factor=second_factor)
    session.pop("after_sign_in", None)
    with db.unit_of_work() as writer:
        g.new_cart_token = merge.take_over(
            writer,
            visitors.cart_token(),
            person.id,
            currency=render.current_brand().currency,
            at=clock.now(),
        )
        browser = visitors.name() if own_browser else ""
        is_known = devices.note(writer, person.id, browser, at=clock.now())
    if person.staff_roles and not second_factor:
        session["after_sign_in"] = target
        first_time = not (person.has_password or person.has_totp)
        step = "store.staff_password" if first_time else "store.second_factor"
        target = url_for(step)
    answer = redirect(target, code=303)
    return visitors.remember(visitors.keep_name(answer, browser if is_known else ""))


def _next(*, staff: bool) -> str:
    target = session.get("after_sign_in", "")
    if paths.is_inside(target):
        return str(target)
    return url_for("admin.tasks") if staff else url_for("store.account")


def _set_up(account_id: int) -> str:
    """The QR code that sets up an authenticator; empty if one was set up before."""
    with db.reading() as reader:
        person = queries.person(reader, account_id)
    if person is None or (person.has_totp and "totp_secret" not in session):
        return ""
    if "totp_secret" not in session:
        with db.unit_of_work() as writer:
            session["totp_secret"] = passwords.begin_second_factor(writer, account_id)
    uri = passwords.provisioning_uri(
        session["totp_secret"],
        contact=person.email or person.phone or "",
        issuer=render.current_brand().name.get("en", "Gridshop"),
    )
    return str(segno.make(uri, error="m").svg_inline(scale=4, border=4, omitsize=True))


def _is_demo() -> bool:
    return bool(current_app.config["SETTINGS"].demo)
