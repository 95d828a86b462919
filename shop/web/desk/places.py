"""Choosing the shop to work at, and the desk's menu."""

from typing import Any

from flask import Response

from shop.kernel.i18n import _
from shop.web import access, render
from shop.web.actor import choose_place, current_actor
from shop.web.desk.routes import blueprint


@blueprint.get("/places")
@access.signed_in
def places() -> Response:
    """All points where this person works."""
    return render.page("desk/places.html", places=current_actor().places)


@blueprint.get("/places/<int:point_id>")
@access.signed_in
def choose(point_id: int) -> Any:
    """Work at this point, or look at one below; others' points change nothing."""
    before = current_actor().point_id
    choose_place(point_id)
    if current_actor().point_id != point_id and before is not None:
        choose_place(before)
    role = current_actor().point_role
    return render.back_to("desk.hand_over" if role == "clerk" else "desk.today")


@blueprint.app_context_processor
def _menu() -> dict[str, object]:
    def desk_menu() -> list[tuple[str, str, str]]:
        counter = ("desk.hand_over", "scan", _("Hand over"))
        if current_actor().point_role == "clerk":
            return [counter]
        if current_actor().point_role == "manager":
            return [
                ("desk.today", "home", _("Today")),
                ("desk.team", "store", _("Points")),
                ("desk.orders", "list", _("Orders")),
                counter,
            ]
        return [
            ("desk.today", "home", _("Today")),
            ("desk.share", "share", _("Share")),
            ("desk.orders", "list", _("Orders")),
            ("desk.earnings", "coins", _("Earnings")),
            counter,
        ]

    return {"desk_menu": desk_menu}
