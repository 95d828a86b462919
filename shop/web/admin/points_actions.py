"""What network staff do with a point; each action ends at the point with a sentence."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import abort, request
from sqlalchemy.orm import Session

from commissions.errors import StaleState
from shop.accounts.contacts import normal_contact
from shop.catalog import locations
from shop.kernel import clock, db
from shop.kernel.errors import Conflict, Invalid, NotFound, ShopError
from shop.kernel.i18n import _l, locale
from shop.kernel.words import Words
from shop.network import destinations, edit, joining, queries, tree
from shop.network import points as verbs
from shop.network.models import PointKind, PointRole, PointStatus, Rail
from shop.network.points import NewPoint
from shop.rewards import holds
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import points
from shop.web.admin.points_forms import NewPointForm, PointForm
from shop.web.admin.routes import blueprint
from shop.web.payee_form import DestinationForm

_SAID = {
    PointStatus.ACTIVE: _l("The shop is open again."),
    PointStatus.SUSPENDED: _l("Suspended: the shop is closed, its links lead to the brand's shop."),
    PointStatus.CLOSED: _l("Closed for good."),
}


class NoSuchManager(Invalid):
    code = "no_such_manager"

    def __init__(self) -> None:
        super().__init__(_l("No point has this number."), field="manager")


@blueprint.route("/points/new", methods=["GET", "POST"])
@access.network_staff
def new_point() -> Any:
    """A point that staff make; its owner gets an invitation."""
    form = NewPointForm()
    if not form.is_submitted():
        form.manager.data = request.args.get("manager", "")
    if form.validate_on_submit():
        try:
            with db.unit_of_work() as session:
                point_id = _make(session, form)
            return render.back_to(
                "admin.point", point_id=point_id, say_so=_l("The point is there.")
            )
        except Invalid as error:
            form.blame(error)
        except Conflict as error:
            form.blame(Invalid(error.message, field="manager"))
    status = 422 if form.errors or form.form_errors else 200
    return render.page("admin/points/new.html", status=status, form=form)


@blueprint.post("/points/<int:point_id>/facts")
@access.network_staff
def change_point(point_id: int) -> Any:
    """Name, kind, plan group, territory, address, contact."""
    form = PointForm()
    if not form.validate():
        return points.show(point_id, action="facts", form=form)
    try:
        with db.unit_of_work() as session:
            edit.change(session, point_id, form.clean, by=current_actor().key, at=clock.now())
    except Invalid as error:
        form.blame(error)
        return points.show(point_id, action="facts", form=form)
    return render.back_to("admin.point", point_id=point_id, say_so=_l("Saved."))


@blueprint.post("/points/<int:point_id>/status")
@access.network_staff
def change_point_status(point_id: int) -> Any:
    """Suspend, reopen, close."""
    wanted = request.form.get("to", "")
    if wanted not in set(_SAID):
        abort(400)
    to = PointStatus(wanted)

    def work(session: Session) -> None:
        note = request.form.get("note", "").strip()
        if to is not PointStatus.ACTIVE and not note:
            raise Invalid(_l("Please say why; the reason is kept."), field="note")
        by, at = current_actor().key, clock.now()
        verbs.change_status(session, point_id, to, by=by, at=at, note=note[:500])
        if to is not PointStatus.ACTIVE and request.form.get("earnings") == "hold":
            holds.stop_point(session, point_id, until=at + HOLD, note=note[:500], by=by, at=at)

    return _do(point_id, "status", work, _SAID[to])


HOLD = timedelta(days=14)
"""So long earnings of a stopped point are held, if that is chosen; then they are paid."""


@blueprint.post("/points/<int:point_id>/manager")
@access.network_staff
def move_point(point_id: int) -> Any:
    """Hang the point with everything below it under another manager."""

    def work(session: Session) -> None:
        manager = _manager(session, request.form.get("manager", ""))
        contract = request.form.get("contract", "").strip()[:120]
        tree.move(
            session, point_id, manager, by=current_actor().key, at=clock.now(), contract=contract
        )

    return _do(point_id, "manager", work, _l("Moved, with everything below it."))


@blueprint.post("/points/<int:point_id>/invitations")
@access.network_staff
def invite_to_point(point_id: int) -> Any:
    """Invite an owner, a clerk or a manager."""

    def work(session: Session) -> None:
        role = request.form.get("role", "")
        if role not in set(PointRole):
            raise Invalid(_l("Please choose a role."), field="role")
        contact = normal_contact(request.form.get("contact", ""), render.current_brand().country)
        joining.invite(
            session,
            point_id,
            PointRole(role),
            contact,
            locale=locale(),
            by=current_actor().key,
            at=clock.now(),
        )

    return _do(point_id, "invite", work, _l("The invitation is on its way."))


@blueprint.post("/points/<int:point_id>/counter")
@access.network_staff
def make_counter(point_id: int) -> Any:
    """Make the point a place where buyers collect, or change how it is one."""

    def work(session: Session) -> None:
        found = queries.point(session, point_id)
        if found is None:
            raise NotFound(_l("There is no such point."))
        _counter(session, point_id, found.external_key or f"point-{point_id}")

    return _do(point_id, "counter", work, _l("Saved."))


@blueprint.post("/points/<int:point_id>/destination")
@access.network_staff
def change_destination(point_id: int) -> Any:
    """Where the payee's money goes."""
    form = DestinationForm()
    if not form.validate():
        return points.show(point_id, action="destination", destination=form)
    try:
        with db.unit_of_work() as session:
            payee = queries.payee_of(session, point_id)
            if payee is None:
                raise Conflict(_l("This point has no payee."))
            destinations.set_destination(
                session,
                payee.id,
                rail=Rail(form.rail.data),
                details=form.details,
                by=current_actor().key,
                at=clock.now(),
                by_staff=True,
            )
    except Invalid as error:
        form.blame(error)
        return points.show(point_id, action="destination", destination=form)
    return render.back_to("admin.point", point_id=point_id, say_so=_l("Saved."))


