"""What points have earned: balances and single earnings, in the shop's own ids."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import explain, queries
from commissions.explain import Explanation, LineExplanation
from commissions.queries import BalanceView, Earning, Wanted
from shop.kernel import brand as brands
from shop.network.models import Point
from shop.orders.models import Order, OrderLine
from shop.rewards import keys


@dataclass(frozen=True)
class EarningRow:
    """One earning with the order line that it comes from.

    A difference has its period instead, and what was done by hand the order that it concerns.
    """

    earning: Earning
    order_number: str
    title: dict[str, str]
    quantity: int


def balance(session: Session, point_id: int, *, at: datetime) -> BalanceView:
    """The balance of the point's payee in the brand's currency; zeros if nothing was earned."""
    currency = brands.current(session).currency
    payee_id = session.scalar(select(Point.payee_id).where(Point.id == point_id))
    if payee_id is None:
        return BalanceView(currency=currency)
    found = queries.balances(session, keys.payee(payee_id), at=at)
    mine = [one for one in found if one.currency == currency]
    return mine[0] if mine else BalanceView(currency=currency)


def of_point(
    session: Session, point_id: int, *, at: datetime, before: int | None = None, limit: int = 30
) -> list[EarningRow]:
    """Earnings of a point, newest first."""
    found = queries.earnings_of_point(
        session, keys.point(point_id), at=at, before=before, limit=limit
    )
    return rows(session, found)


def rows(session: Session, found: list[Earning]) -> list[EarningRow]:
    """Put order number and product beside each earning; one statement."""
    line_ids = sorted({keys.number(one.line_key) for one in found if one.line_key})
    lines = {
        row.id: row
        for row in session.execute(
            select(OrderLine.id, Order.number, OrderLine.title, OrderLine.quantity)
            .join(Order, Order.id == OrderLine.order_id)
            .where(OrderLine.id.in_(line_ids))
        )
    }
    about = [one.about_sale_key for one in found if one.about_sale_key]
    numbers = order_numbers(session, about) if about else {}
    described: list[EarningRow] = []
    for one in found:
        if one.case_id is not None:
            number = numbers.get(one.about_sale_key, "")
            described.append(EarningRow(one, number, _TITLES_OF_CASES[one.case_kind], 1))
        elif one.period_key:
            described.append(EarningRow(one, "", _title_of_period(one.period_key), 1))
        elif (line := lines.get(keys.number(one.line_key))) is not None:
            described.append(EarningRow(one, line.number, line.title, line.quantity))
    return described


_TITLES_OF_CASES = {
    "correction": {"zh": "人工更正", "en": "Correction by hand"},
    "write_off": {"zh": "欠款核销", "en": "Debt written off"},
    "repayment": {"zh": "欠款归还", "en": "Debt repaid"},
    "returned": {"zh": "打款部分退回", "en": "Part of a payout came back"},
}


def _title_of_period(period_key: str) -> dict[str, str]:
    if period_key == "campaign":
        return {"zh": "活动合计", "en": "Total of the campaign"}
    return {"zh": f"{period_key} 合计", "en": f"Total of {period_key}"}


def why(
    session: Session, point_id: int, entry_id: int, *, at: datetime
) -> tuple[EarningRow, Explanation] | None:
    """Why this amount, and when it is payable; None for another point's."""
    found = queries.earning(session, entry_id, at=at)
    if found is None or found.point_key != keys.point(point_id):
        return None
    described = rows(session, [found])
    if not described:
        return None
    return described[0], explain.explain_entry(session, entry_id, at=at)


def why_not(
    session: Session, point_id: int, order_id: int, order_line_id: int
) -> list[LineExplanation]:
    """What was decided about a line, as far as it concerns this point."""
    return explain.explain_line(
        session, keys.sale(order_id), keys.line(order_line_id), for_point=keys.point(point_id)
    )


@dataclass(frozen=True)
class NamedEarning:
    """An earning with the name of its point, for the brand's desk."""

    row: EarningRow
    point_name: str


@dataclass(frozen=True)
class Refusal:
    """A decision that paid an actual candidate nothing."""

    order_number: str
    title: dict[str, str]
    point_name: str
    outcome: str


def latest(
    session: Session,
    wanted: Wanted,
    *,
    at: datetime,
    before: int | None = None,
    limit: int = 50,
) -> list[NamedEarning]:
    """Earnings of all points that are wanted, newest first."""
    found = queries.latest_earnings(session, at=at, wanted=wanted, before=before, limit=limit)
    return named(session, rows(session, found))


def of_order(session: Session, order_id: int, *, at: datetime) -> list[NamedEarning]:
    """What all points earn on an order, reversals included."""
    found = queries.earnings_of_sale(session, keys.sale(order_id), at=at)
    return named(session, rows(session, found))


def of_order_by_point(
    session: Session, order_id: int, point_id: int, *, at: datetime
) -> dict[int, list[Earning]]:
    """What one point earns on an order, by order line."""
    found: dict[int, list[Earning]] = {}
    for one in queries.earnings_of_sale(session, keys.sale(order_id), at=at):
        if one.point_key == keys.point(point_id) and one.line_key:
            found.setdefault(keys.number(one.line_key), []).append(one)
    return found


def named(session: Session, found: list[EarningRow]) -> list[NamedEarning]:
    """Put the point's name beside each; one statement."""
    names = point_names(session, [row.earning.point_key for row in found])
    return [NamedEarning(row, names.get(row.earning.point_key, "?")) for row in found]


def refused(session: Session, *, limit: int = 20) -> list[Refusal]:
    """Decisions that paid nothing though somebody was in the running."""
    decisions = queries.refused_decisions(session, limit=limit)
    names = point_names(session, [one.point_key for one in decisions])
    lines = {
        row.id: row
        for row in session.execute(
            select(OrderLine.id, Order.number, OrderLine.title)
            .join(Order, Order.id == OrderLine.order_id)
            .where(OrderLine.id.in_(sorted({keys.number(one.line_key) for one in decisions})))
        )
    }
    return [
        Refusal(line.number, line.title, names.get(one.point_key, "?"), str(one.outcome.value))
        for one in decisions
        if (line := lines.get(keys.number(one.line_key))) is not None
    ]


def point_names(session: Session, point_keys: Iterable[str]) -> dict[str, str]:
    """Names by the engine's keys."""
    ids = sorted({keys.number(one) for one in point_keys if one})
    rows = session.execute(select(Point.id, Point.name).where(Point.id.in_(ids)))
    return {keys.point(row.id): row.name for row in rows}


def order_numbers(session: Session, sale_keys: Iterable[str]) -> dict[str, str]:
    """Order numbers by the engine's sale keys."""
    ids = sorted({keys.number(one) for one in sale_keys if one})
    rows = session.execute(select(Order.id, Order.number).where(Order.id.in_(ids)))
    return {keys.sale(row.id): row.number for row in rows}
