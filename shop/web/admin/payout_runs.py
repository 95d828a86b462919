"""A payout run as one thing: prepared by one, approved as a whole by another, sent by the first."""

from typing import Any

from flask import Response, abort, request

from commissions import queries
from shop.accounts import queries as people
from shop.kernel import clock, db, ids
from shop.kernel.errors import ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import say
from shop.rewards import keys, payout_lists, payout_runs
from shop.rewards import payouts as rewards
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import payout_words
from shop.web.admin.routes import blueprint

PAGE_SIZE = 50


@blueprint.post("/payouts/prepare")
@access.finance_maker
def prepare_payouts() -> Any:
    """Claim what is payable now, of everybody or of the chosen payees."""
    chosen = [one for one in map(ids.read, request.form.getlist("payee")) if one]
    run_id = payout_runs.prepare(
        by=current_actor().key, note=request.form.get("note", "")[:200], payee_ids=chosen
    )
    return render.back_to("admin.payout_run", run_id=run_id)


@blueprint.get("/payouts/runs")
@access.finance
def all_payout_runs() -> Response:
    """All runs, newest first."""
    with db.reading() as session:
        rows = queries.runs(session, before=ids.read(request.args.get("after", "")))
        return render.page(
            "admin/payouts/runs.html",
            runs=rows,
            totals=payout_lists.run_lines(session, [one.id for one in rows]),
            people=people.names_of(session, [one.by for one in rows]),
            following=str(rows[-1].id) if len(rows) == 20 else "",
        )


@blueprint.get("/payouts/runs/<int:run_id>")
@access.finance
def payout_run(run_id: int) -> Response:
    """What a run prepared, who got nothing and why, and what is to be done next."""
    return _page(run_id)


@blueprint.get("/payouts/runs/<int:run_id>/progress")
@access.finance
def run_progress(run_id: int) -> Response:
    """How far it is: the part of the page that is fetched again and again."""
    with db.reading() as session:
        return render.page(
            "admin/payouts/_progress.html",
            run_id=run_id,
            works=payout_runs.progress(session, run_id),
            words=payout_words,
        )


@blueprint.post("/payouts/runs/<int:run_id>/approve")
@access.finance_checker
def approve_run(run_id: int) -> Any:
    """Approve every draft that the page showed."""
    actor = current_actor()
    try:
        payout_runs.approve(
            run_id,
            seen=request.form.get("seen", ""),
            by=actor.key,
            account_id=actor.account_id or 0,
        )
    except ShopError as error:
        return _page(run_id, message=say(error.message), status=error.status)
    return render.back_to("admin.payout_run", run_id=run_id)


@blueprint.post("/payouts/runs/<int:run_id>/send")
@access.finance_maker
def send_run(run_id: int) -> Any:
    """Put all that is approved into files, one for each way."""
    try:
        payout_runs.send(run_id, by=current_actor().key)
    except ShopError as error:
        return _page(run_id, message=say(error.message), status=error.status)
    said = _l("What goes by file stands under Payouts, Files.")
    return render.back_to("admin.payout_run", run_id=run_id, say_so=said)


def _page(run_id: int, *, message: str = "", status: int = 200) -> Response:
    at, me = clock.now(), current_actor().key
    group, after = request.args.get("status", ""), request.args.get("after", "")
    with db.reading() as session:
        run = payout_runs.run_of(session, run_id)
        if run is None:
            abort(404)
        rows = payout_lists.payouts(
            session, group=group, run_id=run_id, before=ids.read(after), limit=PAGE_SIZE
        )
        left_from = ids.read(request.args.get("left", "")) or 0
        skipped = queries.skipped(session, run_id, after=left_from, limit=PAGE_SIZE)
        payees = [one.payee_key for one in rows] + [one.payee_key for one in skipped]
        waiting = payout_runs.drafts(session, run_id, by=me)
        return render.page(
            "admin/payouts/run.html",
            status=status,
            run=run,
            run_id=run_id,
            works=payout_runs.progress(session, run_id),
            lines=payout_lists.run_lines(session, [run_id]).get(run_id, []),
            rows=rows,
            following=str(rows[-1].id) if len(rows) == PAGE_SIZE else "",
            skipped=skipped,
            left_following=str(skipped[-1].id) if len(skipped) == PAGE_SIZE else "",
            reasons=queries.skipped_counts(session, run_id),
            waiting=len(waiting),
            seen=payout_runs.stamp(waiting),
            is_mine=run.by == me,
            names=rewards.names_of(session, [keys.number(key) for key in payees]),
            people=people.names_of(session, [run.by]),
            keys=keys,
            state=group,
            words=payout_words,
            message=message,
            at=at,
        )
