"""The jobs: look at new orders every minute or so, at points every hour, forget what is over.

Orders are looked at after they were placed, so that no buyer waits for it; nothing of an order can
be paid before its hold days are over. What rejects is judged earlier: see rejecting.py.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from commissions.abuse.judging import judge_order, judge_point
from commissions.abuse.rules import Check
from shop.kernel import clock, purging
from shop.kernel.db import unit_of_work
from shop.orders.models import Order
from shop.rewards.abuse import cases, collecting, settings
from shop.rewards.abuse.models import AbuseSignal

ORDERS = "rewards.review_orders"
POINTS = "rewards.review_points"
FORGET = "rewards.forget_signals"
AT_ONCE = 200
KEPT = timedelta(days=180)
"""How long a personal signal is kept."""


def review_orders(session: Session, _payload: Mapping[str, Any]) -> None:
    """Job: judge what nobody has looked at."""
    at, rules = clock.now(), settings.current(session)
    days = rules[Check.HOUSEHOLD].numbers["days"]
    for one in collecting.unseen_orders(session, at=at, earlier_days=days, limit=AT_ONCE):
        for finding in judge_order(one.signals, rules):
            cases.open_case(
                session,
                finding,
                point_id=one.point_id,
                order_id=one.order_id,
                identity=f"order:{one.order_id}",
                at=at,
            )
        signals = {"seen": "", **one.signals.buyer}
        session.execute(
            insert(AbuseSignal),
            [
                {
                    "order_id": one.order_id,
                    "point_id": one.point_id,
                    "kind": kind,
                    "hash": value,
                    "at": at,
                    "expires_at": at + KEPT,
                }
                for kind, value in signals.items()
            ],
        )


def review_points(session: Session, _payload: Mapping[str, Any]) -> None:
    """Job: judge all points; a rule that is met again within a week is the same case."""
    at, rules = clock.now(), settings.current(session)
    year, week, _day = at.isocalendar()
    late_days = rules[Check.LATE_RETURN].numbers["days"]
    found = collecting.points(session, at=at, late_days=late_days)
    for point_id, signals in sorted(found.items()):
        for finding in judge_point(signals, rules):
            cases.open_case(
                session,
                finding,
                point_id=point_id,
                order_id=None,
                identity=f"week:{year}-{week:02d}",
                at=at,
            )


def forget(_payload: Mapping[str, Any]) -> None:
    """Job, daily: signals and payers' hashes have an end."""
    at = clock.now()
    purging.forget(AbuseSignal, AbuseSignal.expires_at < at)
    with unit_of_work() as session:
        session.execute(
            update(Order)
            .where(Order.payer_hash != "", Order.placed_at < at - KEPT)
            .values(payer_hash="")
        )
