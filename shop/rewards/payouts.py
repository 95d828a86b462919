"""Payout runs of the shop: who is paid where, and the four eyes around it.

The maker prepares; another person approves exactly what was seen; then it is sent over the rail of
the payee's destination. The engine holds the protocol, this file supplies destinations and rails.
"""

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.payouts import approving, bank_file, by_hand, preparing, sending
from commissions.payouts.bank_file import Account
from commissions.payouts.claims import payees_with_money
from commissions.payouts.method import Destination
from commissions.payouts.preparing import Policy
from shop.kernel import brand as brands
from shop.kernel import clock, db, ids, jobs, signing
from shop.network import destinations
from shop.network.models import Payee, Point, PointMembership
from shop.rewards import keys
from shop.rewards.connect_rail import RAIL as CONNECT
from shop.rewards.connect_rail import ConnectRail

SEND = "rewards.send_payouts"
FILE_RAILS = ("bank_file", "credit_note", "payroll_file")
MINIMUM = {"CNY": 1000, "GBP": 1000, "USD": 1000, "EUR": 1000, "HKD": 5000}
"""Least payout in minor units; smaller balances wait for the next run."""
RETRY = timedelta(minutes=5)


@dataclass(frozen=True)
class Payable:
    """A payee with money, before a run."""

    payee_id: int
    name: str
    currency: str
    available_amount: int
    label: str
    """The masked destination; empty if none is set."""


def payable(session: Session, *, at: datetime) -> list[Payable]:
    """Who could be paid now, largest first."""
    found = payees_with_money(session, at)
    payee_ids = [keys.number(payee) for payee, _currency, _amount in found]
    names = names_of(session, payee_ids)
    places = destinations.current(session, payee_ids)
    rows = [
        Payable(
            keys.number(payee),
            names.get(keys.number(payee), "?"),
            currency,
            amount,
            places[keys.number(payee)].label if keys.number(payee) in places else "",
        )
        for payee, currency, amount in found
    ]
    return sorted(rows, key=lambda row: -row.available_amount)


def prepare(*, by: str, note: str = "") -> int:
    """The maker's part: claim what is payable, one draft for each payee; returns the run."""
    at = clock.now()
    with db.unit_of_work(serializable=True) as session:
        run = preparing.prepare_run(
            session, _policy(session, at), by=by, at=at, ids=ids.new, note=note
        )
        return run.id


def approve(
    payout_ids: Sequence[int], hashes: Mapping[int, str], *, by: str, account_id: int
) -> list[int]:
    """The checker's part: agree to what was seen, and let it be sent.

    Raises the engine's SamePerson, OwnPayout, TermsChanged, CoolingDown.
    """
    at = clock.now()
    done = []
    with db.unit_of_work() as session:
        own = own_payees(session, account_id)
        for payout_id in sorted(payout_ids):
            approving.approve(
                session,
                payout_id,
                expected_hash=hashes.get(payout_id, ""),
                by=by,
                at=at,
                ids=ids.new,
                own_payees=own,
            )
            payout = approving.payout_of(session, payout_id)
            if payout.rail == CONNECT:
                approving.queue(session, payout_id, by=by, at=at, ids=ids.new)
                jobs.enqueue(session, SEND, at=at, key=SEND)
            done.append(payout_id)
    return done


def void(payout_id: int, *, by: str, reason: str) -> None:
    """Take a payout back before it leaves; its entries are payable again."""
    with db.unit_of_work() as session:
        approving.void(session, payout_id, by=by, at=clock.now(), ids=ids.new, reason=reason)


def send_due(_payload: Mapping[str, Any]) -> None:
    """Job: advance every queued Connect payout by one pass; come back while any waits."""
    sender = hands("job:payouts")
    with db.reading() as session:
        due = sending.due_payouts(session, CONNECT, wall=clock.wall(), limit=500)
    waits = False
    for payout_id in due:
        progress = sending.advance(sender, payout_id, ConnectRail())
        waits |= progress in (sending.Progress.WAITING, sending.Progress.NEW_EPOCH)
    if waits:
        at = clock.now()
        with db.unit_of_work() as session:
            jobs.enqueue(session, SEND, at=at, due_at=at + RETRY, key=f"{SEND}:again")


def hands(by: str) -> sending.Sender:
    """What the engine needs to work on a payout in this process."""
    return sending.Sender(
        unit_of_work=db.unit_of_work,
        now=clock.now,
        wall=clock.wall,
        ids=ids.new,
        by=by,
        owner=f"{socket.gethostname()}:{os.getpid()}",
    )


def write_bank_file(payout_ids: Sequence[int], *, by: str) -> int:
    """Approved payouts of a file rail go into one file, built once; returns the batch."""
    at = clock.now()
    with db.unit_of_work() as session:
        batch = bank_file.build_batch(
            session,
            payout_ids,
            open_destination=_open_account,
            purpose="Commission",
            by=by,
            at=at,
            ids=ids.new,
            seal=_seal,
        )
        return batch.id


def bank_file_content(session: Session, batch_id: int) -> bytes:
    """The file, byte for byte the same at each download."""
    return bank_file.batch_content(session, batch_id, unseal=_unseal)


def confirm_uploaded(batch_id: int, *, by: str) -> int:
    """The bank took the file: its payouts are paid."""
    with db.unit_of_work() as session:
        return bank_file.confirm_uploaded(session, batch_id, by=by, at=clock.now(), ids=ids.new)


def register_by_hand(payout_id: int, *, reference: str, by: str) -> bool:
    """A person paid it outside; the reference stands on the receipt."""
    with db.unit_of_work() as session:
        return by_hand.register_by_hand(
            session, payout_id, reference=reference, by=by, at=clock.now(), ids=ids.new
        )


def own_payees(session: Session, account_id: int) -> list[str]:
    """Payees of the points where this person works, and the person's own."""
    rows = session.scalars(
        select(Point.payee_id)
        .join(PointMembership, PointMembership.point_id == Point.id)
        .where(PointMembership.account_id == account_id)
        .union(select(Payee.id).where(Payee.account_id == account_id))
    )
    return [keys.payee(payee_id) for payee_id in rows if payee_id is not None]


def names_of(session: Session, payee_ids: Sequence[int]) -> dict[int, str]:
    """Names of payees by id."""
    rows = session.execute(select(Payee.id, Payee.name).where(Payee.id.in_(sorted(payee_ids))))
    return {row.id: row.name for row in rows}


def _policy(session: Session, at: datetime) -> Policy:
    currency = brands.current(session).currency
    payee_ids = [keys.number(payee) for payee, _currency, _amount in payees_with_money(session, at)]
    places = destinations.current(session, payee_ids)

    def destination_of(payee_key: str, _currency: str) -> Destination | None:
        place = places.get(keys.number(payee_key))
        if place is None:
            return None
        return Destination(
            rail=place.rail.value,
            label=place.label,
            hash=place.hash,
            sealed=place.sealed,
            ready_at=place.usable_from,
        )

    return Policy(destination_of=destination_of, minimum={currency: MINIMUM.get(currency, 1000)})


def _open_account(sealed: str) -> Account:
    details = destinations.unsealed(sealed)
    return Account(
        holder=details.get("holder", ""),
        number=details.get("account_number")
        or details.get("customer_number")
        or details.get("personnel_number", ""),
        bank=details.get("bank_name", ""),
    )


def _seal(content: bytes) -> bytes:
    return signing.seal(content.decode()).encode()


def _unseal(content: bytes) -> bytes:
    return signing.unseal(content.decode()).encode()
