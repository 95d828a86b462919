"""The review of commissions: what each point earned, why, and what paid nothing and why."""

from flask import Response, abort, request

from commissions import explain, queries
from shop.kernel import clock, db
from shop.rewards import earnings, keys, sentences
from shop.web import access, render
from shop.web.admin.routes import blueprint

PAGE_SIZE = 50


@blueprint.get("/commissions")
@access.finance
def entries() -> Response:
    """All earnings, newest first, and the holds that wait for somebody."""
    after, at = request.args.get("after", ""), clock.now()
    with db.reading() as session:
        rows = earnings.latest(
            session, at=at, before=int(after) if after.isdigit() else None, limit=PAGE_SIZE
        )
        holds = queries.open_holds(session, at=at)
        refused = earnings.refused(session, limit=20)
    following = str(rows[-1].row.earning.id) if len(rows) == PAGE_SIZE else ""
    return render.page(
        "admin/commissions/list.html",
        rows=rows,
        holds=holds,
        refused=refused,
        following=following,
        outcomes=sentences.OUTCOMES,
    )


@blueprint.get("/commissions/<int:entry_id>")
@access.finance
def entry(entry_id: int) -> Response:
    """One earning with its whole explanation."""
    at, zone = clock.now(), render.current_brand().zone
    with db.reading() as session:
        found = queries.earning(session, entry_id, at=at)
        if found is None:
            abort(404)
        explanation = explain.explain_entry(session, entry_id, at=at)
        decisions = explain.explain_line(session, found.sale_key, found.line_key)
        named = earnings.named(session, earnings.rows(session, [found]))
        lines = queries.entries_of(session, found.id)
    if not named:
        abort(404)
    return render.page(
        "admin/commissions/entry.html",
        one=named[0],
        order_id=keys.number(found.sale_key),
        amount=sentences.of_steps(explanation.why_this_amount, found.currency, zone=zone),
        payable=sentences.of_steps(explanation.when_payable, found.currency, zone=zone),
        decisions=[
            (decision, sentences.of_steps(decision.steps, found.currency, zone=zone))
            for decision in decisions
        ],
        entries=lines,
        sentences=sentences,
    )
