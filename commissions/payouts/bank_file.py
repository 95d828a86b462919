"""A file of approved payouts: built once, stored with its hash, never built again.

For a bank, for the books that post credit notes, or for payroll. Whether it was taken is what a
person says; "not sent" after the file went out needs two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import audit_trail
from commissions.errors import CommissionError, NotFound
from commissions.models import Batch, BatchItem, LastAnswer, Payout, PayoutStatus, payout_steps
from commissions.payouts.approving import locked_payout
from commissions.payouts.attempts import log
from commissions.payouts.by_hand import begin_sending, finish_sending
from commissions.payouts.files import tables
from commissions.payouts.files.format import Account, FileFormat, Head, Row
from commissions.plans import SamePerson
from commissions.rows import write

Ids = Callable[[], int]
Coat = Callable[[bytes], bytes]


class MixedBatch(CommissionError):
    """A file has one rail and one currency, and at least one payout."""

    code = "mixed_batch"


def build_batch(
    session: Session,
    payout_ids: Iterable[int],
    *,
    open_destination: Callable[[Payout], Account],
    purpose: str,
    write_as: FileFormat = tables.BANK,
    by: str,
    at: datetime,
    ids: Ids,
    seal: Coat = bytes,
) -> Batch:
    """Write approved payouts of one rail and currency into a file.

    `open_destination` opens a payout's sealed destination; `seal` encrypts the file at rest, its hash is
    that of the file itself. Raises MixedBatch, Halted, ClaimChanged, StaleState.
    """
    payouts = [locked_payout(session, payout_id) for payout_id in sorted(set(payout_ids))]
    if len({(payout.rail, payout.currency) for payout in payouts}) != 1:
        raise MixedBatch(payouts=[payout.id for payout in payouts])
    batch_id = ids()
    references = {payout.id: f"{batch_id}-{n}" for n, payout in enumerate(payouts, start=1)}
    head = Head(batch_id=batch_id, rail=payouts[0].rail, currency=payouts[0].currency, at=at)
    content = write_as.write(
        head,
        [
            Row(
                reference=references[payout.id],
                payee_key=payout.payee_key,
                account=open_destination(payout),
                gross_amount=payout.amount,
                fee_amount=payout.fee_amount,
                withheld_amount=payout.withheld_amount,
                net_amount=payout.net_amount,
                purpose=purpose,
            )
            for payout in payouts
        ],
    )
    batch = Batch(
        id=batch_id,
        rail=head.rail,
        currency=head.currency,
        format=write_as.key,
        item_count=len(payouts),
        total_amount=sum(payout.net_amount for payout in payouts),
        content=seal(content),
        sha256=hashlib.sha256(content).hexdigest(),
        at=at,
        by=by,
    )
    session.add(batch)
    session.flush()
    items = [
        {
            "batch_id": batch_id,
            "payout_id": payout.id,
            "reference": references[payout.id],
            "terms_hash": payout.terms_hash,
        }
        for payout in payouts
    ]
    write(session, BatchItem, items)
    for payout in payouts:
        begin_sending(session, payout, by=by, at=at, ids=ids)
    _tell(session, batch, "built", by=by, at=at, ids=ids, note=batch.sha256)
    return batch


def batch_content(session: Session, batch_id: int, *, unseal: Coat = bytes) -> bytes:
    """The file, byte for byte as it was built. Raises BrokenFile if it is not."""
    batch = _batch(session, batch_id)
    content = unseal(batch.content)
    if hashlib.sha256(content).hexdigest() != batch.sha256:
        raise BrokenFile(batch=batch_id)
    return content


class BrokenFile(CommissionError):
    """The stored file does not have its hash."""

    code = "broken_file"


def confirm_uploaded(session: Session, batch_id: int, *, by: str, at: datetime, ids: Ids) -> int:
    """The bank took the file: its payouts are sent. How many were not known as sent before."""
    batch = _batch(session, batch_id)
    count = 0
    for item in _items(session, batch_id):
        payout = locked_payout(session, item.payout_id)
        if payout.status is PayoutStatus.SENDING and _is_last(session, item):
            ref = f"{batch.rail}:{item.reference}"
            finish_sending(session, payout, transfer_ref=ref, by=by, at=at, ids=ids)
            count += 1
    _tell(session, batch, "uploaded", by=by, at=at, ids=ids, note="")
    return count


def declare_not_sent(
    session: Session,
    batch_id: int,
    *,
    by: str,
    second: str,
    at: datetime,
    ids: Ids,
    reason: str,
) -> int:
    """The bank did not take the file: its payouts wait again. Four eyes. How many there are.

    Raises SamePerson.
    """
    if by == second:
        raise SamePerson(batch=batch_id, by=by)
    batch = _batch(session, batch_id)
    count = 0
    for item in _items(session, batch_id):
        payout = locked_payout(session, item.payout_id)
        if payout.status is PayoutStatus.SENDING and _is_last(session, item):
            _back_to_queue(session, payout, by=by, at=at, ids=ids, note=reason)
            count += 1
    _tell(session, batch, "not_sent", by=by, at=at, ids=ids, note=f"{reason} (with {second})")
    return count


def _back_to_queue(
    session: Session, payout: Payout, *, by: str, at: datetime, ids: Ids, note: str
) -> None:
    # Two people vouch that nothing landed: a new file, or a void under four eyes, is safe now.
    vouched = {"last_answer": LastAnswer.REFUSED, "absent_confirmed_at": at}
    payout_steps.move(
        session,
        Payout,
        payout.id,
        to=PayoutStatus.QUEUED,
        by=by,
        at=at,
        ids=ids,
        expected=PayoutStatus.SENDING,
        note=note,
        also=vouched,
    )
    log(session, payout, "not_sent", by=by, at=at, ids=ids)


def _batch(session: Session, batch_id: int) -> Batch:
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise NotFound(thing="commission_payout_batch", id=batch_id)
    return batch


def _items(session: Session, batch_id: int) -> list[BatchItem]:
    return list(
        session.scalars(
            select(BatchItem).where(BatchItem.batch_id == batch_id).order_by(BatchItem.payout_id)
        )
    )


def _is_last(session: Session, item: BatchItem) -> bool:
    """Whether the payout is not in a later file: an old file must not speak for it any more."""
    later = select(BatchItem.batch_id).where(
        BatchItem.payout_id == item.payout_id, BatchItem.batch_id > item.batch_id
    )
    return session.scalar(later.limit(1)) is None


def _tell(
    session: Session, batch: Batch, verb: str, *, by: str, at: datetime, ids: Ids, note: str
) -> None:
    thing = ("commission_payout_batch", batch.id)
    action = f"commission_payout_batch.{verb}"
    audit_trail.record(session, action, thing=thing, by=by, at=at, ids=ids, note=note)
