"""Counts for the task list, gathered from every room; each names the page behind it."""

from collections.abc import Set
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from shop.accounts.models import FINANCE, StaffRole
from shop.catalog.listing import low_stock_count
from shop.fulfillment.models import PickupTicket
from shop.gateway.models import InboxEvent
from shop.kernel import clock
from shop.kernel.i18n import _l
from shop.kernel.jobs import OutboxJob
from shop.kernel.words import Words
from shop.network.models import Application
from shop.orders.models import DisputeStatus, Order, OrderLine, OrderStatus
from shop.payments.finalise import MISMATCH, OVERCHARGED, UNFILLABLE
from shop.rewards import objections, on_order, payable, payout_lists, tax_changes
from shop.rewards.abuse import cases


@dataclass(frozen=True)
class Task:
    """A figure with its name and the list behind it."""

    label: Words
    count: int
    endpoint: str
    arguments: dict[str, str]
    urgent: bool = False
    only: StaffRole | None = None
    """Whose task it is, where the page is open to more people than may act on it."""


def tasks(session: Session, roles: Set[str], *, by: str) -> list[Task]:
    """The figures of these roles, each a small statement over an index.

    What `by` made and another person must check is not counted for `by`.
    """
    found: list[Task] = []
    if roles & {StaffRole.ORDERS, StaffRole.NETWORK, StaffRole.CATALOG, StaffRole.ADMIN}:
        found += _of_the_house(session)
    if StaffRole.CATALOG in roles:
        label, low = _l("Low stock"), low_stock_count(session)
        found.append(Task(label, low, "admin.stock_levels", {"low": "1"}))
    if not roles.isdisjoint(FINANCE):
        found += _of_finance(session, by)
    return [task for task in found if task.only is None or task.only in roles]


def _of_the_house(session: Session) -> list[Task]:
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


def _of_finance(session: Session, by: str) -> list[Task]:
    waits = payout_lists.waits(session, by=by)
    uncredited = len(on_order.uncredited(session))
    at = clock.now()
    stuck = payout_lists.standing_count(session, at=at)
    late = payable.overdue(session, at=at)
    checker, maker = StaffRole.FINANCE_CHECKER, StaffRole.FINANCE_MAKER

    def payouts(label: Words, count: int, group: str, only: StaffRole | None = None) -> Task:
        urgent = group in ("blocked", "quarantined", "returned")
        return Task(label, count, "admin.payouts", {"status": group}, urgent, only)

    halted = Task(_l("Payouts are halted"), 1, "admin.payouts", {}, urgent=True)
    return [
        *((halted,) if waits.halted else ()),
        Task(_l("Needs a second person"), waits.to_agree, "admin.consents", {}, urgent=True),
        payouts(_l("Payouts to approve"), waits.to_approve, "draft", checker),
        Task(_l("Plan to publish"), waits.to_publish, "admin.plan", {}, only=checker),
        payouts(_l("Approved, to be paid"), waits.to_send, "approved", maker),
        payouts(_l("At the bank: taken or not?"), waits.at_bank, "on_the_way", maker),
        payouts(_l("Held payouts"), waits.blocked, "blocked"),
        payouts(_l("Facts disagree"), waits.quarantined, "quarantined"),
        payouts(_l("Returned payouts, not paid since"), waits.returned, "returned"),
        Task(_l("Payouts that stand for long"), stuck, "admin.payout_queue", {}, urgent=True),
        Task(_l("Payees waiting for long"), len(late), "admin.payouts", {}, urgent=True),
        Task(_l("Sales without credit"), uncredited, "admin.entries", {}, urgent=True),
        Task(
            _l("Tax data of payees to look at"),
            _count(session, tax_changes.to_decide(at=at)),
            "admin.payout_taxes",
            {},
        ),
        Task(
            _l("Objections to answer"),
            _count(session, objections.open_ones()),
            "admin.objections",
            {},
        ),
        Task(_l("Reviews to decide"), _count(session, cases.holding(at=at)), "admin.reviews", {}),
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
