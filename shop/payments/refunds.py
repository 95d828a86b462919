"""Refunds: written down and reserved first, then asked of Stripe, then recorded.

What may go back is guarded by counters on the parents (payment, order, line), moved by conditional
updates before Stripe is called, so that two refunds at once never give back more than was paid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from shop.catalog import stock
from shop.kernel import audit, clock, events, ids, jobs
from shop.kernel.db import unit_of_work
from shop.kernel.errors import Conflict, Invalid
from shop.kernel.money import split
from shop.kernel.words import _l
from shop.orders import refundable, statuses, timeline, turns
from shop.orders.errors import NoSuchOrder
from shop.orders.events import RefundedLine, RefundFailed, RefundReserved
from shop.orders.models import Order, OrderLine, OrderStatus
from shop.orders.refundable import LineState, Take
from shop.payments import sums
from shop.payments.models import Payment, Refund, RefundLine, RefundStatus

SEND = "payments.send_refund"
_STATUS = {
    "succeeded": RefundStatus.SUCCEEDED,
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.REQUIRES_ACTION,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.CANCELED,
}


class TooMuch(Invalid):
    """More than was paid, or than is left of it."""

    code = "refund_too_much"

    def __init__(self, field: str = "amount") -> None:
        super().__init__(_l("This is more than can be given back."), field=field)


@dataclass(frozen=True)
class Units:
    """Units of a line to give back."""

    order_line_id: int
    units: int
    restock: bool = True


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a person asked for; amounts in minor units of the order's currency, with tax."""

    lines: Sequence[Units] = ()
    shipping_amount: int = 0
    goodwill_amount: int = 0
    goodwill_spread: bool = False
    """Let commissions share the goodwill, spread over the lines by what is left of them."""
    overpayment_amount: int = 0
    """Give back what was paid twice; touches neither lines nor commissions."""
    only_what_is_left: bool = False
    """For a cancellation: all units go back, the money as far as goodwill did not go before."""
    reason: str = "requested_by_customer"
    note: str = ""


@dataclass
class _Plan:
    """The refund as it will be written."""

    amount: int
    takes: dict[int, Take] = field(default_factory=dict)
    restock: dict[int, bool] = field(default_factory=dict)


def reserve(session: Session, order_id: int, wanted: Wanted, *, by: str, at: datetime) -> list[int]:
    """Write the refund and have it sent; returns its ids, one for each payment that it draws on.

    Raises TooMuch, Invalid for an empty or negative wish, Conflict if another refund of the order
    was faster.
    """
    turns.take(session, order_id)
    order = session.execute(select(Order).where(Order.id == order_id)).scalar_one()
    lines = {
        line.id: line
        for line in session.scalars(select(OrderLine).where(OrderLine.order_id == order_id))
    }
    _check(wanted, lines)
    plan = _plan(session, order, wanted, lines)
    if plan.amount == 0:
        raise Invalid(_l("Please choose what to give back."), field="amount")
    _lock(session, order, plan.amount, granted=plan.amount - wanted.overpayment_amount)
    shares = _draw(session, order_id, plan.amount)
    refund_ids = _write(session, order, wanted, plan, shares, by=by, at=at)
    _take_from_lines(session, order, lines, plan, refund_ids[0], by=by, at=at)
    steps = {
        "payment": sums.store(session, order_id),
        "goods": statuses.store_fulfillment(session, order_id, at=at),
    }
    timeline.note(
        session,
        order_id,
        "refund_reserved",
        by=by,
        at=at,
        steps=steps,
        amount=plan.amount,
        currency=order.currency,
        reason=wanted.reason,
    )
    audit.record(
        session,
        "refund.reserved",
        "order",
        order_id,
        by=by,
        at=at,
        after={"amount": plan.amount, "refunds": [str(one) for one in refund_ids]},
        note=wanted.reason,
    )
    if plan.takes:
        events.publish(session, RefundReserved(order_id, refund_ids[0], _told(plan), at))
    for refund_id in refund_ids:
        jobs.enqueue(session, SEND, {"refund_id": str(refund_id)}, at=at)
    return refund_ids


