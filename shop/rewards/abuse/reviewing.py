"""The jobs: look at new orders every minute or so, at points every hour, forget what is over.

Orders are looked at after they were placed, so that no buyer waits for it; nothing of an order can
be paid before its hold days are over. What rejects is judged earlier: see rejecting.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from commissions.abuse.judging import Finding, judge_order, judge_point
from commissions.abuse.rules import SCOPES, Action, Check, Scope
from commissions.models import SaleLineRow, SaleRow
from shop.kernel import clock, purging
from shop.kernel.db import unit_of_work
from shop.network.models import Point
from shop.orders.models import Order
from shop.rewards import keys
from shop.rewards.abuse import cases, collecting, rejecting, settings, watching
from shop.rewards.abuse.collecting import Seen
from shop.rewards.abuse.devices import KEPT
from shop.rewards.abuse.models import AbuseCase, AbuseSignal, AccountDevice

ORDERS = "rewards.review_orders"
POINTS = "rewards.review_points"
FORGET = "rewards.forget_signals"
AT_ONCE = 200
APART: Mapping[Check, timedelta] = {
    Check.VELOCITY: timedelta(days=7),
    Check.REFUNDS: watching.WINDOW,
    Check.LATE_RETURN: 2 * watching.WINDOW,
    Check.CODE_LEAK: timedelta(days=7),
}
"""How soon a rule may find the same point again: not on what was looked at before, so that a case
that ended does not begin anew the day after. A likeness of two points is found once for ever."""


def review_orders(session: Session, _payload: Mapping[str, Any]) -> None:
    """Job: judge what nobody has looked at."""
    at, rules = clock.now(), settings.current(session)
    days = rejecting.longest_household(rules)
    seen = collecting.unseen_orders(session, at=at, earlier_days=days, limit=AT_ONCE)
    refusals = _refusals(session, seen)
    for one in seen:
        refusal = refusals.get((one.order_id, one.point_id), "")
        for finding in as_it_was(judge_order(one.signals, rules.of(one.group)), refusal):
            cases.open_case(
                session,
                finding,
                point_id=one.point_id,
                order_id=one.order_id,
                identity=f"order:{one.order_id}",
                at=at,
            )
        _remember(session, one)


def review_points(session: Session, _payload: Mapping[str, Any]) -> None:
    """Job: judge all points; what was found lately is not found again on the same evidence."""
    at, rules = clock.now(), settings.current(session)
    found = watching.points(session, at=at)
    groups = groups_of(session) if rules.groups else {}
    lately = _lately(session, at)
    for point_id, signals in sorted(found.items()):
        for finding in judge_point(signals, rules.of(groups.get(point_id, ""))):
            if (finding.check, point_id, finding.about) in lately:
                continue
            cases.open_case(
                session,
                finding,
                point_id=point_id,
                order_id=None,
                identity=_identity(finding, at),
                at=at,
            )


def forget(_payload: Mapping[str, Any]) -> None:
    """Job, daily: signals, browsers and payers' hashes have an end."""
    at = clock.now()
    purging.forget(AbuseSignal, AbuseSignal.expires_at < at)
    purging.forget(AccountDevice, AccountDevice.expires_at < at)
    with unit_of_work() as session:
        session.execute(
            update(Order)
            .where(
                (Order.payer_hash != "") | (Order.device_hash != ""),
                Order.submitted_at < at - KEPT,  # an order that nobody paid has a browser as well
            )
            .values(payer_hash="", device_hash="")
        )


def groups_of(session: Session) -> dict[int, str]:
    """Point → its group, for points that are in one."""
    rows = session.execute(select(Point.id, Point.group_key).where(Point.group_key != ""))
    return {row.id: row.group_key for row in rows}


def as_it_was(findings: Sequence[Finding], refusal: str) -> Iterable[Finding]:
    """Findings with what the sale really met: it is refused when it is told, or not at all.

    What a rule that rejects finds only now, such as an earlier order of the same minute, is held.
    """
    for found in findings:
        if found.check == refusal:
            yield replace(found, action=Action.REJECT)
        elif found.action is not Action.REJECT:
            yield found
        elif refusal:
            yield replace(found, action=Action.FLAG)
        else:
            yield replace(found, action=Action.HOLD, numbers={**found.numbers, "later": 1})
    of_order = refusal in rejecting.REFUSALS and SCOPES[Check(refusal)] is Scope.ENTRY
    if of_order and all(found.check != refusal for found in findings):
        yield Finding(Check(refusal), Action.REJECT)


def _refusals(session: Session, seen: Sequence[Seen]) -> dict[tuple[int, int], str]:
    """Order and point → why the sale was told to earn nothing for it."""
    rows = session.execute(
        select(SaleRow.key, SaleLineRow.seller_point_key, SaleLineRow.seller)
        .join(SaleRow, SaleRow.id == SaleLineRow.sale_id)
        .where(
            SaleRow.key.in_([keys.sale(one.order_id) for one in seen]),
            SaleLineRow.seller_point_key != "",
        )
    )
    return {
        (keys.number(sale_key), keys.number(point_key)): str(seller["refusal"])
        for sale_key, point_key, seller in rows
        if seller and seller.get("refusal")
    }


def _remember(session: Session, one: Seen) -> None:
    at = one.signals.placed_at
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


def _identity(finding: Finding, at: datetime) -> str:
    if finding.check is Check.DUPLICATE_POINT:
        return cases.digest(finding.about)
    return f"day:{at.date().isoformat()}:{finding.about}"


def _lately(session: Session, at: datetime) -> set[tuple[str, int, str]]:
    """Rule, point and subject of cases that began within the rule's time."""
    rows = session.execute(
        select(AbuseCase.rule, AbuseCase.point_id, AbuseCase.about, AbuseCase.opened_at).where(
            AbuseCase.rule.in_(list(APART)), AbuseCase.opened_at > at - max(APART.values())
        )
    )
    return {
        (rule, point_id, about)
        for rule, point_id, about, opened_at in rows
        if opened_at > at - APART[Check(rule)]
    }
