"""“Why not me?”, and the one objection that a point may raise."""

from typing import Any

from flask import Response, abort, request
from sqlalchemy.orm import Session

from commissions.errors import NotFound as NotCredited
from shop.kernel import clock, db, ids
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _l
from shop.orders import queries as orders
from shop.orders.queries import PointLine
from shop.rewards import earnings as rewards
from shop.rewards import objections, sentences
from shop.rewards.objections import Subject
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.desk.routes import blueprint


@blueprint.get("/orders/<int:order_id>")
@access.desk_owner
def order(order_id: int) -> Response:
    """The lines of an order that the point brought, and what came of each."""
    point_id, at = current_actor().point_id or 0, clock.now()
    with db.reading() as session:
        lines = orders.lines_of_point(session, point_id, order_id)
        if not lines:
            abort(404)
        earned = rewards.of_order_by_point(session, order_id, point_id, at=at)
    return render.page("desk/order.html", lines=lines, earned=earned)


@blueprint.get("/lost")
@access.desk_owner
def lost() -> Response:
    """Sales that the point was in the running for and did not get."""
    with db.reading() as session:
        page = orders.lost_by_point(
            session,
            current_actor().point_id or 0,
            after=str(ids.read(request.args.get("after", "")) or ""),
        )
    return render.page("desk/lost.html", page=page, reasons=sentences.REASONS)


@blueprint.get("/lines/<int:line_id>")
@access.desk_owner
def why_not(line_id: int) -> Response:
    """What was decided about a line, as far as it concerns this point."""
    return _line_page(line_id)


@blueprint.post("/lines/<int:line_id>/objection")
@access.desk_owner
def object_to_line(line_id: int) -> Any:
    """Say once that the line was credited wrongly."""
    try:
        object_to(Subject.LINE, line_id)
    except Invalid as error:
        return _line_page(line_id, error)
    return render.back_to("desk.why_not", line_id=line_id, say_so=SAID)


SAID = _l("Sent. The brand must answer; you will hear of it, and the answer will stand here.")


def object_to(subject: Subject, subject_id: int) -> None:
    """Raise the objection that was typed, in the name of the reader's point."""
    actor = current_actor()
    with db.unit_of_work() as session:
        objections.raise_objection(
            session,
            actor.point_id or 0,
            subject,
            subject_id,
            text=request.form.get("text", ""),
            by=actor.key,
            at=clock.now(),
        )


def _line_page(line_id: int, error: Invalid | None = None) -> Response:
    point_id = current_actor().point_id or 0
    with db.reading() as session:
        line = orders.line_of_point(session, point_id, line_id)
        if line is None:
            abort(404)
        answers = _answers(session, point_id, line)
        said = objections.of_point(session, point_id, Subject.LINE, line_id)
    return render.page(
        "desk/why_not.html",
        status=error.status if error else 200,
        line=line,
        answers=answers,
        objection=said,
        typed=request.form.get("text", ""),
        error=error,
    )


def _answers(session: Session, point_id: int, line: PointLine) -> list[dict[str, Any]]:
    """One for each role that was decided; none while the sale waits to be credited."""
    brand = render.current_brand()
    try:
        found = rewards.why_not(session, point_id, line.order_id, line.order_line_id)
    except NotCredited:
        return []
    return [
        {
            "role": one.role.value,
            "steps": sentences.of_steps(one.steps, brand.currency, zone=brand.zone),
        }
        for one in found
        if one.point_key or one.role.value == "seller"
    ]
