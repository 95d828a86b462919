"""The columns of the order list: what there is, and what the reader wants to see."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import request
from sqlalchemy.orm import Session

from shop.accounts import preferences
from shop.kernel import db
from shop.kernel.i18n import _l
from shop.kernel.words import Words
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import orders_filter
from shop.web.admin.routes import blueprint

COLUMNS: Mapping[str, Words] = {
    "submitted": _l("Submitted"),
    "placed": _l("Placed at"),
    "buyer": _l("Buyer"),
    "brought": _l("Brought by"),
    "status": _l("Status"),
    "delivery": _l("Delivery"),
    "units": _l("Units"),
    "total": _l("Total"),
}
"""In the order in which the list shows them; the order's number always stands first."""
USUAL = ("submitted", "buyer", "brought", "status", "delivery", "total")
_NAME = "orders.columns"


def of(session: Session, account_id: int) -> list[str]:
    """The columns that this person sees."""
    wanted = set(preferences.of(session, account_id, _NAME)) or set(USUAL)
    return [name for name in COLUMNS if name in wanted]


@blueprint.post("/orders/columns")
@access.order_staff
def choose_order_columns() -> Any:
    """Keep the choice, and go back to the list as it was; no choice is the usual one."""
    wanted = set(request.form.getlist("column"))
    chosen = [name for name in COLUMNS if name in wanted]
    with db.unit_of_work() as session:
        preferences.choose(session, current_actor().account_id or 0, _NAME, chosen)
    asked = dict(parse_qsl(request.form.get("list", "")[:2000]))
    known = {name: text for name, text in asked.items() if name in orders_filter.ARGUMENTS}
    return render.back_to("admin.orders", **known)
