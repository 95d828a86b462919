"""A payout run as one thing: prepared, approved and sent payee by payee, with progress.

What was asked for is frozen when somebody presses the button; a job works it off in small units of
work, so that sales go on meanwhile. A worker that was killed goes on where it was: the place in the
list moves in the transaction of each piece. Short work is done at once.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commissions.canonical import fingerprint
from commissions.errors import CommissionError
from commissions.models import Approval, Payout, PayoutStatus, Run
from commissions.payouts import approving, preparing
from commissions.payouts.claims import payees_with_money
from shop.kernel import clock, db, ids, jobs
from shop.kernel.errors import Conflict
from shop.kernel.serial import alone
from shop.kernel.words import _l
from shop.rewards import keys, payout_files, payouts, taxes
from shop.rewards.connect_rail import RAIL as CONNECT
from shop.rewards.payout_models import PayoutWork, PayoutWorkItem, Step

WORK = "rewards.payout_work"
AT_ONCE = 20
"""So few are done while the page is asked for; more are a job's."""
SLICE = 400
"""Pieces of one job; a new job goes on, so that no lease runs out."""
FILE_SIZE = 250
"""Payouts of one file: the longest unit of work, well below what a sale may have to wait."""


@dataclass(frozen=True)
class Progress:
    """How far a step over a run is."""

    step: Step
    done: int
    total: int
    refused: Mapping[str, int]
    """How many were left, by the code of why."""
    is_open: bool


def prepare(*, by: str, note: str = "", payee_ids: Collection[int] = ()) -> int:
    """The maker's part: claim what is payable, one draft for each payee; returns the run.

    `payee_ids` narrows it to some payees. A large run is prepared by a job.
    """
    at = clock.now()
    wanted = {keys.payee(payee_id) for payee_id in payee_ids}
    with db.unit_of_work() as session:
        run = preparing.open_run(session, by=by, at=at, ids=ids.new, note=note)
        asked = [
            (payee, currency)
            for payee, currency, _amount in payees_with_money(session, at)
            if not wanted or payee in wanted
        ]
        work_id = _ask(session, run.id, Step.PREPARE, asked, by=by, account_id=0, at=at)
        run_id = run.id
    _begin(work_id, len(asked))
    return run_id


def approve(run_id: int, *, seen: str, by: str, account_id: int) -> None:
    """The checker's part for a whole run: agree to every draft that the page showed.

    `seen` is the `stamp` of the page. Each approval is bound to the amount, items and destination
    of its payout; what changed meanwhile is left and named. Raises Conflict if the list changed.
    """
    at = clock.now()
    with db.unit_of_work() as session:
        found = drafts(session, run_id, by=by)
        if not found or stamp(found) != seen:
            raise Conflict(_l("It changed since you saw it. Please look again."))
        asked = [(str(payout_id), terms) for payout_id, terms in found]
        work_id = _ask(session, run_id, Step.APPROVE, asked, by=by, account_id=account_id, at=at)
    _begin(work_id, len(asked))


def send(run_id: int, *, by: str) -> None:
    """The maker's part again: all that is approved goes into files, one for each way.

    Payouts by Stripe left for the queue when they were approved. Raises Conflict if none waits.
    """
    at = clock.now()
    with db.unit_of_work() as session:
        found = session.execute(
            select(Payout.id, Payout.rail, Payout.currency)
            .where(
                Payout.run_id == run_id,
                Payout.status.in_((PayoutStatus.APPROVED, PayoutStatus.QUEUED)),
                Payout.rail.in_((CONNECT, *payouts.FILE_RAILS)),
                Payout.last_sent_at.is_(None),
            )
            .order_by(Payout.rail, Payout.currency, Payout.id)
        ).all()
        asked = [(str(row.id), f"{row.rail} {row.currency}") for row in found]
        if not asked:
            raise Conflict(_l("Nothing of this run waits to be sent."))
        work_id = _ask(session, run_id, Step.SEND, asked, by=by, account_id=0, at=at)
    _begin(work_id, len(asked))


def work(payload: Mapping[str, Any]) -> None:
    """Job: go on with a step, a slice at a time."""
    _work_off(int(payload["work_id"]), SLICE)


