"""Points on the brand's desk: the tree with its filters, one point with everything about it."""

from typing import Any

from flask import Response, abort, request
from sqlalchemy.orm import Session

from shop.accounts import queries as accounts
from shop.catalog import locations
from shop.kernel import clock, db, ids
from shop.kernel.errors import ShopError
from shop.kernel.words import say
from shop.network import destinations, queries
from shop.network.models import PointKind, PointStatus, Rail
from shop.network.queries import PointFilter
from shop.storefront import queries as storefronts
from shop.web import access, render
from shop.web.admin.points_forms import PointForm
from shop.web.admin.routes import blueprint
from shop.web.payee_form import DestinationForm

KINDS = tuple(kind.value for kind in PointKind)
STATUSES = tuple(status.value for status in PointStatus)


@blueprint.get("/points")
@access.network_staff
def points() -> Response:
    """A level of the tree, or what a search finds in a part of it."""
    wanted = _wanted()
    after = request.args.get("after", "")
    with db.reading() as session:
        here = queries.point(session, wanted.within) if wanted.within else None
        if wanted.within and here is None:
            abort(404)
        page = queries.page(session, wanted, after=after if after.isalnum() else "")
        crumbs = queries.crumbs(session, here.path) if here else []
    return render.page(
        "admin/points/list.html",
        page=page,
        wanted=wanted,
        here=here,
        crumbs=crumbs,
        kinds=KINDS,
        statuses=STATUSES,
    )


@blueprint.get("/points/<int:point_id>")
@access.network_staff
def point(point_id: int) -> Response:
    """One point."""
    return show(point_id)


def show(
    point_id: int,
    *,
    action: str = "",
    error: ShopError | None = None,
    form: PointForm | None = None,
    destination: DestinationForm | None = None,
) -> Response:
    """The page of a point; after a refusal the form of that action stands open, filled in."""
    with db.reading() as session:
        values = _values(session, point_id)
    found = values["point"]
    bad = (
        error is not None or bool(form and form.errors) or bool(destination and destination.errors)
    )
    status = (error.status if error and error.status < 500 else 422) if bad else 200
    typed = {name: text for name, text in request.form.items() if len(text) < 4000} if bad else {}
    return render.page(
        "admin/points/point.html",
        status=status,
        action=action,
        message=say(error.message) if error else "",
        typed=typed,
        form=form or PointForm(formdata=None, obj=found),
        destination_form=destination or DestinationForm(formdata=None),
        rails=[rail.value for rail in Rail],
        **values,
    )


def _values(session: Session, point_id: int) -> dict[str, Any]:
    found = queries.point(session, point_id)
    if found is None:
        abort(404)
    at = clock.now()
    payee = queries.payee_of(session, point_id)
    current = destinations.current(session, [payee.id] if payee else [])
    invitations = queries.invitations(session, point_id, at=at)
    return {
        "point": found,
        "crumbs": queries.crumbs(session, found.path),
        "members": queries.members(session, point_id),
        "invitations": invitations,
        "names": accounts.names_of(session, {one.invited_by for one in invitations}),
        "edges": queries.managers_of(session, point_id),
        "payee": payee,
        "siblings": [
            one
            for one in (queries.points_of_payee(session, payee.id) if payee else [])
            if one.id != point_id
        ],
        "destination": current.get(payee.id) if payee else None,
        "front": storefronts.of_point(session, point_id),
        "counter": locations.of_point(session, point_id),
        "below": queries.subtree_count(session, found.path),
        "at": at,
    }


def _wanted() -> PointFilter:
    arguments = request.args
    within = arguments.get("within", "")
    kind, status = arguments.get("kind", ""), arguments.get("status", "")
    return PointFilter(
        text=arguments.get("text", "").strip()[:120],
        kind=kind if kind in KINDS else "",
        status=status if status in STATUSES else "",
        within=ids.read(within),
        deep=arguments.get("deep") == "1",
    )
