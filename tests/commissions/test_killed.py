"""The process dies before any statement of a verb: nothing is half-written, and the next try is whole."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session, sessionmaker

from commissions import is_ours
from commissions.audit import prove
from commissions.crediting import credit_sale
from commissions.intake import record_sale
from commissions.life import record_facts
from commissions.payouts.preparing import prepare_run
from commissions.schema import metadata
from commissions.terms import Role
from tests.commissions.factories import (
    BY,
    corrected,
    credited,
    delivered,
    disputed,
    fulfilled,
    line,
    moment,
    party,
    percent,
    policy,
    prepared,
    published,
    refunded,
    sale,
    terms,
    tiered,
)
from tests.databases import Urls, make_engine

DIED, DONE = 9, 0
COUNTERS = metadata.tables["commission_sale_head"]
"""How often a sale was told of, repetitions included: no part of the books."""
Work = Callable[[Session, Callable[[], int]], object]
SALE = sale(
    line("1", 7000, upline=party("dealer", contract="c1"), quantity=2),
    line("2", 9000, upline=party("dealer", contract="c1")),
)


def credit(session: Session, ids: Callable[[], int]) -> None:
    recorded = record_sale(session, SALE, by=BY, at=moment(), ids=ids)
    credit_sale(session, recorded, by=BY, at=moment(), ids=ids)


def refund(session: Session, ids: Callable[[], int]) -> None:
    record_facts(session, [refunded(5000, units=1)], by=BY, ids=ids)


def deliver(session: Session, ids: Callable[[], int]) -> None:
    told = [fulfilled("h2", "2"), fulfilled("h1", "1", 2), delivered("h1", "h2", days=1)]
    record_facts(session, told, by=BY, ids=ids)


def dispute(session: Session, ids: Callable[[], int]) -> None:
    record_facts(session, [disputed("opened", days=32)], by=BY, ids=ids)


def prepare(session: Session, ids: Callable[[], int]) -> None:
    prepare_run(session, policy(), by="maker", at=moment(31), ids=ids)


def put_right(session: Session, ids: Callable[[], int]) -> None:
    corrected(session, ids)


def nothing(_session: Session, _ids: Callable[[], int]) -> None:
    """The books as they are."""


def sold(session: Session, ids: Callable[[], int]) -> None:
    credited(session, ids, SALE)


def payable(session: Session, ids: Callable[[], int]) -> None:
    sold(session, ids)
    deliver(session, ids)


def claimed(session: Session, ids: Callable[[], int]) -> None:
    payable(session, ids)
    prepared(session, ids, days=31)


@pytest.mark.parametrize(
    ("before", "work"),
    [
        (nothing, credit),
        (sold, refund),
        (sold, deliver),
        (payable, refund),
        (claimed, dispute),
        (payable, prepare),
        (nothing, put_right),
    ],
)
def test_killed_before_any_statement_nothing_is_half_written(
    urls: Urls, before: Work, work: Work
) -> None:
    engine = make_engine(urls.app)
    ids = itertools.count(1).__next__
    bands = tiered((0, 1000), (9000, 1500))
    rules = terms(bands, percent(300, Role.UPLINE), percent(400, Role.FULFILLER))
    with sessionmaker(engine).begin() as session:
        published(session, ids, rules)
        before(session, ids)
    with sessionmaker(engine)() as session:
        work(session, ids)  # compiled once for all that are to die; and gone
    first_id = ids()
    was = everything(engine)

    deaths = 0
    while (end := lived(engine, work, first_id, dies_before=deaths + 1)) == DIED:
        deaths += 1
        assert everything(engine) == was

    assert end == DONE
    assert deaths >= 5
    now = everything(engine)
    assert now != was
    if work is not prepare:  # a second run is another run
        assert lived(engine, work, first_id + 1000, dies_before=0) == DONE
        assert everything(engine) == now
    with sessionmaker(engine)() as session:
        assert prove(session).findings == []
    engine.dispose()


def lived(engine: Engine, work: Work, first_id: int, *, dies_before: int) -> int:
    """Do the work in a process of its own, which dies before one of its statements."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        statements = itertools.count(1)

        @event.listens_for(engine, "before_cursor_execute")
        def die(*_arguments: Any) -> None:
            if next(statements) == dies_before:
                os._exit(DIED)

        with sessionmaker(engine).begin() as session:
            work(session, itertools.count(first_id).__next__)
        os._exit(DONE)
    finally:
        os._exit(1)


def everything(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the books."""
    found = {}
    with engine.connect() as connection:
        for name, table in metadata.tables.items():
            if is_ours(name) and table is not COUNTERS:
                keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
                rows = connection.execute(text(f"SELECT * FROM {name} ORDER BY {keys}"))
                found[name] = [tuple(row) for row in rows]
    engine.dispose()
    return found
