"""A network of many payees with earnings that can be paid, written into the tables by the set.

Sales and what they earn come from the engine's own calculator and row builders, so the proof over
them is as green as over sales that were told one by one; only the number of statements differs.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select

from commissions.archive import StoredSale, fact_row, line_row, sale_row
from commissions.causes import Cause, cause_of
from commissions.facts import Delivered, Fact, Fulfilled, Party, Sale, SaleLine
from commissions.ledger import Changes, movement_of_entry, post, shift_balances
from commissions.models import Entry, FactRow, Release, Ruling, SaleHead, SaleLineRow, SaleRow
from commissions.rows import write
from commissions.settling import Batch, Case, settle
from commissions.versions import version_at
from shop.kernel import ids, signing
from shop.kernel.db import Session, unit_of_work
from shop.network import destinations, tree
from shop.network.models import Payee, PayeeDestination, Point, PointPayee, Rail
from shop.rewards import keys

BY = "bulk"
_ACCOUNT = 6222020200000000


@dataclass(frozen=True)
class Made:
    """Who was made; `amount` is what each of them has to get, in minor units."""

    payee_ids: list[int]
    point_ids: list[int]


def many_payees(
    count: int,
    *,
    at: datetime,
    rail: Rail = Rail.BANK_FILE,
    sales: int = 1,
    base: int = 20_000,
    currency: str = "CNY",
) -> Made:
    """Points with a payee, a destination and delivered sales, payable 30 days after `at`.

    Needs a plan in force at `at`. Each sale is of one line of `base` minor units and a little more
    for every payee, so that no two amounts are alike.
    """
    made = Made(*_people(count, rail, at))
    with unit_of_work() as session:
        _sales(session, made, sales, base, currency, at)
    return made


def _people(count: int, rail: Rail, at: datetime) -> tuple[list[int], list[int]]:
    payees = [ids.new() for _n in range(count)]
    points = [ids.new() for _n in range(count)]
    with unit_of_work() as session:
        session.execute(
            insert(Payee),
            [
                {"id": payee, "name": f"农场 {n:04}", "kind": "company", "created_at": at}
                for n, payee in enumerate(payees, start=1)
            ],
        )
        session.execute(
            insert(Point), [_point(*pair, at) for pair in zip(points, payees, strict=True)]
        )
        session.execute(
            insert(PointPayee),
            [
                {"id": ids.new(), "point_id": point, "payee_id": payee, "from_at": at}
                for point, payee in zip(points, payees, strict=True)
            ],
        )
        session.execute(
            insert(PayeeDestination),
            [_destination(n, payee, rail, at) for n, payee in enumerate(payees, start=1)],
        )
    return payees, points


def _point(point_id: int, payee_id: int, at: datetime) -> dict[str, object]:
    return {
        "id": point_id,
        "kind": "dealer",
        "name": f"网点 {point_id}",
        "status": "active",
        "payee_id": payee_id,
        "path": tree.step(point_id),
        "depth": 0,
        "created_at": at,
        "activated_at": at,
    }


def _destination(n: int, payee_id: int, rail: Rail, at: datetime) -> dict[str, object]:
    details = {
        Rail.BANK_FILE: {
            "holder": f"农场 {n:04}",
            "account_number": str(_ACCOUNT + n),
            "bank_name": "ICBC",
        },
        Rail.CREDIT_NOTE: {"customer_number": f"C-{n:06}"},
        Rail.PAYROLL_FILE: {"personnel_number": f"P-{n:06}"},
        Rail.BY_HAND: {"instructions": ""},
        Rail.CONNECT: {"account_id": f"acct_{n:012}"},
    }[rail]
    clean = destinations.check(rail, details)
    text = destinations.text_of(rail, clean)
    return {
        "id": ids.new(),
        "payee_id": payee_id,
        "rail": rail,
        "label": destinations.masked(rail, clean),
        "sealed": signing.seal(text),
        "hash": signing.fingerprint(text, purpose=destinations.PURPOSE),
        "created_at": at,
        "created_by": BY,
        "usable_from": at,
    }


def _sales(
    session: Session, made: Made, sales: int, base: int, currency: str, at: datetime
) -> None:
    in_force = version_at(session, "default", at)
    assert in_force is not None, "publish a plan first"
    rows: dict[type, list[dict[str, object]]] = {}
    entries: list[dict[str, object]] = []
    changes: Changes = {}

    def keep(model: type, *some: dict[str, object]) -> None:
        rows.setdefault(model, []).extend(some)

    for n, (point, payee) in enumerate(zip(made.point_ids, made.payee_ids, strict=True)):
        seller = Party(point_key=keys.point(point), payee_key=keys.payee(payee), kind="dealer")
        for _sale in range(sales):
            sale, facts = _told(seller, base + n, currency, at)
            sale_id, line_id = ids.new(), ids.new()
            row = {**sale_row(sale), "id": sale_id, "at": at, "by": BY}
            keep(SaleRow, row)
            line = {**line_row(sale.lines[0]), "id": line_id, "sale_id": sale_id, "position": 1}
            keep(SaleLineRow, line)
            keep(
                SaleHead,
                {
                    "sale_key": sale.key,
                    "sale_id": sale_id,
                    "fact_count": len(facts),
                    "version_id": in_force.version_id,
                    "credited_at": at,
                },
            )
            for seq, fact in enumerate(facts, start=1):
                keep(FactRow, {**fact_row(fact), "id": ids.new(), "seq": seq, "by": BY})
            stored = StoredSale(sale_id, sale, {sale.lines[0].key: line_id}, row["request_hash"])
            batch = Batch(Case(stored, in_force), ids.new, changes=changes)
            settle(batch, [], Cause("sale", sale.key, at, BY))
            for told in range(1, len(facts) + 1):
                settle(batch, facts[:told], cause_of(facts[told - 1], by=BY))
            keep(Ruling, *batch.rulings)
            keep(Release, *batch.releases)
            entries += batch.entries
    for model in (SaleRow, SaleLineRow, SaleHead, FactRow, Ruling):
        write(session, model, rows[model])
    write(session, Entry, entries)
    write(session, Release, rows[Release])
    post(session, map(movement_of_entry, entries), ids=ids.new)
    shift_balances(session, changes)


def _told(seller: Party, base: int, currency: str, at: datetime) -> tuple[Sale, list[Fact]]:
    """A sale of one line that the brand shipped and that arrived."""
    key = keys.sale(ids.new())
    line = SaleLine(
        key=keys.line(ids.new()),
        quantity=1,
        list_amount=base,
        base_amount=base,
        seller=seller,
        source="storefront",
    )
    sale = Sale(
        key=key,
        currency=currency,
        placed_at=at,
        paid_at=at,
        lines=(line,),
        channel="web",
    )
    shipped = Fulfilled(
        key=f"{key}:h",
        sale_key=key,
        at=at + timedelta(days=1),
        line_key=line.key,
        units=1,
        by_point=None,
    )
    arrived = Delivered(
        key=f"{key}:d", sale_key=key, at=at + timedelta(days=2), fulfilled_keys=(shipped.key,)
    )
    return sale, [shipped, arrived]


def names(made: Made) -> list[str]:
    """Names of the payees, in the order in which they were made."""
    with unit_of_work() as session:
        found = dict(
            session.execute(select(Payee.id, Payee.name).where(Payee.id.in_(made.payee_ids))).all()
        )
    return [found[payee_id] for payee_id in made.payee_ids]
