"""Counts for the task list, gathered from every room; each names the page behind it."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from shop.fulfillment.models import PickupTicket
from shop.gateway.models import InboxEvent
from shop.kernel.i18n import _l
from shop.kernel.jobs import OutboxJob
from shop.kernel.words import Words
from shop.network.models import Application
from shop.orders.models import DisputeStatus, Order, OrderLine, OrderStatus
from shop.payments.finalise import MISMATCH, OVERCHARGED, UNFILLABLE


@dataclass(frozen=True)
class Task:
    """A figure with its name and the list behind it."""

    label: Words
    count: int
    endpoint: str
    arguments: dict[str, str]
    urgent: bool = False


def tasks(session: Session) -> list[Task]:
    """All figures, two handfuls of small statements over partial indexes."""
    placed = Order.status == OrderStatus.PLACED
    return [
        Task(
            _l("To ship"),
            _orders(session, placed, _waits("shipping")),
            "admin.orders",
            {"waits": "shipping"},
        ),
        Task(
            _l("To be collected"),
            _count(
                session,
                select(PickupTicket.id).where(PickupTicket.status.in_(("waiting", "ready"))),
            ),
            "admin.orders",
            {"waits": "pickup"},
        ),
        *(
            Task(label, _orders(session, Order.task == task), "admin.orders", {"task": task}, True)
            for task, label in _PROBLEMS.items()
        ),
        Task(
            _l("Disputes to answer"),
            _orders(session, Order.dispute_status == DisputeStatus.NEEDS_RESPONSE),
            "admin.orders",
            {"dispute": "needs_response"},
            True,
        ),
        Task(
            _l("Applications"),
            _count(session, select(Application.id).where(Application.decided_at.is_(None))),
            "admin.applications",
            {},
        ),
        Task(
            _l("Dead jobs"),
            _count(
                session,
                select(OutboxJob.id).where(
                    OutboxJob.dead_at.is_not(None), OutboxJob.done_at.is_(None)
                ),
            ),
            "admin.machinery",
            {},
            True,
        ),
        Task(
            _l("Failed events"),
            _count(session, select(InboxEvent.id).where(InboxEvent.status.in_(("failed", "dead")))),
            "admin.machinery",
            {},
            True,
        ),
    ]


_PROBLEMS = {
    UNFILLABLE: _l("Paid but unfillable"),
    MISMATCH: _l("Payment differs from order"),
    OVERCHARGED: _l("Paid too much"),
    "refund_failed": _l("Refund failed"),
}


def _waits(delivery: str) -> ColumnElement[bool]:
    return (
        select(OrderLine.id)
        .where(
            OrderLine.order_id == Order.id,
            OrderLine.delivery == delivery,
            OrderLine.fulfilled_count + OrderLine.canceled_count < OrderLine.quantity,
        )
        .exists()
    )


def _orders(session: Session, *conditions: ColumnElement[bool]) -> int:
    return _count(session, select(Order.id).where(*conditions))


def _count(session: Session, rows: Select[int]) -> int:
    return session.execute(select(func.count()).select_from(rows.subquery())).scalar_one()
