"""Tax data that a payee enters, whatever two owners do at once; its pages: test_own_papers.py."""

from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from shop.kernel import clock, db
from shop.kernel.errors import NotFound
from shop.network.models import Point
from shop.rewards import tax_changes, taxes
from shop.rewards.tax_changes import OwnData
from shop.rewards.tax_models import PayeeTax, PayeeTaxChange
from shop.rewards.taxes import TaxData
from tests.conftest import Clock, Database
from tests.factories import network
from tests.installation import install
from tests.races import won


@pytest.fixture
def payee_id(database: Database, business_clock: Clock, tmp_path: Path) -> int:
    install(database.urls, tmp_path)
    point_id = network.point()
    with db.reading() as session:
        return session.scalar(select(Point.payee_id).where(Point.id == point_id)) or 0


def say(payee_id: int, name: str) -> None:
    with db.unit_of_work() as session:
        wanted = OwnData(legal_name=name)
        tax_changes.propose(session, payee_id, wanted, by="account:9", at=clock.now())


def test_of_two_changes_at_once_the_later_waits(payee_id: int) -> None:
    """Removed once, the turn at the payee: the second of two met the index and was lost."""
    for again in range(4):
        acts = [partial(say, payee_id, f"{name} {again}") for name in ("Li", "Wang", "Zhao")]

        assert won(acts, refusal=AssertionError) == [True, True, True]

        with db.reading() as session:
            assert len(tax_changes.open_of(session, [payee_id])) == 1
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(PayeeTaxChange)) == 12


def write_down(payee_id: int, rate: int) -> None:
    with db.unit_of_work() as session:
        data = TaxData(legal_name="Li", vat_code="standard", vat_bps=rate)
        taxes.set_data(session, payee_id, data, by="account:3", at=clock.now())


def accept(change_id: int) -> None:
    with db.unit_of_work() as session:
        tax_changes.accept(session, change_id, by="account:2", at=clock.now())


def test_what_finance_writes_while_another_accepts_is_carried_over(
    payee_id: int, business_clock: Clock
) -> None:
    """Without the turn in `accept` the older rate came back on PostgreSQL (seen)."""
    for again in range(8):
        say(payee_id, f"Wang {again}")
        with db.reading() as session:
            change_id = tax_changes.open_of(session, [payee_id])[payee_id].id
        business_clock.forward(days=4)
        rates = [again * 100 + 1, again * 100 + 2]

        won(
            [partial(accept, change_id), *(partial(write_down, payee_id, rate) for rate in rates)],
            refusal=AssertionError,
        )

        with db.reading() as session:
            written = session.execute(
                select(PayeeTax.by, PayeeTax.vat_bps).order_by(PayeeTax.id.desc()).limit(3)
            ).all()
        by_finance = next(rate for by, rate in written if by == "account:3")
        assert written[0].vat_bps == by_finance


def test_an_unknown_payee_is_not_found(payee_id: int) -> None:
    with pytest.raises(NotFound):
        say(12, "Li")
