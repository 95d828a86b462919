"""The share kit: the link, a QR code, and printed codes whose target can be changed."""

from typing import Any

import segno
from flask import Response, abort, request, url_for
from markupsafe import Markup

from shop.kernel import clock, db
from shop.kernel.i18n import _l
from shop.sharing import links
from shop.storefront import queries as storefronts
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.desk.routes import blueprint


@blueprint.get("/share")
@access.desk
def share() -> Response:
    """Everything that brings people to this shop."""
    point_id = current_actor().point_id or 0
    with db.unit_of_work() as session:
        front = storefronts.of_point(session, point_id)
        if front is None:
            abort(404)
        code = links.share_link(session, point_id, f"/s/{front.slug}/", at=clock.now())
        codes = links.codes_of(session, point_id)
    address = url_for("store.link", code=code, _external=True)
    return render.page(
        "desk/share.html", front=front, address=address, picture=_qr(address), codes=codes
    )


@blueprint.post("/share/codes")
@access.desk_owner
def make_live_code() -> Any:
    """A code to print and hang up."""
    point_id = current_actor().point_id or 0
    label = request.form.get("label", "").strip()[:80]
    with db.unit_of_work() as session:
        front = storefronts.of_point(session, point_id)
        if front is None:
            abort(404)
        links.live_code(session, point_id, f"/s/{front.slug}/", label=label, at=clock.now())
    return render.back_to("desk.share", say_so=_l("The code is ready to print."))


@blueprint.post("/share/codes/<code>")
@access.desk_owner
def retarget(code: str) -> Any:
    """Let a printed code lead to another page of the shop."""
    actor = current_actor()
    with db.unit_of_work() as session:
        links.retarget(
            session,
            actor.point_id or 0,
            code,
            request.form.get("target", ""),
            by=actor.key,
            at=clock.now(),
        )
    return render.back_to("desk.share", say_so=_l("Saved."))


@blueprint.get("/share/codes/<code>.svg")
@access.desk
def live_code_picture(code: str) -> Response:
    """The printed code as a picture."""
    with db.reading() as session:
        known = {one.code for one in links.codes_of(session, current_actor().point_id or 0)}
    if code not in known:
        abort(404)
    picture = segno.make(url_for("store.live_code", code=code, _external=True), error="m")
    answer = Response(picture.svg_inline(scale=8, border=4), mimetype="image/svg+xml")
    answer.headers["Content-Disposition"] = f'attachment; filename="{code}.svg"'
    return answer


def _qr(address: str) -> Markup:
    return Markup(segno.make(address, error="m").svg_inline(border=2, omitsize=True))  # noqa: S704