def drafts(session: Session, run_id: int, *, by: str) -> Sequence[tuple[int, str]]:
    """(payout, terms hash) of drafts that wait for this person's approval, oldest first."""
    agreed = exists().where(Approval.payout_id == Payout.id, Approval.by == by)
    rows = session.execute(
        select(Payout.id, Payout.terms_hash)
        .where(
            Payout.run_id == run_id,
            Payout.status == PayoutStatus.DRAFT,
            Payout.created_by != by,
            ~agreed,
        )
        .order_by(Payout.id)
    )
    return [(row.id, row.terms_hash) for row in rows]


def stamp(found: Sequence[tuple[int, str]]) -> str:
    """What stands for a list of drafts on the page that shows it."""
    return fingerprint([list(one) for one in found])


def progress(session: Session, run_id: int) -> list[Progress]:
    """The latest work of each step on a run; two statements."""
    rows = session.scalars(
        select(PayoutWork).where(PayoutWork.run_id == run_id).order_by(PayoutWork.id)
    )
    latest = {row.step: row for row in rows}
    refused: dict[int, dict[str, int]] = {}
    for work_id, code, count in session.execute(
        select(PayoutWorkItem.work_id, PayoutWorkItem.refused, func.count())
        .where(
            PayoutWorkItem.work_id.in_([row.id for row in latest.values()]),
            PayoutWorkItem.refused != "",
        )
        .group_by(PayoutWorkItem.work_id, PayoutWorkItem.refused)
    ):
        refused.setdefault(work_id, {})[code] = count
    return [
        Progress(
            Step(row.step),
            row.done_count,
            row.total_count,
            refused.get(row.id, {}),
            row.finished_at is None,
        )
        for row in latest.values()
    ]


def run_of(session: Session, run_id: int) -> Run | None:
    return session.get(Run, run_id)


def _ask(
    session: Session,
    run_id: int,
    step: Step,
    asked: Sequence[tuple[str, str]],
    *,
    by: str,
    account_id: int,
    at: datetime,
) -> int:
    """Write down what is to be done; an open step of the same kind must end first."""
    work_id = ids.new()
    values = {
        "id": work_id,
        "run_id": run_id,
        "step": step,
        "total_count": len(asked),
        "done_count": 0,
        "asked_by": by,
        "account_id": account_id,
        "asked_at": at,
        "finished_at": None if asked else at,
    }
    try:
        with session.begin_nested():
            session.execute(insert(PayoutWork).values(values))
    except IntegrityError as error:
        raise Conflict(_l("This is being done already; the page shows how far it is.")) from error
    items = [
        {"work_id": work_id, "position": n, "subject": subject, "detail": detail, "refused": ""}
        for n, (subject, detail) in enumerate(asked)
    ]
    if items:
        session.execute(insert(PayoutWorkItem), items)
    if len(asked) > AT_ONCE:
        jobs.enqueue(session, WORK, {"work_id": str(work_id)}, at=at)
    return work_id


def _begin(work_id: int, pieces: int) -> None:
    if 0 < pieces <= AT_ONCE:
        _work_off(work_id, AT_ONCE)


def _work_off(work_id: int, limit: int) -> None:
    """Do pieces until the step ends or `limit` of them are done; then a new job goes on."""
    done = 0
    while done < limit:
        count = alone(partial(_next_piece, work_id))
        if not count:
            return
        done += count
    at = clock.now()
    with db.unit_of_work() as session:
        if session.get_one(PayoutWork, work_id).finished_at is None:
            jobs.enqueue(session, WORK, {"work_id": str(work_id)}, at=at)


