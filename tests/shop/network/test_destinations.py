"""Where money goes: sealed and masked, one at a time, and a change rests before it is used."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from shop.kernel.audit import AuditEntry
from shop.kernel.db import reading, unit_of_work
from shop.kernel.errors import Invalid, NotFound
from shop.network import destinations
from shop.network.destinations import COOL_DOWN, Destination
from shop.network.models import PayeeDestination, Point, Rail
from tests.conftest import Clock
from tests.factories import network
from tests.installation import Installation

BANK = {
    "holder": "杭州山野商贸有限公司",
    "account_number": "6222 0212 0300 4321",
    "bank_name": "ICBC",
    "bank_code": "102331002007",
}


def payee() -> int:
    point_id = network.point()
    with reading() as session:
        return session.execute(select(Point.payee_id).where(Point.id == point_id)).scalar_one() or 0


def send_to(
    payee_id: int,
    clock: Clock,
    *,
    by_staff: bool = False,
    rail: Rail = Rail.BANK_FILE,
    **details: str,
) -> bool:
    with unit_of_work() as session:
        return destinations.set_destination(
            session, payee_id, rail=rail, details={**BANK, **details}, by="account:9",
            at=clock.now, by_staff=by_staff,
        )  # fmt: skip


def now_of(payee_id: int) -> Destination:
    with reading() as session:
        return destinations.current(session, [payee_id])[payee_id]


def test_people_see_the_bank_and_the_last_four_digits(
    shop: Installation, business_clock: Clock
) -> None:
    payee_id = payee()
    send_to(payee_id, business_clock)

    found = now_of(payee_id)

    assert found.label == "ICBC •••• 4321"
    assert "6222" not in found.sealed
    assert destinations.unsealed(found.sealed)["account_number"] == "6222021203004321"


def test_short_numbers_are_not_given_away_by_their_last_digits(
    shop: Installation, business_clock: Clock
) -> None:
    payee_id = payee()
    send_to(payee_id, business_clock, rail=Rail.PAYROLL_FILE, personnel_number="4711")

    assert now_of(payee_id).label == "••••"


def test_the_first_one_that_staff_enter_is_usable_at_once(
    shop: Installation, business_clock: Clock
) -> None:
    payee_id = payee()
    send_to(payee_id, business_clock, by_staff=True)

    assert now_of(payee_id).usable_from == business_clock.now


def test_the_first_one_that_a_payee_enters_rests(shop: Installation, business_clock: Clock) -> None:
    payee_id = payee()
    send_to(payee_id, business_clock)

    assert (
        now_of(payee_id).usable_from
        == business_clock.now + COOL_DOWN
        == (business_clock.now + timedelta(days=3))
    )


def test_a_change_rests_even_when_staff_make_it(shop: Installation, business_clock: Clock) -> None:
    payee_id = payee()
    send_to(payee_id, business_clock, by_staff=True)
    business_clock.forward(days=30)

    assert send_to(payee_id, business_clock, by_staff=True, account_number="6222021203009999")

    found = now_of(payee_id)
    assert found.label == "ICBC •••• 9999"
    assert found.usable_from == business_clock.now + COOL_DOWN


def test_entering_the_same_again_neither_changes_nor_rests(
    shop: Installation, business_clock: Clock
) -> None:
    payee_id = payee()
    send_to(payee_id, business_clock, by_staff=True)
    before = now_of(payee_id)
    business_clock.forward(days=1)

    assert not send_to(payee_id, business_clock, account_number="6222-0212-0300-4321")

    assert now_of(payee_id) == before


def test_equal_accounts_of_two_payees_are_seen_to_be_equal(
    shop: Installation, business_clock: Clock
) -> None:
    one, other = payee(), payee()
    send_to(one, business_clock)
    send_to(other, business_clock)

    assert now_of(one).hash == now_of(other).hash
    assert now_of(one).sealed != now_of(other).sealed


def test_the_audit_log_holds_nothing_of_the_account(
    shop: Installation, business_clock: Clock
) -> None:
    send_to(payee(), business_clock)

    with reading() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "payee.destination_changed")
        ).one()
    written = f"{entry.before}{entry.after}{entry.note}"
    assert entry.after is not None
    assert entry.after.keys() == {"hash", "rail"}
    assert all(secret not in written for secret in ("4321", "ICBC", "山野"))


@pytest.mark.parametrize(
    ("rail", "details", "field"),
    [
        (Rail.BANK_FILE, {"holder": ""}, "holder"),
        (Rail.BANK_FILE, {"account_number": "12ä45678"}, "account_number"),
        (Rail.BANK_FILE, {"account_number": "123"}, "account_number"),
        (Rail.CONNECT, {"account_id": "cus_1"}, "account_id"),
        (Rail.PAYROLL_FILE, {}, "personnel_number"),
        (Rail.CREDIT_NOTE, {"customer_number": "9" * 200}, "customer_number"),
    ],
)
def test_what_cannot_be_an_account_is_refused_at_its_field(
    shop: Installation, business_clock: Clock, rail: Rail, details: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        send_to(payee(), business_clock, rail=rail, **details)

    assert field in refused.value.fields


def test_an_unknown_payee_is_not_found(shop: Installation, business_clock: Clock) -> None:
    with pytest.raises(NotFound):
        send_to(12, business_clock)


def test_of_two_changes_at_once_one_is_current(shop: Installation, business_clock: Clock) -> None:
    payee_id = payee()
    barrier = threading.Barrier(4)

    def change(number: int) -> None:
        barrier.wait()
        send_to(payee_id, business_clock, account_number=f"622202120300000{number}")

    threads = [threading.Thread(target=change, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with reading() as session:
        current = session.scalar(select(func.count()).where(PayeeDestination.replaced_at.is_(None)))
        assert current == 1
        assert session.scalar(select(func.count()).select_from(PayeeDestination)) == 4
