"""Reading payouts for the brand's desk, in the words of its pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from commissions import queries
from commissions.models import (
    Approval,
    Attempt,
    Batch,
    BatchItem,
    Draft,
    DraftStatus,
    Halt,
    Payout,
    PayoutStatus,
)
from shop.rewards import taxes
from shop.rewards.models import Consent, ConsentState

_S = PayoutStatus
GROUPS: Mapping[str, tuple[PayoutStatus, ...]] = {
    "draft": (_S.DRAFT,),
    "approved": (_S.APPROVED,),
    "on_the_way": (_S.QUEUED, _S.SENDING),
    "blocked": (_S.BLOCKED,),
    "quarantined": (_S.QUARANTINED,),
    "sent": (_S.SENT, _S.SETTLED),
    "returned": (_S.FAILED, _S.REVERSED),
    "void": (_S.VOID,),
}
"""What pages call one thing (design §6)."""


@dataclass(frozen=True)
class BankFile:
    """A file for the bank, and what became of the payouts that no later file holds."""

    batch: Batch
    waiting: int
    """Payouts of which nobody has said whether the bank took them."""
    paid: int


@dataclass(frozen=True)
class Waits:
    """How many things of finance wait for somebody."""

    to_approve: int
    to_send: int
    at_bank: int
    """In a file of which nobody has said whether the bank took it."""
    to_publish: int
    to_agree: int
    blocked: int
    quarantined: int
    returned: int
    halted: bool


def payouts(
    session: Session,
    *,
    group: str = "",
    tax: str = "",
    run_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[Payout]:
    """Payouts of a group, newest first; all of them for a group without a name.

    `tax` is `known` or `missing` for payees whose tax data is, empty for all.
    """
    has_form = taxes.has_form()
    return queries.payouts(
        session,
        statuses=GROUPS.get(group, ()),
        run_id=run_id,
        only_if={"known": has_form, "missing": ~has_form}.get(tax),
        before=before,
        limit=limit,
    )


def one(session: Session, payout_id: int) -> Payout | None:
    return session.get(Payout, payout_id)


def history(session: Session, payout_id: int) -> Sequence[Attempt]:
    """Everything that happened while it was sent, oldest first."""
    return session.scalars(
        select(Attempt).where(Attempt.payout_id == payout_id).order_by(Attempt.id)
    ).all()


@dataclass(frozen=True)
class Found:
    """A transfer as Stripe showed it when a payout was stopped, to be compared with the payout."""

    transfer: str
    amount: int
    currency: str
    back: int
    """How much of it was taken back."""
    same_place: bool
    """It went to the payee's account."""


def found_at_stripe(history: Sequence[Attempt]) -> list[Found]:
    """What Stripe showed when the payout was last stopped, with what came back since."""
    stopped = [row.detail for row in history if row.event == "quarantined"]
    told = [row.detail for row in history if row.event == "partly_reversed"]
    back: dict[str, int] = {}
    for one in told:
        back[one["transfer"]] = max(one["amount"], back.get(one["transfer"], 0))
    shown = [Found(**one) for one in stopped[-1].get("found", ())] if stopped else []
    return [replace(one, back=max(one.back, back.get(one.transfer, 0))) for one in shown]


def halt(session: Session) -> Halt | None:
    """The halt that stands; None while payouts go out."""
    found = session.get(Halt, 1)
    return found if found is not None and found.halted else None


def batch(session: Session, batch_id: int) -> Batch | None:
    return session.get(Batch, batch_id)


def bank_files(session: Session, *, limit: int = 20) -> list[BankFile]:
    """The latest bank files; two statements."""
    batches = session.scalars(select(Batch).order_by(Batch.id.desc()).limit(limit)).all()
    later = aliased(BatchItem)
    rows = session.execute(
        select(BatchItem.batch_id, Payout.status, func.count())
        .join(Payout, Payout.id == BatchItem.payout_id)
        .where(
            BatchItem.batch_id.in_([one.id for one in batches]),
            ~exists().where(
                later.payout_id == BatchItem.payout_id, later.batch_id > BatchItem.batch_id
            ),
        )
        .group_by(BatchItem.batch_id, Payout.status)
    )
    counts: dict[int, dict[PayoutStatus, int]] = {}
    for batch_id, status, count in rows:
        counts.setdefault(batch_id, {})[status] = count
    return [
        BankFile(
            one,
            counts.get(one.id, {}).get(_S.SENDING, 0),
            sum(counts.get(one.id, {}).get(status, 0) for status in GROUPS["sent"]),
        )
        for one in batches
    ]


