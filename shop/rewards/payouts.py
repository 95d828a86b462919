"""Payouts of the shop: who is paid where, and the four eyes around it.

The maker prepares; another person approves exactly what was seen; then it is sent over the rail of
the payee's destination. The engine holds the protocol, this file supplies destinations and rails.
"""

import os
import socket
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.models import Payout
from commissions.payouts import approving, by_hand, sending
from commissions.payouts.conditions import Conditions
from commissions.payouts.method import AnswerKind, Destination
from commissions.payouts.preparing import Policy
from shop.kernel import clock, db, ids, jobs
from shop.network import destinations
from shop.network.models import Payee, Point, PointMembership
from shop.rewards import connect_accounts, keys, payout_terms, restores
from shop.rewards.connect_rail import RAIL as CONNECT
from shop.rewards.connect_rail import ConnectRail

SEND = "rewards.send_payouts"
FILE_RAILS = ("bank_file", "credit_note", "payroll_file")
RETRY = timedelta(minutes=5)


def approve(
    payout_ids: Sequence[int], hashes: Mapping[int, str], *, by: str, account_id: int
) -> list[int]:
    """The checker's part: agree to what was seen, and let it be sent; the ids of what is approved.

    A payout above its limit is approved when the second of two people has agreed.
    Raises the engine's SamePerson, OwnPayout, TermsChanged, CoolingDown.
    """
    at = clock.now()
    with db.unit_of_work() as session:
        own = own_payees(session, account_id)
        return [
            payout_id
            for payout_id in sorted(payout_ids)
            if approve_one(
                session, payout_id, hashes.get(payout_id, ""), own_payees=own, by=by, at=at
            )
        ]


def approve_one(
    session: Session,
    payout_id: int,
    seen: str,
    *,
    own_payees: Collection[str],
    by: str,
    at: datetime,
) -> bool:
    """One approval; what goes by Stripe is queued with the last one. True if it is approved now."""
    done = approving.approve(
        session,
        payout_id,
        expected_hash=seen,
        by=by,
        at=at,
        ids=ids.new,
        own_payees=own_payees,
    )
    if done and approving.payout_of(session, payout_id).rail == CONNECT:
        approving.queue(session, payout_id, by=by, at=at, ids=ids.new)
        jobs.enqueue(session, SEND, at=at, key=SEND)
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
        may_send=may_send,
        on_mark=restores.step,
        before_call=restores.write_down,
        by=by,
        owner=f"{socket.gethostname()}:{os.getpid()}",
    )


def may_send(session: Session, payout: Payout) -> str:
    """The last look before money leaves: is it still the payee's place, and can it arrive there?"""
    payee_id = keys.number(payout.payee_key)
    place = destinations.current(session, [payee_id]).get(payee_id)
    if place is None or place.hash != payout.destination_hash:
        return "destination_changed"
    return AnswerKind.CANNOT_RECEIVE if connect_accounts.problem(session, payee_id, place) else ""


def register_by_hand(payout_id: int, *, reference: str, by: str) -> bool:
    """A person paid it outside; the reference stands on the receipt."""
    with db.unit_of_work() as session:
        restores.step(session)
        db.after_commit(session, restores.write_down)
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


def policy(session: Session, payee_ids: Collection[int]) -> Policy:
    """How a run decides about these payees, as things stand now."""
    places = destinations.current(session, payee_ids)
    terms = payout_terms.current(session)

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
            problem=connect_accounts.problem(session, keys.number(payee_key), place),
        )

    def conditions_of(rail: str, currency: str) -> Conditions:
        return terms.get((rail, currency), payout_terms.standard(currency))

    return Policy(destination_of=destination_of, conditions_of=conditions_of)
