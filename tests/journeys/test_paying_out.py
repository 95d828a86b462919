"""Four eyes on the money: prepared by one, approved by another, sent once; debt is paid off first."""

from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from commissions import audit
from commissions.models import Payout
from shop.fulfillment import hand_over
from shop.gateway import client
from shop.kernel import clock, db
from shop.network import destinations
from shop.network.models import Point, Rail
from shop.orders.models import Order, OrderLine
from shop.payments import refunds
from shop.payments.refunds import Units, Wanted
from shop.rewards import earnings
from shop.sandbox import control
from tests.conftest import Clock
from tests.world import World


@pytest.fixture
def connected(world: World) -> World:
    """Anna is paid by Connect, Bo by bank file."""
    sandbox = world.installation.sandbox

    account = client.create_account({"type": "express", "country": "HK"}, key="anna")["id"]
    control.onboard(sandbox, account)
    control.top_up(sandbox, amount=10_000_000, currency="cny")
    set_destination(world, "anna", Rail.CONNECT, {"account_id": account})
    details = {"holder": "Bo", "account_number": "6222020200112233", "bank_name": "ICBC"}
    set_destination(world, "bo", Rail.BANK_FILE, details)
    return world


class TestConnect:
    def test_the_maker_cannot_approve_and_the_checker_can(
        self, connected: World, business_clock: Clock
    ) -> None:
        order = delivered(connected, "honey", "anna-shop", quantity=2)
        business_clock.forward(days=8)
        maker, checker = connected.signed_in("maker"), connected.signed_in("checker")

        assert maker.post("/admin/payouts/prepare").status_code == 303
        (payout,) = all_payouts()
        form = {"payout": str(payout.id), f"hash-{payout.id}": payout.terms_hash}
        assert maker.post("/admin/payouts/approve", data=form).status_code == 403
        assert checker.post("/admin/payouts/prepare").status_code == 403
        assert checker.post("/admin/payouts/approve", data=form).status_code == 303
        connected.installation.settle()

        (paid,) = all_payouts()
        assert paid.status.value == "sent"
        assert paid.transfer_ref is not None
        page = checker.get(f"/admin/payouts/{paid.id}").get_data(as_text=True)
        assert order.number in page
        assert statuses(connected, "anna") == ["paid"]
        assert proven()

    def test_a_changed_amount_voids_what_the_checker_saw(
        self, connected: World, business_clock: Clock
    ) -> None:
        order = delivered(connected, "honey", "anna-shop", quantity=2)
        business_clock.forward(days=8)
        connected.signed_in("maker").post("/admin/payouts/prepare")
        (payout,) = all_payouts()
        refund_one(order)

        form = {"payout": str(payout.id), f"hash-{payout.id}": payout.terms_hash}
        answer = connected.signed_in("checker").post("/admin/payouts/approve", data=form)

        assert answer.status_code == 409
        assert all_payouts()[0].status.value == "draft"

    def test_a_refund_after_payment_is_paid_off_by_the_next_sale(
        self, connected: World, business_clock: Clock
    ) -> None:
        order = delivered(connected, "honey", "anna-shop", quantity=2)
        business_clock.forward(days=8)
        pay_everything(connected)
        refund_one(order)
        connected.installation.settle()
        owed = balance(connected, "anna")
        assert owed == -876

        delivered(connected, "tea", "anna-shop", quantity=2)
        business_clock.forward(days=8)

        earned = balance(connected, "anna") - owed
        pay_everything(connected)
        amounts = [payout.amount for payout in all_payouts()]
        assert amounts == [1752, earned + owed]
        assert balance(connected, "anna") == 0
        assert proven()


class TestBankFile:
    def test_the_file_is_built_once_and_holds_what_was_approved(
        self, connected: World, business_clock: Clock
    ) -> None:
        delivered(connected, "tea", "bo-shop", quantity=1)
        business_clock.forward(days=8)
        maker = connected.signed_in("maker")
        maker.post("/admin/payouts/prepare")
        (payout,) = all_payouts()
        form = {"payout": str(payout.id), f"hash-{payout.id}": payout.terms_hash}
        connected.signed_in("checker").post("/admin/payouts/approve", data=form)

        assert maker.post("/admin/payouts/file", data=form).status_code == 303
        first, second = download(maker), download(maker)

        assert first == second
        assert b"6222020200112233" in first
        amount = Decimal(payout.amount) / 100
        assert str(amount).encode() in first


def download(maker: FlaskClient) -> bytes:
    page = maker.get("/admin/payouts").get_data(as_text=True)
    path = "/admin/payouts/files/" + page.split("/admin/payouts/files/")[1].split('"')[0]
    return maker.get(path).get_data()


def delivered(world: World, product: str, slug: str, *, quantity: int) -> Order:
    """A paid order whose goods have arrived."""
    order = world.buy(product, slug=slug, quantity=quantity)
    at = clock.now()
    with db.unit_of_work() as session:
        units = {
            line.id: line.quantity
            for line in session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))
        }
        parcel = hand_over.ship(
            session, order.id, units, carrier="SF", tracking_number="1", by="staff", at=at
        )
        hand_over.deliver(session, parcel, by="staff", at=at)
    return order


def refund_one(order: Order) -> None:
    with db.unit_of_work() as session:
        line = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
        refunds.reserve(
            session, order.id, Wanted(lines=[Units(line.id, 1)]), by="staff", at=clock.now()
        )


def pay_everything(world: World) -> None:
    known = {payout.id for payout in all_payouts()}
    world.signed_in("maker").post("/admin/payouts/prepare")
    fresh = [payout for payout in all_payouts() if payout.id not in known]
    form: dict[str, object] = {"payout": [str(payout.id) for payout in fresh]}
    form.update({f"hash-{payout.id}": payout.terms_hash for payout in fresh})
    world.signed_in("checker").post("/admin/payouts/approve", data=form)
    world.installation.settle()


def all_payouts() -> list[Payout]:
    with db.reading() as session:
        return list(session.scalars(select(Payout).order_by(Payout.id)))


def set_destination(world: World, point: str, rail: Rail, details: dict[str, str]) -> None:
    with db.unit_of_work() as session:
        payee_id = session.execute(
            select(Point.payee_id).where(Point.id == world.points[point])
        ).scalar_one()
        assert payee_id is not None
        destinations.set_destination(
            session, payee_id, rail=rail, details=details, by="test", at=clock.now(), by_staff=True
        )


def balance(world: World, point: str) -> int:
    with db.reading() as session:
        return earnings.balance(session, world.points[point], at=clock.now()).available_amount


def statuses(world: World, point: str) -> list[str]:
    with db.reading() as session:
        rows = earnings.of_point(session, world.points[point], at=clock.now())
    return [row.earning.status.value for row in rows]


def proven() -> bool:
    with db.reading() as session:
        return audit.prove(session).is_clean
