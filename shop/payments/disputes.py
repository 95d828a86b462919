"""Chargebacks: they move the order's dispute status, the commission hold and the timeline.

Never stock, never the order's status, never "paid" (test C7).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shop.kernel import clock, events, ids
from shop.kernel.db import unit_of_work
from shop.kernel.money import cumulative
from shop.orders import timeline
from shop.orders.events import Disputed
from shop.orders.models import DisputeStatus, Order, OrderLine
from shop.orders.timeline import Step
from shop.payments.models import Dispute, Payment

_RANK = {"needs_response": 0, "under_review": 1, "won": 2, "lost": 2}
_WORDS = {
    "warning_needs_response": "needs_response",
    "warning_under_review": "under_review",
    "warning_closed": "won",
    "prevented": "won",
}
_TOLD = {"won": "won", "lost": "lost"}


def record(found: Mapping[str, Any]) -> bool:
    """Take in a dispute as Stripe shows it; False if its payment is not this shop's."""
    status = _WORDS.get(str(found["status"]), str(found["status"]))
    at = clock.now()
    with unit_of_work() as session:
        row = session.execute(
            select(Payment.id, Payment.order_id, Payment.captured_amount).where(
                Payment.charge_id == str(found["charge"])
            )
        ).one_or_none()
        if row is None:
            return False
        known = session.scalars(
            select(Dispute).where(Dispute.stripe_id == str(found["id"]))
        ).one_or_none()
        if known is None:
            _open(session, row.id, row.order_id, found, at)
            _tell(session, row.order_id, found, "opened", row.captured_amount, at)
            before = "needs_response"
        else:
            before = known.status
        if _RANK.get(status, 0) > _RANK[before]:
            _move(session, str(found["id"]), row.order_id, before, status, at)
            if status in _TOLD:
                _tell(session, row.order_id, found, _TOLD[status], row.captured_amount, at)
    return True


def _open(
    session: Session, payment_id: int, order_id: int, found: Mapping[str, Any], at: datetime
) -> None:
    due = (found.get("evidence_details") or {}).get("due_by")
    session.add(
        Dispute(
            id=ids.new(),
            payment_id=payment_id,
            order_id=order_id,
            stripe_id=str(found["id"]),
            status="needs_response",
            amount=int(found["amount"]),
            currency=str(found["currency"]).upper(),
            reason=str(found.get("reason") or ""),
            due_at=datetime.fromtimestamp(int(due), UTC) if due else None,
            opened_at=at,
        )
    )
    session.flush()
    _store(session, order_id, "needs_response")
    step = Step(DisputeStatus.NONE, DisputeStatus.NEEDS_RESPONSE)
    timeline.note(session, order_id, "dispute_opened", by="stripe", at=at, steps={"dispute": step})


def _move(
    session: Session, stripe_id: str, order_id: int, before: str, status: str, at: datetime
) -> None:
    """Forward only; the row count decides between two deliveries."""
    moved = session.execute(
        update(Dispute)
        .where(Dispute.stripe_id == stripe_id, Dispute.status == before)
        .values(status=status, closed_at=at if status in _TOLD else None)
        .returning(Dispute.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if moved is not None:
        _store(session, order_id, status)
        steps = {"dispute": Step(before, status)}
        timeline.note(session, order_id, f"dispute_{status}", by="stripe", at=at, steps=steps)


def _store(session: Session, order_id: int, status: str) -> None:
    session.execute(
        update(Order).where(Order.id == order_id).values(dispute_status=DisputeStatus(status))
    )


def _tell(
    session: Session,
    order_id: int,
    found: Mapping[str, Any],
    state: str,
    captured: int,
    at: datetime,
) -> None:
    amount = min(int(found["amount"]), captured)
    base = sum(session.scalars(select(OrderLine.base_amount).where(OrderLine.order_id == order_id)))
    events.publish(
        session,
        Disputed(
            order_id,
            f"dispute:{found['id']}",
            state,
            amount,
            cumulative(base, amount, captured) if captured else 0,
            at,
        ),
    )
