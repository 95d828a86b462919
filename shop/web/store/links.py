"""Short links, live codes, the way to ask a point's owner, and counted visits."""

from typing import Any

from flask import Response, abort, current_app, g, redirect, request, url_for

from shop.kernel import clock, db, paths, signing
from shop.sharing import origins, touches
from shop.sharing.touches import Seen, Target
from shop.storefront import queries as storefronts
from shop.web import access, render
from shop.web.store import visitors
from shop.web.store.routes import blueprint

VISIT = "gs_seen"


@blueprint.get("/l/<code>")
@access.public
def link(code: str) -> Any:
    """Follow a short link."""
    with db.reading() as session:
        return _arrive(touches.follow_link(session, code), "link", code)


@blueprint.get("/q/<code>")
@access.public
def live_code(code: str) -> Any:
    """Follow a printed code."""
    with db.reading() as session:
        return _arrive(touches.scan_code(session, code), "qr", code)


@blueprint.get("/s/<slug>/ask")
@access.public
def ask(slug: str) -> Response:
    """How to reach the point's owner."""
    front = storefronts.kept.get(slug)
    if front is None or not front.contact:
        abort(404)
    return render.page("store/ask.html", shopfront=front)


@blueprint.post("/s/<slug>/visit")
@access.public
def visit(slug: str) -> Response:
    """Count a visit; sent by script, so that pages themselves write nothing."""
    today = render.today()
    seen = signing.unsign(request.cookies.get(VISIT, ""), purpose="visit") or {}
    if not isinstance(seen, dict):
        seen = {}
    front = storefronts.kept.get(slug)
    if front is None or not front.is_open:
        abort(404)
    with db.unit_of_work() as session:
        first = seen.get(str(front.point_id)) != today.isoformat()
        touches.count_visit(session, front.point_id, day=today, first=first)
    seen = {**dict(list(seen.items())[-9:]), str(front.point_id): today.isoformat()}
    answer = Response(status=204)
    answer.set_cookie(
        VISIT,
        signing.sign(seen, purpose="visit"),
        max_age=60 * 60 * 24 * 2,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SETTINGS"].secure_cookies,
    )
    return answer


def _arrive(target: Target | None, kind: str, code: str) -> Any:
    home = url_for("store.brand_home")
    if target is None:
        return redirect(home)
    # Looked at again: a row may be older than the rule, and a redirect must never lead away.
    inside = paths.is_inside(target.path)
    answer = redirect(request.script_root + target.path if inside else home)
    if not target.earns:
        return answer
    g.new_touch = Seen(
        visitors.name(),
        target.point_id,
        kind,
        code,
        clock.now(),
        platform=origins.platform(request.args),
        referrer=_referrer(),
        campaign=origins.campaign(request.args),
    )
    return visitors.remember(answer)


def _referrer() -> str:
    """The page that led here, unless it is one of ours."""
    return origins.place(request.referrer or "", own_host=request.host)