def record(found: Mapping[str, Any]) -> bool:
    """Take in a refund as Stripe shows it; False if the payment is not this shop's.

    One made in Stripe's dashboard gets its row here, as goodwill shared by the lines.
    """
    ours = (found.get("metadata") or {}).get("refund_id", "")
    status = _STATUS.get(str(found["status"]), RefundStatus.PENDING)
    failure = str(found.get("failure_reason") or "")
    if str(ours).isdigit():
        return settle(int(ours), str(found["id"]), status, failure=failure)
    with unit_of_work() as session:
        known = session.scalar(select(Refund.id).where(Refund.stripe_id == str(found["id"])))
        if known is None:
            known = _adopt(session, found)
    if known is None:
        return False
    return settle(known, str(found["id"]), status, failure=failure)


def settle(
    refund_id: int, stripe_id: str | None, status: RefundStatus, *, failure: str = ""
) -> bool:
    """Bring a refund to where Stripe says it is; a failed one is undone exactly once."""
    at = clock.now()
    with unit_of_work() as session:
        refund = session.get(Refund, refund_id)
        if refund is None:
            return False
        if stripe_id and refund.stripe_id is None:
            refund.stripe_id = stripe_id
            session.flush()
        before = refund.status
        if status == before or before in (RefundStatus.FAILED, RefundStatus.CANCELED):
            return True
        over = status in (RefundStatus.FAILED, RefundStatus.CANCELED, RefundStatus.SUCCEEDED)
        moved = session.execute(
            update(Refund)
            .where(Refund.id == refund_id, Refund.status == before)
            .values(status=status, failure=failure, ended_at=at if over else None)
            .returning(Refund.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if moved is None:
            return True
        if status in (RefundStatus.FAILED, RefundStatus.CANCELED):
            _undo(session, refund, failure, at)
        step = sums.store(session, refund.order_id)
        timeline.note(
            session,
            refund.order_id,
            f"refund_{status}",
            by="stripe",
            at=at,
            steps={"payment": step},
            amount=refund.amount,
            currency=refund.currency,
        )
    return True


def _check(wanted: Wanted, lines: Mapping[int, OrderLine]) -> None:
    amounts = (wanted.shipping_amount, wanted.goodwill_amount, wanted.overpayment_amount)
    if any(amount < 0 for amount in amounts) or any(one.units < 0 for one in wanted.lines):
        raise Invalid(_l("A refund cannot be negative."), field="amount")
    if any(one.order_line_id not in lines for one in wanted.lines):
        raise NoSuchOrder


def _plan(session: Session, order: Order, wanted: Wanted, lines: Mapping[int, OrderLine]) -> _Plan:
    plan = _Plan(0)
    for one in wanted.lines:
        if one.units == 0:
            continue
        line = lines[one.order_line_id]
        if line.refunded_count + one.units > line.quantity:
            raise TooMuch("lines")
        plan.takes[line.id] = refundable.units_of(_state(line), one.units)
        plan.restock[line.id] = one.restock
    if wanted.shipping_amount > shipping_left(session, order):
        raise TooMuch("shipping")
    if wanted.goodwill_spread and wanted.goodwill_amount:
        _spread(plan, lines, wanted.goodwill_amount)
    loose = 0 if wanted.goodwill_spread else wanted.goodwill_amount
    plan.amount = (
        sum(take.amount for take in plan.takes.values())
        + wanted.shipping_amount
        + loose
        + wanted.overpayment_amount
    )
    if wanted.only_what_is_left:
        _shave(plan, order)
    return plan


def _shave(plan: _Plan, order: Order) -> None:
    """Money that went back before is not given twice; the bases of the lines go back in full."""
    left = min(
        order.captured_amount - order.refunded_amount, order.total_amount - order.granted_amount
    )
    for line_id, take in sorted(plan.takes.items(), reverse=True):
        less = min(max(0, plan.amount - left), take.amount)
        plan.takes[line_id] = Take(take.units, take.amount - less, take.base_amount)
        plan.amount -= less


def _spread(plan: _Plan, lines: Mapping[int, OrderLine], amount: int) -> None:
    """Goodwill goes to the lines by what is left of them, largest remainder (RF-2)."""
    ordered = sorted(lines.values(), key=lambda line: line.position)
    left = [_paid(line) - line.refunded_amount - _taken(plan, line.id).amount for line in ordered]
    if amount > sum(left):
        raise TooMuch("goodwill")
    for line, share in zip(ordered, split(amount, left), strict=True):
        if share == 0:
            continue
        before = _taken(plan, line.id)
        state = _state(line)
        base = refundable.base_of_amount(state, before.amount + share)
        plan.takes[line.id] = Take(
            before.units, before.amount + share, max(base, before.base_amount)
        )


def _taken(plan: _Plan, line_id: int) -> Take:
    return plan.takes.get(line_id, Take(0, 0, 0))


def _paid(line: OrderLine) -> int:
    return line.base_amount + line.tax_amount


def _state(line: OrderLine) -> LineState:
    return LineState(
        line.quantity,
        _paid(line),
        line.base_amount,
        line.refunded_count,
        line.refunded_amount,
        line.refunded_base_amount,
    )


def shipping_left(session: Session, order: Order) -> int:
    """What of the shipping, its tax included, was not given back yet."""
    gone = session.scalars(
        select(Refund.shipping_amount).where(
            Refund.order_id == order.id, Refund.status.in_(sums.LIVE_REFUNDS)
        )
    ).all()
    paid = order.shipping_amount + (0 if order.tax_included else order.shipping_tax_amount)
    return paid - sum(gone)


def _lock(session: Session, order: Order, amount: int, *, granted: int) -> None:
    """Refunds of one order queue at its row: the amount that was seen must still stand there."""
    won = session.execute(
        update(Order)
        .where(
            Order.id == order.id,
            Order.refunded_amount == order.refunded_amount,
            Order.refunded_amount + amount <= Order.captured_amount,
            Order.granted_amount + granted <= Order.total_amount,
        )
        .values(
            refunded_amount=Order.refunded_amount + amount,
            granted_amount=Order.granted_amount + granted,
        )
        .returning(Order.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if won is not None:
        return
    now = session.execute(select(Order.refunded_amount).where(Order.id == order.id)).scalar_one()
    if now != order.refunded_amount:
        raise Conflict(_l("Somebody else refunds this order right now. Please look again."))
    raise TooMuch


def _draw(session: Session, order_id: int, amount: int) -> list[tuple[int, int]]:
    """Which payments give how much; the latest first, because a double charge is the later one."""
    payments = session.execute(
        select(Payment.id, Payment.captured_amount - Payment.refunded_amount)
        .where(Payment.order_id == order_id, Payment.captured_amount > Payment.refunded_amount)
        .order_by(Payment.attempt.desc())
    ).all()
    shares, left = [], amount
    for payment_id, available in payments:
        take = min(left, int(available))
        if take == 0:
            continue
        won = session.execute(
            update(Payment)
            .where(
                Payment.id == payment_id, Payment.refunded_amount + take <= Payment.captured_amount
            )
            .values(refunded_amount=Payment.refunded_amount + take)
            .returning(Payment.id)
        ).one_or_none()
        if won is None:
            raise Conflict(_l("Somebody else refunds this order right now. Please look again."))
        shares.append((payment_id, take))
        left -= take
    if left:
        raise TooMuch
    return shares


def _write(
    session: Session,
    order: Order,
    wanted: Wanted,
    plan: _Plan,
    shares: Sequence[tuple[int, int]],
    *,
    by: str,
    at: datetime,
) -> list[int]:
    refund_ids = ids.block(len(shares))
    kind = "overpayment" if plan.amount == wanted.overpayment_amount else "order"
    rows = [
        {
            "id": refund_id,
            "order_id": order.id,
            "payment_id": payment_id,
            "status": RefundStatus.PENDING,
            "kind": kind,
            "currency": order.currency,
            "amount": share,
            # Shipping and goodwill are told once, by the first row.
            "shipping_amount": wanted.shipping_amount if position == 0 else 0,
            "goodwill_amount": wanted.goodwill_amount if position == 0 else 0,
            "goodwill_spread": wanted.goodwill_spread,
            "reason": wanted.reason,
            "note": wanted.note[:500],
            "failure": "",
            "created_by": by,
            "created_at": at,
        }
        for position, (refund_id, (payment_id, share)) in enumerate(
            zip(refund_ids, shares, strict=True)
        )
    ]
    session.execute(insert(Refund), rows)
    if plan.takes:
        session.execute(
            insert(RefundLine),
            [
                {
                    "refund_id": refund_ids[0],
                    "order_line_id": line_id,
                    "units": take.units,
                    "amount": take.amount,
                    "base_amount": take.base_amount,
                    "restock": plan.restock.get(line_id, False),
                }
                for line_id, take in plan.takes.items()
            ],
        )
    return refund_ids


def _take_from_lines(
    session: Session,
    order: Order,
    lines: Mapping[int, OrderLine],
    plan: _Plan,
    refund_id: int,
    *,
    by: str,
    at: datetime,
) -> None:
    for line_id, take in sorted(plan.takes.items()):
        line = lines[line_id]
        # Only a placed order has goods set aside; those of an expired one are others' by now.
        placed = order.status == OrderStatus.PLACED
        waiting = line.quantity - line.fulfilled_count - line.canceled_count if placed else 0
        given_up = min(take.units, waiting)
        session.execute(
            update(OrderLine)
            .where(OrderLine.id == line_id)
            .values(
                refunded_count=OrderLine.refunded_count + take.units,
                refunded_amount=OrderLine.refunded_amount + take.amount,
                refunded_base_amount=OrderLine.refunded_base_amount + take.base_amount,
                canceled_count=OrderLine.canceled_count + given_up,
            )
            .execution_options(synchronize_session=False)
        )
        if given_up and line.stock_level_id is not None:
            stock.uncommit(
                session,
                line.stock_level_id,
                given_up,
                reason_id=f"refund:{refund_id}:{line_id}",
                at=at,
                by=by,
            )


def _told(plan: _Plan) -> tuple[RefundedLine, ...]:
    return tuple(
        RefundedLine(line_id, take.units, take.base_amount)
        for line_id, take in sorted(plan.takes.items())
    )


def _undo(session: Session, refund: Refund, failure: str, at: datetime) -> None:
    """The money did not go: all counters come back, and a person is told."""
    session.execute(
        update(Payment)
        .where(Payment.id == refund.payment_id)
        .values(refunded_amount=Payment.refunded_amount - refund.amount)
    )
    taken = session.scalars(select(RefundLine).where(RefundLine.refund_id == refund.id)).all()
    for one in taken:
        session.execute(
            update(OrderLine)
            .where(OrderLine.id == one.order_line_id)
            .values(
                refunded_count=OrderLine.refunded_count - one.units,
                refunded_amount=OrderLine.refunded_amount - one.amount,
                refunded_base_amount=OrderLine.refunded_base_amount - one.base_amount,
            )
        )
    session.execute(update(Order).where(Order.id == refund.order_id).values(task="refund_failed"))
    if taken:
        events.publish(session, RefundFailed(refund.order_id, refund.id, at))
    audit.record(session, "refund.failed", "refund", refund.id, by="stripe", at=at, note=failure)


def _adopt(session: Session, found: Mapping[str, Any]) -> int | None:
    """A row for a refund that somebody made in Stripe's dashboard (test C4)."""
    at = clock.now()
    row = session.execute(
        select(Payment.order_id, Payment.id).where(
            Payment.intent_id == str(found.get("payment_intent"))
        )
    ).one_or_none()
    if row is None:
        return None
    order = session.execute(select(Order).where(Order.id == row.order_id)).scalar_one()
    lines = {
        line.id: line
        for line in session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))
    }
    amount = int(found["amount"])
    left = sum(_paid(line) - line.refunded_amount for line in lines.values())
    spread = min(amount, left)
    plan = _Plan(amount)
    if spread:
        _spread(plan, lines, spread)
    wanted = Wanted(goodwill_amount=amount, goodwill_spread=bool(spread), reason="dashboard")
    session.execute(
        update(Payment)
        .where(Payment.id == row.id)
        .values(refunded_amount=Payment.refunded_amount + amount)
    )
    refund_id = _write(session, order, wanted, plan, [(row.id, amount)], by="stripe", at=at)[0]
    session.execute(update(Refund).where(Refund.id == refund_id).values(stripe_id=str(found["id"])))
    _take_from_lines(session, order, lines, plan, refund_id, by="stripe", at=at)
    if plan.takes:
        events.publish(session, RefundReserved(order.id, refund_id, _told(plan), at))
    return refund_id
