"""Payouts: one person prepares, another approves exactly that, then it goes out."""

from typing import Any

from flask import Response, abort, request

from commissions import queries
from commissions.errors import CommissionError
from commissions.payouts.approving import CoolingDown, OwnPayout
from commissions.plans import SamePerson, TermsChanged
from shop.accounts import queries as people
from shop.kernel import clock, db, ids
from shop.kernel.errors import Conflict, Forbidden, Invalid
from shop.kernel.i18n import _l
from shop.kernel.words import Words
from shop.rewards import earnings, keys, sentences
from shop.rewards import payouts as rewards
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint

PAGE_SIZE = 50


@blueprint.get("/payouts")
@access.finance
def payouts() -> Response:
    """What could be paid, what is under way, and the bank files."""
    at = clock.now()
    status, after = request.args.get("status", ""), request.args.get("after", "")
    with db.reading() as session:
        batches = rewards.batches(session)
        rows = rewards.payouts(
            session,
            status=status,
            before=ids.read(after),
            limit=PAGE_SIZE,
        )
        return render.page(
            "admin/payouts/list.html",
            payable=rewards.payable(session, at=at),
            rows=rows,
            names=rewards.names_of(session, [keys.number(row.payee_key) for row in rows]),
            following=str(rows[-1].id) if len(rows) == PAGE_SIZE else "",
            batches=batches,
            people=people.names_of(session, [batch.by for batch in batches]),
            halted=rewards.is_halted(session),
            keys=keys,
            state=status,
            now=at,
        )


@blueprint.get("/payouts/<int:payout_id>")
@access.finance
def payout(payout_id: int) -> Response:
    """One payout with every line that it pays."""
    with db.reading() as session:
        found = queries.payouts(session, before=payout_id + 1, limit=1)
        if not found or found[0].id != payout_id:
            abort(404)
        items = queries.payout_items(session, payout_id)
        one = found[0]
        return render.page(
            "admin/payouts/one.html",
            payout=one,
            name=rewards.names_of(session, [keys.number(one.payee_key)]).get(
                keys.number(one.payee_key), "?"
            ),
            items=items,
            points=earnings.point_names(session, [item.point_key for item in items]),
            orders=earnings.order_numbers(session, [item.sale_key for item in items]),
            people=people.names_of(session, [one.created_by, one.approved_by or ""]),
            sentences=sentences,
            now=clock.now(),
        )


@blueprint.get("/payouts/runs/<int:run_id>")
@access.finance
def payout_run(run_id: int) -> Response:
    """What a run prepared, and who got nothing and why."""
    with db.reading() as session:
        rows = queries.payouts(session, run_id=run_id, limit=1000)
        skipped = queries.skipped(session, run_id)
        payees = [one.payee_key for one in rows] + [one.payee_key for one in skipped]
        ids = [keys.number(key) for key in payees]
        return render.page(
            "admin/payouts/run.html",
            rows=rows,
            skipped=skipped,
            names=rewards.names_of(session, ids),
            keys=keys,
            run_id=run_id,
        )


@blueprint.post("/payouts/prepare")
@access.finance_maker
def prepare_payouts() -> Any:
    """Claim what is payable now."""
    run_id = rewards.prepare(by=current_actor().key, note=request.form.get("note", "")[:200])
    return render.back_to("admin.payout_run", run_id=run_id, say_so=_l("The run is prepared."))


@blueprint.post("/payouts/approve")
@access.finance_checker
def approve_payouts() -> Any:
    """Approve what was ticked, bound to what the page showed."""
    actor = current_actor()
    chosen = _chosen()
    hashes = {one: request.form.get(f"hash-{one}", "") for one in chosen}
    if not chosen:
        raise Invalid(_l("Please choose what you approve."))
    try:
        rewards.approve(chosen, hashes, by=actor.key, account_id=actor.account_id or 0)
    except CommissionError as error:
        raise _refusal(error) from error
    return render.back_to("admin.payouts", say_so=_l("Approved."))


@blueprint.post("/payouts/<int:payout_id>/void")
@access.finance
def void_payout(payout_id: int) -> Any:
    """Take it back before it leaves."""
    reason = request.form.get("reason", "").strip()[:200]
    if not reason:
        raise Invalid(_l("Please say why."), field="reason")
    rewards.void(payout_id, by=current_actor().key, reason=reason)
    return render.back_to("admin.payouts", say_so=_l("Taken back. Its entries can be paid again."))


@blueprint.post("/payouts/file")
@access.finance_maker
def write_bank_file() -> Any:
    """Put approved payouts of a file rail into one file."""
    chosen = _chosen()
    if not chosen:
        raise Invalid(_l("Please choose what goes into the file."))
    rewards.write_bank_file(chosen, by=current_actor().key)
    return render.back_to("admin.payouts", say_so=_l("The bank file is ready to download."))


@blueprint.get("/payouts/files/<int:batch_id>.csv")
@access.finance
def bank_file(batch_id: int) -> Response:
    """The file, byte for byte the same each time."""
    with db.reading() as session:
        content = rewards.bank_file_content(session, batch_id)
    answer = Response(content, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="payouts-{batch_id}.csv"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.post("/payouts/files/<int:batch_id>/uploaded")
@access.finance_maker
def confirm_bank_file(batch_id: int) -> Any:
    """The bank took the file."""
    rewards.confirm_uploaded(batch_id, by=current_actor().key)
    return render.back_to("admin.payouts", say_so=_l("Recorded as paid."))


@blueprint.post("/payouts/<int:payout_id>/by-hand")
@access.finance_maker
def register_by_hand(payout_id: int) -> Any:
    """It was paid outside; the reference stands on the receipt."""
    reference = request.form.get("reference", "").strip()[:80]
    if not reference:
        raise Invalid(_l("Please give the reference of the receipt."), field="reference")
    rewards.register_by_hand(payout_id, reference=reference, by=current_actor().key)
    return render.back_to("admin.payout", payout_id=payout_id, say_so=_l("Recorded as paid."))


def _chosen() -> list[int]:
    """The ticked payouts."""
    return [one for one in map(ids.read, request.form.getlist("payout")) if one]


def _refusal(error: CommissionError) -> Conflict | Forbidden:
    words: Words
    if isinstance(error, SamePerson):
        return Forbidden(_l("You prepared this. Another person must approve it."))
    if isinstance(error, OwnPayout):
        return Forbidden(_l("Nobody approves money to themselves."))
    if isinstance(error, TermsChanged):
        words = _l("It changed since you saw it. Please look again.")
    elif isinstance(error, CoolingDown):
        words = _l("The destination was changed a short while ago and still cools down.")
    else:
        words = _l("Somebody else changed this meanwhile. Please look at it again.")
    return Conflict(words)
