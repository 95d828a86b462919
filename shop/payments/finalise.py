"""FINALISE: what Stripe says about a payment becomes what the order is.

One function for the return page, the webhook and the sweeper, callable any number of times. It is
the only writer of `placed` and `placed_at`, and the only publisher of OrderPlaced.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shop.catalog import stock
from shop.gateway import client
from shop.kernel import clock, events, ids, signing
from shop.kernel.db import insert_new, reading, unit_of_work
from shop.orders import statuses, timeline, turns
from shop.orders.events import OrderPlaced
from shop.orders.models import Order, OrderStatus, PaymentStatus
from shop.orders.states import ORDER
from shop.orders.statuses import Sums
from shop.orders.timeline import Step
from shop.orders.turns import Turn
from shop.payments import sums
from shop.payments.models import AttemptStatus, Payment, PaymentEvent

log = logging.getLogger(__name__)

COVERED = (PaymentStatus.PAID, PaymentStatus.AUTHORIZED, PaymentStatus.OVERCHARGED)
UNFILLABLE = "paid_but_unfillable"
MISMATCH = "payment_mismatch"
OVERCHARGED = "overcharged"


@dataclass(frozen=True)
class Heard:
    """What Stripe said about one attempt, F0."""

    session_id: str
    payment_id: int
    order_id: int
    status: AttemptStatus
    amount: int
    currency: str
    intent_id: str | None
    charge_id: str | None
    method_type: str
    payer_hash: str
    """Keyed hash of the card or wallet; empty if Stripe names none."""
    at: datetime


class ForeignObject(Exception):
    """The object is not this shop's."""


class UnknownPayment(Exception):
    """The object says that it is ours, and no payment of ours agrees with it."""


def after_return(session_id: str) -> None:
    """For the return page: finalise what can be.

    A silent Stripe is no error here, nor a Session that is another's: the order page waits, the
    webhook or the sweeper will tell (test B4).
    """
    try:
        by_session(session_id)
    except (client.GatewayUnavailable, client.GatewayRefused, ForeignObject, UnknownPayment):
        log.info("nothing to be learned on the way back; the webhook will tell", exc_info=True)


def order_of(session_id: str) -> str | None:
    """The token of the order that a Session pays; None if no such Session is ours."""
    with reading() as session:
        return session.execute(
            select(Order.token)
            .join(Payment, Payment.order_id == Order.id)
            .where(Payment.session_id == session_id)
        ).scalar_one_or_none()


def by_session(session_id: str) -> AttemptStatus:
    """Look at a Session and move its order forward.

    Raises ForeignObject if it is not this shop's, UnknownPayment, GatewayUnavailable.
    """
    heard = _heard(client.session(session_id), clock.now())
    try:
        with unit_of_work() as session:
            _apply(session, heard)
    except _Mismatch as mismatch:
        # Kept in a transaction of its own: rolled back together with the refusal it would be lost.
        with unit_of_work() as session:
            _note_mismatch(session, heard, str(mismatch))
    return heard.status


def without_payment(order_id: int) -> None:
    """Place an order that costs nothing; no Session was opened for it."""
    at = clock.now()
    with unit_of_work() as session:
        turn = turns.take(session, order_id)
        free = session.execute(
            update(Payment)
            .where(
                Payment.order_id == order_id,
                Payment.amount == 0,
                Payment.status == AttemptStatus.PENDING,
            )
            .values(status=AttemptStatus.SUCCEEDED, captured_at=at)
            .returning(Payment.id)
        ).one_or_none()
        if free is not None:
            _settle(session, turn, sums.of_order(session, order_id), at)


class _Mismatch(Exception):
    """Amount, currency or order differ from the row: never placed, a person looks."""