def _next_piece(work_id: int, session: Session) -> int:
    """One piece in this transaction; how many places of the list it took, 0 at the end.

    The place is taken first: of two workers one waits here, and then finds the next place.
    """
    found = session.execute(
        update(PayoutWork)
        .where(PayoutWork.id == work_id, PayoutWork.finished_at.is_(None))
        .values(done_count=PayoutWork.done_count)
        .returning(PayoutWork)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).scalar_one_or_none()
    if found is None:
        return 0
    size, do = _PIECES[Step(found.step)]
    items = session.scalars(
        select(PayoutWorkItem)
        .where(
            PayoutWorkItem.work_id == work_id,
            PayoutWorkItem.position >= found.done_count,
            PayoutWorkItem.position < found.done_count + size,
        )
        .order_by(PayoutWorkItem.position)
    ).all()
    count = do(session, found, items)
    found.done_count += count
    if found.done_count >= found.total_count:
        found.finished_at = clock.now()
    return count


def _prepare_one(session: Session, found: PayoutWork, items: Sequence[PayoutWorkItem]) -> int:
    run = session.get_one(Run, found.run_id)
    for item in items:
        reckoned: list[taxes.Reckoned] = []
        payout = preparing.prepare_payout(
            session,
            run,
            item.subject,
            item.detail,
            replace(
                payouts.policy(session, [keys.number(item.subject)]),
                withhold=partial(_withhold, session, run.at, reckoned),
            ),
            by=run.by,
            at=run.at,
            ids=ids.new,
        )
        if payout is not None and reckoned:
            taxes.note(session, payout, reckoned[0], at=run.at)
    return len(items)


def _withhold(
    session: Session,
    at: datetime,
    reckoned: list[taxes.Reckoned],
    payee_key: str,
    currency: str,
    gross: int,
) -> int:
    """Tax to keep; what it was reckoned by goes into `reckoned`, for the record of the payout."""
    tax = taxes.reckon(session, payee_key, currency, gross, at=at)
    if tax is None:
        return 0
    reckoned.append(tax)
    return tax.result.amount


def _approve_some(session: Session, found: PayoutWork, items: Sequence[PayoutWorkItem]) -> int:
    """Each behind a savepoint: one that cannot be approved leaves the others alone."""
    own, at = payouts.own_payees(session, found.account_id), clock.now()
    for item in items:
        try:
            with session.begin_nested():
                payouts.approve_one(
                    session,
                    int(item.subject),
                    item.detail,
                    own_payees=own,
                    by=found.asked_by,
                    at=at,
                )
        except CommissionError as error:
            item.refused = _code(error)
    return len(items)


def _send_some(session: Session, found: PayoutWork, items: Sequence[PayoutWorkItem]) -> int:
    """The first payouts of one way and currency: into the queue, or into one file."""
    way = items[0].detail
    some = [item for item in items if item.detail == way]
    if way.startswith(f"{CONNECT} "):
        _queue(session, some, by=found.asked_by)
    else:
        _into_file(session, some, by=found.asked_by)
    return len(some)


def _queue(session: Session, items: Sequence[PayoutWorkItem], *, by: str) -> None:
    at = clock.now()
    for item in items:
        try:
            with session.begin_nested():
                approving.queue(session, int(item.subject), by=by, at=at, ids=ids.new)
        except CommissionError as error:
            item.refused = _code(error)
    jobs.enqueue(session, payouts.SEND, at=at, key=payouts.SEND)


def _into_file(session: Session, items: Sequence[PayoutWorkItem], *, by: str) -> None:
    """One file of all that may go; what may not is named, and the file is built without it."""
    left = {int(item.subject): item for item in items}
    while left:
        try:
            with session.begin_nested():
                payout_files.build(session, list(left), by=by, at=clock.now())
            return
        except CommissionError as error:
            named = error.details.get("payout") or error.details.get("id")
            culprit = left.pop(named, None) if isinstance(named, int) else None
            for item in [culprit] if culprit else left.values():
                item.refused = _code(error)
            if culprit is None:
                return


def _code(error: CommissionError) -> str:
    return str(error.details.get("reason") or error.code)[:60]


_PIECES: Mapping[
    Step, tuple[int, Callable[[Session, PayoutWork, Sequence[PayoutWorkItem]], int]]
] = {
    Step.PREPARE: (1, _prepare_one),
    Step.APPROVE: (AT_ONCE, _approve_some),
    Step.SEND: (FILE_SIZE, _send_some),
}
"""How many places of the list one transaction takes, and what it does with them."""
