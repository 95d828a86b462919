"""Payouts: one person prepares, another approves exactly that, then it goes out."""

from typing import Any

from flask import Response, abort, request

from commissions import queries
from commissions.errors import CommissionError
from commissions.payouts.approving import OwnPayout
from commissions.plans import SamePerson
from shop.accounts import queries as people
from shop.kernel import clock, db, ids
from shop.kernel.errors import Conflict, Forbidden, Invalid, ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import say
from shop.rewards import keys, payable, payout_files, payout_lists, taxes
from shop.rewards import payouts as rewards
from shop.rewards.models import Act
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import consents, payout_words
from shop.web.admin.routes import blueprint

PAGE_SIZE = 50
PAYABLE, RUNS = 20, 6
"""How many of the largest amounts, and how many runs, stand on the page."""


@blueprint.get("/payouts")
@access.finance
def payouts() -> Response:
    """What could be paid, what is under way, and the bank files."""
    return _page()


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
        done = rewards.approve(chosen, hashes, by=actor.key, account_id=actor.account_id or 0)
    except CommissionError as error:
        raise _refusal(error) from error
    if len(done) < len(chosen):
        said = _l("Agreed. What is above its limit needs one more person.")
        return render.back_to("admin.payouts", say_so=said)
    return render.back_to("admin.payouts", say_so=_l("Approved."))


@blueprint.post("/payouts/file")
@access.finance_maker
def write_bank_file() -> Any:
    """Put approved payouts of a file rail into one file."""
    chosen = _chosen()
    if not chosen:
        raise Invalid(_l("Please choose what goes into the file."))
    try:
        payout_files.write_file(chosen, by=current_actor().key)
    except CommissionError as error:
        raise _refusal(error) from error
    return render.back_to("admin.payouts", say_so=_l("The bank file is ready to download."))


@blueprint.get("/payouts/files/<int:batch_id>")
@access.finance
def bank_file(batch_id: int) -> Response:
    """The file, byte for byte the same each time."""
    with db.reading() as session:
        batch = payout_lists.batch(session, batch_id)
        if batch is None:
            abort(404)
        content = payout_files.content(session, batch_id)
        name, mimetype = payout_files.file_name(batch)
    answer = Response(content, mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    answer.set_etag(batch.sha256)
    return answer


@blueprint.post("/payouts/files/<int:batch_id>/uploaded")
@access.finance_maker
def confirm_bank_file(batch_id: int) -> Any:
    """The bank took the file."""
    payout_files.confirm_uploaded(batch_id, by=current_actor().key)
    return render.back_to("admin.payouts", say_so=_l("Recorded as paid."))


@blueprint.post("/payouts/files/<int:batch_id>/not-sent")
@access.finance
def ask_not_sent(batch_id: int) -> Any:
    """The bank did not take the file: a second person must say so too."""
    return _ask(Act.NOT_SENT, batch_id)


@blueprint.post("/payouts/resume")
@access.finance
def ask_resume() -> Any:
    """Ask a second person to let payouts be sent again."""
    return _ask(Act.RESUME, 0)


def _ask(act: Act, subject_id: int) -> Any:
    try:
        consents.ask(act, subject_id)
    except ShopError as error:
        return _page(message=say(error.message), status=error.status)
    return render.back_to("admin.payouts", say_so=consents.ASKED)


def _page(*, message: str = "", status: int = 200) -> Response:
    at = clock.now()
    group, after = request.args.get("status", ""), request.args.get("after", "")
    tax = request.args.get("tax", "")
    with db.reading() as session:
        files = payout_lists.bank_files(session, limit=10)
        halt = payout_lists.halt(session)
        runs = queries.runs(session, limit=RUNS)
        largest, sums = payable.payable(session, at=at, limit=PAYABLE)
        rows = payout_lists.payouts(
            session,
            group=group,
            tax=tax,
            before=ids.read(after),
            limit=PAGE_SIZE,
        )
        acting = [one.batch.by for one in files] + [one.by for one in runs]
        acting += [halt.by] if halt else []
        return render.page(
            "admin/payouts/list.html",
            status=status,
            payable=largest,
            sums=sums,
            late=payable.overdue(session, at=at)[:PAYABLE],
            overdue_days=payable.OVERDUE.days,
            runs=runs,
            totals=payout_lists.run_lines(session, [one.id for one in runs]),
            rows=rows,
            names=rewards.names_of(session, [keys.number(row.payee_key) for row in rows]),
            following=str(rows[-1].id) if len(rows) == PAGE_SIZE else "",
            files=files,
            people=people.names_of(session, acting),
            halt=halt,
            asked=consents.asked_for(session, lambda _one: True),
            keys=keys,
            state=group,
            tax=tax,
            tax_known=taxes.data_of(session, [keys.number(row.payee_key) for row in rows]),
            words=payout_words,
            message=message,
            typed=request.form,
        )


def _chosen() -> list[int]:
    """The ticked payouts."""
    return [one for one in map(ids.read, request.form.getlist("payout")) if one]


def _refusal(error: CommissionError) -> Conflict | Forbidden:
    words = payout_words.refusal(error)
    return Forbidden(words) if isinstance(error, SamePerson | OwnPayout) else Conflict(words)
