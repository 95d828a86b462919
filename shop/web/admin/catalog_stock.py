"""Stock: what is where, why it moved, who holds it, and corrections with a reason."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from shop.accounts import queries as accounts
from shop.catalog import listing, locations, places, stock, transfers
from shop.catalog.listing import MovementRow
from shop.catalog.stock import AdjustReason
from shop.kernel import clock, db, ids
from shop.kernel.errors import Invalid, NotFound
from shop.kernel.i18n import _l, text_of
from shop.kernel.words import Words
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.catalog_form import Typed
from shop.web.admin.routes import blueprint

_SIGNED = re.compile(r"[+\-−]?[0-9]{1,7}")


@blueprint.get("/stock")
@access.catalog_staff
def stock_levels() -> Response:
    """All stock levels, narrowed by place, by words, or to what runs out."""
    place = request.args.get("location", "")
    with db.reading() as session:
        page = listing.stock(
            session,
            location_id=ids.read(place),
            low=bool(request.args.get("low")),
            text=request.args.get("text", "")[:120],
            after=request.args.get("after", ""),
        )
        known = locations.places(session)
    return render.page(
        "admin/catalog/stock.html",
        page=page,
        places=known,
        is_filtered=any(request.args.get(name) for name in ("location", "low", "text")),
    )


@blueprint.get("/stock/<int:level_id>")
@access.catalog_staff
def stock_level(level_id: int) -> Response:
    """One level with its movements."""
    return _level(level_id, Typed({"once": ids.public_token()}))


@blueprint.post("/stock/<int:level_id>")
@access.catalog_staff
def adjust_stock(level_id: int) -> Any:
    """Correct what is on hand; sent twice, the form corrects once."""
    typed = Typed(request.form)
    try:
        with db.unit_of_work() as session:
            if listing.stock_row(session, level_id) is None:
                raise NotFound(_l("There is no such stock level."))
            stock.adjust(
                session,
                level_id,
                _change(typed),
                reason=_reason(typed),
                note=typed.get("note").strip()[:300],
                by=current_actor().key,
                at=clock.now(),
                reason_id=f"form:{typed.get('once')[:60]}",
            )
    except Invalid as error:
        typed.blame(error)
        return _level(level_id, typed, status=422)
    return render.back_to("admin.stock_level", level_id=level_id, say_so=_l("Corrected."))


def _level(level_id: int, typed: Typed, *, status: int = 200) -> Response:
    with db.reading() as session:
        row = listing.stock_row(session, level_id)
        if row is None:
            raise NotFound(_l("There is no such stock level."))
        movements = listing.movements(session, level_id, after=request.args.get("after", ""))
        holds = listing.holds(session, level_id)
        moves = {one.reason_id for one in movements.items if one.reason_type == transfers.KIND}
        ends = places.other_ends(session, row, moves)
        names = accounts.names_of(session, {one.by for one in movements.items})
    return render.page(
        "admin/catalog/stock_level.html",
        status=status,
        row=row,
        page=movements,
        holds=holds,
        names=names,
        cause_of=lambda one: _cause_of(one, ends),
        typed=typed,
        reasons=AdjustReason,
    )


@dataclass(frozen=True)
class Cause:
    """Why something moved, for people, and the page behind it."""

    words: Words | str
    url: str = ""


def _cause_of(row: MovementRow, ends: Mapping[str, tuple[int, dict[str, str]]]) -> Cause:
    if row.reason_type == transfers.KIND and row.reason_id in ends:
        level_id, name = ends[row.reason_id]
        to = _l("To: %(place)s", place=text_of(name))
        came = _l("From: %(place)s", place=text_of(name))
        url = url_for("admin.stock_level", level_id=level_id)
        return Cause(to if row.on_hand_change < 0 else came, url)
    first = ids.read(row.reason_id.partition(":")[0])
    if row.reason_type in set(AdjustReason):
        return Cause(AdjustReason(row.reason_type).label)
    if row.reason_type in ("hold", "order") and first:
        return Cause(_l("Order"), url_for("admin.order", order_id=first))
    if row.reason_type == "import" and first:
        return Cause(_l("Import"), url_for("admin.import_page", job_id=first))
    return Cause("")


def _change(typed: Typed) -> int:
    text = typed.get("change").strip()
    if not _SIGNED.fullmatch(text):
        raise Invalid(_l("Please write by how many units, such as -2 or 5."), field="change")
    return int(text.replace("−", "-"))


def _reason(typed: Typed) -> AdjustReason:
    if typed.get("reason") not in set(AdjustReason):
        raise Invalid(_l("Please choose a reason."), field="reason")
    return AdjustReason(typed.get("reason"))