def _heard(found: dict[str, Any], at: datetime) -> Heard:
    ours = found.get("metadata") or {}
    if ours.get("app") != "gridshop" or not str(ours.get("payment_id", "")).isdigit():
        raise ForeignObject(found["id"])
    intent = found.get("payment_intent") if isinstance(found.get("payment_intent"), dict) else None
    charge = intent.get("latest_charge") if intent else None
    charge = charge if isinstance(charge, dict) else None
    details = (charge or {}).get("payment_method_details") or {}
    return Heard(
        session_id=str(found["id"]),
        payment_id=int(ours["payment_id"]),
        order_id=int(ours["order_id"]),
        status=_status(found, intent),
        amount=int((intent or {}).get("amount_received") or found["amount_total"] or 0),
        currency=str(found["currency"]).upper(),
        intent_id=str(intent["id"]) if intent else None,
        charge_id=str(charge["id"]) if charge else None,
        method_type=str(details.get("type", "")),
        payer_hash=_payer_hash(details),
        at=at,
    )


def _payer_hash(details: Mapping[str, Any]) -> str:
    """The same card is seen to be the same; nobody can go back to it (commissions FP-7)."""
    method = details.get(str(details.get("type", ""))) or {}
    name = method.get("fingerprint") or method.get("buyer_id")
    return signing.fingerprint(str(name), purpose="payer") if name else ""


def _status(found: dict[str, Any], intent: dict[str, Any] | None) -> AttemptStatus:
    if found["payment_status"] == "paid":
        return AttemptStatus.SUCCEEDED
    if found["status"] == "expired":
        return AttemptStatus.EXPIRED
    inner = (intent or {}).get("status", "")
    if found["status"] == "complete" and inner in ("requires_payment_method", "canceled"):
        return AttemptStatus.FAILED
    return {
        "processing": AttemptStatus.PROCESSING,
        "requires_action": AttemptStatus.REQUIRES_ACTION,
        "requires_capture": AttemptStatus.AUTHORIZED,
    }.get(inner, AttemptStatus.PENDING)


def _apply(session: Session, heard: Heard) -> None:
    row = session.execute(
        select(Payment, *turns.COLUMNS)
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.id == heard.payment_id, Order.id == heard.order_id)
        .with_for_update(of=Order, key_share=True)
    ).one_or_none()
    if row is None:
        raise UnknownPayment(heard.session_id)
    payment = row.Payment
    turn = Turn(heard.order_id, *row[1:])
    if payment.session_id is None:
        # The process ended between Stripe's answer and our note of it: adopt the Session.
        payment.session_id = heard.session_id
        session.flush()
    elif payment.session_id != heard.session_id:
        raise UnknownPayment(heard.session_id)
    if heard.status is AttemptStatus.SUCCEEDED:
        _capture(session, payment, turn, heard)
    elif payment.status in sums.OPEN and payment.status != heard.status:
        _move_attempt(session, payment, heard)


def _capture(session: Session, payment: Payment, turn: Turn, heard: Heard) -> None:
    if heard.amount != payment.amount or heard.currency != payment.currency:
        raise _Mismatch(f"{heard.amount} {heard.currency}")
    if not _record(session, payment.id, "charge_success", heard.charge_id or "", heard):
        return
    captured = session.execute(
        update(Payment)
        .where(Payment.id == payment.id, Payment.captured_amount == 0)
        .values(
            status=AttemptStatus.SUCCEEDED,
            captured_amount=heard.amount,
            intent_id=heard.intent_id,
            charge_id=heard.charge_id,
            method_type=heard.method_type,
            captured_at=heard.at,
        )
        .returning(*sums.of_the_others(payment))
    ).one_or_none()
    if captured is not None:
        found = sums.read(captured)
        found = replace(found, captured=found.captured + heard.amount)
        _settle(session, turn, found, heard.at, heard.payer_hash)


def _move_attempt(session: Session, payment: Payment, heard: Heard) -> None:
    session.execute(
        update(Payment)
        .where(Payment.id == payment.id, Payment.status == payment.status)
        .values(status=heard.status, intent_id=heard.intent_id)
    )
    step = sums.store(session, payment.order_id)
    if heard.status in (AttemptStatus.FAILED, AttemptStatus.EXPIRED):
        timeline.note(
            session,
            payment.order_id,
            f"payment_{heard.status}",
            by="stripe",
            at=heard.at,
            steps={"payment": step},
        )


