"""Who may call a route: each carries exactly one of these rules, and what carries none is refused.

`tests/rules/test_access.py` walks every route with every kind of actor.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import current_app, g, redirect, request, session, url_for
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from shop.accounts.models import FINANCE, StaffRole
from shop.web.actor import Actor, current_actor

View = TypeVar("View", bound=Callable[..., Any])

_ATTRIBUTE = "access_rule"


@dataclass(frozen=True)
class Rule:
    """Who passes; `same_origin` asks unsafe requests to come from our own pages."""

    name: str
    passes: Callable[[Actor], bool]
    needs_sign_in: bool = True
    same_origin: bool = True

    def __call__(self, view: View) -> View:
        if hasattr(view, _ATTRIBUTE):
            raise TypeError(f"{view.__name__} carries two access rules")
        setattr(view, _ATTRIBUTE, self)
        return view


public = Rule("public", lambda _actor: True, needs_sign_in=False)
machine = Rule("machine", lambda _actor: True, needs_sign_in=False, same_origin=False)
"""No browser: the route checks a signature or nothing that matters."""
signed_in = Rule("signed_in", lambda actor: actor.is_signed_in)
desk = Rule("desk", lambda actor: actor.point_role in ("owner", "manager", "clerk"))
"""Anybody who works at the point that is chosen."""
desk_lead = Rule("desk_lead", lambda actor: actor.point_role in ("owner", "manager"))
"""Who answers for what the point sells: its owner, and whoever manages it or a point above."""
desk_manager = Rule("desk_manager", lambda actor: actor.point_role == "manager")
desk_owner = Rule("desk_owner", lambda actor: actor.point_role == "owner")
any_staff = Rule("any_staff", lambda actor: bool(actor.staff_roles) and actor.has_second_factor)


def staff(*roles: StaffRole) -> Rule:
    """Staff who hold one of the roles; an administrator holds none of the others by that."""
    wanted = set(roles)
    return Rule(
        "staff:" + "+".join(sorted(wanted)),
        lambda actor: bool(wanted & actor.staff_roles) and actor.has_second_factor,
    )


catalog_staff = staff(StaffRole.CATALOG)
order_staff = staff(StaffRole.ORDERS)
network_staff = staff(StaffRole.NETWORK)
finance = staff(*FINANCE)
finance_maker = staff(StaffRole.FINANCE_MAKER)
finance_checker = staff(StaffRole.FINANCE_CHECKER)
admin = staff(StaffRole.ADMIN)


def rule_of(endpoint: str) -> Rule | None:
    """The rule of a route; Flask's own static route has none and is not used."""
    view = current_app.view_functions.get(endpoint)
    rule: Rule | None = getattr(view, _ATTRIBUTE, None)
    return rule


def check() -> Response | None:
    """Before each request: refuse, or send to the sign-in page, whoever does not pass."""
    if request.endpoint is None:
        return None
    rule = rule_of(request.endpoint)
    if rule is None:
        raise Forbidden
    if rule.same_origin:
        refuse_foreign_origin()
    if not rule.needs_sign_in:
        return None
    actor = current_actor()
    if not actor.is_signed_in:
        session["after_sign_in"] = request.full_path if request.method == "GET" else ""
        return redirect(url_for("store.sign_in"))
    if actor.staff_roles and not actor.has_second_factor and request.path.startswith("/admin"):
        return redirect(url_for("store.second_factor"))
    if not rule.passes(actor):
        raise Forbidden
    g.actor = actor
    return None


def refuse_foreign_origin() -> None:
    """Against forged requests: an unsafe one must come from a page of ours.

    Browsers say so in Sec-Fetch-Site; old ones in Origin or Referer (design §4).
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise Forbidden
        return
    claimed = request.headers.get("Origin") or _origin(request.headers.get("Referer", ""))
    if claimed != f"{request.scheme}://{request.host}":
        raise Forbidden


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])
