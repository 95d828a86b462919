"""Real staff under their managers: what the engine pays equals a count of the raw files.

The engine alone, without the shop: Northwind's orders by its nine employees, and the sales and quotas
of AdventureWorks' seventeen sales people, each with the percentage and bonus of the file.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commissions.audit import prove
from commissions.crediting import credit_sale
from commissions.facts import Delivered, Fact, Fulfilled, Party
from commissions.intake import record_sale
from commissions.life import record_facts
from commissions.models import Entry
from commissions.terms import Period, Role, When
from tests.commissions.conftest import Ids
from tests.commissions.factories import bonus, line, percent, published, sale, terms
from tests.commissions.house.ground import Ground
from tests.converters import adventureworks_network

BY = "test"
Paid = dict[tuple[str, str], int]
"""Person and role → cents."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)])
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    ground = Ground(request.param)
    yield ground
    ground.close()


def cents(amount: Decimal) -> int:
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))


def half_up(amount: int, bps: int) -> int:
    return (2 * amount * bps + 10_000) // 20_000


def person(key: str, contract: str = "") -> Party:
    return Party(point_key=key, payee_key=key, contract=contract)


def tell(
    session: Session, ids: Ids, key: str, bases: list[int], *, who: str, above: str,
    at: datetime, arrived: datetime | None, currency: str = "USD",
) -> None:  # fmt: skip
    """One order of a person, and when it was sent, if it was."""
    upline = person(above, contract="staff") if above else None
    lines = [line(str(n), base, seller=person(who), upline=upline) for n, base in enumerate(bases)]
    one = sale(*lines, key=key, placed_at=at, paid_at=at, currency=currency)
    recorded = record_sale(session, one, by=BY, at=at, ids=ids)
    credit_sale(session, recorded, by=BY, at=at, ids=ids)
    if arrived is None:
        return
    facts: list[Fact] = [
        Fulfilled(key=f"h{n}", sale_key=key, at=arrived, line_key=str(n), units=1)
        for n in range(len(bases))
    ]
    keys = tuple(fact.key for fact in facts)
    facts.append(Delivered(key="d", sale_key=key, at=arrived, fulfilled_keys=keys))
    record_facts(session, facts, by=BY, ids=ids)


def paid(session: Session) -> Paid:
    rows = session.execute(
        select(Entry.payee_key, Entry.role, func.sum(Entry.amount)).group_by(
            Entry.payee_key, Entry.role
        )
    )
    return {(who, role.value): int(amount) for who, role, amount in rows}


# Northwind

SELLER, UPLINE, TARGET, BONUS = 500, 100, 500_000, 200
ORDER = re.compile(r"VALUES\s*\((\d+),N'[^']*',(\d+),'([\d/]+)','[\d/]+',(?:'([\d/]+)'|NULL)")
DETAIL = re.compile(r"VALUES\((\d+),\d+,([\d.]+),(\d+),([\d.]+)\)")


def day(text: str) -> datetime:
    return datetime.strptime(text, "%m/%d/%Y").replace(tzinfo=UTC)


def northwind(folder: Path) -> Iterator[tuple[str, str, datetime, datetime | None, list[int]]]:
    """Order, employee, placed, sent, and what was paid for each line, in cents."""
    bases: dict[str, list[int]] = {}
    details = (folder / "order_details.sql").read_text(encoding="utf-8")
    for order, price, quantity, discount in DETAIL.findall(details):
        exact = Decimal(price) * int(quantity) * (1 - Decimal(discount))
        bases.setdefault(order, []).append(cents(exact))
    orders = (folder / "orders.sql").read_text(encoding="utf-8")
    for order, employee, placed, sent in ORDER.findall(orders):
        yield order, employee, day(placed), day(sent) if sent else None, bases[order]


def managers(folder: Path) -> dict[str, str]:
    with (folder / "reports_to.csv").open(encoding="utf-8") as file:
        return {row["EmployeeID"]: row["ReportsTo"] for row in csv.DictReader(file)}