@dataclass(frozen=True)
class RunLine:
    """What a run pays over one way in one currency, and how much of it stands where."""

    rail: str
    currency: str
    count: int
    amount: int
    fee_amount: int
    withheld_amount: int
    net_amount: int
    by_group: Mapping[str, int]
    """How many payouts are in each of `GROUPS`."""


def run_lines(session: Session, run_ids: Sequence[int]) -> dict[int, list[RunLine]]:
    """Totals of runs by way and currency; what was taken back is counted and adds nothing.

    One statement.
    """
    found: dict[tuple[int, str, str], list[queries.RunTotal]] = {}
    for row in queries.totals_of_runs(session, run_ids):
        found.setdefault((row.run_id, row.rail, row.currency), []).append(row)
    lines: dict[int, list[RunLine]] = {}
    for (run_id, rail, currency), rows in found.items():
        alive = [row for row in rows if row.status is not _S.VOID]
        lines.setdefault(run_id, []).append(
            RunLine(
                rail,
                currency,
                sum(row.count for row in alive),
                sum(row.amount for row in alive),
                sum(row.fee_amount for row in alive),
                sum(row.withheld_amount for row in alive),
                sum(row.net_amount for row in alive),
                {
                    group: sum(row.count for row in rows if row.status in statuses)
                    for group, statuses in GROUPS.items()
                },
            )
        )
    return lines


AGES: Mapping[PayoutStatus, timedelta] = {
    _S.BLOCKED: timedelta(0),
    _S.QUARANTINED: timedelta(0),
    _S.QUEUED: timedelta(hours=2),
    _S.SENDING: timedelta(hours=2),
    _S.DRAFT: timedelta(days=3),
    _S.APPROVED: timedelta(days=3),
}
"""How long a payout may stand there before somebody should look."""
AT_BANK = timedelta(days=5)
"""How long a file may be out before somebody says what became of it."""


@dataclass(frozen=True)
class Standing:
    """A payout that stands for too long, and since when it was last moved."""

    payout: Payout
    since: datetime


def standing(session: Session, *, at: datetime, limit: int = 100) -> list[Standing]:
    """The operators' queue, what stands longest first; one statement."""
    moved = func.coalesce(Payout.last_sent_at, Payout.approved_at, Payout.created_at)
    rows = session.execute(
        select(Payout, moved).where(_stands(moved, at)).order_by(moved, Payout.id).limit(limit)
    )
    return [Standing(row[0], row[1]) for row in rows]


def standing_count(session: Session, *, at: datetime) -> int:
    """How many stand for too long."""
    moved = func.coalesce(Payout.last_sent_at, Payout.approved_at, Payout.created_at)
    return _count(session, _stands(moved, at))


def _stands(moved: ColumnElement[datetime], at: datetime) -> ColumnElement[bool]:
    late = [
        and_(Payout.status == status, moved <= at - age)
        for status, age in AGES.items()
        if status is not _S.SENDING
    ]
    by_net = and_(
        Payout.status == _S.SENDING, Payout.rail == "connect", moved <= at - AGES[_S.SENDING]
    )
    by_file = and_(Payout.status == _S.SENDING, Payout.rail != "connect", moved <= at - AT_BANK)
    return or_(*late, by_net, by_file)


def waits(session: Session, *, by: str) -> Waits:
    """What waits for this person or for anybody; nothing that is the person's own to be checked."""
    later = aliased(Payout)
    paid_since = exists().where(
        later.payee_key == Payout.payee_key,
        later.currency == Payout.currency,
        later.id > Payout.id,
    )
    returned = Payout.status.in_(GROUPS["returned"])
    file_rail = Payout.rail != "connect"
    agreed = exists().where(Approval.payout_id == Payout.id, Approval.by == by)
    return Waits(
        to_approve=_count(session, Payout.status == _S.DRAFT, Payout.created_by != by, ~agreed),
        to_send=_count(session, Payout.status == _S.APPROVED, file_rail),
        at_bank=_count(session, Payout.status == _S.SENDING, file_rail),
        to_publish=_rows(
            session,
            select(func.count()).where(Draft.status == DraftStatus.SUBMITTED, Draft.author != by),
        ),
        to_agree=_rows(
            session,
            select(func.count()).where(Consent.status == ConsentState.OPEN, Consent.asked_by != by),
        ),
        blocked=_count(session, Payout.status == _S.BLOCKED),
        quarantined=_count(session, Payout.status == _S.QUARANTINED),
        returned=_count(session, returned, ~paid_since),
        halted=halt(session) is not None,
    )


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return _rows(session, select(func.count()).select_from(Payout).where(*conditions))


def _rows(session: Session, counting: Select[int]) -> int:
    return int(session.execute(counting).scalar_one())