def _do(point_id: int, action: str, work: Callable[[Session], None], said: Words) -> Any:
    try:
        with db.unit_of_work() as session:
            if queries.point(session, point_id) is None:
                raise NotFound(_l("There is no such point."))
            work(session)
    except StaleState:
        error: ShopError = Conflict(
            _l("Somebody else changed this meanwhile. Please look at it again.")
        )
        return points.show(point_id, action=action, error=error)
    except ShopError as error:
        if error.status >= 500:
            raise
        return points.show(point_id, action=action, error=error)
    return render.back_to("admin.point", point_id=point_id, say_so=said)


def _make(session: Session, form: NewPointForm) -> int:
    at, by, values = clock.now(), current_actor().key, form.clean
    owner_text, manager_text = values.pop("owner"), values.pop("manager")
    owner = _owner(owner_text)
    manager = _manager(session, manager_text)
    if values["external_key"] and queries.find(session, values["external_key"]):
        raise edit.KeyTaken
    new = NewPoint(**{**values, "kind": PointKind(values["kind"])}, manager_id=manager)
    point_id = verbs.make(session, new, by=by, at=at)
    if owner:
        joining.invite(session, point_id, PointRole.OWNER, owner, locale=locale(), by=by, at=at)
    return point_id


def _owner(text: str) -> str:
    if not text:
        return ""
    try:
        return normal_contact(text, render.current_brand().country)
    except Invalid as error:
        raise Invalid(error.message, field="owner") from error


def _manager(session: Session, text: str) -> int | None:
    if not text.strip():
        return None
    found = queries.find(session, text)
    if found is None:
        raise NoSuchManager
    if found.status == PointStatus.CLOSED:
        raise Invalid(_l("This point is closed; it cannot manage others."), field="manager")
    return found.id


def _counter(session: Session, point_id: int, code: str) -> None:
    text = {name: request.form.get(name, "").strip() for name in _COUNTER}
    if not text["name_zh"] and not text["name_en"]:
        raise Invalid(_l("A place needs a name."), field="name")
    if not text["ready_minutes"].isdecimal() or len(text["ready_minutes"]) > 5:
        raise Invalid(
            _l("“%(text)s” is not a number.", text=text["ready_minutes"][:20]),
            field="ready_minutes",
        )
    name = _texts(text, "name", 120)
    details = {
        "address": text["address"][:300],
        "phone": text["phone"][:20],
        "opening_hours": _texts(text, "hours", 200),
        "pickup_instructions": _texts(text, "instructions", 500),
        "pickup_ready_minutes": int(text["ready_minutes"]),
        "pickup_enabled": "enabled" in request.form,
    }
    by, at = current_actor().key, clock.now()
    place = locations.of_point(session, point_id)
    if place is not None:
        locations.change_location(session, place.id, by=by, at=at, name=name, **details)
        return
    locations.make_location(
        session, code, name, by=by, at=at, point_id=point_id, ships=False, **details
    )


_COUNTER = (
    "name_zh", "name_en", "address", "phone", "hours_zh", "hours_en", "instructions_zh",
    "instructions_en", "ready_minutes",
)  # fmt: skip


def _texts(text: dict[str, str], name: str, longest: int) -> dict[str, str]:
    both = {"zh": text[f"{name}_zh"][:longest], "en": text[f"{name}_en"][:longest]}
    return {tag: words for tag, words in both.items() if words}
