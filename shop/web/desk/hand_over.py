"""Handing goods over at the counter: by code or scan, or by phone tail and name."""

from typing import Any

from flask import Response, request

from shop.fulfillment import pickup
from shop.fulfillment.errors import AlreadyCollected
from shop.fulfillment.pickup import Waiting
from shop.kernel import clock, db, ids
from shop.kernel.errors import Invalid, ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import say
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.desk.routes import blueprint


@blueprint.get("/hand-over")
@access.desk
def hand_over() -> Response:
    """What waits here, and the field for a code; a scanned code comes in the address."""
    code = request.args.get("code", "")
    if code:
        return _look_for(code)
    return _page()


@blueprint.post("/hand-over/find")
@access.desk
def find_ticket() -> Response:
    """Look a code up, or a buyer by the last four digits of the phone and the name."""
    code = request.form.get("code", "").strip()
    if code:
        return _look_for(code)
    tail, name = request.form.get("tail", "").strip(), request.form.get("name", "")
    return _show(lambda session, point: pickup.find_by_buyer(session, tail, name, point))


@blueprint.post("/hand-over/<int:ticket_id>")
@access.desk
def hand_out(ticket_id: int) -> Any:
    """Hand units over; what is not chosen waits on."""
    actor = current_actor()
    units = {
        line_id: _units(text)
        for name, text in request.form.items()
        if name.startswith("units-") and (line_id := ids.read(name.removeprefix("units-")))
    }
    with db.unit_of_work() as session:
        pickup.hand_out(
            session, ticket_id, actor.point_id or 0, units, by=actor.key, at=clock.now()
        )
    return render.back_to("desk.hand_over", say_so=_l("Handed over. The buyer has a message."))


@blueprint.post("/hand-over/<int:ticket_id>/ready")
@access.desk
def mark_ready(ticket_id: int) -> Any:
    """The goods lie ready."""
    actor = current_actor()
    with db.unit_of_work() as session:
        pickup.mark_ready(session, ticket_id, actor.point_id or 0, by=actor.key, at=clock.now())
    return render.back_to("desk.hand_over", say_so=_l("The order is ready for pick-up."))


def _look_for(code: str) -> Response:
    return _show(lambda session, point: [pickup.find(session, code, point)])


def _show(look: Any) -> Response:
    actor = current_actor()
    point_id = actor.point_id or 0
    try:
        with db.unit_of_work() as session:
            pickup.count_try(session, point_id, actor.account_id or 0)
        with db.reading() as session:
            found: list[Waiting] = look(session, point_id)
    except AlreadyCollected as error:
        return _page(message=say(error.message), used_at=error.used_at, status=409)
    except ShopError as error:
        return _page(message=say(error.message), status=error.status)
    return _page(found=found)


def _page(
    *,
    found: list[Waiting] | None = None,
    message: str = "",
    used_at: Any = None,
    status: int = 200,
) -> Response:
    with db.reading() as session:
        waiting = pickup.waiting_at(session, current_actor().point_id or 0)
    return render.page(
        "desk/hand_over.html",
        status=status,
        found=found or [],
        waiting=waiting,
        message=message,
        used_at=used_at,
    )


def _units(text: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        raise Invalid(_l("“%(text)s” is not a number.", text=text[:20]), field="units")
    return int(text)