@pytest.mark.shared
def test_northwind_pays_staff_their_managers_and_good_months(shared: Path, ground: Ground) -> None:
    folder = shared / "northwind"
    above, orders = managers(folder), list(northwind(folder))
    good_month = replace(bonus(1, bps=BONUS), target={"USD": TARGET})
    plan = terms(percent(SELLER), percent(UPLINE, Role.UPLINE), good_month)

    with ground.history() as sessions, sessions.begin() as session:
        published(session, ground.ids, plan, at=datetime(1996, 1, 1, tzinfo=UTC))
        for key, who, placed, sent, bases in orders:
            tell(
                session, ground.ids, key, bases,
                who=who, above=above[who], at=placed, arrived=sent,
            )  # fmt: skip
        found = paid(session)
        assert prove(session).findings == []

    assert (len(orders), sum(len(bases) for *_rest, bases in orders)) == (830, 2155)
    assert sum(sent is None for _key, _who, _placed, sent, _bases in orders) == 21
    expected: Counter[tuple[str, str]] = Counter()
    months: Counter[tuple[str, str]] = Counter()
    for _key, who, _placed, sent, bases in orders:
        expected[who, "seller"] += half_up(sum(bases), SELLER)
        if above[who]:
            expected[above[who], "upline"] += half_up(sum(bases), UPLINE)
        if sent:
            months[who, f"{sent:%Y-%m}"] += sum(bases)
    for (who, _month), sales in months.items():
        expected[who, "bonus"] += half_up(sales, BONUS) if sales >= TARGET else 0
    assert found == {one: amount for one, amount in expected.items() if amount}
    assert {who for who, role in found if role == "upline"} == {"2", "5"}
    assert any(role == "bonus" for _who, role in found)


# AdventureWorks

YEARS = (2023, 2024)
"""Last year and this one; quotas are set for quarters that begin in May."""
MANAGED = 100


def sales_people(folder: Path) -> Iterator[tuple[str, int, int, dict[int, int]]]:
    """Person, basis points, bonus in cents, and sales in cents by year."""
    with (folder / "SalesPerson.csv").open(encoding="utf-8") as file:
        for row in csv.reader(file, delimiter="\t"):
            who, _territory, _quota, extra, rate, this_year, last_year = row[:7]
            by_year = zip(YEARS, (last_year, this_year), strict=True)
            sold = {year: cents(Decimal(amount)) for year, amount in by_year}
            yield who, int(Decimal(rate) * 10_000), cents(Decimal(extra)), sold


def quotas(folder: Path) -> Counter[tuple[str, int]]:
    """What each person was to sell in a year: the sum of its four quarters."""
    found: Counter[tuple[str, int]] = Counter()
    with (folder / "SalesPersonQuotaHistory.csv").open(encoding="utf-8") as file:
        for row in csv.reader(file, delimiter="\t"):
            year, month = int(row[1][:4]), int(row[1][5:7])
            found[row[0], year if month >= 5 else year - 1] += cents(Decimal(row[2]))
    return found


@pytest.mark.shared
def test_adventureworks_pays_each_its_own_rate_and_quota(shared: Path, ground: Ground) -> None:
    folder = shared / "adventureworks"
    people, targets = list(sales_people(folder)), quotas(folder)
    above = {
        row[0].removeprefix("E-"): row[1].removeprefix("E-")
        for row in adventureworks_network.employees(folder)
    }

    with ground.history() as sessions, sessions.begin() as session:
        for year in YEARS:
            rules = [percent(MANAGED, Role.UPLINE)]
            for position, (who, bps, extra, _sold) in enumerate(people, 1):
                own = When(points=(who,))
                rules.append(percent(bps, position=position, when=own))
                if extra and targets[who, year]:
                    target = {"USD": targets[who, year]}
                    own_year = bonus(
                        1, position, fixed={"USD": extra}, period=Period.YEAR, when=own
                    )
                    rules.append(replace(own_year, target=target))
            published(session, ground.ids, terms(*rules), at=datetime(year, 1, 1, tzinfo=UTC))
        for who, _bps, _extra, sold in people:
            for year, base in sold.items():
                at = datetime(year, 6, 30, tzinfo=UTC)
                key = f"{who}-{year}"
                if base:
                    tell(
                        session,
                        ground.ids,
                        key,
                        [base],
                        who=who,
                        above=above[who],
                        at=at,
                        arrived=at,
                    )
        found = paid(session)
        assert prove(session).findings == []

    expected: Counter[tuple[str, str]] = Counter()
    reached, missed = 0, 0
    for who, bps, extra, sold in people:
        for year, base in sold.items():
            expected[who, "seller"] += half_up(base, bps)
            expected[above[who], "upline"] += half_up(base, MANAGED)
            if extra and base and base >= targets[who, year] > 0:
                expected[who, "bonus"] += extra
                reached += 1
            else:
                missed += 1
    assert found == {one: amount for one, amount in expected.items() if amount}
    assert {who for who, role in found if role == "upline"} == {"273", "274", "285", "287"}
    assert (len(people), reached > 0, missed > 0) == (17, True, True)