def _settle(session: Session, turn: Turn, found: Sums, at: datetime, payer_hash: str = "") -> None:
    """F2: what the money means for the order."""
    status = statuses.payment_status(turn.total_amount, found)
    money = statuses.payment_columns(found, status)
    if payer_hash:
        money = {**money, "payer_hash": payer_hash}
    if status in COVERED and turn.status == OrderStatus.PENDING:
        _place(session, turn, money, at)
        return
    session.execute(update(Order).where(Order.id == turn.order_id).values(**money))
    if status not in COVERED:
        return
    if turn.status == OrderStatus.PLACED and status is PaymentStatus.OVERCHARGED:
        _raise_task(session, turn.order_id, OVERCHARGED, at)
    elif turn.status == OrderStatus.EXPIRED:
        _place_late(session, turn, status, at)
    elif turn.status == OrderStatus.CANCELED:
        _raise_task(session, turn.order_id, UNFILLABLE, at)


def _place(session: Session, turn: Turn, money: Mapping[str, Any], at: datetime) -> None:
    """pending → placed, by whoever comes first."""
    stock.commit(session, turn.order_id, at=at, by="payments")
    step = Step(turn.payment_status, money["payment_status"])
    _move_to_placed(session, turn, OrderStatus.PENDING, money, step, at)


def _place_late(session: Session, turn: Turn, status: PaymentStatus, at: datetime) -> None:
    """The money came after the hold was over: place it if the goods can still be had (test A9)."""
    order_id = turn.order_id
    try:
        with session.begin_nested():
            stock.reserve_again(session, order_id, expires_at=at, at=at, by="payments")
            stock.commit(session, order_id, at=at, by="payments")
    except stock.OutOfStock:
        _raise_task(session, order_id, UNFILLABLE, at)
        return
    step = Step(turn.payment_status, status)
    _move_to_placed(session, turn, OrderStatus.EXPIRED, {}, step, at)


def _move_to_placed(
    session: Session,
    turn: Turn,
    expected: OrderStatus,
    money: Mapping[str, Any],
    paid: Step,
    at: datetime,
) -> None:
    order_id = turn.order_id
    moved = ORDER.move(
        session,
        Order,
        order_id,
        to=OrderStatus.PLACED,
        by="payments",
        at=at,
        ids=ids.new,
        expected=expected,
        also={"placed_at": at, "end_reason": "", **money},
    )
    if moved:
        steps = {"order": Step(expected, OrderStatus.PLACED), "payment": paid}
        timeline.note(session, order_id, "placed", by="payments", at=at, steps=steps)
        events.publish(session, OrderPlaced(order_id, at, turn.picks_up))


def _raise_task(session: Session, order_id: int, task: str, at: datetime) -> None:
    """Something only a person can decide; nothing refunds by itself."""
    raised = session.execute(
        update(Order)
        .where(Order.id == order_id, Order.task != task)
        .values(task=task)
        .returning(Order.id)
    ).one_or_none()
    if raised is not None:
        timeline.note(session, order_id, task, by="payments", at=at)
        log.error("order %s needs a person: %s", order_id, task)


def _record(session: Session, payment_id: int, kind: str, reference: str, heard: Heard) -> bool:
    """Append to the payment's log; False if it was said before."""
    new = insert_new(session, PaymentEvent).values(
        id=ids.new(),
        payment_id=payment_id,
        type=kind,
        psp_reference=reference,
        amount=heard.amount,
        at=heard.at,
        details={"session": heard.session_id, "intent": heard.intent_id},
    )
    return session.scalar(new.returning(PaymentEvent.id)) is not None


def _note_mismatch(session: Session, heard: Heard, detail: str) -> None:
    known = session.execute(
        select(Payment.order_id).where(Payment.id == heard.payment_id)
    ).scalar_one()
    _record(session, heard.payment_id, "info", f"mismatch:{heard.charge_id}:{heard.amount}", heard)
    _raise_task(session, known, MISMATCH, heard.at)
    log.error("payment %s: Stripe says %s, the order says otherwise", heard.payment_id, detail)
