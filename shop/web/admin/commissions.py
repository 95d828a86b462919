"""The review of commissions: what each point earned, why, and what paid nothing and why."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Response, abort, request
from sqlalchemy.orm import Session

from commissions import explain, queries
from commissions.queries import Earning, Wanted
from commissions.statuses import EntryStatus
from shop.accounts import queries as people
from shop.kernel import clock, db, ids
from shop.kernel.errors import Invalid, ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import Words, say
from shop.network import queries as network
from shop.orders import queries as orders
from shop.rewards import earnings, holds, keys, on_order, sentences
from shop.rewards.holds import Lies
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import orders_filter
from shop.web.admin.routes import blueprint

PAGE_SIZE = 50
HOLD_DAYS = 14
"""What the form proposes."""
_UNKNOWN = "-"
"""Key of nothing: a point or an order that was typed and does not exist."""


@blueprint.get("/commissions")
@access.finance
def entries() -> Response:
    """All earnings, newest first, narrowed by the address, and the holds that wait for somebody."""
    return _list()


@blueprint.get("/commissions/<int:entry_id>")
@access.finance
def entry(entry_id: int) -> Response:
    """One earning with its whole explanation."""
    return _entry(entry_id)


@blueprint.post("/commissions/<int:entry_id>/hold")
@access.finance
def hold_earning(entry_id: int) -> Any:
    """Keep it back, or all of its order, point or payee, until somebody has looked."""

    def work(session: Session, found: Earning) -> None:
        on = request.form.get("on", "")
        if on not in set(Lies):
            raise Invalid(_l("Please choose what is held back."), field="on")
        holds.hold(
            session,
            found,
            Lies(on),
            reason=request.form.get("reason", ""),
            until=_until(),
            note=request.form.get("note", ""),
            once=request.form.get("once", "")[:60] or ids.public_token(),
            by=current_actor().key,
            at=clock.now(),
        )

    return _do(entry_id, work, _l("Held back. It is not paid before the deadline."))


@blueprint.post("/commissions/holds/<int:hold_id>/<verb>")
@access.finance
def settle_hold(hold_id: int, verb: str) -> Any:
    """Let go of what was held back, or take once more as long."""
    said = {
        "release": _l("Released. It can be paid in its time."),
        "extend": _l("The deadline is two weeks later now."),
    }
    if verb not in said:
        abort(404)
    settle = holds.release if verb == "release" else holds.extend
    note, by = request.form.get("note", ""), current_actor().key
    try:
        with db.unit_of_work() as session:
            settle(session, hold_id, note=note, by=by, at=clock.now())
    except ShopError as error:
        if error.status == 404:
            raise
        return _list(refused=hold_id, message=say(error.message), status=error.status)
    return render.back_to("admin.entries", say_so=said[verb])


@blueprint.post("/commissions/credit/<int:order_id>")
@access.finance
def credit_sale(order_id: int) -> Any:
    """Another try of a sale that was not credited."""
    with db.unit_of_work() as session:
        on_order.credit_now(session, order_id, by=current_actor().key, at=clock.now())
    return render.back_to("admin.entries", say_so=_l("It is tried again now."))


def _do(entry_id: int, work: Callable[[Session, Earning], None], said: Words) -> Any:
    try:
        with db.unit_of_work() as session:
            found = queries.earning(session, entry_id, at=clock.now())
            if found is None:
                abort(404)
            work(session, found)
    except ShopError as error:
        return _entry(entry_id, message=say(error.message), status=error.status)
    return render.back_to("admin.entry", entry_id=entry_id, say_so=said)


def _until() -> datetime:
    """The end of the day that was chosen, in the brand's zone."""
    until = orders_filter.period(
        {"until": request.form.get("until", "")}, render.current_brand().zone, render.today()
    )[1]
    if until is None:
        raise Invalid(_l("Please choose a day."), field="until")
    return until


def _wanted(session: Session) -> Wanted:
    """What the address asks for; a point or an order that does not exist has no earnings."""
    arguments = request.args
    since, until = orders_filter.period(arguments, render.current_brand().zone, render.today())
    status = arguments.get("status", "")
    point_key = sale_key = ""
    if text := arguments.get("point", "").strip():
        point = network.find(session, text)
        point_key = keys.point(point.id) if point else _UNKNOWN
    if text := arguments.get("order", "").strip():
        order_id = orders.id_of_number(session, text)
        sale_key = keys.sale(order_id) if order_id else _UNKNOWN
    return Wanted(
        point_key=point_key,
        sale_key=sale_key,
        status=EntryStatus(status) if status in set(EntryStatus) else None,
        since=since,
        until=until,
    )


def _list(*, refused: int = 0, message: str = "", status: int = 200) -> Response:
    after, at = request.args.get("after", ""), clock.now()
    with db.reading() as session:
        rows = earnings.latest(
            session,
            _wanted(session),
            at=at,
            before=ids.read(after),
            limit=PAGE_SIZE,
        )
        standing = holds.standing(session, at=at)
        refusals = earnings.refused(session, limit=20)
        late = on_order.uncredited(session)
        numbers = earnings.order_numbers(session, [keys.sale(one) for one in late])
        names = people.names_of(session, {one.hold.owner for one in standing})
    return render.page(
        "admin/commissions/list.html",
        status=status,
        rows=rows,
        holds=standing,
        refused_hold=refused,
        message=message,
        names=names,
        late=[(one, numbers.get(keys.sale(one), "?")) for one in late],
        refused=refusals,
        following=str(rows[-1].row.earning.id) if len(rows) == PAGE_SIZE else "",
        outcomes=sentences.OUTCOMES,
        of_hold=sentences.of_hold,
        statuses=tuple(EntryStatus),
        periods=orders_filter.PERIODS,
        is_filtered=any(request.args.get(name) for name in _NARROWS),
    )


_NARROWS = ("point", "order", "status", "period", "since", "until")


def _entry(entry_id: int, *, message: str = "", status: int = 200) -> Response:
    at, zone = clock.now(), render.current_brand().zone
    with db.reading() as session:
        found = queries.earning(session, entry_id, at=at)
        if found is None:
            abort(404)
        explanation = explain.explain_entry(session, entry_id, at=at)
        # What belongs to a whole period, or was done by hand, has no line of its own.
        decisions = (
            explain.explain_line(session, found.sale_key, found.line_key) if found.line_key else []
        )
        named = earnings.named(session, earnings.rows(session, [found]))
        lines = queries.entries_of(session, found.id)
    if not named:
        abort(404)
    return render.page(
        "admin/commissions/entry.html",
        status=status,
        one=named[0],
        amount=sentences.of_steps(explanation.why_this_amount, found.currency, zone=zone),
        payable=sentences.of_steps(explanation.when_payable, found.currency, zone=zone),
        decisions=[
            (decision, sentences.of_steps(decision.steps, found.currency, zone=zone))
            for decision in decisions
        ],
        entries=lines,
        sentences=sentences,
        reasons={code: sentences.HOLDS[code] for code in holds.REASONS},
        once=ids.public_token(),
        proposed=(render.today() + timedelta(days=HOLD_DAYS)).isoformat(),
        typed=request.form,
        message=message,
    )
